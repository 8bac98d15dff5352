"""Runs the same training steps in PyTorch: python3 oracle.py FOLDER

Reads network.json and before.safetensors, takes one SGD step for each batch, then measures batch norm over all batches, of the
last only three images, in several ways, and runs the first one in evaluation mode. Writes after.json.
"""
import json
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

ACTIVATIONS = {
    "RELU": F.relu, "RELU6": F.relu6, "SIGMOID": torch.sigmoid, "SWISH": F.silu, "HARD_SIGMOID": F.hardsigmoid,
    "HARD_SWISH": F.hardswish,
}


def read_safetensors(path):
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + begin:8 + length + end], "<f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return metadata, tensors


def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class Net:
    def __init__(self, ops, weights):
        self.ops, self.weights = ops, weights
        self.norms = {op["output"]: nn.BatchNorm2d(op["channels"], op["epsilon"], None, affine=False)
                      for op in ops if op["type"] == "BatchNorm"}

    def run(self, x, training):
        values = {self.ops[0]["inputs"][0]: x}
        for op in self.ops:
            values[op["output"]] = self.apply(op, [values[i] for i in op["inputs"]], training)
        return values[self.ops[-1]["output"]]

    def apply(self, op, inputs, training):
        x, kind = inputs[0], op["type"]
        w = [self.weights[name] for name in op["weights"]]
        if kind == "Conv":
            return F.conv2d(x, w[0], w[1] if len(w) > 1 else None, op["stride"], op["padding"], op["dilation"], op["groups"])
        if kind == "Linear":
            return F.linear(x, w[0], w[1] if len(w) > 1 else None)
        if kind == "BatchNorm":
            y = self.norms[op["output"]].train(training)(x)
            return y * w[0][:, None, None] + w[1][:, None, None]
        if kind == "Activation":
            return ACTIVATIONS[op["function"]](x)
        if kind == "Pool":
            if op["kind"] == "MAX":
                return F.max_pool2d(x, op["kernel"], op["stride"], op["padding"])
            return F.avg_pool2d(x, op["kernel"], op["stride"], op["padding"], count_include_pad=False)
        if kind == "GlobalPool":
            return x.mean((2, 3), keepdim=True)
        if kind == "ChannelSlice":
            return x[:, op["start"]::op["step"]][:, :op["channels"]]
        if kind == "ChannelShuffle":
            return shuffle(x, op["groups"])
        if kind == "Concat":
            return torch.cat(inputs, 1)
        if kind == "Add":
            return x + inputs[1]
        if kind == "ChannelScale":
            return x * inputs[1]
        if kind == "Flatten":
            return x.flatten(1)
        raise ValueError(kind)


def momentum(state):
    return state["momentum_buffer"] if "momentum_buffer" in state else state["exp_avg"]


class Averages:
    """What torch.optim.swa_utils makes of parameters with a decay."""

    def __init__(self, decay, tensors):
        self.tensors = tensors
        self.module = nn.ParameterList([nn.Parameter(t.detach().clone()) for t in tensors])
        self.model = AveragedModel(self.module, avg_fn=lambda average, value, steps: decay * average + (1 - decay) * value)

    def update(self):
        with torch.no_grad():
            for held, tensor in zip(self.module, self.tensors):
                held.copy_(tensor)
        self.model.update_parameters(self.module)

    def values(self):
        return [t.detach().flatten().tolist() for t in self.model.module]


def synflow(ops, tensors, image):
    """ln of the sum of |weight x gradient| of a network of absolute weights, without batch norm, for an image of ones."""
    absolute = {name: tensor.detach().double().abs().requires_grad_() for name, tensor in tensors.items()}
    net = Net([op for op in ops if op["type"] != "BatchNorm"], absolute)
    passed = {op["output"]: op["inputs"][0] for op in ops if op["type"] == "BatchNorm"}
    for op in net.ops:
        while any(i in passed for i in op["inputs"]):
            op["inputs"] = [passed.get(i, i) for i in op["inputs"]]
    net.run(torch.ones(image, dtype=torch.float64), False).sum().backward()
    return sum((w * w.grad).abs().sum() for w in absolute.values() if w.grad is not None).log().item()


def measured(net, batches, momentum):
    """Running statistics as nn.BatchNorm2d keeps them."""
    for norm in net.norms.values():
        norm.reset_running_stats()
        norm.momentum = momentum
    for x in batches:
        net.run(x, True)
    return {"means": {output: norm.running_mean.tolist() for output, norm in net.norms.items()},
            "variances": {output: norm.running_var.tolist() for output, norm in net.norms.items()}}


def weighted(net, batches):
    """Mean and unbiased variance of each batch, averaged by how many images it has."""
    seen = {output: [] for output in net.norms}
    hooks = [norm.register_forward_pre_hook(lambda module, inputs, output=output: seen[output].append(inputs[0]))
             for output, norm in net.norms.items()]
    for x in batches:
        net.run(x, True)
    for hook in hooks:
        hook.remove()
    images = [len(x) for x in batches]

    def average(values):
        return (sum(n * v.double() for n, v in zip(images, values)) / sum(images)).tolist()

    return {"means": {output: average([x.mean((0, 2, 3)) for x in inputs]) for output, inputs in seen.items()},
            "variances": {output: average([x.var((0, 2, 3), unbiased=True) for x in inputs]) for output, inputs in seen.items()}}


def main(folder):
    spec = json.load(open(folder + "/network.json"))
    metadata, tensors = read_safetensors(folder + "/before.safetensors")
    assert metadata == {"made-by": "the test"}, metadata
    images = [tensors.pop("images.%d" % i).permute(0, 3, 1, 2).contiguous() for i in range(len(spec["steps"]))]
    learned = set(spec["learned"])
    for name, tensor in tensors.items():
        tensor.requires_grad_(name in learned)
    decays = set(spec["decays"])
    parameters = [tensors[n] for n in spec["learned"]]
    settings = dict(spec["optimizer"])
    optimizer = getattr(torch.optim, settings.pop("kind"))([
        {"params": [tensors[n] for n in spec["learned"] if n in decays], "weight_decay": spec["weight_decay"]},
        {"params": [tensors[n] for n in spec["learned"] if n not in decays], "weight_decay": 0.0},
    ], lr=1.0, **settings)
    averages = Averages(spec["average"], parameters)
    net = Net(spec["ops"], tensors)
    flow = synflow(json.load(open(folder + "/network.json"))["ops"], tensors, (1, *images[0].shape[1:]))
    losses = []
    for x, step in zip(images, spec["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = step["lr"]
        labels = torch.tensor(step["labels"])
        if "share" in step:
            share, partners = step["share"], torch.tensor(step["partners"])
            logits = net.run(share * x + (1 - share) * x[partners], True)
            loss = share * F.cross_entropy(logits, labels, label_smoothing=spec["smoothing"]) \
                + (1 - share) * F.cross_entropy(logits, labels[partners], label_smoothing=spec["smoothing"])
        else:
            loss = F.cross_entropy(net.run(x, True), labels, label_smoothing=spec["smoothing"])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if "clip_value" in spec:
            nn.utils.clip_grad_value_(parameters, spec["clip_value"])
        if "clip_norm" in spec:
            nn.utils.clip_grad_norm_(parameters, spec["clip_norm"])
        optimizer.step()
        averages.update()
        losses.append(loss.item())
    batches = images[:-1] + [images[-1][:3]]
    with torch.no_grad():
        statistics = {"MOVING": measured(net, batches, 0.1), "WEIGHTED": weighted(net, batches), "MEAN": measured(net, batches, None)}
        logits = net.run(images[0], False)
        by_the_batch = net.run(images[0], True)
    result = {
        "losses": losses,
        "weights": {n: tensors[n].detach().flatten().tolist() for n in spec["learned"]},
        "momenta": {n: momentum(optimizer.state[tensors[n]]).flatten().tolist() for n in spec["learned"]},
        "averages": dict(zip(spec["learned"], averages.values())),
        "synflow": flow,
        "statistics": statistics,
        "by_the_batch": by_the_batch.flatten().tolist(),
        "logits": logits.flatten().tolist(),
    }
    json.dump(result, open(folder + "/after.json", "w"))


main(sys.argv[1])
