#!/bin/bash
# A native program is the model without the compiler: no LLVM in it, the same weights to the byte, the same numbers to the last bit,
# from whatever folder it is called.   usage: native.sh RNN
set -u
. "$(dirname "$0")/common.sh"
programs=$(realpath "$(dirname "$0")/../../examples")

# The example with less to do: what is compared does not depend on how long it trains.
prepare() {
  mkdir -p "$work/$1"
  cp "$programs/$1/"* "$work/$1/"
  rm -f "$work/$1/"*.safetensors
  sed -i -E 's/^( *epochs +)[0-9]+/\12/; s/sequences = [0-9]+/sequences = 64/' "$work/$1/$1.rnn"
}

build() {
  (cd "$work/$1" && "$rnn" build "$1.rnn" -o native) >"$work/build.out" 2>&1 || fail "$1: build: $(head -c 2000 "$work/build.out")"
  ldd "$work/$1/native" | grep -qi llvm && fail "$1: linked with LLVM"
  ls "$work/$1" | grep -q '\.tmp' && fail "$1: the build left files behind"
}

same_weights() {
  local weights="$work/$1/$1.safetensors"
  (cd "$work/$1" && "$rnn" train --quiet "$1.rnn") || fail "$1: rnn train"
  mv "$weights" "$work/expected.safetensors" || fail "$1: rnn train wrote no weights"
  (cd / && "$work/$1/native" train --quiet) || fail "$1: native train"
  cmp "$work/expected.safetensors" "$weights" || fail "$1: other weights"
}

same_numbers() {
  (cd "$work/$1" && "$rnn" run "$1.rnn" "$2" --json) >"$work/expected" 2>&1
  local code=$?
  (cd / && "$work/$1/native" run "$2" --json) >"$work/found" 2>&1
  [ $? = $code ] || fail "$1: another exit code than $code for run $2"
  [ $code = 0 ] || [ $code = 3 ] || fail "$1: run $2: $(cat "$work/expected")"
  grep -q '"value"\|"found"' "$work/expected" || fail "$1: run $2 says no number"
  cmp "$work/expected" "$work/found" || fail "$1: other numbers in run $2"
}

for name in parity sunspots adding; do
  prepare $name
  build $name
done
same_weights sunspots
same_weights adding
same_numbers parity test
same_numbers sunspots next_year
same_numbers adding test

# Errors are the same as the compiler's, with the same exit codes.
"$work/adding/native" run nothing >"$work/found" 2>&1
[ $? = 1 ] || fail "an unknown run: exit code"
grep -q 'E0412.*nothing' "$work/found" || fail "an unknown run: $(cat "$work/found")"
"$work/adding/native" dance >"$work/found" 2>&1
[ $? = 2 ] || fail "an unknown command: exit code"
"$work/adding/native" --help | grep -q 'usage' || fail "--help"

[ $failures = 0 ] && echo "native programs: all fine"
exit $((failures > 0))
