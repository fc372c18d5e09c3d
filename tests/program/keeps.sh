#!/bin/bash
# What training writes on its way — `test`, `log`, `save` — is the same from a native program, is there when training is killed, and a disk
# that is full ends no training.   usage: keeps.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

awk 'BEGIN { print "u,y"; for (i = 0; i < 200; i++) print sin(i / 3) "," cos(i / 5) }' >data.csv

# model EPOCHS CLAUSES…
model() {
  local epochs=$1
  shift
  cat >m.rnn <<M
dim U = 1, Y = 1, H = 4
net m {
  input  u: [U]
  output y: [Y]
  state  h: [H] = 0
  param  A: [H, U] ~ glorot
  param  B: [H, H] ~ orthogonal
  param  C: [Y, H] ~ glorot
  h = tanh(A @ u + B @ h[t-1] + dropout(A @ u, 0.1))
  y = C @ h
}
train m {
  data      csv("data.csv", u = "u", y = "y")
  loss      mse(y, data.y)
  report    mae(y, data.y)
  epochs    $epochs
$(printf '  %s\n' "$@")
}
M
}

without_seconds() { sed 's/,[^,]*$//' "$1"; }

# --- a native program ----------------------------------------------------------------------------------------------------
model 6 'validate last 10%' 'test last 20%' 'log "run.csv"' 'save every 3 epochs' 'save best' 'save "stage.safetensors"'
"$rnn" train m.rnn >compiled.out 2>&1 || fail "rnn train: $(cat compiled.out)"
grep -q '^  test loss = ' compiled.out && grep -q '^  test mae(y, data.y) = ' compiled.out || fail "no test: $(cat compiled.out)"
mkdir compiled && mv run.csv ./*.safetensors compiled/
"$rnn" build m.rnn -o native >build.out 2>&1 || fail "rnn build: $(cat build.out)"
(cd / && "$work/native" train >"$work/native.out" 2>&1) || fail "native train: $(cat native.out)"
cmp <(grep -o '^  .*' compiled.out) <(grep -o '^  .*' native.out) || fail "the native program reports something else"
cmp <(without_seconds compiled/run.csv) <(without_seconds run.csv) || fail "the native program logs something else"
[ "$(wc -l <run.csv)" = 7 ] || fail "not a line an epoch: $(cat run.csv)"
for file in m m-3 m-6 m-best stage; do cmp "compiled/$file.safetensors" "$file.safetensors" || fail "native: other weights in $file"; done
ls | grep -q '\.tmp' && fail "files are left behind: $(ls)"
rm -f ./*.safetensors run.csv*

# --- killed --------------------------------------------------------------------------------------------------------------
model 100000000 'log "run.csv"' 'log "run.jsonl"' 'save "newest.safetensors" every 20 epochs'
"$rnn" train --quiet m.rnn &
child=$!
for _ in $(seq 200); do
  [ -e newest.safetensors ] && [ "$(wc -l <run.csv)" -gt 50 ] && break
  sleep 0.05
done
kill -9 $child
wait $child 2>killed.err
[ "$(wc -l <run.csv)" -gt 50 ] || fail "killed: no log"
awk -F, 'NR > 1 && NF != 7 { exit 1 }' run.csv || fail "killed: a line of the log is not whole: $(tail -1 run.csv)"
[ "$(head -51 run.jsonl | grep -c '^{"epoch": .*}$')" = 51 ] || fail "killed: $(head -3 run.jsonl)"
[ -e m.safetensors ] && fail "killed: trained weights"
sed 's/^train m {/run m as look {/; /loss\|epochs\|log\|save/d' m.rnn >look.rnn
"$rnn" run --weights newest.safetensors look.rnn >look.out 2>&1 || fail "killed: the checkpoint cannot be used: $(cat look.out)"

# --- a full disk ---------------------------------------------------------------------------------------------------------
model 400 'log "run.csv"'
(
  ulimit -f 8 # KiB a file; without the signal, writing fails with a reason
  trap '' XFSZ
  RNN_CACHE=off "$rnn" train --quiet m.rnn
) >full.out 2>full.err || fail "a full disk ended the training: $(cat full.out full.err)"
[ "$(grep -c 'warning: .*run.csv: File too large; training goes on without it' full.err)" = 1 ] || fail "a full disk: $(cat full.err)"
[ -e m.safetensors ] || fail "a full disk: no weights"

[ $failures = 0 ] && echo "test, log and save: all fine"
exit $((failures > 0))
