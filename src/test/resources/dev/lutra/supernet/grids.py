"""Values and gradients of rounding to grids, by PyTorch's own fake-quantize and by straight-through estimates written out."""
import json
import math
import sys

import torch

torch.manual_seed(0)


def ste_round(v):
    return v + (torch.round(v) - v).detach()


def lists(tensor):
    return tensor.detach().flatten().tolist()


answers = {"values": [], "weights": []}
given = json.load(open(sys.argv[1]))
slope = torch.tensor(given["slope"])
for grid in given["grids"]:
    least, most, unit = grid["least"], grid["most"], grid["unit"]
    x = torch.tensor(given["x"], requires_grad=True)
    step = torch.tensor([given["step"]], requires_grad=True)
    size = step.detach() * unit
    own = torch.fake_quantize_per_tensor_affine(x, float(size), 0, least, most)
    (own * slope).sum().backward()
    # LSQ, equation 1 to 3, with the gradient of the step scaled by 1 / sqrt(N * most); within is what rounds to a point of the grid
    z = x.detach().reshape(-1)
    s = torch.tensor([float(size)], requires_grad=True)
    points = torch.round(z / s.detach())
    within = (points >= least) & (points <= most)
    written = torch.where(within, ste_round(z / s), torch.clamp(points, least, most)) * s
    (written * slope).sum().backward()
    factor = 1 / math.sqrt(given["features"] * most)
    answers["values"].append({
        "values": lists(own),
        "written": lists(written),
        "x": lists(x.grad),
        # the step is counted in units, and learns as if it were not
        "step": float(s.grad) * factor / unit,
    })
for bits in given["bits"]:
    most = 2 ** (bits - 1) - 1
    w = torch.tensor(given["w"], requires_grad=True)
    flat = w.detach().reshape(w.shape[0], -1).abs()
    steps = torch.minimum(flat.amax(1) / most, 2 * flat.mean(1) / math.sqrt(most))
    own = torch.fake_quantize_per_channel_affine(w, steps, torch.zeros_like(steps, dtype=torch.int32), 0, -most, most)
    slopes = torch.cos(torch.arange(w.numel(), dtype=torch.float32)).reshape(w.shape)
    (own * slopes).sum().backward()
    answers["weights"].append({"values": lists(own), "w": lists(w.grad), "steps": lists(steps)})
print(json.dumps(answers))
