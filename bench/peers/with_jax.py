"""JAX: a cell in lax.scan, compiled by XLA; the products of all inputs are one in front of it."""
import protocol

try:
    import jax
    import jax.numpy as np
except ImportError as why:
    protocol.missing(why)

GATES = {"LSTM": 4, "GRU": 3, "GRU_before": 3, "RNN": 1}


def lstm(p, state, a):
    h, c = state
    i, f, g, o = np.split(a + h @ p["U"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * np.tanh(g)
    h = jax.nn.sigmoid(o) * np.tanh(c)
    return (h, c), h


def gru(p, state, a):
    (h,) = state
    ar, az, an = np.split(a, 3, axis=-1)
    ur, uz, un = np.split(h @ p["U"], 3, axis=-1)
    r, z = jax.nn.sigmoid(ar + ur), jax.nn.sigmoid(az + uz)
    h = z * h + (1 - z) * np.tanh(an + r * (un + p["bu"]))
    return (h,), h


def gru_before(p, state, a):
    (h,) = state
    n = h.shape[-1]
    r, z = np.split(jax.nn.sigmoid(a[:, : 2 * n] + h @ p["U"][:, : 2 * n]), 2, axis=-1)
    h = z * h + (1 - z) * np.tanh(a[:, 2 * n :] + (r * h) @ p["U"][:, 2 * n :])
    return (h,), h


def rnn(p, state, a):
    h = np.tanh(a + state[0] @ p["U"])
    return (h,), h


CELLS = {"LSTM": lstm, "GRU": gru, "GRU_before": gru_before, "RNN": rnn}


def begin(cell, B, H):
    return tuple(np.zeros((B, H)) for _ in range(2 if cell == "LSTM" else 1))


def outputs(cell, B, H):
    def run(p, x):
        a = x @ p["W"] + p["b"]
        return jax.lax.scan(lambda state, at: CELLS[cell](p, state, at), begin(cell, B, H), a)[1]

    return run


def waiting(function, *arguments):
    return lambda: jax.block_until_ready(function(*arguments))


def streaming(cell, p, x, H):
    step = jax.jit(lambda p, state, x: CELLS[cell](p, state, x @ p["W"] + p["b"])[0])
    kept = [begin(cell, 1, H)]

    def run():
        kept[0] = jax.block_until_ready(step(p, kept[0], x))

    return run


def prepare(task, cell, H, B, T, I):
    if cell not in CELLS:
        raise protocol.Cannot("has no such cell")
    keys = jax.random.split(jax.random.PRNGKey(0), 4)
    n = GATES[cell] * H
    p = {
        "W": jax.random.normal(keys[0], (I, n)) * I**-0.5,
        "U": jax.random.normal(keys[1], (H, n)) * H**-0.5,
        "b": np.zeros(n),
        "bu": np.zeros(H),
    }
    x = jax.random.normal(keys[2], (T, B, I))
    if task == "stream":
        return streaming(cell, p, x[0], H)
    run = outputs(cell, B, H)
    if task == "sequence":
        return waiting(jax.jit(run), p, x)
    dy = jax.random.normal(keys[3], (T, B, H))
    return waiting(jax.jit(jax.grad(lambda p, x, dy: np.sum(run(p, x) * dy), argnums=(0, 1))), p, x, dy)


protocol.serve(jax.__version__, prepare)
