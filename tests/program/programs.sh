#!/bin/bash
# The twenty programs that are a part of the language's reference: each checks; those whose method is not built yet say so at its place,
# with a way out; that way — `method bptt` in its place — trains and runs.   usage: programs.sh RNN
# Whether they meet their `expect` takes minutes and is seen by ./dev test --slow.
set -u
here=$(dirname "$(realpath "$0")")
shared=$(realpath "${RNN_SHARED:-$here/../../../shared}" 2>/dev/null)
if [ ! -d "$shared/design/programs" ]; then
  echo "skipped: there is no ../shared/design/programs (RNN_SHARED names the folder)"
  exit 77
fi
. "$here/common.sh"
mkdir -p "$work/design/programs"
ln -s "$shared/data" "$work/data"
cp "$shared"/design/programs/*.rnn "$work/design/programs"
cd "$work/design/programs" || exit 1

checked=0
for file in *.rnn; do
  "$rnn" check --quiet "$file" >checked.out 2>&1 || fail "$file does not check: $(head -c 600 checked.out)"
  grep -q '^error' checked.out && fail "$file checks, with an error: $(head -c 600 checked.out)"
  checked=$((checked + 1))
done
[ $checked -ge 20 ] || fail "only $checked programs"

# not_built NAME METHOD LINE STAGE: what `rnn test` and `rnn train STAGE` say, and that they leave no weights.
not_built() {
  local name=$1 method=$2 line=$3 stage=$4 command
  for command in "test $name.rnn" "train $name.rnn $stage"; do
    # shellcheck disable=SC2086 # two or three words
    "$rnn" $command >said 2>&1
    [ $? = 1 ] || fail "rnn $command does not fail"
    expect_in "error[E0901]: the method \`$method\` is understood, but this version cannot run it yet" said
    expect_in "$name.rnn:$line:" said
    expect_in 'help: `bptt` trains the same net' said
    [ "$(grep -c '^error' said)" = 1 ] || fail "one mistake gives one error: $(cat said)"
  done
  [ ! -e "$name.safetensors" ] || fail "rnn test $name.rnn left weights"
}

# with_bptt NAME: the same program with bptt, less data, few epochs. Its expectations are for more than that: exit code 3 is fine.
with_bptt() {
  local name=$1 code
  sed -E 's/^( *method +)(rtrl|temporal|ekf|lm|ip)\b.*/\1bptt/; s/^( *epochs +).*/\12/; s/(sequences = )[0-9]+/\110/
          s/(length = )[0-9]{4}/\1300/; s/(skip = )[0-9]+/\1300/; s/(washout +)[0-9]{3}/\150/; s/delays = 200/delays = 20/' "$name.rnn" >"short_$name.rnn"
  # what ip needs no loss for
  [ "$name" != deep_esn ] || sed -i '/^train deep as adapt/a\  loss      mse(y, data.y)' "short_$name.rnn"
  grep -q 'method *bptt' "short_$name.rnn" || fail "no bptt in short_$name.rnn"
  timeout 60 "$rnn" test "short_$name.rnn" >ran 2>&1
  code=$?
  [ $code = 0 ] || [ $code = 3 ] || fail "$name with bptt: exit code $code: $(tail -c 600 ran)"
  grep -qE '^(warning|error)' ran && fail "$name with bptt complains: $(head -c 600 ran)"
  [ -s "short_$name.safetensors" ] || fail "$name with bptt left no weights"
}

not_built jordan_elman rtrl 43 jordan
not_built laser_fir temporal 24 laser
not_built kalman ekf 27 rmlp
not_built narx lm 22 plant
not_built deep_esn ip 27 adapt
for name in jordan_elman laser_fir kalman narx deep_esn; do with_bptt $name; done

# The stages that can run do, without a word about the others; also where a file has the name of one.
: >elman
sed -i -E 's/sequences = 2000/sequences = 20/; s/epochs +50/epochs 1/' jordan_elman.rnn
"$rnn" train jordan_elman.rnn elman >out 2>&1 || fail "elman: $(cat out)"
grep -q E0901 out && fail "elman is told of rtrl: $(cat out)"

[ $failures = 0 ] && echo "programs: $checked check"
exit $((failures > 0))
