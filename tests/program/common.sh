# common.sh — what the tests of whole programs share: the program, a folder that goes with the test, counting failures.
# Sourced with the test's own arguments: $1 is the program.
rnn=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect_in TEXT FILE: the file holds the text.
expect_in() { grep -qF -- "$1" "$2" || fail "no \"$1\" in: $(head -c 600 "$2")"; }
