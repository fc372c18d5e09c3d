#!/bin/bash
# Sessions of the prompt: every NAME.in is fed through a pipe, and must print NAME.out (both streams in their order). A first line
# `# file: x.rnn` loads that file.   usage: sessions.sh RNN [--update]
set -u
rnn=$(realpath "$1")
cd "$(dirname "$0")" || exit 1
failures=0

for input in *.in; do
  file=$(sed -n '1s/^# file: *//p' "$input")
  found=$(timeout 60 "$rnn" repl $file <"$input" 2>&1; echo "exit code $?")
  found=$(sed '/steps\/s$/d' <<<"$found") # progress, with its speed
  expected=${input%.in}.out
  [ "${2:-}" = --update ] && echo "$found" >"$expected"
  diff <(echo "$found") "$expected" >/dev/null && continue
  echo "FAILED: $input"
  diff <(echo "$found") "$expected" | head -40
  failures=$((failures + 1))
done

# What a file cannot hold well: an endless line, a zero byte, a pipe without any input, no newline at the end.
check() { # WHAT EXPECTED FOUND
  [ "$2" = "$3" ] && return
  echo "FAILED: $1: found $3"
  failures=$((failures + 1))
}
check "nothing at all" "" "$("$rnn" repl </dev/null 2>&1)"
check "no newline at the end" 3 "$(printf '1 + 2' | "$rnn" repl 2>&1)"
long=$(printf '1 + %.0s' $(seq 1 900))
check "a long line" 901 "$(echo "${long}1" | "$rnn" repl 2>&1)"
check "a line of a megabyte" 1 "$(head -c 1000000 /dev/zero | tr '\0' '(' | "$rnn" repl 2>&1 | grep -c 'error')"
check "zero bytes" 3 "$(printf '1 + 2\0 + 4\n' | "$rnn" repl 2>&1)"
check "DOS line ends" 3 "$(printf '1 + 2\r\n' | "$rnn" repl 2>&1)"

check "a file that is not there" 'error[E0001]' "$("$rnn" repl nothing.rnn 2>&1 </dev/null | cut -d: -f1)"

[ $failures = 0 ] && echo "sessions of the prompt: all fine"
exit $((failures > 0))
