"""Computes single ops with PyTorch and prints how far the given outputs are from that.

compare_with_torch.py FOLDER   each CASE/ in it holds x.f32, y.f32 and weights as raw little-endian floats, and shapes.txt
with NAME<tab>DIM,DIM,… lines; prints CASE<tab>largest difference<tab>range a line
"""
import pathlib
import sys

import numpy
import torch
from torch.nn import functional as F


def load(folder):
    tensors = {}
    for line in (folder / "shapes.txt").read_text().splitlines():
        name, dims = line.split("\t")
        values = numpy.fromfile(folder / f"{name}.f32", dtype="<f4")
        tensors[name] = torch.from_numpy(values).reshape([int(d) for d in dims.split(",")])
    return tensors


def norm(x, t):
    return F.batch_norm(x, t["norm.mean"], t["norm.variance"], t["norm.scale"], t["norm.shift"], training=False, eps=1e-5)


def excite(x, t):
    return x * F.hardsigmoid(F.conv2d(F.adaptive_avg_pool2d(x, 1), t["op.weight"], t["op.bias"]))


CASES = {
    "conv": lambda x, t: norm(F.conv2d(x, t["op.weight"], t["op.bias"], stride=2, padding=2), t),
    "dilated": lambda x, t: F.conv2d(x, t["op.weight"], padding=4, dilation=2),
    "grouped": lambda x, t: norm(F.conv2d(x, t["op.weight"], padding=1, groups=3), t),
    "depthwise": lambda x, t: norm(F.conv2d(x, t["op.weight"], stride=2, padding=2, groups=6), t),
    "linear": lambda x, t: norm(F.linear(x.flatten(1), t["op.weight"], t["op.bias"]), t),
    "relu6": lambda x, t: F.relu6(x),
    "hard_swish": lambda x, t: F.hardswish(x),
    "hard_sigmoid": lambda x, t: F.hardsigmoid(x),
    "swish": lambda x, t: F.silu(x),
    "maxpool": lambda x, t: F.max_pool2d(x, 3, stride=2, padding=1),
    "avgpool": lambda x, t: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False),
    "shuffle": lambda x, t: F.channel_shuffle(x, 3),
    "slice": lambda x, t: x[:, 1::2],
    "squeeze_excite": excite,
}

found = sorted(p.name for p in pathlib.Path(sys.argv[1]).iterdir())
assert found == sorted(CASES), found
for case in found:
    tensors = load(pathlib.Path(sys.argv[1]) / case)
    expected = CASES[case](tensors["x"], tensors)
    assert expected.shape == tensors["y"].shape, (case, expected.shape, tensors["y"].shape)
    difference = (expected - tensors["y"]).abs().max().item()
    print(case, difference, (expected.max() - expected.min()).item(), sep="\t")
