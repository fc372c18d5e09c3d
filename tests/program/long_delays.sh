#!/bin/bash
# Delays of thousands of steps: what they read, what training makes of them, and that their code is no longer for being long.
# usage: long_delays.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1
export RNN_CACHE=off

awk 'BEGIN { srand(3); print "u,y"; for (i = 0; i < 60; i++) print rand() "," rand() }' >data.csv

cat >reads.rnn <<'M'
dim K = 12
net m {
  input  u: [] = 5
  output back, ahead, all: []
  back  = u[t-K]
  ahead = u[t+K]
  all   = sum over K (u[t-1..t-K])
}
run m as one {
  data  csv("data.csv", u = "u")
  write csv("out.csv", back, ahead, all)
}
M

# off K: the largest error of each of the three, against what the data say.
off() {
  awk -F, -v k="$1" 'function abs(x) { return x < 0 ? -x : x }
    function at(i) { return i < 0 || i >= n ? 5 : u[i] }
    FNR == 1 { next }
    NR == FNR { u[n++] = $1; next }
    { t = $2; sum = 0; for (j = 1; j <= k; j++) sum += at(t - j)
      e = abs($3 - at(t - k)) + abs($4 - at(t + k)) + abs($5 - sum) / k; if (e > most) most = e; lines++ }
    END { print lines == n && most < 1e-4 ? "fine" : "off by " most " in " lines + 0 " lines" }' data.csv out.csv
}
for k in 1 7 8 9 12 59 61 4000; do
  "$rnn" run reads.rnn one K=$k >out 2>&1 || fail "a delay of $k: $(cat out)"
  [[ $(off $k) == fine ]] || fail "a delay of $k: $(off $k)"
done

# The code has no line more for a longer delay.
lines() { "$rnn" --emit=llvm reads.rnn K="$1" | wc -l; }
[[ $(lines 100) -gt 100 && $(lines 100) == $(lines 50000) ]] || fail "code of $(lines 100) lines for 100 steps, $(lines 50000) for 50000"
timeout 60 "$rnn" run reads.rnn one K=100000 >out 2>&1 || fail "a delay of 100000 steps: $(cat out)"

# A window of eleven taps learns as eleven reads do, by whole sequences, by pieces, and by chunks.
model() {
  cat <<M
dim K = 11
net m {
  input  u: []
  output y: []
  param  w: [K] ~ normal(0, 0.3)
  param  first: [] = 0.5
  param  a: [] = 0.3
  state  s: [] = first
  s = tanh(a * u + 0.2 * s[t-10])
  y = $1
}
train m {
  data      csv("data.csv", u = "u", y = "y")
  loss      mse(y, data.y)
  optimizer sgd(lr = 0.1)
  method    $2
  epochs    6
}
M
}
for method in bptt 'bptt(checkpoint = 5)' 'bptt(truncate = 25)' 'bptt(truncate = 6)'; do
  model 'sum over K (w * s[t-1..t-K])' "$method" >window.rnn
  model "$(for i in $(seq 1 11); do printf '%sw[%d] * s[t-%d]' "$([[ $i == 1 ]] || echo ' + ')" $((i - 1)) "$i"; done)" "$method" >single.rnn
  for which in window single; do
    "$rnn" train $which.rnn --json >$which.out 2>&1 || fail "$which, $method: $(cat $which.out)"
    grep -o '"loss": *[0-9.e-]*' $which.out | grep -o '[0-9.e-]*$' >$which.losses
  done
  [[ $(wc -l <window.losses) -ge 6 ]] || fail "$method: no losses in $(head -c 300 window.out)"
  paste window.losses single.losses | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-5 * $2) bad = 1 } END { exit bad }' ||
    fail "$method: $(paste -s window.losses) and $(paste -s single.losses)"
  [[ $method == bptt ]] && cp window.losses whole.losses
  if [[ $method == *checkpoint* ]]; then
    paste window.losses whole.losses | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-5 * $2) bad = 1 } END { exit bad }' ||
      fail "$method: $(paste -s window.losses) and whole $(paste -s whole.losses)"
  fi
done

[[ $failures == 0 ]] && echo "long delays read what they should, learn as short ones do, and cost no code"
exit "$((failures > 0))"
