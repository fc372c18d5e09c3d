#!/bin/bash
# Machine code is kept and used again; what is damaged, of another plan or unusable is compiled anew; nothing else changes.
# usage: cache.sh RNN
set -u
. "$(dirname "$0")/common.sh"
export RNN_CACHE=$work/cache
model=$work/small.rnn
weights=$work/small.safetensors

cat >"$model" <<'TEXT'
net small {
  input  x: [2]
  target z: [1] per sequence
  param  a, b: [2] ~ normal(std = 0.5)
  state  h: [2] = 0
  h = tanh(a * h[t-1] + b * x)
  y = sum(h[last])
}

train small {
  data      adding(length = 10, sequences = 20)
  loss      mse(y, z)
  method    bptt
  optimizer sgd(lr = 0.01)
  batch     10
  epochs    1
}
TEXT

# train WHAT: trains; the weights are those of the first run. Leaves the times in said.
train() {
  rm -f "$weights"
  "$rnn" train --time-passes "$model" ${2:-} >"$work/said" 2>&1 || fail "$1: $(tail -n 20 "$work/said")"
  [ -e "$work/first" ] || cp "$weights" "$work/first"
  [ -n "${2:-}" ] || cmp "$weights" "$work/first" || fail "$1: other weights"
}
was_compiled() { awk '$3 == "generate" && $1 > 0 { n++ } END { exit !n }' "$work/said" || fail "$1: the code was not compiled"; }
was_kept() { awk '$3 == "generate" && $1 > 0 { n++ } END { exit n }' "$work/said" || fail "$1: the code was compiled again"; }
files() { ls "$RNN_CACHE" 2>/dev/null | wc -l; }

RNN_CACHE=off train "off"
[ -e "$work/first" ] || exit 1
was_compiled "off"
[ ! -e "$RNN_CACHE" ] || fail "RNN_CACHE=off made a folder"

train "first"; was_compiled "first"
[ "$(files)" = 1 ] || fail "one unit, $(files) files"
[ "$(stat -c %a "$RNN_CACHE")" = 700 ] || fail "the folder is open to others"
train "second"; was_kept "second"

# Another plan, another precision: other code.
train "double" --double; was_compiled "double"
[ "$(files)" = 2 ] || fail "two units, $(files) files"
train "second again"; was_kept "second again"

# Damage: cut short, one bit turned in the key and in the code, emptied, something else altogether.
damage() {
  rm -rf "$RNN_CACHE"
  train "before $1"
  for file in "$RNN_CACHE"/*; do "damage_$1" "$file"; done
  train "$1"; was_compiled "$1"
  train "after $1"; was_kept "after $1"
}
turn() { python3 - "$1" "$2" <<'PYTHON'
import sys
bytes_ = bytearray(open(sys.argv[1], "rb").read())
bytes_[int(sys.argv[2]) % len(bytes_)] ^= 16
open(sys.argv[1], "wb").write(bytes_)
PYTHON
}
damage_cut() { truncate -s -100 "$1"; }
damage_empty() { : >"$1"; }
damage_head() { turn "$1" 9; }
damage_key() { turn "$1" 60; }
damage_code() { turn "$1" -700; }
damage_other() { head -c 20000 "$rnn" >"$1"; }
for how in cut empty head key code other; do damage $how; done

# Several at once, on an empty folder.
rm -rf "$RNN_CACHE"
for i in 1 2 3 4; do
  mkdir -p "$work/$i" && cp "$model" "$work/$i/"
  "$rnn" train --quiet "$work/$i/small.rnn" &
done
wait
for i in 1 2 3 4; do cmp "$work/$i/small.safetensors" "$work/first" || fail "at once: other weights"; done
[ "$(files)" = 1 ] || fail "at once: $(files) files, one wanted: $(ls "$RNN_CACHE")"

# A folder that cannot be used is no error: not a folder, not writable for this user alone, nowhere.
: >"$work/file"
RNN_CACHE=$work/file train "a file"; was_compiled "a file"
RNN_CACHE=/proc/none train "nowhere"; was_compiled "nowhere"
chmod 777 "$RNN_CACHE"
train "open to all"; was_compiled "open to all"
chmod 700 "$RNN_CACHE"
(unset RNN_CACHE; XDG_CACHE_HOME=$work/xdg train "XDG_CACHE_HOME"; was_compiled "XDG_CACHE_HOME")
[ "$(ls "$work/xdg/rnn" | wc -l)" = 1 ] || fail "nothing in XDG_CACHE_HOME"
(unset RNN_CACHE XDG_CACHE_HOME; HOME=$work/home train "HOME")
[ "$(ls "$work/home/.cache/rnn" | wc -l)" = 1 ] || fail "nothing in HOME"

# Bounded: those that were not used for longest go.
truncate -s 200M "$RNN_CACHE/older.rnno"; touch -d '2 days ago' "$RNN_CACHE/older.rnno"
truncate -s 100M "$RNN_CACHE/newer.rnno"; touch -d '1 day ago' "$RNN_CACHE/newer.rnno"
: >"$RNN_CACHE/mine.txt"
train "double" --double
[ ! -e "$RNN_CACHE/older.rnno" ] && [ -e "$RNN_CACHE/newer.rnno" ] || fail "not the oldest went: $(ls "$RNN_CACHE")"
train "after the oldest went"; was_kept "after the oldest went"

# The command.
[ "$("$rnn" cache path)" = "$RNN_CACHE" ] || fail "cache path: $("$rnn" cache path)"
"$rnn" cache size >"$work/said"; expect_in "3 units, 100." "$work/said"
"$rnn" cache clear >"$work/said"; expect_in "removed 3 units" "$work/said"
[ "$(ls "$RNN_CACHE")" = mine.txt ] || fail "clear left or took too much: $(ls "$RNN_CACHE")"
"$rnn" cache sise >"$work/said" 2>&1; [ $? = 2 ] || fail "cache sise is no usage error"
expect_in "did you mean \`rnn cache size\`?" "$work/said"

exit $((failures > 0))
