#!/bin/bash
# What comes from outside may be anything: each mistake gets an error that names the file, the row, the equation or the step, an exit code
# that is not 0, and no file of the user's is lost or half written.   usage: bad_input.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

# refuses WHAT WORDS… -- COMMAND…: the command fails, and its message has all the words.
refuses() {
  local what=$1 words=()
  shift
  while [ "$1" != -- ]; do words+=("$1") && shift; done
  shift
  "$@" >out 2>&1
  local code=$?
  [ $code = 0 ] && fail "$what: accepted: $(cat out)"
  [ $code -gt 3 ] && fail "$what: crashed with $code: $(cat out)"
  for word in "${words[@]}"; do grep -qF -- "$word" out || fail "$what: the message lacks \`$word\`: $(cat out)"; done
}

awk 'BEGIN { print "t,u,y"; for (i = 0; i < 100; i++) print i "," sin(i / 3) "," cos(i / 5) }' >good.csv

# model [csv] [column] [rows] [lr] [equation of h] [epochs]
model() {
  cat >m.rnn <<M
dim U = 1, Y = 1, H = 4
net m {
  input  u: [U]
  output y: [Y]
  state  h: [H] = 0
  param  A: [H, U] ~ glorot
  param  B: [H, H] ~ orthogonal
  param  C: [Y, H] ~ glorot
  h = ${5:-tanh(A @ u + B @ h[t-1])}
  y = C @ h
}
train m {
  data      csv("${1:-good.csv}", u = "${2:-u}", y = "y"${3:-})
  loss      mse(y, data.y)
  optimizer adam(lr = ${4:-1e-2})
  epochs    ${6:-3}
}
run m as test {
  data      csv("good.csv", u = "u", y = "y")
  report    rmse(y, data.y)
}
M
}

# --- data ---------------------------------------------------------------------------------------------------------------
model good.csv w
refuses "a missing column" E0502 good.csv '`w`' 'm.rnn:13' -- "$rnn" train m.rnn
sed '50s/.*/48,hello,1/' good.csv >text.csv && model text.csv
refuses "text for a number" E0503 text.csv 'line 50' hello '`u`' -- "$rnn" train m.rnn
sed '50s/.*/48,1/' good.csv >short_row.csv && model short_row.csv
refuses "a row too short" E0506 short_row.csv 'line 50' -- "$rnn" train m.rnn
model good.csv u ', rows = 0..220'
refuses "a file that ends early" E0504 good.csv '0..220' '100' -- "$rnn" train m.rnn
: >empty.csv && model empty.csv
refuses "an empty file" E0507 empty.csv -- "$rnn" train m.rnn
head -1 good.csv >header.csv && model header.csv
refuses "a header alone" E0507 header.csv -- "$rnn" train m.rnn
model nofile.csv
refuses "a missing file" E0501 nofile.csv 'No such file' -- "$rnn" train m.rnn
head -c 5000 /dev/urandom >noise.csv && model noise.csv
refuses "noise for a table" noise.csv -- "$rnn" train m.rnn
[ -e m.safetensors ] && fail "weights were written by a training that never was"

# --- weights ------------------------------------------------------------------------------------------------------------
model
refuses "a folder for weights" E0602 folder -- "$rnn" run m.rnn test --weights .
refuses "a run before any training" E0601 m.safetensors 'rnn train' -- "$rnn" run m.rnn test
"$rnn" train --quiet m.rnn || fail "the good model does not train"
"$rnn" run m.rnn test >before || fail "the good model does not run"
cp m.safetensors good.safetensors

sed -i 's/H = 4/H = 5/' m.rnn
refuses "weights of another model" E0604 m.safetensors '`m.A`' '[5, 1]' '[4, 1]' -- "$rnn" run m.rnn test
model
size=$(stat -c %s good.safetensors)
for length in 0 1 7 8 9 100 $((size / 2)) $((size - 1)); do
  head -c "$length" good.safetensors >m.safetensors
  refuses "weights cut to $length bytes" E0602 m.safetensors damaged -- "$rnn" run m.rnn test
done

# hostile LENGTH JSON: a file with such a header.
hostile() {
  printf "$1\\0\\0\\0\\0\\0\\0\\0%s" "$2" >m.safetensors
  refuses "hostile weights $2" E0602 m.safetensors -- "$rnn" run m.rnn test
}
hostile '\x10' '{"a":{"dtype":1}'
hostile '\x02' '{}x'
hostile '\x02' '[]'
hostile '\x43' '{"m.A":{"dtype":"F32","shape":[4,1],"data_offsets":[0,1e300]}}     '
hostile '\x4e' '{"m.A":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}} '
hostile '\x48' '{"m.A":{"dtype":"F32","shape":[-4,-1],"data_offsets":[0,16]}}           '
hostile '\x48' '{"m.A":{"dtype":"F32","shape":[4,1],"data_offsets":[16,0]}}             '
printf '\xff\xff\xff\xff\xff\xff\xff\xff{}' >m.safetensors
refuses "a header of 2^64 bytes" E0602 m.safetensors -- "$rnn" run m.rnn test
for i in 1 2 3 4 5; do
  head -c 700 /dev/urandom >m.safetensors
  refuses "noise for weights" E0602 m.safetensors -- "$rnn" run m.rnn test
done

# --- numbers ------------------------------------------------------------------------------------------------------------
cp good.safetensors m.safetensors
model good.csv u '' 1e30
refuses "a learning rate of 1e30" E0701 'not a finite number' 'epoch 2' 'smaller lr' -- "$rnn" train m.rnn
model good.csv u '' 1e-2 'log(A @ u + B @ h[t-1])'
refuses "a logarithm of negative numbers" E0701 '`m.h`' 'step 0' 'm.rnn:9' 'epoch 1' -- "$rnn" train m.rnn
cmp good.safetensors m.safetensors || fail "a training that failed changed the weights"

model none.csv
refuses "a file that is not there" E0501 none.csv 'paths are relative to the folder of the model file' -- "$rnn" train m.rnn
model "$work/none.csv"
refuses "…nor by its whole path" E0501 "$work/none.csv" -- "$rnn" train m.rnn
grep -q 'paths are relative' out && fail "a whole path is relative to nothing: $(cat out)"

# --- writing ------------------------------------------------------------------------------------------------------------
model
refuses "a folder that is not there" E0603 nowhere/m.safetensors -- "$rnn" train --quiet m.rnn --weights nowhere/m.safetensors
refuses "a folder that cannot be written" E0603 /proc/m.safetensors -- "$rnn" train --quiet m.rnn --weights /proc/m.safetensors
mkdir a_folder
refuses "a folder in the file's place" E0603 a_folder -- "$rnn" train --quiet m.rnn --weights a_folder
[ -d a_folder ] || fail "the folder is gone"
[ -e a_folder.tmp ] && fail "a failed save left its file behind"
if [ -c /dev/full ]; then
  ln -s /dev/full full # were it replaced, only the link would be gone
  sed -i 's/  report    rmse(y, data.y)/  write     csv("full", y)/' m.rnn
  refuses "a full disk" E0603 full -- "$rnn" run m.rnn test
  [ -c full ] || fail "a file was put in the place of a device"
fi
sed -i 's/  write .*/  write     csv("nowhere\/out.csv", y)/; s/  report    rmse(y, data.y)/  write     csv("nowhere\/out.csv", y)/' m.rnn
refuses "results into a folder that is not there" E0603 nowhere/out.csv -- "$rnn" run m.rnn test

# --- killed while training and saving ------------------------------------------------------------------------------------
# What helps stands last, whoever says it.
model good.csv uu
refuses "a column that is not there" 'did you mean `u`?' -- "$rnn" train m.rnn
case $(tail -n 1 out) in 'help: '*) ;; *) fail "help is not the last line: $(cat out)" ;; esac
refuses "no command" '`rnn test m.rnn`' -- "$rnn" m.rnn

# Whenever it is killed, the weights file is an old one or a new one, whole. Epochs last a moment, so kills fall into every part.
model good.csv u '' 1e-2 '' 40
sed -i 's/H = 4/H = 64/' m.rnn
"$rnn" train --quiet m.rnn || fail "the larger model does not train"
for i in $(seq 1 25); do
  "$rnn" train --quiet m.rnn >/dev/null 2>&1 &
  child=$!
  sleep "0.$(printf %03d $((i * 12)))"
  kill -9 $child 2>/dev/null
  wait $child 2>/dev/null
  "$rnn" run m.rnn test >out 2>&1 || fail "killed after $((i * 12)) ms: $(cat out)"
done

[ $failures = 0 ] && echo "bad input: all refused"
exit $((failures > 0))
