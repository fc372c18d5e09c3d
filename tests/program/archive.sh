#!/bin/bash
# write npz(…): NumPy arrays that npz(…) reads again, sequence by sequence, to the last bit; the same from a native program; and Python's own
# library finds a zip of .npy files in it.   usage: archive.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

cat >out.rnn <<'MODEL'
dim U = 2, Y = 3
net n {
  input  u: [U]
  input  v: [] per sequence
  output y: [Y] = 0
  param  W: [Y, U] ~ normal(0, 1)
  y = tanh(W @ u + 0.5 * y[t-1])
  m = v + sum over t (sum(y))
}
run n as write {
  data  csv("in.csv", u = "a".."b", v = 0.25) by "id"
  write npz("out.npz", y, m, u, v)
  write csv("out.csv", y)
}
run n as read {
  data   npz("out.npz", u = "u", y = "y", v = "m") cuts "offset"
  report rmse(y, data.y)
  expect rmse(y, data.y) == 0
  write  csv("again.csv", y)
  write  csv("m.csv", v)
}
MODEL
awk 'BEGIN { srand(3); print "id,a,b"; for (id = 1; id <= 4; id++) for (t = 0; t < 2 * id; t++) printf "%d,%.6f,%.6f\n", id, rand(), rand() }' >in.csv
"$rnn" --double run out.rnn write >out 2>&1 || fail "write: $(head -c 600 out)"
"$rnn" --double run out.rnn read >out 2>&1 || fail "read: $(head -c 600 out)"
cmp out.csv again.csv || fail "what was written is read as something else"
[ "$(wc -l <m.csv)" = 5 ] || fail "one value a sequence: $(cat m.csv)"
cp out.npz first.npz
"$rnn" --double build out.rnn -o native >out 2>&1 || fail "build: $(head -c 600 out)"
./native run write >out 2>&1 || fail "native: $(head -c 600 out)"
cmp first.npz out.npz || fail "the native program writes other bytes"
if command -v python3 >/dev/null; then
  python3 - <<'PYTHON' || fail "Python reads it otherwise"
import struct, zipfile
archive = zipfile.ZipFile("out.npz")
assert archive.testzip() is None and sorted(archive.namelist()) == ["m.npy", "offset.npy", "u.npy", "v.npy", "y.npy"]
def array(name):
    raw = archive.read(name + ".npy")
    assert raw[:8] == b"\x93NUMPY\x01\x00" and raw[127:128] == b"\n"
    head = eval(raw[10:128])
    return head["shape"], struct.unpack(head["descr"][0] + str(len(raw[128:]) // 8) + {"f": "d", "i": "q"}[head["descr"][1]], raw[128:])
assert array("offset") == ((4,), (0, 2, 6, 12)), array("offset")
shape, y = array("y")
assert shape == (20, 3) and len(y) == 60
rows = [line.split(",")[2:] for line in open("out.csv").read().split("\n")[1:-1]]
assert all(abs(float(rows[i // 3][i % 3]) - x) < 1e-8 for i, x in enumerate(y))
shape, m = array("m")
assert shape == (4,) and abs(m[0] - 0.25 - sum(y[:6])) < 1e-9
PYTHON
fi
sed 's/npz("out.npz", y, m, u, v)/npz(y)/' out.rnn >nameless.rnn
"$rnn" run nameless.rnn write >out 2>&1 && fail "an archive without a name"
expect_in '`npz` takes the name of a file first' out
sed 's|npz("out.npz", y, m|npz("no/such/folder.npz", y, m|' out.rnn >nowhere.rnn
"$rnn" run nowhere.rnn write >out 2>&1 && fail "an archive where there is no folder"
expect_in 'cannot write ./no/such/folder.npz' out

[ $failures = 0 ] && echo "archive: fine"
exit $((failures > 0))
