#!/bin/bash
# The benchmark's driver: its smallest case with nobody to compare with gives well-formed JSON; a peer that speaks the protocol is
# measured, one that dies is named as missing, and wrong arguments are refused.   usage: bench.sh RNN_BENCH
set -u
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/../.." || exit 1
python=$(command -v python3) || exit 77

"$rnn" --smoke --json "$work/smoke.json" >"$work/said" 2>&1 || fail "--smoke: $(cat "$work/said")"
expect_in "oneDNN        missing: not asked for" "$work/said"
"$python" - "$work/smoke.json" <<'PYTHON' || fail "the JSON document: $(cat "$work/smoke.json")"
import json, sys
said = json.load(open(sys.argv[1]))
assert [row["cell"] for row in said["rows"]] == ["LSTM", "GRU", "tanh"]
for row in said["rows"]:
    ours, = row["times"]
    assert ours["name"] == "rnn" and 0 < ours["seconds"] < 1 and ours["times_ours"] == 1
    assert abs(ours["gflops"] - row["flop"] / ours["seconds"] * 1e-9) < 1e-6 * ours["gflops"]
    assert abs(ours["share_of_peak"] - ours["gflops"] / row["peak_gflops"]) < 1e-6 * ours["share_of_peak"] and row["compile_seconds"] > 0
assert said["rows"][0]["flop"] == 6 * 4 * 32 * (32 + 2) * 100
assert said["machine"]["cores"] >= 1 and said["versions"]["llvm"] and said["peak_gflops"] > 0
assert len(said["peers"]) == 5 and all("missing" in peer for peer in said["peers"])
PYTHON

# A peer of our own in the place of Python: half a second a call.
cat >"$work/peer" <<'PEER'
#!/bin/bash
case $3$2 in *torch*) ;; *) echo "missing no library"; exit ;; esac
echo "ready 1.2.3"
while read -r word rest; do
  case $word in case) echo ok ;; run) echo 0.5 ;; esac
done
PEER
chmod +x "$work/peer"
RNN_BENCH_PYTHON=$work/peer "$rnn" --smoke --peers "PyTorch JAX" --json "$work/peer.json" >"$work/said" 2>&1 || fail "with a peer: $(cat "$work/said")"
expect_in "PyTorch       1.2.3" "$work/said"
expect_in "JAX           missing: no library" "$work/said"
"$python" - "$work/peer.json" <<'PYTHON' || fail "the peer's times: $(cat "$work/peer.json")"
import json, sys
for row in json.load(open(sys.argv[1]))["rows"]:
    ours, peer = row["times"]
    assert peer["name"] == "PyTorch" and peer["seconds"] == 0.5
    assert abs(peer["times_ours"] - 0.5 / ours["seconds"]) < 1e-6 * peer["times_ours"]
PYTHON

# One that dies in the middle: said, and the rest is measured.
sed -i 's/run) echo 0.5 ;;/run) n=$((n + 1)); [ $n -lt 9 ] || exit; echo 0.5 ;;/' "$work/peer"
RNN_BENCH_PYTHON=$work/peer "$rnn" --smoke --peers "PyTorch" --json "$work/dies.json" >"$work/said" 2>&1 || fail "a peer that dies: $(cat "$work/said")"
expect_in "PyTorch died" "$work/said"
"$python" -c 'import json, sys; assert [len(r["times"]) for r in json.load(open(sys.argv[1]))["rows"]] == [2, 1, 1]' "$work/dies.json" ||
  fail "rows with a peer that dies: $(cat "$work/dies.json")"

for wrong in "--rounds 0" "--rounds 1000" "--cells 0" "--threads 0" "--nonsense" "--json"; do
  "$rnn" --smoke $wrong >"$work/said" 2>&1 && fail "$wrong: accepted"
done
"$rnn" --smoke --json /nowhere/at/all.json >"$work/said" 2>&1 && fail "a file that cannot be written: accepted"
expect_in "/nowhere/at/all.json: No such file or directory" "$work/said"

# Random cells: the same seed writes the same ones, and each is a right program.
"$rnn" --only cells --peers none --rounds 1 --cells 2 --seed 5 --write-cells "$work/cells" >"$work/said" 2>&1 || fail "cells: $(cat "$work/said")"
expect_in "2 cells: median" "$work/said"
sum=$(md5sum <"$work/cells/cell5.rnn")
"$rnn" --only cells --peers none --rounds 1 --cells 1 --seed 5 --write-cells "$work/again" >/dev/null 2>&1
[ "$sum" = "$(md5sum <"$work/again/cell5.rnn")" ] || fail "the same seed wrote another cell"
[ -e "$work/cells/cell5.rnn" ] && [ -e "$work/cells/cell6.rnn" ] || fail "cells are not written: $(ls "$work/cells")"

[ $failures = 0 ] && echo "bench: fine"
exit $((failures > 0))
