#!/bin/bash
# What needs more memory than there is says so before anything is computed: which weight or value, how much, where, and what helps.
# usage: large.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1
export RNN_CACHE=off

cat >m.rnn <<'M'
dim H = 30000000, U = 1
net m {
  input  u: [U]
  output y: [U]
  state  h: [H] = 0
  param  W: [H, U] ~ glorot
  param  R: [H, H] ~ glorot
  param  C: [U, H] ~ glorot
  h = tanh(W @ u + R @ h[t-1])
  y = C @ h
}
train m {
  data   narma(length = 100, sequences = 2)
  loss   mse(y, data.y)
  epochs 1
}
run m as test {
  data   narma(length = 100)
  report mse(y, data.y)
}
M
# refused WHAT: the program in `out` has ended with an error that is not a signal.
refused() {
  [[ $code == 1 ]] || fail "$1: exit code $code: $(head -c 300 out)"
  expect_in 'error[E0433]' out
}
for command in train test '--emit=memory'; do
  timeout 60 "$rnn" $command m.rnn >out 2>&1
  code=$?
  refused "$command"
  expect_in '`m.R` [30000000, 30000000]' out
  expect_in 'm.rnn:7' out
  expect_in 'help: smaller dims' out
done
timeout 60 "$rnn" --emit=memory m.rnn H=8 >out 2>&1 || fail "--emit=memory H=8: $(cat out)"
expect_in 'in all' out

# Where the process may have so much memory only.
(ulimit -v 4000000; timeout 60 "$rnn" train m.rnn H=20000 >out 2>&1); code=$?
grep -q AddressSanitizer out || refused 'a limit of 4 GB' # which wants more addresses for itself
for h in 1e9 4e9 3037000500 1e15; do
  timeout 60 "$rnn" train m.rnn H=$h >out 2>&1
  code=$?
  refused "H=$h"
done
for h in 9e15 1e300; do
  timeout 60 "$rnn" check m.rnn H=$h >out 2>&1
  expect_in 'error[E0111]' out
done

# What is kept of every step.
cat >long.rnn <<'M'
dim H = 10000000
net m {
  input  u: [1] = 0
  output y: []
  param  w: [H] ~ normal(0, 1)
  state  h: [H] = 0
  h = tanh(w * mean(u)) + 0.1 * h[t-1]
  y = mean(h) + mean(u[t-1])
}
train m {
  data   sine(length = 100000)
  loss   mse(y, 1)
  epochs 1
}
M
timeout 100 "$rnn" train long.rnn >out 2>&1
code=$?
refused 'a hundred thousand steps'
expect_in '`m.h`, 10000000 numbers a step' out
expect_in 'long.rnn:7' out

# A delay is told from the steps.
sed 's/h\[t-1\]/h[t-50000000]/; s/H = 10000000/H = 1000000/; s/length = 100000/length = 10/' long.rnn >far.rnn
timeout 100 "$rnn" train far.rnn >out 2>&1
code=$?
refused 'a delay of fifty million steps'
expect_in 'with a delay of 50000000 steps' out
expect_in 'help: a shorter delay' out

[[ $failures == 0 ]] && echo "what is too large says so"
exit "$((failures > 0))"
