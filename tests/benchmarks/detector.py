#!/usr/bin/python3
"""A network as the backbone of a detector: the latency of the whole, predicted before it was ever measured, against what this machine
measures. A supernet of spos-shufflenetv2 gets a head in the manner of SSD behind strides 8, 16 and 32, made here (export.head): its segments and the
head are profiled, and random networks of it are then measured as files with the head.

  tests/benchmarks/detector.py FOLDER [--networks 6] [--side 96] [--classes 20] [--seed 1] [--profile JSON]

FOLDER gets the experiment, its run, the files and detector.md; called again, it goes on where it was. --side may be height x width. LUTRA in the
environment is another launcher. It measures, so nothing else should run. Needs Debian's python3-onnx."""
import argparse
import json
import pathlib
import subprocess

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from launcher import LUTRA, lutra, once

SPACE = "spos-shufflenetv2"
CHANNELS = {8: 160, 16: 320, 32: 640}  # of its last layers by stride
ANCHORS = 6


def head(file, features, classes, seed):
    """A depthwise 3x3 and a 1x1 convolution a feature, boxes and classes of every anchor, one list of all."""
    random = numpy.random.RandomState(seed)
    inputs, nodes, weights, lists = [], [], [], []
    size = 4 + classes
    for name, (_, channels, height, width) in features.items():
        inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, height, width]))
        for key, shape in (("depthwise", (channels, 1, 3, 3)), ("pointwise", (ANCHORS * size, channels, 1, 1))):
            weights.append(numpy_helper.from_array(random.normal(0, 0.05, shape).astype("float32"), f"{name}.{key}"))
        weights.append(numpy_helper.from_array(numpy.array([1, -1, size], "int64"), f"{name}.shape"))
        nodes += [helper.make_node("Conv", [name, f"{name}.depthwise"], [f"{name}.a"], group=channels, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
                  helper.make_node("Relu", [f"{name}.a"], [f"{name}.b"]),
                  helper.make_node("Conv", [f"{name}.b", f"{name}.pointwise"], [f"{name}.c"], kernel_shape=[1, 1]),
                  helper.make_node("Transpose", [f"{name}.c"], [f"{name}.d"], perm=[0, 2, 3, 1]),
                  helper.make_node("Reshape", [f"{name}.d", f"{name}.shape"], [f"{name}.e"])]
        lists.append(f"{name}.e")
    nodes.append(helper.make_node("Concat", lists, ["boxes"], axis=1))
    rows = sum(height * width * ANCHORS for _, _, height, width in features.values())
    graph = helper.make_graph(nodes, "head", inputs, [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, rows, size])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)


def experiment(folder, options):
    text = {"name": "detector", "space": SPACE, "seed": options.seed, "image-size": options.side, "data": {"train": "synthetic:10x40"},
            "supernet": {"epochs": 1, "batch": 16, "first-path": 0, "probes": 0}, "targets": [{"device": "local"}], "profile": options.profile,
            "evaluation": {"recalibration-images": 64, "batch": 32}, "search": {"algorithm": {"random": {"budget": 2}}},
            "verify": {"repairs": 0}, "export": {"top": 1, "head": "ssd.onnx"}}
    (folder / "detector.yaml").write_text(json.dumps(text, indent=1))  # JSON is YAML


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    for name, usual in (("networks", 6), ("classes", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--side", default="96")
    parser.add_argument("--profile", type=json.loads, default={}, help="keys of the section profile, as JSON")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    height, width = (int(extent) for extent in (options.side.split("x") * 2)[:2])
    run, ssd = folder / "runs" / "detector", folder / "ssd.onnx"
    experiment(folder, options)
    if not ssd.exists():
        head(folder / "ssd.part", {f"feature{stride}": (1, channels, -(-height // stride), -(-width // stride)) for stride, channels in CHANNELS.items()},
             options.classes, options.seed)
        (folder / "ssd.part").rename(ssd)
    if not (run / "verification.json").exists():
        subprocess.run([LUTRA, "run", "detector.yaml"], cwd=folder, check=False)  # whether it keeps any limit does not matter
    table = json.loads(next((run / "lut").glob("*.json")).read_text())
    alone = next(entry for entry in table["entries"] if entry["label"].endswith("detector-head"))
    lines = [f"{SPACE} at {height}x{width}; the head takes {int(alone['latency']['p50Nanos']) / 1e6:.3f} ms by itself, a call "
             f"{int(table['callOverhead']['p50Nanos']) / 1e6:.3f} ms.", "", "| network | predicted, ms | measured, ms | off by | outputs |", "|---|---|---|---|---|"]
    errors = []
    drawn = lutra(folder, "describe", SPACE, "--random", options.networks, "--seed", options.seed)
    for network in drawn if isinstance(drawn, list) else drawn["networks"]:
        arch = network["arch"]
        print(f"measuring {arch}", flush=True)
        picked = once(folder / (arch.replace(":", "-") + ".json"),
                      lambda arch=arch: lutra(folder, "pick", "detector.yaml", "--arch", arch, codes=(0, 1)))  # 1: a limit is not kept
        winner = picked["winners"][0]
        predicted, found = winner["predicted"], winner["measured"]
        errors.append(abs(predicted / found - 1))
        lines.append(f"| `{arch}` | {predicted:.3f} | {found:.3f} | {predicted / found - 1:+.1%} | {'the same' if winner['verified'] else 'DIFFER'} |")
    lines += ["", f"Mean error {sum(errors) / len(errors):.1%}, worst {max(errors):.1%}."]
    (folder / "detector.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
