#!/usr/bin/env python3
"""Writes networks of N equal blocks in a chain: regression_models.py N FILE [N FILE]..."""
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS, SIDE = 32, 28


def block(number, weights):
    x, y, z = "v%d" % number, "w%d" % number, "v%d" % (number + 1)
    weights.append(numpy_helper.from_array((numpy.random.RandomState(1).randn(CHANNELS, CHANNELS, 3, 3) / (3 * CHANNELS ** 0.5)).astype("f4"), "k%d" % number))
    return [helper.make_node("Conv", [x, "k%d" % number], [y], pads=[1, 1, 1, 1]), helper.make_node("Relu", [y], [z])]


def chain(count, file):
    weights, nodes = [], []
    for number in range(count):
        nodes += block(number, weights)
    shape = [1, CHANNELS, SIDE, SIDE]
    graph = helper.make_graph(nodes, "chain", [helper.make_tensor_value_info("v0", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info("v%d" % count, TensorProto.FLOAT, shape)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, file)


for count, name in zip(sys.argv[1::2], sys.argv[2::2]):
    chain(int(count), name)
