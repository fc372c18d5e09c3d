"""ONNX Runtime: a model of one LSTM, GRU or RNN node. It does not train."""
import os

import protocol

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper
except ImportError as why:
    protocol.missing(why)

GATES = {"LSTM": 4, "GRU": 3, "GRU_before": 3, "RNN": 1}
RANDOM = np.random.default_rng(0)


def numbers(*shape):
    return (0.1 * RANDOM.standard_normal(shape)).astype(np.float32)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(cell, H, T, I):
    """Inputs x and the state; outputs y and the state."""
    n = GATES[cell] * H
    weights = {"W": numbers(1, n, I), "R": numbers(1, n, H), "B": numbers(1, 2 * n)}
    state = ["h", "c"] if cell == "LSTM" else ["h"]
    more = {"linear_before_reset": 1} if cell == "GRU" else {}
    node = helper.make_node(cell[:3] if cell != "LSTM" else cell, ["x", "W", "R", "B", "", *state], ["y", *[s + "1" for s in state]], hidden_size=H, **more)
    graph = helper.make_graph(
        [node],
        "bench",
        [value("x", [T, 1, I])] + [value(s, [1, 1, H]) for s in state],
        [value("y", [T, 1, 1, H])] + [value(s + "1", [1, 1, H]) for s in state],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    made.ir_version = 8
    return made.SerializeToString(), state


def session(text):
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    options.inter_op_num_threads = 1
    return ort.InferenceSession(text, options, providers=["CPUExecutionProvider"])


def prepare(task, cell, H, B, T, I):
    if task == "train":
        raise protocol.Cannot("does not train")
    text, state = model(cell, H, T, I)
    run, bound = session(text), None
    bound = run.io_binding()  # its tensors stay where they are: nothing is copied in a call
    tensors = {"x": numbers(T, 1, I), "y": numbers(T, 1, 1, H), **{s: numbers(1, 1, H) for s in state}}
    held = {name: ort.OrtValue.ortvalue_from_numpy(array) for name, array in tensors.items()}
    for name in ["x", *state]:
        bound.bind_ortvalue_input(name, held[name])
    for name in ["y", *state]:
        if name == "y":
            bound.bind_ortvalue_output(name, held[name])
        else:
            held[name + "1"] = ort.OrtValue.ortvalue_from_numpy(numbers(1, 1, H))
            bound.bind_ortvalue_output(name + "1", held[name + "1"])

    def call():
        run.run_with_iobinding(bound)

    return call


protocol.serve(ort.__version__, prepare)
