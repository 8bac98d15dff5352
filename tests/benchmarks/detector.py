#!/usr/bin/python3
"""A network as the backbone of a detector: the latency of the whole, predicted before it was ever measured, against what this machine
measures. A supernet of spos-shufflenetv2 is profiled here; random networks of it leave with a head in the manner of SSD behind strides 8, 16 and
32, made here. Predicted is what the table says of the network without what comes after its last feature, and what the head takes measured
once by itself, less one call.

  tests/benchmarks/detector.py FOLDER [--networks 6] [--side 96] [--classes 20] [--seed 1] [--profile JSON]

FOLDER gets the experiment, its run, the files and detector.md; called again, it goes on where it was. LUTRA in the environment is another
launcher. It measures, so nothing else should run. Needs Debian's python3-onnx."""
import argparse
import json
import os
import pathlib
import subprocess

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

LUTRA = os.environ.get("LUTRA", str(pathlib.Path(__file__).resolve().parents[2] / "lutra"))
SPACE, LAST = "spos-shufflenetv2", "last"  # the layer that ends stride 32
STRIDES = (8, 16, 32)
ANCHORS = 6


def lutra(folder, *words):
    return subprocess.run([LUTRA, *map(str, words)], cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


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


def experiment(folder, options, deploy):
    text = {"name": "detector", "space": SPACE, "seed": options.seed, "image-size": options.side, "data": {"train": "synthetic:10x40"},
            "supernet": {"epochs": 1, "batch": 16, "first-path": 0, "probes": 0}, "targets": [{"device": "local"}], "profile": options.profile,
            "evaluation": {"recalibration-images": 64, "batch": 32}, "search": {"algorithm": {"random": {"budget": 2}}},
            "verify": {"repairs": 0}, "export": {"top": 1, "deploy": deploy}}
    (folder / "detector.yaml").write_text(json.dumps(text, indent=1))  # JSON is YAML


def measured(folder, file):
    """Median of one call, in milliseconds."""
    baseline = folder / (file.stem + ".json")
    if not baseline.exists():
        print(f"measuring {file.name}", flush=True)
        lutra(folder, "verify", file, "--baseline", baseline, "--update", "--json")
    return int(json.loads(baseline.read_text())["latency"]["p50Nanos"]) / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    for name, usual in (("networks", 6), ("side", 96), ("classes", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--profile", type=json.loads, default={}, help="keys of the section profile, as JSON")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    run, ssd = folder / "runs" / "detector", folder / "ssd.onnx"
    strides = {"features": list(STRIDES), "batch": 1}
    if not ssd.exists():
        experiment(folder, options, {"features": strides})
        subprocess.run([LUTRA, "run", "detector.yaml"], cwd=folder, check=False)  # whether it keeps any limit does not matter
        outputs = onnx.load(run / "export" / "winner-1-features.onnx").graph.output
        features = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in outputs}
        head(folder / "ssd.part", features, options.classes, options.seed)
        (folder / "ssd.part").rename(ssd)
    experiment(folder, options, {"detector": {**strides, "head": "ssd.onnx"}})
    table = next((run / "lut").glob("*.json"))
    call = float(json.loads(table.read_text())["callOverhead"]["p50Nanos"]) / 1e6
    alone = measured(folder, ssd)
    lines = [f"{SPACE} at {options.side}x{options.side}; the head takes {alone:.3f} ms by itself, a call {call:.3f} ms.", "",
             "| network | predicted, ms | measured, ms | off by |", "|---|---|---|---|"]
    errors = []
    drawn = json.loads(lutra(folder, "describe", SPACE, "--random", options.networks, "--seed", options.seed, "--json"))
    for network in drawn if isinstance(drawn, list) else drawn["networks"]:
        arch = network["arch"]
        known = folder / (arch.replace(":", "-") + ".name")
        if not known.exists():
            picked = subprocess.run([LUTRA, "pick", "detector.yaml", "--arch", arch, "--json"], cwd=folder, stdout=subprocess.PIPE, text=True)
            known.write_text(pathlib.Path(json.loads(picked.stdout)["winners"][0]["file"]).name)  # exit code 1 would only say that a limit is not kept
        file = run / "export" / known.read_text().replace(".onnx", "-detector.onnx")
        told = json.loads(lutra(folder, "predict", SPACE, "--image-size", options.side, "--classes", 10, "--arch", arch, "--lut", table, "--json"))
        names = list(told["segments_ms"])
        tail = sum(told["segments_ms"][name] for name in names[names.index(LAST) + 1:])
        predicted = told["latency_ms"] - tail + alone - call
        found = measured(folder, file)
        errors.append(abs(predicted / found - 1))
        lines.append(f"| `{arch}` | {predicted:.3f} | {found:.3f} | {predicted / found - 1:+.1%} |")
    lines += ["", f"Mean error {sum(errors) / len(errors):.1%}, worst {max(errors):.1%}."]
    (folder / "detector.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
