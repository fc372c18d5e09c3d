"""`rnn check` on generated models: ten times the lines may take twelve times the time; every program of ours under 10 ms.
usage: scaling.py RNN"""
import glob, os, resource, subprocess, sys, tempfile

RNN = os.path.realpath(sys.argv[1])
os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
SHARED = os.environ.get("RNN_SHARED", "../shared")


def chain(lines):
    """One net, each equation made of those before; a state every ten lines."""
    text = ["dim X = 4, H = 8", "net m {", "  input x: [X]", "  target z: [H]", "  param W: [H, X] ~ glorot", "  param U: [H, H] ~ orthogonal", "  v0 = tanh(W @ x)"]
    for i in range(1, lines // 2 + 1):
        if i % 10 == 0:
            text.append(f"  state v{i}: [H] = 0")
            text.append(f"  v{i} = tanh(U @ v{i}[t-1] + v{i - 1})")
        else:
            text.append(f"  v{i} = sigmoid(v{i - 1} + v{max(0, i - 5)}) * 0.5  # line {i}")
            text.append(f"  # {i}")
    text += ["  y = v%d" % (lines // 2), "}", "train m {", "  data uniform_noise(length = 10, width = 4, z = 1)", "  loss mse(y, z)", "}"]
    return "\n".join(text) + "\n"


def cells(lines):
    """Many cells, each called once."""
    text = ["dim X = 4"]
    n = lines // 8
    for i in range(n):
        text += [f"cell C{i}[H](x: [H]) -> h: [H] {{", "  param W: [H, H] ~ glorot", "  param b: [H] = 0", "  state h: [H] = 0", "  a = W @ h[t-1] + b", "  h = tanh(a + x)", "}"]
    text += ["net m {", "  input x: [X]", "  v0 = x"] + [f"  v{i + 1} = C{i}(v{i})" for i in range(n)] + ["}"]
    return "\n".join(text) + "\n"


def errors(lines):
    """A mistake in every line."""
    return "net m {\n  input x: [3]\n" + "".join(f"  v{i} = xx{i} + x\n" for i in range(lines)) + "}\n"


def seconds(path, times=3):
    """Of the processor, so that what else runs on the machine does not count."""
    best = 1e9
    for _ in range(times):
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([RNN, "check", "--quiet", path], capture_output=True, timeout=300)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime)
    return best


def measure(folder, name, make, begin):
    taken = []
    for lines in (1000, 10000):
        path = f"{folder}/{name}{lines}.rnn"
        with open(path, "w") as f:
            f.write(make(lines))
        taken.append(max(seconds(path) - begin, 1e-4))
    ratio = taken[1] / taken[0]
    print(f"{name:10} 1000 lines {1e3 * taken[0]:8.1f} ms   10 000 lines {1e3 * taken[1]:8.1f} ms   {ratio:5.1f} times")
    return ratio <= 12


def in_passes(path):
    """Milliseconds that the compiler itself took, without the loading of its libraries."""
    ran = subprocess.run([RNN, "check", "--time-passes", path], capture_output=True, text=True, timeout=300)
    return sum(float(line.split()[0]) for line in ran.stderr.splitlines() if " ms  " in line)


def programs():
    paths = sorted(glob.glob(SHARED + "/design/programs/*.rnn") + glob.glob("examples/*/*.rnn") + glob.glob("stdlib/*.rnn"))
    taken = [(min(in_passes(path) for _ in range(5)), path) for path in paths]
    print(f"{len(paths)} programs, slowest {max(taken)[0]:.1f} ms ({max(taken)[1]})")
    return max(taken)[0] < 10


with tempfile.TemporaryDirectory() as folder:
    with open(folder + "/empty.rnn", "w") as f:
        f.write("dim X = 1\n")
    begin = seconds(folder + "/empty.rnn", 10)  # loading the program itself
    print(f"nothing    {1e3 * begin:8.1f} ms")
    fine = [measure(folder, make.__name__, make, begin) for make in (chain, cells, errors)]
    fine.append(programs())
sys.exit(0 if all(fine) else 1)
