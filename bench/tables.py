"""The tables of docs/performance.md, as Markdown, from what `./dev bench --all --json FILE` has kept.   usage: tables.py FILE"""
import json
import sys


def peer_cell(row, name, unit):
    for time in row["times"]:
        if time["name"] == name:
            return f"{time['seconds'] * unit:.3g} ({time['times_ours']:.2f} ×)"
    return "–"


def line(cells):
    print("| " + " | ".join(cells) + " |")


def table(run, section, unit, peers=(), beside=False):
    rows = [row for row in run["rows"] if row["section"] == section]
    if not rows:
        return
    print(f"\n{section}")
    head = ["", "H, B, T, I", "µs" if unit == 1e6 else "ms", "GFLOP/s", "of peak", "±", *(["of LSTM"] if beside else []), *peers]
    line(head)
    line(["---"] * len(head))
    for row in rows:
        ours = row["times"][0]
        cells = [row["cell"], f"{row['H']}, {row['B']}, {row['T']}, {row['I']}", f"{ours['seconds'] * unit:.3g}", f"{ours['gflops']:.3g}"]
        cells += [f"{100 * ours['share_of_peak']:.0f} %", f"{100 * ours['spread']:.0f} %"]
        cells += [f"{100 * row['share_of_lstm']:.0f} %"] if beside else []
        line(cells + [peer_cell(row, name, unit) for name in peers])


with open(sys.argv[1]) as f:
    run = json.load(f)
here = [peer["name"] for peer in run["peers"] if "version" in peer and peer["name"] != "ReservoirPy"]  # it has a table of its own
trains = [name for name in here if name != "ONNX Runtime"]
table(run, "train", 1e3, trains)
table(run, "sequence", 1e3, here)
table(run, "stream", 1e6, here)
table(run, "kinds", 1e3, trains, beside=True)
table(run, "cells", 1e3, beside=True)
for key in ("random_cells", "when", "commit", "machine", "versions", "peers", "peak_gflops", "peak_mb", "threads", "realtime"):
    print(f"\n{key}: {json.dumps(run.get(key), ensure_ascii=False)}")
for chart in run.get("curves", []):
    print(f"\n{chart['title']}:", ", ".join(f"{c['name']} {chart['x']}^{c['power']:.2f}" for c in chart["curves"]))
