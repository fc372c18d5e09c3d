"""PyTorch: nn.LSTM, nn.GRU, nn.RNN as its users call them."""
import os

import protocol

try:
    import torch
except ImportError as why:
    protocol.missing(why)

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
LAYERS = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "RNN": torch.nn.RNN}


def training_step(layer, H, B, T, I):
    x = torch.randn(T, B, I, requires_grad=True)
    gradient = torch.randn(T, B, H)
    leaves = [x, *layer.parameters()]

    def step():
        for leaf in leaves:
            leaf.grad = None
        layer(x)[0].backward(gradient)

    return step


def forward(layer, T, I):
    x = torch.randn(T, 1, I)

    def run():
        with torch.inference_mode():
            layer(x)

    return run


def streaming(layer, I):
    x = torch.randn(1, 1, I)
    kept = [None]

    def step():
        with torch.inference_mode():
            kept[0] = layer(x, kept[0])[1]

    return step


def prepare(task, cell, H, B, T, I):
    if cell not in LAYERS:
        raise protocol.Cannot("has no such cell")
    layer = LAYERS[cell](I, H)
    if task == "train":
        return training_step(layer, H, B, T, I)
    return forward(layer.eval(), T, I) if task == "sequence" else streaming(layer.eval(), I)


protocol.serve(torch.__version__, prepare)
