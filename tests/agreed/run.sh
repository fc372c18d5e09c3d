#!/bin/bash
# What two readers must agree on: small programs, a case for each sentence of docs/agreed.md.   usage: run.sh RNN [TOPIC…]
#
# A file TOPIC.txt holds cases. Each begins with its sentence and goes on with files and what is expected of them:
#
#   === the sentence                     names the case
#   --- NAME                             a file, up to the next such line; NAME base64: its bytes
#   --- model.rnn                        the program; without any other command it is tested: every `expect` must hold
#   --- run ARGS                         `rnn ARGS` instead; must succeed
#   --- says CODE text                   …must fail with this error, whose message holds the text
#   --- prints TEXT                      what was printed holds the text
#   --- wrote FILE LINES                 the file holds just these lines, written here with spaces between them
#   --- sh COMMAND                       must succeed; $out is what was printed, $rnn the program
#
# A case that expects nothing is a mistake and fails.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../program/common.sh"
shift
cases=0

# split FILE: every case a folder, its directives in the file `todo`.
split() {
  awk -v folder="$work" '
    /^=== / { number++; dir = sprintf("%s/%03d", folder, number); system("mkdir -p " dir); print substr($0, 5) >(dir "/sentence"); file = ""; next }
    /^--- (run|says|prints|wrote|sh) / { print substr($0, 5) >(dir "/todo"); file = ""; next }
    /^--- / { file = dir "/" $2 ($3 == "base64" ? ".base64" : ""); printf "" >file; next }
    file != "" { print >file }' "$1"
}

# One directive: a word and the rest of the line.
follow() {
  local word=$1 rest=$2
  case $word in
    run) eval "\"$rnn\" $rest" >out 2>&1 || { ran=no; fail "$sentence: rnn $rest: $(head -c 800 out)"; } ; ran=yes ;;
    says)
      if [[ $ran == no ]]; then "$rnn" test model.rnn >out 2>&1 && fail "$sentence: it is accepted"; ran=yes; fi
      grep -qF "[${rest%% *}]" out || fail "$sentence: not ${rest%% *}, but: $(head -c 800 out)"
      expect_in "${rest#* }" out ;;
    prints) run_tests; expect_in "$rest" out ;;
    wrote)
      run_tests
      [[ "$(tr '\n' ' ' <"${rest%% *}")" == "${rest#* } " ]] || fail "$sentence: ${rest%% *} holds $(tr '\n' ' ' <"${rest%% *}")" ;;
    sh) run_tests; out=$(cat out) rnn=$rnn bash -ec "$rest" >why 2>&1 || fail "$sentence: $rest: $(cat why; head -c 800 out)" ;;
  esac
}

run_tests() {
  [[ $ran == no ]] || return 0
  ran=yes
  "$rnn" test model.rnn >out 2>&1 || fail "$sentence: $(head -c 800 out)"
}

follow_all() {
  local word rest ran=no file
  for file in *.base64; do [[ -e $file ]] && base64 -d "$file" >"${file%.base64}"; done
  [[ -e todo ]] || grep -q '^ *expect' model.rnn || fail "$sentence: nothing is expected"
  while read -r word rest; do follow "$word" "$rest"; done < <(cat todo 2>/dev/null)
  run_tests
}

if [[ $# == 0 ]]; then set -- "$here"/*.txt; fi
for topic; do
  topic=$here/$(basename "$topic" .txt).txt
  cd "$here" || exit 1
  rm -rf "$work"/*
  split "$topic"
  for folder in "$work"/*/; do
    cd "$folder" || exit 1
    cases=$((cases + 1))
    sentence="$(basename "$topic" .txt): $(cat sentence)"
    follow_all
  done
done
echo "$cases cases, $failures failures"
[[ $failures == 0 ]]
