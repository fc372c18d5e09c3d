"""ReservoirPy: the states of a leaky echo state network, in double; CELL is ESN and the matrix's density in percent."""
import protocol

try:
    import numpy as np
    import reservoirpy
    import scipy.sparse
    from reservoirpy.nodes import Reservoir
except ImportError as why:
    protocol.missing(why)


def prepare(task, cell, H, B, T, I):
    if task != "sequence" or not cell.startswith("ESN") or B != 1:
        raise protocol.Cannot("has no such cell")
    density = int(cell[3:]) / 100
    draw = np.random.RandomState(0)
    W = scipy.sparse.random(H, H, density, format="csr", random_state=draw, data_rvs=draw.standard_normal)
    W = (W / (H * density)).tocsr()
    node = Reservoir(W=W, Win=draw.uniform(-1, 1, (H, I)), bias=draw.uniform(-0.1, 0.1, H), lr=0.3, input_dim=I)
    x = draw.uniform(-0.5, 0.5, (T, I))
    node.run(x[:5])
    return lambda: node.run(x)


protocol.serve(reservoirpy.__version__, prepare)
