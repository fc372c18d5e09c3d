"""The ten steps of docs/tutorial.md, carried out: its files are written, its commands run in order in one folder, its prompt sessions
typed; what is printed must be what the page shows.   usage: tutorial.py RNN PAGE

Numbers agree within 2 %, since another processor rounds otherwise (training carries that on); speeds and the lines of drawn curves are
not compared, and `…` on a line of its own stands for any lines. What the plan and the graph show must agree to the letter.
"""
import os
import re
import subprocess
import sys
import tempfile

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
CURVE = re.compile(r"[│┤└]")


def blocks(page):
    """(file name or None, first line's number, lines) of each fenced block."""
    name, begin, lines = None, 0, None
    for number, line in enumerate(page.splitlines(), 1):
        if lines is None:
            if found := re.match(r"<!-- file: ([^ ,]+)", line):
                name = found.group(1)
            elif line.startswith("```"):
                begin, lines = number + 1, []
        elif line.startswith("```"):
            yield name, begin, lines
            name, lines = None, None
        else:
            lines.append(line)


def commands(begin, lines):
    """(line number, command, printed lines): a command ends where its quotes are closed."""
    found = []
    for number, line in enumerate(lines, begin):
        if line.startswith("$ "):
            found.append([number, line[2:], []])
        elif found and found[-1][1].count("'") % 2:
            found[-1][1] += "\n" + line
        elif found:
            found[-1][2].append(line)
    return found


def same_line(wanted, found):
    if CURVE.search(wanted) and CURVE.search(found):
        return True
    wanted, found = (re.sub(r"[\d.]+[kM]? steps/s", "steps/s", s.rstrip()) for s in (wanted, found))
    if NUMBER.sub("#", wanted) != NUMBER.sub("#", found):
        return False
    pairs = zip(NUMBER.findall(wanted), NUMBER.findall(found))
    return all(a == b or ("." in a and abs(float(a) - float(b)) <= 0.02 * abs(float(a))) for a, b in pairs)


def same(wanted, found):
    if not wanted:
        return not found
    if wanted[0] == "…":
        return any(same(wanted[1:], found[i:]) for i in range(len(found) + 1))
    return bool(found) and same_line(wanted[0], found[0]) and same(wanted[1:], found[1:])


def printed(folder, command, environment, text=None):
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    return done.stdout.rstrip("\n").split("\n") if done.stdout.strip() else []


def compare(where, command, wanted, found):
    while wanted and not wanted[-1].strip():
        wanted = wanted[:-1]
    if same(wanted, found):
        return 0
    print(f"FAILED: {where}: {command}\n--- the page\n" + "\n".join(wanted) + "\n--- found\n" + "\n".join(found))
    return 1


def session(lines):
    """What is typed at the prompt, and what it answers."""
    typed = [line[len("rnn> "):] for line in lines if line.startswith("rnn> ")]
    return "\n".join(typed) + "\n", [line for line in lines if not line.startswith("rnn> ")]


def main():
    rnn, page = os.path.abspath(sys.argv[1]), sys.argv[2]
    failures = ran = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, NO_COLOR="1", COLUMNS="80", RNN_CACHE="off")
        environment["PATH"] = os.path.dirname(rnn) + ":" + environment["PATH"]
        here = folder
        for name, begin, lines in blocks(open(page, encoding="utf-8").read()):
            if name:
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write("\n".join(lines) + "\n")
            elif any(line.startswith("rnn> ") for line in lines):
                typed, answers = session(lines)
                failures += compare(f"line {begin}", "rnn repl", answers, printed(here, "rnn repl", environment, typed))
                ran += 1
            for number, command, wanted in commands(begin, lines):
                failures += compare(f"line {number}", command, wanted, printed(here, command, environment))
                ran += 1
                for step in re.findall(r"(?:^|&& )cd (\S+)", command):
                    here = os.path.join(here, step)
    print(f"{ran} commands of the page, {failures} that print something else")
    return 1 if failures or ran < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
