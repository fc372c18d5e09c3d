#!/bin/bash
# Nothing that is written takes the place of the model, of what it uses or reads, or of a file of another kind.   usage: spares.sh RNN
set -u
. "$(dirname "$0")/common.sh"
mkdir "$work/there" && cd "$work/there" || exit 1
export RNN_CACHE=off

awk 'BEGIN { print "u,y"; for (i = 0; i < 20; i++) print sin(i) "," cos(i) }' >own.csv
printf 'ab\nba\n' >letters.txt
echo 'buy milk' >notes.txt
cp own.csv other.csv
ln -s own.csv link.csv
ln own.csv hard.csv
cat >cells.rnn <<'M'
cell Twice[X](x: [X]) -> y: [X] { y = 2 * x }
M
# model CLAUSE: with one more clause in its run.
model() {
  cat >m.rnn <<M
use "cells.rnn" (Twice)
vocab chars = characters("letters.txt")
dim H = 3
net m {
  input  u: [1]
  output y: [1]
  param  W: [H, 1] ~ glorot
  param  C: [1, H] ~ glorot
  y = Twice(C @ tanh(W @ u))
}
train m {
  data   csv("own.csv", u = "u", y = "y")
  loss   mse(y, data.y)
  epochs 1
  $2
}
run m as one {
  data   csv("own.csv", u = "u", y = "y")
  $1
}
M
}
# untouched WHAT: all that was there is as it was.
untouched() {
  md5sum --quiet -c before.md5 >changed 2>&1 || fail "$1 changed $(cat changed)"
}
# refused WHAT TEXT COMMAND…: E0605 with the text, exit code 1, and no file changed.
refused() {
  local what=$1 text=$2
  shift 2
  find . -type f ! -name out ! -name 'before.md5' ! -name changed -exec md5sum {} + >before.md5
  "$@" >out 2>&1
  local code=$?
  [[ $code == 1 ]] || fail "$what: exit code $code: $(head -c 300 out)"
  expect_in 'error[E0605]' out
  expect_in "$text" out
  untouched "$what"
}

model 'report mse(y, data.y)' ''
"$rnn" train m.rnn --quiet >out 2>&1 || fail "training: $(cat out)"
for file in own.csv link.csv hard.csv ../there/own.csv "$work/there/own.csv"; do
  model "write csv(\"$file\", y)" ''
  refused "write csv $file" 'from which the data are read in line 12' "$rnn" run m.rnn one
  (cd .. && refused "write csv $file from elsewhere" 'm.rnn:19' "$rnn" run there/m.rnn one) || exit 1
done
model 'write csv("m.rnn", y)' ''
refused 'write csv m.rnn' 'the model itself' "$rnn" run m.rnn one
refused 'test' 'the model itself' "$rnn" test m.rnn
model 'write npz("cells.rnn", y)' ''
refused 'write npz cells.rnn' 'which the model uses' "$rnn" run m.rnn one
model 'write csv("letters.txt", y)' ''
refused 'write csv letters.txt' 'from which a vocabulary is read in line 2' "$rnn" run m.rnn one
model 'write csv("m.safetensors", y)' ''
refused 'write csv m.safetensors' "holds the model's weights" "$rnn" run m.rnn one
model 'write npz("notes.txt", y)' ''
refused 'write npz notes.txt' 'a file of another kind' "$rnn" run m.rnn one
model 'write csv("new.rnn", y)' ''
refused 'write csv new.rnn' 'what ends in .rnn is a model' "$rnn" run m.rnn one
model 'write csv("out.csv", y)' 'log "link.csv"'
refused 'log link.csv' 'from which the data are read' "$rnn" train m.rnn
model 'write csv("out.csv", y)' ''
refused 'weights own.csv' '`--weights own.csv`' "$rnn" train m.rnn --weights own.csv
refused 'weights m.rnn' 'the model itself' "$rnn" train m.rnn --weights m.rnn
refused 'weights notes.txt' 'a file of another kind' "$rnn" train m.rnn --weights notes.txt
for file in m.rnn cells.rnn own.csv hard.csv other.csv letters.txt; do
  refused "build -o $file" "\`-o $file\`" "$rnn" build m.rnn -o $file
  refused "emit obj -o $file" "\`-o $file\`" "$rnn" --emit=obj m.rnn -o $file
done
echo 'my notes' >m
refused 'build without -o' 'a file of another kind' "$rnn" build m.rnn
rm m

# What may be replaced is, and what is written is said.
for _ in 1 2; do
  "$rnn" run m.rnn one >out 2>&1 || fail "write csv out.csv: $(cat out)"
  "$rnn" train m.rnn --quiet >out 2>&1 || fail "training again: $(cat out)"
  "$rnn" --emit=obj m.rnn >out 2>&1 || fail "emit obj: $(cat out)"
  expect_in 'wrote m.o' out
  "$rnn" --emit=obj m.rnn -o n.o >out 2>&1 || fail "emit obj -o: $(cat out)"
  expect_in 'wrote n.o' out
  "$rnn" --emit=exe m.rnn -o prog >out 2>&1 || fail "emit exe: $(cat out)"
  expect_in 'built prog: ./prog train, ./prog run NAME' out
done
[[ -s out.csv && -s m.o && -s n.o ]] || fail "not written: $(ls)"
./prog run one >out 2>&1 || fail "the program: $(cat out)"
# A later stage may read what an earlier one makes.
model 'write csv("made.csv", y)' ''
cat >>m.rnn <<'M'
run m as two {
  data   csv("made.csv", u = "y", y = "y")
  report mse(y, data.y)
}
M
for _ in 1 2; do
  "$rnn" test m.rnn >out 2>&1 || fail "a stage that makes another's data: $(cat out)"
done
model 'write csv("own.csv", y)' ''
rm -f prog
"$rnn" build m.rnn -o prog >out 2>&1 || fail "build: $(cat out)"
refused 'a native program' 'from which the data are read' ./prog run one

[[ $failures == 0 ]] && echo "models and data are spared"
exit "$((failures > 0))"
