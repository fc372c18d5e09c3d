#!/bin/bash
# NAME=value wherever a model is compiled, and afterwards: weights know what they were trained with. And what a newcomer types: codes in
# small letters, a table where a model is meant.   usage: overrides.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1
export RNN_CACHE=off

cat >m.rnn <<'M'
seed 4
dim H = 3
let leak = 0.3
let unused = 1
net m {
  input  u: []
  output y: []
  let    gain = 2
  param  w: [H] ~ normal(0, 1)
  state  h: [H] = 0
  h = (1 - leak) * tanh(gain * w * u) + leak * h[t-1]
  y = mean(h) * unused
}
train m {
  data   sine(length = 50)
  loss   mse(y, 0.5)
  epochs 2
}
run m as one {
  data   sine(length = 50, seed = 2)
  report mean(y)
}
M
# run_says TEXT|nothing ARGUMENT…: what is said beside the report.
run_says() {
  local text=$1
  shift
  "$rnn" run m.rnn one "$@" >out 2>err || fail "run $*: $(cat err)"
  if [[ $text == nothing ]]; then [[ ! -s err ]] || fail "run $*: $(cat err)"
  else expect_in "$text" err; fi
}
"$rnn" train m.rnn --quiet >out 2>&1 || fail "train: $(cat out)"
run_says nothing
run_says nothing leak=0.5
"$rnn" train m.rnn leak=0.9 gain=3 H=5 seed=8 --quiet >out 2>&1 || fail "train leak=0.9: $(cat out)"
"$rnn" run m.rnn one >out 2>&1 && fail "H differs, and nothing is said"
expect_in E0604 out
run_says 'warning: the weights were trained with leak = 0.9, and now leak is 0.3' H=5
expect_in 'help: say `leak=0.9` behind the file' err
expect_in 'trained with gain = 3, and now gain is 2' err
expect_in 'trained with seed = 8, and now seed is 4' err
run_says nothing H=5 leak=0.9 gain=3 seed=8
run_says nothing H=5 leak=0.5 gain=2 seed=4 # said here: it is meant
"$rnn" run m.rnn one H=5 gain=3 seed=8 --json >out 2>&1
expect_in '{"kind": "warning", "constant": "leak"' out
python3 -c 'import json, sys; [json.loads(line) for line in open("out")]' || fail "not JSON: $(cat out)"
"$rnn" test m.rnn leak=0.9 H=5 >out 2>err || fail "test: $(cat err)"
[[ ! -s err ]] || fail "test: $(cat err)"
"$rnn" build m.rnn -o prog >out 2>&1 H=5 || fail "build: $(cat out)"
./prog run one >out 2>err || fail "prog: $(cat err)"
expect_in 'now leak is 0.3' err

# Every stage of --emit takes them, and checks them.
for stage in tokens ast types graph grad plan llvm asm manifest memory; do
  "$rnn" --emit=$stage m.rnn HH=3 >out 2>&1 && [[ $stage != tokens && $stage != ast ]] && fail "--emit=$stage HH=3 is fine"
  expect_in E0111 out
  "$rnn" --emit=$stage m.rnn H=7 >out 2>&1 || fail "--emit=$stage H=7: $(head -c 300 out)"
done
"$rnn" --emit=graph m.rnn H=77 >out 2>&1
expect_in '[77]' out
small=$("$rnn" --emit=memory m.rnn --json | grep -o '"params": [0-9]*' | grep -o '[0-9]*$')
large=$("$rnn" --emit=memory m.rnn --json H=3000000 | grep -o '"params": [0-9]*' | grep -o '[0-9]*$')
[[ $large -gt $((100000 * small)) ]] || fail "--emit=memory: $small bytes of params, with H=3000000 $large"

for code in E0201 e0201 0201 201; do
  "$rnn" explain $code >out 2>&1 || fail "explain $code: $(cat out)"
  expect_in 'E0201: ' out
done
for code in E201x x201 E 02011 ''; do
  "$rnn" explain "$code" >out 2>&1 && fail "explain $code: $(cat out)"
done

# A table is no model: that is one error. And nobody reads hundreds.
awk 'BEGIN { print "current,voltage"; for (i = 0; i < 3000; i++) print i "," i * i }' >plant.csv
"$rnn" check plant.csv >out 2>&1 && fail "a table is a model"
[[ $(grep -c '^error' out) == 1 ]] || fail "$(grep -c '^error' out) errors of a table"
expect_in 'is it a model?' out
(echo 'net n {'; for i in $(seq 50); do echo "  y$i = zzzzz$i"; done; echo '}') >many.rnn
"$rnn" check many.rnn >out 2>&1
[[ $(grep -c '^error' out) == 20 ]] || fail "$(grep -c '^error' out) errors at once"
expect_in '… and 30 more; --all prints them' out
"$rnn" check --all many.rnn >out 2>&1
[[ $(grep -c '^error' out) == 50 ]] || fail "--all: $(grep -c '^error' out) errors"
"$rnn" check --json many.rnn >out 2>&1
[[ $(wc -l <out) == 50 ]] || fail "--json: $(wc -l <out) errors"

[[ $failures == 0 ]] && echo "overrides are taken, checked and remembered"
exit "$((failures > 0))"
