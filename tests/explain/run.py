"""What `rnn explain` shows is so: each wrong example gives just that error, each right one none.   usage: run.py RNN [CODE…]

An explanation has examples, `wrong: …` and `right: …`, one below the other or side by side. frames.txt has the program around those of a code:

    === CODE [COMMAND]        COMMAND: check, or test where the error comes with the data. Several frames: the first, second … pair
    …                         the program; a line @@@ is where the example stands. What begins with `rnn ` is typed into a shell instead
    --- NAME                  a file beside it
    --- $ COMMAND             typed before the example
    --- $ for NUMBER …        the file of that name, its lines made by a command
"""
import os, re, subprocess, sys, tempfile

RNN = os.path.realpath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
failures = []


def examples(text):
    """[(is it right, lines)]: continuation lines stand below their own column."""
    out, open_columns = [], []
    for line in text.splitlines():
        marks = list(re.finditer(r"(?:^ *|(?<= ) +)(wrong|right): +", line))
        if marks:
            open_columns = []
            for i, m in enumerate(marks):
                end = marks[i + 1].start() if i + 1 < len(marks) else len(line)
                out.append((m.group(1) == "right", [line[m.end():end].rstrip()]))
                open_columns.append((m.end(), out[-1][1]))
        elif not line.strip() or (line[:1] != " "):
            open_columns = []
        else:
            for i, (begin, lines) in enumerate(open_columns):
                end = open_columns[i + 1][0] if i + 1 < len(open_columns) else len(line)
                if line[begin:end].strip():
                    lines.append(line[begin:end].rstrip())
    return out


def frames():
    out, frame, file = {}, None, None
    for line in open(os.path.join(HERE, "frames.txt")):
        word = line.split()
        if line.startswith("=== "):
            frame = {"command": word[2] if len(word) > 2 else "check", "files": {"m.rnn": ""}, "before": []}
            out.setdefault(word[1], []).append(frame)
            file = "m.rnn"
        elif line.startswith("--- $ "):
            frame["before"].append(line[6:].strip())
        elif line.startswith("--- "):
            file = word[1]
            frame["files"][file] = ""
        elif frame:
            frame["files"][file] += line
    return out


def run(command):
    with_rnn = dict(os.environ, PATH=os.path.dirname(RNN) + ":" + os.environ["PATH"])
    ran = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, env=with_rnn)
    return ran.returncode, (ran.stdout + ran.stderr).decode()


def fill(folder, frame, lines):
    for name, text in frame["files"].items():
        for name in name.split(","):
            put = re.sub(r"^( *)@@@$", lambda m: "\n".join(m.group(1) + line for line in lines), text, flags=re.M)
            open(os.path.join(folder, name), "w").write(put)


def try_example(code, frame, right, lines):
    with tempfile.TemporaryDirectory() as folder:
        here = os.path.join(folder, "here")
        os.mkdir(here)
        os.chdir(here)
        fill(here, frame, lines)
        for command in frame["before"]:
            run(command)
        typed = lines[0].startswith("rnn ")
        exit_code, said = run("\n".join(lines) if typed else f"rnn {frame['command']} m.rnn")
        os.chdir(HERE)
    found = re.findall(r"^error\[(E\d+)\]", said, re.M)
    fine = exit_code == 0 and not found if right else found == [code] and exit_code != 0
    if not fine:
        failures.append(f"{code}, {'right' if right else 'wrong'}: {lines}: exit code {exit_code}, {found}\n{said[:700]}")


def main():
    known, tried, bare = frames(), 0, []
    table = open(os.path.join(HERE, "../../compiler/base/diag.def")).read()
    untested = {line.split()[0] for line in open(os.path.join(HERE, "untested.txt")) if line.startswith("E")}
    for code in sys.argv[2:] or re.findall(r"^DIAG\((E\d+)", table, re.M):
        shown = examples(run(f"rnn explain {code}")[1])
        if code in untested:
            continue
        if code not in known or not {True, False} <= {right for right, _ in shown}:
            bare.append(code)
            continue
        pair, before = -1, True
        for right, lines in shown:
            pair += before and not right
            before = right
            try_example(code, known[code][min(pair, len(known[code]) - 1)], right, lines)
            tried += 1
    for text in failures:
        print("FAILED:", text)
    if bare:
        print("FAILED: no wrong and right example, no frame, and no reason in untested.txt:", *bare)
    print(f"{tried} examples, {len(failures)} failures")
    return bool(failures or bare)


sys.exit(main())
