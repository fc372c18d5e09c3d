"""The most memory that training takes is what `--emit=memory` says beside the program itself, within 1.3 times, and does not grow
over epochs; by the driver on one thread and two, and by a native program.   usage: memory.py RNN"""
import json, os, subprocess, sys, tempfile

rnn = os.path.abspath(sys.argv[1])
os.environ["RNN_CACHE"] = "off" # what compiles counts too
work = tempfile.TemporaryDirectory(prefix="rnn_memory_")
MIB = 1 << 20
failures = 0

ADDING = """use std.cells (LSTM)
net n {
  input  x: [2]
  target z: [1] per sequence
  param  w: [1, %(H)d] ~ glorot
  h = LSTM[H = %(H)d](x)
  y = w @ h[last]
}
train n {
  data      adding(length = %(length)d, sequences = %(sequences)d)
  loss      mse(y, z)
  method    %(method)s
  optimizer adam(lr = 1e-3)
  batch     %(batch)d
  epochs    %(epochs)d
%(more)s}
"""

# Values on both clocks at once: the alignment.
ALIGNED = """use std.cells (GRU)
time s, t
dim V = 20, H = 64
net n {
  input  src: index(V) on s
  output w:   index(V) on t = 0
  param  K, Q: [H, H] ~ glorot
  param  v: [H] ~ uniform(-0.1, 0.1)
  param  O: [V, H] ~ glorot
  state  h: [H] = enc[last]
  param  E: [H, V] ~ normal(0, 0.1)
  enc = GRU[H = H](E @ src)
  a   = softmax over s (dot(v, tanh(K @ enc + Q @ h[t-1])))
  c   = sum over s (a * enc)
  h   = GRU[H = H](concat(E @ w[t-1], c)) start enc[last]
  p   = softmax(O @ h)
  w   = argmax(p)
}
train n {
  data      reversal(symbols = 18, first = 2, end = 1, length = 10..30, sequences = 600)
  force     w
  loss      xent(p, data.w)
  method    bptt
  optimizer adam(lr = 2e-3)
  batch     128
  epochs    %(epochs)d
}
"""

# One long sequence in short pieces: buffers for a piece, not for the whole.
TRUNCATED = """use std.cells (LSTM)
dim U = 1, Y = 1, H = 64
net n {
  input  u: [U]
  target y: [Y]
  param  C: [Y, H] ~ glorot
  h = LSTM[H = H](u)
  z = C @ h
}
train n {
  data      narma(length = 60000)
  loss      mse(z, y)
  method    bptt(truncate = 100)
  optimizer adagrad(lr = 1e-2)
  epochs    %(epochs)d
}
"""

# The same, the gradient of all of it: buffers for a piece, and the states between the pieces.
CHECKPOINTS = TRUNCATED.replace("bptt(truncate = 100)", "bptt(%(how)s)").replace("length = 60000", "length = 10000, sequences = 8") \
    .replace("  epochs ", "  batch     8\n  epochs ")

def adding(H, batch, length, sequences, more="", method="bptt"):
    return ADDING, dict(H=H, batch=batch, length=length, sequences=sequences, more=more, method=method)

MODELS = {
    "small": adding(8, 4, 20, 200),
    "medium": adding(64, 64, 100, 2000),
    "wide": adding(256, 32, 50, 320),
    "validated": adding(64, 64, 100, 1000, "  validate  last 20%\n  patience  50\n"),
    "aligned": (ALIGNED, {}),
    "truncated": (TRUNCATED, {}),
    "checkpoints": (CHECKPOINTS, dict(how="checkpoint = auto")),
    "long, last step": adding(32, 16, 10000, 16, method="bptt(checkpoint = 150)"),
}
TINY = adding(1, 1, 2, 1)

def fail(text):
    global failures
    failures += 1
    print("FAILED:", text)

def write(name, model, epochs):
    path = os.path.join(work.name, name + ".rnn")
    text, values = model
    with open(path, "w") as f:
        f.write(text % dict(values, epochs=epochs))
    return path

def peak(*command):
    """The most bytes that were resident."""
    said = open(os.path.join(work.name, "said"), "w+")
    child = subprocess.Popen(command, stdout=said, stderr=said, cwd=work.name)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        said.seek(0)
        fail("%s: %s" % (" ".join(command), said.read()[:2000]))
    return used.ru_maxrss * 1024

def predicted(path):
    said = subprocess.run([rnn, "--emit=memory", path, "--json"], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)

def compare(what, most, base, parts):
    wanted = base + parts["bytes"]
    line = "%-24s %7.1f MiB, predicted %7.1f (%.1f and the program's %.1f): %.2f" % (
        what, most / MIB, wanted / MIB, parts["bytes"] / MIB, base / MIB, most / wanted)
    print(line)
    if most > 1.3 * wanted:
        fail(what + " takes more than 1.3 times what was predicted")
    if parts["bytes"] > 8 * MIB and most < base + 0.6 * parts["bytes"]:
        fail(what + " takes much less than what was predicted")

tiny = write("tiny", TINY, 1)
base = peak(rnn, "train", tiny, "--quiet")
for name, model in MODELS.items():
    path = write(name, model, 2)
    parts = predicted(path)
    for threads in ("1", "2"):
        compare("%s, %s thread(s)" % (name, threads), peak(rnn, "train", path, "--quiet", "--threads", threads), base, parts)

if predicted(write("truncated", MODELS["truncated"], 1))["buffers"] > 2 * MIB:
    fail("a piece of a hundred steps does not need the buffers of 60000")

# With checkpoints ten thousand steps take a small part of what they take without.
for name in ("checkpoints", "long, last step"):
    with_them = write(name, MODELS[name], 1)
    text, values = MODELS[name]
    whole = write("whole", (text, dict(values, how="truncate = 10000", method="bptt")), 1)
    few, all_of_it = peak(rnn, "train", with_them, "--quiet") - base, peak(rnn, "train", whole, "--quiet") - base
    print("%-24s %7.1f MiB beside the program, without checkpoints %.1f" % (name, few / MIB, all_of_it / MIB))
    if few > 0.1 * all_of_it:
        fail(name + ": checkpoints save too little")

# Epochs.
for name in ("medium", "aligned", "validated", "checkpoints"):
    few, many = (peak(rnn, "train", write(name, MODELS[name], epochs), "--quiet") for epochs in (2, 8))
    print("%-24s %7.1f MiB after 2 epochs, %.1f after 8" % (name, few / MIB, many / MIB))
    if many > 1.01 * few + MIB:
        fail(name + " grows over epochs")

# A native program.
def native(name, model):
    program = os.path.join(work.name, name)
    subprocess.run([rnn, "build", write(name, model, 2), "-o", program, "--quiet"], check=True)
    return peak(program, "train", "--quiet")

compare("medium, native", native("medium", MODELS["medium"]), native("tiny", TINY), predicted(write("medium", MODELS["medium"], 2)))

sys.exit(failures > 0)
