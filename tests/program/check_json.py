"""`rnn check --json`: one object a diagnostic, whose places are where they say, for every wrong program of tests/golden.   usage: check_json.py RNN"""
import glob, json, os, subprocess, sys

RNN = os.path.realpath(sys.argv[1])
os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden"))
seen = {"diagnostics": 0, "labels": 0, "suggestions": 0, "repaired": 0}


def check(what, fine, *values):
    if not fine:
        sys.exit(f"FAILED: {what}: {values}")


def position(data, offset):
    """Line and column in characters, both from 1."""
    before = data[:offset]
    begin = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[begin:].decode("utf-8", "replace")) + 1


def check_place(place, path, data):
    check("a range", 0 <= place["begin"] <= place["end"], place)
    if place["file"] != path:
        return
    check("in the file", place["end"] <= len(data), place)
    check("where it begins", (place["line"], place["column"]) == position(data, place["begin"]), place)
    check("where it ends", (place["endLine"], place["endColumn"]) == position(data, place["end"]), place)


def diagnostics(path, **more):
    ran = subprocess.run([RNN, "check", "--json", path], capture_output=True, timeout=60, **more)
    check("the exit code", ran.returncode in (0, 1), path, ran)
    check("nothing but JSON", not ran.stderr, path, ran.stderr)
    found = [json.loads(line) for line in ran.stdout.decode().splitlines()]
    errors = [d for d in found if d["severity"] == "error"]
    check("errors and the exit code", bool(errors) == (ran.returncode == 1), path, found)
    return found


def repaired(data, edit):
    return data[: edit["begin"]] + edit["text"].encode() + data[edit["end"] :]


for path in sorted(glob.glob("*.rnn")):
    data = open(path, "rb").read()
    found = diagnostics(path)
    for d in found:
        check("its keys", {"code", "severity", "message", "file", "begin", "end", "labels", "notes", "helps", "suggestions"} <= d.keys(), d)
        check("the code", d["code"][0] == "E" and d["code"][1:].isdigit() and d["message"], d)
        check("the first label is the place", d["labels"][0]["begin"] == d["begin"], d)
        for place in [d] + d["labels"] + d["suggestions"]:
            check_place(place, path, data)
        seen["diagnostics"] += 1
        seen["labels"] += len(d["labels"])
        for edit in d["suggestions"]:
            seen["suggestions"] += 1
            again = diagnostics("-", input=repaired(data, edit))
            same = [e for e in again if e["code"] == d["code"] and e["line"] == d["line"] and e["message"] == d["message"]]
            seen["repaired"] += not same
check("enough to say so", seen["diagnostics"] > 40 and seen["repaired"] >= seen["suggestions"] - 2, seen)
print(", ".join(f"{n} {what}" for what, n in seen.items()))
