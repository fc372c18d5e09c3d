#!/bin/bash
# Data on two clocks: an alignment of sources and targets of different lengths is written as an array, read as data, trained to and scaled;
# losses and metrics take every pair of steps that counts, none of the padding; native programs say the same.   usage: aligned.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

# A teacher aligns words with words. Its alignment is written, and again with holes.
cat >words.csv <<'ROWS'
source,wanted
a b c d e,x y
b a,y x z y
c,z
d d a b,x
e c b a d,z z y x
a e,y y y
ROWS
cat >teach.rnn <<'MODEL'
time s, t
vocab from = words("words.csv", column("source"))
vocab to = words("words.csv", column("wanted"))
dim A = 3, H = 4
net teacher {
  input u: index(from) on s
  input w: index(to) on t
  fixed E: [A, from] ~ normal(0, 1)
  fixed F: [A, to] ~ normal(0, 1)
  x = E @ u
  y = F @ w
  a = softmax over s (dot(x, y))
  v = x * y
  holed = if a > 0.15 then a else log(a - 2)
}
run teacher as write {
  data  csv("words.csv", u = "source", w = "wanted")
  write npz("data.npz", x, y, a, holed, v)
  write csv("a.csv", a)
  write csv("v.csv", v)
}
MODEL
"$rnn" --double run teach.rnn write >out 2>&1 || fail "teach: $(head -c 600 out)"

cat >align.rnn <<'MODEL'
time s, t
dim A = 3, H = 4
net align {
  input  x: [A] on s
  input  y: [A] on t
  input  v: [A] on s, t
  output a: [] on s, t
  param  K, Q: [H, A] ~ glorot
  param  b: [H, A] ~ glorot
  enc = tanh(K @ x)
  a = softmax over s (dot(enc, Q @ y) + sum(b @ v))
}
train align {
  data   npz("data.npz", x = "x", y = "y", v = "v", a = "holed") cuts s = "offset", t = "y.offset"
  loss   mse(a, data.a)
  optimizer sgd(lr = 1e-30)
  batch  4
  epochs 1
  report loss
}
run align as holed {
  data   npz("data.npz", x = "x", y = "y", v = "v", a = "holed") cuts s = "offset", t = "y.offset"
  report mse(a, data.a)
  write  csv("holed.csv", a, data.a)
}
run align as whole {
  data   npz("data.npz", x = "x", y = "y", v = "v", a = "a") lengths s = "s.length", t = "t.length" cuts s = "offset", t = "y.offset"
  report mean(data.a), mse(a, data.a)
  write  csv("again.csv", data.a)
  write  csv("vs.csv", v)
  write  npz("align.npz", a, data.a, x)
  plot   data.a
}
run align as some {
  data   npz("data.npz", x = "x", y = "y", v = 0.5, a = "a", rows = 0..3) cuts s = "offset", t = "y.offset" where "t.length" >= 2
  write  csv("some.csv", v, data.a)
}
MODEL
"$rnn" --double train align.rnn >out 2>&1 || fail "train: $(head -c 900 out)"
loss=$(sed -n 's/^ *loss = //p' out)
"$rnn" --double run align.rnn holed >out 2>&1 || fail "run: $(head -c 900 out)"
found=$(sed -n 's/^ *mse(a, data.a) = //p' out)
# Over all pairs that the data have, of all sequences together: batches of 4 and 2 sequences, weighted by their pairs.
wanted=$(awk -F, 'NR > 1 && $5 != "" { n++; sum += ($4 - $5)^2 } NR > 1 && $5 == "" { holes++ } END { if (holes > 5) printf "%.6g", sum / n }' holed.csv)
[ -n "$wanted" ] && [ "$wanted" = "$loss" ] && [ "$wanted" = "$found" ] || fail "a loss of pairs with holes: $loss, mse $found, wanted $wanted"
"$rnn" --double run align.rnn whole >whole.out 2>&1 || fail "whole: $(head -c 900 whole.out)"
tail -n +2 a.csv | cmp - <(tail -n +2 again.csv) || fail "an alignment is read as something else than was written"
tail -n +2 v.csv | cmp - <(tail -n +2 vs.csv) || fail "an input on two clocks is read as something else than was written"
"$rnn" --double run align.rnn some >out 2>&1 || fail "some: $(head -c 900 out)"
awk -F, '$1 == 1 { exit } NR > 1' a.csv >first.csv
awk -F, 'NR > 1 && $1 == 0 { print $1 "," $2 "," $3 "," $7 }' some.csv | cmp - first.csv || fail "the first sequence of some"
[ "$(tail -n 1 some.csv | cut -d, -f1-6)" = "1,1,3,0.5,0.5,0.5" ] || fail "constants on two clocks, two of four sequences: $(tail -n 1 some.csv)"

# The picture: s to the right, t downwards, a square a step.
cat >wanted <<'PICTURE'
     t = 0 ┤
         1 ┤
           └ s = 0 … 4
PICTURE
grep -A 4 'data\.a$' whole.out | sed -n '2,4s/\(┤\|… 4\).*/\1/p' | cmp - wanted || fail "the map of an alignment: $(cat whole.out)"
[ "$(grep -A 2 '^  data\.a$' whole.out | tail -n 2 | sed 's/.*┤//' | tr -d '\n' | wc -m)" = 22 ] || fail "fields of a map: $(cat whole.out)"
"$rnn" --json --double run align.rnn whole | grep '"map"' >map.json
expect_in '"name": "data.a", "across": "s", "down": "t", "from": [0, 0], "values": [[' map.json

"$rnn" --double build align.rnn -o native >out 2>&1 || fail "build: $(head -c 600 out)"
cp align.npz first.npz && cp again.csv first.again
./native run whole >native.out 2>&1 || fail "native: $(head -c 600 native.out)"
cmp whole.out native.out && cmp first.npz align.npz && cmp first.again again.csv || fail "the native program says something else"
./native train >out 2>&1
[ "$(sed -n 's/^ *loss = //p' out)" = "$loss" ] || fail "native training: $(head -c 600 out)"
if command -v python3 >/dev/null; then
  python3 - <<'PYTHON' || fail "Python reads it otherwise"
import struct, zipfile
archive = zipfile.ZipFile("align.npz")
assert sorted(archive.namelist()) == ["a.npy", "data.a.npy", "offset.npy", "s.length.npy", "t.length.npy", "x.npy"], archive.namelist()
def array(name):
    raw = archive.read(name + ".npy")
    head = eval(raw[10:128])
    return head["shape"], struct.unpack(head["descr"][0] + str(len(raw[128:]) // 8) + {"f": "d", "i": "q"}[head["descr"][1]], raw[128:])
assert array("s.length") == ((6,), (5, 2, 1, 4, 5, 2)) and array("t.length") == ((6,), (2, 4, 1, 1, 4, 3))
shape, a = array("data.a")
assert shape == (6, 5, 4)
rows = {tuple(map(int, r.split(",")[:3])): float(r.split(",")[3]) for r in open("again.csv").read().split("\n")[1:-1]}
for i in range(6):
    for s in range(5):
        for t in range(4):
            x = a[(i * 5 + s) * 4 + t]
            assert abs(rows[i, s, t] - x) < 1e-8 if (i, s, t) in rows else x != x
PYTHON
fi

# Scaled: the net computes with (a − mean) / std of the training part, and says the data's own.
sed 's/loss   mse/scale a, v\n  validate last 2\n  loss mse/; s/a = "holed"/a = "a"/' align.rnn >scaled.rnn
"$rnn" --double train scaled.rnn >out 2>&1 || fail "scale: $(head -c 600 out)"
"$rnn" --double run scaled.rnn whole >scaled.out 2>&1 || fail "scaled: $(head -c 600 scaled.out)"
tail -n +2 again.csv | awk -F, 'NR == FNR { want[NR] = $4; next } { d = $4 - want[FNR]; if (d * d > 1e-18) wrong++ } END { exit !(FNR > 30 && !wrong) }' <(tail -n +2 a.csv) - || fail "scales are not undone"
if command -v python3 >/dev/null; then
  python3 - <<'PYTHON' || fail "a scale is of something else"
import json, struct
raw = open("scaled.safetensors", "rb").read()
scales = json.loads(json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])["__metadata__"]["scales"])
def moments(name, columns):
    rows = [r.split(",") for r in open(name).read().split("\n")[1:-1]]
    for c in range(columns):
        x = [float(r[3 + c]) for r in rows if int(r[0]) < 4]
        mean = sum(x) / len(x)
        yield mean, (sum((v - mean) ** 2 for v in x) / len(x)) ** 0.5
for name, file, columns in (("align.a", "a.csv", 1), ("align.v", "v.csv", 3)):
    for c, (mean, std) in enumerate(moments(file, columns)):
        assert abs(scales[name]["mean"][c] - mean) < 1e-6 and abs(scales[name]["std"][c] - std) < 1e-6, (name, scales[name], mean, std)
PYTHON
fi

# What takes all steps of s together counts where the data have them all; what is on t alone, wherever its own data are there.
cat >whole.rnn <<'MODEL'
time s, t
dim A = 3
net w {
  input  x: [A] on s
  input  y: [A] on t
  target a: [] on s, t
  target b: [A] on t
  param  k: [] = 0.5
  z = k * sum(sum over s (x)) * y[0]
}
run w as plain {
  data  npz("data.npz", x = "x", y = "y", a = "holed", b = "y") cuts s = "offset", t = "y.offset"
  write csv("z.csv", z, b)
}
run w as summed {
  data  npz("data.npz", x = "x", y = "y", a = "holed", b = "y") cuts s = "offset", t = "y.offset"
  write csv("s.csv", z, a)
  report mse(z, sum over s (a))
}
train w {
  data  npz("data.npz", x = "x", y = "y", a = "holed", b = "y") cuts s = "offset", t = "y.offset"
  loss  mse(z, b[0]) + mse(z, sum over s (a))
  optimizer sgd(lr = 1e-30)
  batch  6
  epochs 1
  report loss
}
MODEL
"$rnn" --double train whole.rnn >out 2>&1 || fail "whole: $(head -c 900 out)"
loss=$(sed -n 's/^ *loss = //p' out)
"$rnn" --double run whole.rnn plain >out 2>&1 && "$rnn" --double run whole.rnn summed >out 2>&1 || fail "whole: $(head -c 900 out)"
found=$(sed -n 's/^ *mse(z.* = //p' out)
wanted=$(awk -F, 'FNR == 1 { next } NR == FNR { n++; sum += ($3 - $4)^2; next }
  { at = $1 "," $3; z[at] = $4; if ($5 == "") hole[at] = 1; all[at] += $5 }
  END { for (at in z) if (!(at in hole)) { m++; more += (z[at] - all[at])^2 } if (m > 1 && m < n - 1) printf "%.6g %.6g", sum / n + more / m, more / m }' z.csv s.csv)
[ -n "$wanted" ] && [ "$wanted" = "$loss $found" ] || fail "sums of what is missing in places: $loss $found, wanted $wanted"

# On the clock of the data and one of fixed length: [n] is within each step, so that sequences may be cut into chunks along t, and targets may be
# missing at single places.
cat >table.rnn <<'MODEL'
time t
time n length 3
dim X = 2
net table {
  input  x: [X] on t, n
  output y: [X] on t, n
  param  W, R: [X, X] ~ glorot
  state  h: [X] on t, n = 0.1 on t
  state  g: [X] on t, n = 0 on n
  h = tanh(W @ x + R @ h[t-1])
  g = h + 0.5 * g[n+1]
  y = 2 * h + 0.1 * g
}
run table as make {
  data  csv("table.csv", x = "a".."f") by "id"
  write npz("table.npz", x, y)
  write csv("table.out", y)
}
train table {
  data   csv("table.csv", x = "a".."f", y = "g".."l") by "id"
  scale  x, y
  loss   mse(y, data.y)
  method bptt
  optimizer sgd(lr = 1e-30)
  batch  2
  epochs 1
}
run table as fit {
  data   csv("table.csv", x = "a".."f", y = "g".."l") by "id"
  report mse(y, data.y)
  write  csv("fit.csv", y, data.y)
  plot   y
}
run table as read {
  data   npz("table.npz", x = "x", y = "y") cuts "offset"
  write  csv("read.csv", data.y)
  write  csv("reads.csv", x)
}
MODEL
awk 'BEGIN { srand(5); print "id,a,b,c,d,e,f,g,h,i,j,k,l"
  for (id = 1; id <= 3; id++) for (t = 0; t < 3 + 2 * id; t++) { printf "%d", id; for (k = 0; k < 12; k++) printf (k == 7 && t == 2) ? "," : ",%.5f", 3 * rand(); printf "\n" } }' >table.csv
"$rnn" --double train table.rnn >out 2>&1 || fail "table: $(head -c 900 out)"
whole=$(sed -n 's/.*epoch 1\/1 *loss \([0-9.e-]*\).*/\1/p' out)
for k in 1 2 4 100; do
  sed "s/method bptt/method bptt(truncate = $k)/" table.rnn >cut.rnn
  "$rnn" --double train cut.rnn >out 2>&1 || fail "truncate = $k: $(head -c 900 out)"
  cut=$(sed -n 's/.*epoch 1\/1 *loss \([0-9.e-]*\).*/\1/p' out)
  [ -n "$cut" ] && [ "$cut" = "$whole" ] || fail "truncate = $k gives the loss $cut, the whole sequences $whole"
done
"$rnn" --double run table.rnn fit >out 2>&1 || fail "fit: $(head -c 900 out)"
found=$(sed -n 's/^ *mse(y, data.y) = //p' out)
# A place where one of the components is missing does not count; the others of its step do.
wanted=$(awk -F, 'NR > 1 && $6 != "" && $7 != "" { n += 2; sum += ($4 - $6)^2 + ($5 - $7)^2 } NR > 1 && ($6 == "" || $7 == "") { holes++ } END { if (holes == 3 && n == 120) printf "%.6g", sum / n }' fit.csv)
[ -n "$wanted" ] && [ "$found" = "$wanted" ] || fail "a metric on two clocks, one of fixed length: $found, wanted $wanted"
expect_in '     n = 0 ┤' out
expect_in '└ t = 0 … 4' out
"$rnn" --double run table.rnn make >out 2>&1 || fail "make: $(head -c 600 out)"
"$rnn" --double run table.rnn read >out 2>&1 || fail "read: $(head -c 600 out)"
tail -n +2 table.out | cmp - <(tail -n +2 read.csv) || fail "values on a clock of fixed length are read as something else"

# On one clock: padded, as most archives are.
cat >one.rnn <<'MODEL'
dim A = 3
net one {
  input  v: [A]
  input  k: [] per sequence
  y = k * sum(v)
}
run one as padded {
  data  npz("pad.npz", v = "v", k = "k") lengths "t.length"
  write csv("padded.csv", v, y)
}
run one as named {
  data  npz("pad.npz", v = "v", k = 2) lengths t = 2 where "t.length" == 4
  write csv("named.csv", v, y)
}
MODEL
cat >pad.rnn <<'MODEL'
time s, t
dim A = 3
net pad {
  input v: [A] on s, t
  k = 1 * (sum over t (sum over s (v[0])))
  w = v[0]
}
run pad as write {
  data  npz("data.npz", v = "v") lengths s = 1, t = "t.length"
  write npz("pad0.npz", v, k)
  write csv("w.csv", v, k)
}
MODEL
"$rnn" --double run pad.rnn write >out 2>&1 || fail "pad: $(head -c 600 out)"
if command -v python3 >/dev/null; then
  python3 - <<'PYTHON' # [sequence, 1, t, A] is [sequence, t, A] to the reader, but for its shape
import zipfile
old, new = zipfile.ZipFile("pad0.npz"), zipfile.ZipFile("pad.npz", "w")
for name in old.namelist():
    new.writestr(name, old.read(name).replace(b"(6, 1, 4, 3)", b"(6, 4, 3)   "))
new.close()
PYTHON
  "$rnn" --double run one.rnn padded >out 2>&1 || fail "padded: $(head -c 600 out)"
  "$rnn" --double run one.rnn named >out 2>&1 || fail "named: $(head -c 600 out)"
  cut -d, -f1,3-6 w.csv | tail -n +2 >wanted
  cut -d, -f1-5 padded.csv | tail -n +2 | cmp - wanted || fail "padded arrays on one clock"
  [ "$(tail -n +2 named.csv | cut -d, -f1,2 | tr '\n' ' ')" = "0,0 0,1 1,0 1,1 " ] || fail "two steps of the sequences of four: $(cat named.csv)"
fi

# What cannot be, and how it is said.
say() { # MODIFIERS-OR-SOURCE TEXT
  sed "s|data   npz(\"data.npz\", x = \"x\", y = \"y\", v = 0.5.*|data   $1|" align.rnn >wrong.rnn
  cp align.safetensors wrong.safetensors
  "$rnn" run wrong.rnn some >out 2>&1 && fail "this runs: $1"
  expect_in "$2" out
}
say 'npz("data.npz", x = "x", y = "y", v = "v", a = "a") cuts "offset"' 'E0515'
expect_in 'cuts s = "offset", t = "y.offset"' out
say 'npz("data.npz", x = "x", y = "y", v = "v", a = "a") cuts s = "offset", t = "offset"' 'must be the rising rows'
say 'npz("data.npz", x = "x", y = "x", v = "v", a = "a") cuts s = "offset", t = "y.offset"' 'has room for 4'
say 'npz("data.npz", x = "x", y = "y", v = "v", a = "a") cuts s = "offset", q = "y.offset"' 'no input, target or output lives on a clock `q`'
say 'npz("data.npz", x = "x", y = "y", v = "v", a = "a") cuts s = "offset" lengths t = "t.length"' '`y` wants an array [sequence, t, 3], but `y` is [15, 3]'
say 'npz("data.npz", x = "x", y = "y", v = "v", a = "v") cuts s = "offset", t = "y.offset"' '`a` wants an array [sequence, s, t], but `v` is [6, 5, 4, 3]'
say 'npz("data.npz", x = "x", y = 0, v = "v", a = "a") cuts s = "offset"' '`v` has nothing at sequence 0, s = 0, t = 2, but `v` is an input'
expect_in 'lengths t = "…"' out
say 'npz("data.npz", x = "x", y = 0, v = "v", a = "a") cuts s = "offset" lengths t = 9' 'sequence 0 has 9 steps of t, but the array `v` has room for 4'
say 'npz("data.npz", x = "x", y = "y", v = "v", a = "a") lengths s = 0, t = 1' '`lengths s = 0`: sequences have a whole number of steps'
say 'npz("data.npz", x = "x", y = 0, v = "v", a = "a") cuts s = "offset" lengths t = 1 windows 1' 'windows are steps of one clock, but `x` and `y` live on different ones'
say 'csv("words.csv", x = "source", y = "wanted", v = "source")' '`v` lives on `s` and `t`, which `csv(…)` cannot say'
say 'csv("words.csv", x = 0, y = 0, v = 0, a = 0) lengths s = 3' '`lengths` is for the arrays of npz(…)'
say 'csv("words.csv", x = 0, y = 0, v = 0, a = 0) cuts s = "offset"' '`cuts` by clock is for the arrays of npz(…)'

[ $failures = 0 ] && echo "aligned: fine"
exit $((failures > 0))
