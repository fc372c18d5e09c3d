"""bptt(checkpoint = k) is bptt: the same gradients, in double to 1e-12 of the largest, for any k; the same bits on any number of threads; in
native programs too.   usage: checkpoint.py RNN"""
import json, os, struct, subprocess, sys, tempfile

rnn = os.path.abspath(sys.argv[1])
work = tempfile.TemporaryDirectory(prefix="rnn_checkpoint_")
os.environ["RNN_CACHE"] = os.path.join(work.name, "cache")
failures = 0

def fail(text):
    global failures
    failures += 1
    print("FAILED:", text)

# Rows of different lengths, one of them of a multiple of several k, with targets missing here and there.
with open(os.path.join(work.name, "data.csv"), "w") as f:
    f.write("u,y,s\n")
    for s, steps in enumerate((23, 40, 7, 31)):
        for t in range(steps):
            f.write("%.4f,%s,%d\n" % ((t * t * (s + 3) + 5 * s) % 17 / 17, "" if (t + s) % 6 == 2 else "%.4f" % ((t * 3 + s) % 5 / 5), s))

CSV = 'csv("data.csv", u = "u", y = "y") by "s"'
ADDING = "adding(length = 12..45, sequences = 6)"
LENGTHS = "vector_parity(width = 3, length = 5..40, sequences = 6)"

# Each: what stands before the stage, its data, its loss, more clauses.
MODELS = {
    "lstm stack, ragged, missing targets, washout": ("""
net n { input u: []  output y: []  param C: [1, 5] ~ glorot
  a = LSTM[H = 6](u as [1])
  b = LSTM[H = 5](a)
  y = (C @ b)[0] }""", CSV, "mse(y, data.y)", "washout 4"),
    "last step of a gru": ("""
net n { input x: [2]  target z: [1] per sequence  param w: [1, 6] ~ glorot  param b: [1] = 0
  h = GRU[H = 6](x)
  y = w @ h[last] + b }""", ADDING, "mse(y, z)", ""),
    "last steps of a stack, and a step's loss": ("""
net n { input x: [2]  target z: [1] per sequence  param w: [1, 4] ~ glorot  param v: [2, 5] ~ glorot
  a = GRU[H = 5](x)
  b = LSTM[H = 4](a)
  q = v @ a
  y = tanh(w @ b[last]) }""", ADDING, "mse(y, z) + 0.3 * mse(q, x) + 0.01 * l2(w)", ""),
    "windows": ("""
dim L = 9
net n { input u: [] = 0  output y: [] = 0  param A: [4, L + 1] ~ glorot  param B: [4, L] ~ glorot  param C: [4] ~ normal(0, 0.5)
  h = tanh(A @ u[t..t-L] + B @ y[t-1..t-L])
  y = dot(C, h) }""", CSV, "mse(y, data.y)", ""),
    "windows by threes": ("""
dim H = 4
net n { input u: [] = 0  output y: []  param A: [H, H] ~ normal(0, 0.5)  param C: [H] ~ normal(0, 0.5)  param W: [H, 5, H] ~ normal(0, 0.3)
  state h: [H] = 0.1
  h = tanh(A @ h[t-2] + C * u + W @ h[t-3..t-15 by 3])
  y = dot(C, h) }""", CSV, "mse(y, data.y)", ""),
    "trained histories": ("""
net n { input u: []  output y: []  param C: [5] ~ normal(0, 0.5)  param h0: [5] ~ normal(0, 0.5)  param W, V: [5, 5] ~ normal(0, 0.4)
  state h: [5] = h0
  state g: [5] = tanh(h0)
  g = tanh(W @ h[t-3] + u)
  h = tanh(V @ h[t-1] + g[t-2])
  y = dot(C, h) }""", CSV, "mse(y, data.y)", ""),
    "a trained history far back": ("""
net n { input u: []  output y: []  param C: [5] ~ normal(0, 0.5)  param h0: [5] ~ normal(0, 0.5)  param W: [5, 12, 5] ~ normal(0, 0.2)
  state h: [5] = h0
  h = tanh(W @ h[t-2..t-13] + u)
  y = dot(C, h) }""", CSV, "mse(y, data.y)", ""),
    "a history that starts with each sequence's own": ("""
net n { input x: [2]  target z: [1] per sequence  output q: [2]  param P: [4, 1] ~ glorot  param w: [2, 4] ~ glorot
  h = LSTM[H = 4](x) start h = P @ z, c = 0.3
  q = w @ h }""", ADDING, "mse(q, x)", ""),
    "learned delays": ("""
dim X = 3, L = 11
net n { input x: [X] = 0  target z: [1]  param q: [X, L] ~ normal(0, 0.1)  param w: [X] = 1
  a = softmax over L (q)
  y = dot(w, sum over L (a' * x[t-1..t-L])) }""", LENGTHS, "huber(y as [1], z)", ""),
    "delays of each connection": ("""
dim X = 3, G = 4, H = 5
net n { input x: [X]  target z: [1]  param V: [G, X] ~ normal(0, 0.5)  param W: [G, H] ~ normal(0, 0.5)  param P: [H, G] ~ normal(0, 0.5)
  fixed D: [G, H] ~ integers(1, 9)
  fixed E: [H, G] ~ integers(2, 6)
  param C: [1, H] ~ normal(0, 0.5)
  state a: [G] = 0
  state b: [H] = 0.1
  a = tanh(V @ x + sum over H (W * b[t - D]))
  b = tanh(sum over G (P * a[t - E]))
  y = sigmoid(C @ b) }""", LENGTHS, "bce(y, z)", ""),
    "dropout and noise": ("""
net n { input x: [3]  target z: [1]  param C: [1, 6] ~ glorot
  a = GRU[H = 6](dropout(x, 0.3))
  b = GRU[H = 6](dropout(a, 0.4) + noise(0.2, [6]))
  y = sigmoid(C @ b) }""", LENGTHS, "bce(y, z)", ""),
    "forced by chance": ("""
net n { input u: []  output y: [] = 0.2  param W: [6] ~ normal(0, 1)  param V: [6] ~ normal(0, 1)  param C: [6] ~ normal(0, 0.5)
  y = dot(C, tanh(W * u + V * y[t-1])) }""", CSV, "mse(y, data.y)", "force y with p = 0.4"),
    "forced": ("""
net n { input u: []  output y: [] = 0.2  param W: [6] ~ normal(0, 1)  param V: [6, 3] ~ normal(0, 1)  param C: [6] ~ normal(0, 0.5)
  y = dot(C, tanh(W * u + V @ y[t-1..t-3])) }""", CSV, "mse(y, data.y)", "force y"),
    "symbols": ("""
dim V = 7, H = 6
net n { input w: index(V)  target k: index(V)  param E: [H, V] ~ normal(0, 0.5)  param O: [V, H] ~ glorot
  h = LSTM[H = H](E @ w)
  p = softmax(O @ h) }""", "reber(length = 20..60, sequences = 5)", "xent(p, k)", ""),
    "sums of sequences": ("""
net n { input u: []  output y: []  param C: [4] ~ normal(0, 0.5)
  h = GRU[H = 4](u as [1])
  y = dot(C, h) }""", CSV, "per_sequence((y - 0.3) ^ 2) + 0.1 * sse(y, data.y)", ""),
    "a clock inside a step": ("""
time t
time j length 4
net n { input u: [] on t  output y: [] on t  param C: [3] ~ normal(0, 0.5)  param W, V: [3, 3] ~ normal(0, 0.5)
  state m: [3] on t = 0.1
  state s: [3] on t, j = m[t-1] on j
  state k: [] on j, t = 0.2 on t
  k = 0.9 * k[t-1] + u * begins(j)
  s = tanh(W @ s[j-1] + u + k)
  m = sum over j (if ends(j) then s else 0) + V @ m[t-2]
  y = dot(C, m) }""", CSV, "mse(y, data.y)", ""),
    "wide layers, weights made of others, a sparse reservoir": ("""
dim H = 48, R = 200
net n { input x: [3]  target z: [1]  param C: [1, H] ~ glorot  param A, B: [H, H] ~ orthogonal  param Q: [H, R] ~ normal(0, 0.1)
  fixed W: [R, R] ~ sparse(density = 0.05, std = 0.4)
  fixed V: [R, 3] ~ normal(0, 0.5)
  state r: [R] = 0
  state h: [H] = 0
  r = tanh(V @ x + W @ r[t-1])
  a = LSTM[H = H](x)
  h = tanh((A * B) @ h[t-1] + a + Q @ r)
  y = sigmoid(C @ h) }""", LENGTHS.replace("6)", "12)"), "bce(y, z)", ""),
    "what only the loss reads": ("""
net n { input u: []  output y: []  param C: [4] ~ normal(0, 0.5)  param s: [] = 0.2
  h = GRU[H = 4](u as [1])
  d = h - 0.5 * h[t-1]
  y = dot(C, d) }""", CSV, "exp(-s) * mse(y, data.y) + s", ""),
}

STAGE = """use std.cells (LSTM, GRU)
%s
train n {
  data      %s
  loss      %s
  method    bptt%s
  optimizer sgd(lr = %g)
  batch     %d
  epochs    %d
%s
}
"""

def write(name, model, how, lr=1e6, batch=100, epochs=1):
    path = os.path.join(work.name, name + ".rnn")
    net, data, loss, more = model
    with open(path, "w") as f:
        f.write(STAGE % (net.replace("  ", "\n  "), data, loss, how, lr, batch, epochs, more)) # two spaces: another line
    return path

def weights(path):
    """The numbers of the weights file, by name."""
    with open(path, "rb") as f:
        raw = f.read()
    size = struct.unpack("<Q", raw[:8])[0]
    found = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + at for at in entry["data_offsets"])
        letter, bytes_each = ("d", 8) if entry["dtype"] == "F64" else ("f", 4)
        found[name] = struct.unpack("<%d%s" % ((end - begin) // bytes_each, letter), raw[begin:end])
    return found

def train(path, *options):
    out = path[:-4] + ".safetensors"
    if os.path.exists(out):
        os.remove(out)
    done = subprocess.run([rnn, "train", path, "--json", *options], capture_output=True, text=True, cwd=work.name)
    if done.returncode:
        fail("%s\n%s%s" % (path, done.stdout[-900:], done.stderr))
        return None, None
    epochs = [json.loads(line) for line in done.stdout.splitlines() if '"epoch"' in line]
    return weights(out), epochs[-1]["loss"]

def furthest(a, b, begin):
    """Of the params' changes: the largest difference over the largest change, of the worst param."""
    worst = 0
    for name in a:
        size = max(abs(x - z) for x, z in zip(a[name], begin[name]))
        if size:
            worst = max(worst, max(abs(x - y) for x, y in zip(a[name], b[name])) / size)
        elif a[name] != b[name]:
            worst = float("inf")
    return worst

def compare(name, model, precision, limit, ks):
    begin, _ = train(write("begin", model, "", lr=0), *precision)
    whole, loss = train(write("whole", model, ""), *precision)
    if whole is None or begin is None:
        return
    if all(whole[n] == begin[n] for n in whole):
        fail(name + ": nothing is trained")
    for k in ks:
        pieces, other = train(write("pieces", model, "(checkpoint = %s)" % k), *precision)
        if pieces is None:
            return
        far = furthest(whole, pieces, begin)
        print("%-50s checkpoint = %-4s %.1e" % (name, k, far))
        if not far <= limit or abs(loss - other) > limit * max(1, abs(loss)):
            fail("%s, checkpoint = %s: differs by %g, losses %.17g and %.17g" % (name, k, far, loss, other))

for name, model in MODELS.items():
    compare(name, model, ("--double",), 1e-12, (1, 3, 8, 20, "auto", 1000))
    compare(name, model, (), 2e-4, (5,))

# Batches, several updates; chunks whose gradient is cut, each with checkpoints; one stream that goes on.
def same_updates(name, model, how, with_checkpoints, **stage):
    begin, _ = train(write("begin", model, how, **dict(stage, lr=0)), "--double")
    whole, _ = train(write("whole", model, how, **stage), "--double")
    pieces, _ = train(write("pieces", model, with_checkpoints, **stage), "--double")
    if begin is None or whole is None or pieces is None:
        return
    far = furthest(whole, pieces, begin)
    print("%-50s %-16s %.1e" % (name, with_checkpoints, far))
    if not 0 <= far <= 1e-10:
        fail("%s %s: differs by %g" % (name, with_checkpoints, far))

first = MODELS["lstm stack, ragged, missing targets, washout"]
stream = first[:3] + ("carry",)
drops = MODELS["dropout and noise"]
same_updates("several batches", first, "", "(checkpoint = 6)", lr=0.1, batch=3, epochs=4)
same_updates("several batches, drawn", drops, "", "(checkpoint = 6)", lr=0.1, batch=4, epochs=4)
same_updates("truncated", first, "(truncate = 13)", "(truncate = 13, checkpoint = 4)", lr=0.1, batch=3, epochs=3)
far_back = MODELS["a trained history far back"]
same_updates("truncated to less than a delay", far_back, "(truncate = 7)", "(truncate = 7, checkpoint = 3)", lr=0.1, batch=3, epochs=2)
same_updates("carried, with a delay", far_back[:3] + ("carry",), "", "(checkpoint = 5)", lr=0.1, batch=3, epochs=2)
same_updates("carried", stream, "", "(checkpoint = 4)", lr=0.1, batch=2, epochs=3)
same_updates("carried and truncated", stream, "(truncate = 9)", "(truncate = 9, checkpoint = 4)", lr=0.1, batch=2, epochs=3)

# Threads: many rows, so that there are slices; some of them end in early pieces.
many = (drops[0], "vector_parity(width = 3, length = 5..40, sequences = 70)", drops[2], "")
path, bits = write("many", many, "(checkpoint = 6)", lr=0.1, batch=70, epochs=3), []
for threads in ("1", "2", "3"):
    train(path, "--threads", threads)
    with open(path[:-4] + ".safetensors", "rb") as f:
        bits.append(f.read())
if bits[0] != bits[1] or bits[0] != bits[2]:
    fail("the bits depend on the number of threads")
same_updates("slices", many, "", "(checkpoint = 6)", lr=0.1, batch=70, epochs=2)

# A native program.
program = os.path.join(work.name, "program")
subprocess.run([rnn, "build", path, "-o", program, "--quiet"], check=True, cwd=work.name)
os.remove(path[:-4] + ".safetensors")
subprocess.run([program, "train", "--quiet"], check=True, cwd=work.name)
with open(path[:-4] + ".safetensors", "rb") as f:
    if f.read() != bits[0]:
        fail("a native program gives other bits")

# What is not finite is named, with its step in the sequence.
bad = ("""
net n { input u: []  output y: []  param w: [] = 1
  state h: [] = 1
  h = h[t-1] * 4 + u
  y = w * exp(h) }""", 'csv("data.csv", u = "u", y = "y") by "s"', "mse(y, data.y)", "")
said = [subprocess.run([rnn, "train", write("bad", bad, how), "--quiet"], capture_output=True, text=True, cwd=work.name).stderr
        for how in ("", "(checkpoint = 2)")]
if "E0701" not in said[0] or said[0] != said[1]:
    fail("what is not finite is not found:\n%s%s" % tuple(said))

sys.exit(failures > 0)
