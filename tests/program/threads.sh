#!/bin/bash
# The same weights and the same numbers, to the byte, on any number of threads; by the driver and by a native program.
# usage: threads.sh RNN
set -u
. "$(dirname "$0")/common.sh"
programs=$(realpath "$(dirname "$0")/../../examples")

# prepare NAME SED: the example with less to do.
prepare() {
  mkdir -p "$work/$1"
  cp "$programs/$1/"* "$work/$1/"
  rm -f "$work/$1/"*.safetensors
  sed -i -E "$2" "$work/$1/$1.rnn"
}

# with THREADS NAME PROGRAM…: trains and runs; leaves NAME.weights.THREADS and NAME.said.THREADS.
with() {
  local threads=$1 name=$2
  shift 2
  rm -f "$work/$name/$name.safetensors"
  (cd "$work/$name" && "$@" --json --threads "$threads") >"$work/$name.said" 2>&1
  [ $? -le 3 ] && [ -e "$work/$name/$name.safetensors" ] || fail "$name: $* --threads $threads: $(head -c 1000 "$work/$name.said")"
  sed -E 's/, ?"seconds": ?[^,}]*//' "$work/$name.said" >"$work/$name.said.$threads"
  cp "$work/$name/$name.safetensors" "$work/$name.weights.$threads"
}

same() {
  local threads
  for threads in "${@:2}"; do
    cmp "$work/$1.weights.1" "$work/$1.weights.$threads" || fail "$1: other weights with $threads threads"
    cmp "$work/$1.said.1" "$work/$1.said.$threads" || fail "$1: other numbers with $threads threads"
  done
}

change() {
  sed -i -E "$1" "$work/adding/adding.rnn"
}

prepare adding 's/^( *epochs +)[0-9]+/\12/; s/sequences = [0-9]+/sequences = 80/' # batches of 32 and 16: two slices, one
for threads in 1 2 3; do with $threads adding "$rnn" test adding.rnn; done
same adding 2 3

(cd "$work/adding" && "$rnn" build adding.rnn -o native) >"$work/build" 2>&1 || fail "build: $(cat "$work/build")"
for threads in 2 4; do
  with $threads adding "$work/adding/native" test
  same adding $threads
done

change 's/^( *batch +)[0-9]+/\170/' # four slices, and one
for threads in 1 2 3; do with $threads adding "$rnn" test adding.rnn; done
same adding 2 3

# Rows stay in their slice from chunk to chunk.
change 's/^( *method +)bptt$/\1bptt(truncate = 30)/'
for threads in 1 2; do with $threads adding "$rnn" test adding.rnn; done
same adding 2

# A layer whose weights the slices of a thread pass together; sequences of different lengths, so that some slices have fewer steps.
change 's/^(.*H = )64/\1200/; s/length = 100/length = 12..20/; s/sequences = 80/sequences = 96/'
for threads in 1 2 3; do with $threads adding "$rnn" test adding.rnn; done
same adding 2 3

[ $failures = 0 ] && echo "threads: the same bits on any number of them"
exit $((failures > 0))
