#!/usr/bin/python3
"""Bits searched against bits that are the same everywhere, as Guo et al. 2019, Table 6: one supernet of resnet-bits-cifar (weights and
activations of 2, 4 or 8 bits a block), searched under the BitOps of a uniform network, and what was found retrained beside the uniform one
from the same first weights.

  tests/benchmarks/bits.py TRAIN TEST FOLDER [--epochs 24] [--retrain 6] [--budget 200] [--winners 1] [--seeds 1] [--uniform 2,3,4]

TRAIN and TEST are sources of images as data.train has them. FOLDER gets the experiments, their runs and bits.md; called again, it goes on
where it was. A uniform network of bits that the space does not offer (3) is one of a sibling space that has them. No network of {2, 4, 8}^2
has fewer BitOps than that of 2 bits everywhere, so under those nothing is searched. LUTRA in the environment is another launcher."""
import argparse
import json
import os
import pathlib
import statistics

from launcher import lutra, once, write

SPACE = "resnet-bits-cifar"
OFFERED = (2, 4, 8)


def experiment(folder, name, options, **sections):
    everything = {"name": name, "space": SPACE, "data": {"train": options.train, "test": options.test},
                  "evaluation": {"recalibration-images": options.recalibrate, "validation-images": options.validate}, **sections}
    write(folder / f"{name}.yaml", json.dumps(everything, indent=1) + "\n")  # JSON is YAML
    return f"{name}.yaml"


def sibling(folder, bits):
    name = f"resnet-{bits}-bits"
    write(folder / f"{name}.yaml", f"extends: {SPACE}\nname: {name}\ntitle: {SPACE} in {bits} bits\nbits: [{bits}]\n")
    return f"{name}.yaml"


def retrained(folder, name, options, seed, space, architectures):
    """Accuracy on the test images by architecture, after a training by itself."""
    file = experiment(folder, f"{name}-{seed}", options, seed=seed, space=space, retrain={"epochs": options.retrain, "batch": options.batch})

    def compute():
        named = [word for architecture in architectures for word in ("--arch", architecture)]
        lutra(folder, "retrain", file, "--no-verify", *named)
        return {tested["architecture"]: tested["top1"] for tested in lutra(folder, "test", file)["networks"]}
    known = folder / f"{name}-{seed}.json"
    if known.exists() and not set(architectures) <= set(json.loads(known.read_text())):
        known.unlink()
    return once(known, compute)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train", help="as data.train")
    parser.add_argument("test", help="as data.test")
    parser.add_argument("folder", type=pathlib.Path)
    for name, usual in (("epochs", 24), ("retrain", 6), ("batch", 64), ("budget", 200), ("winners", 1), ("seeds", 1), ("recalibrate", 1024),
                        ("validate", 2500)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--uniform", default="2,3,4", help="bits of the uniform networks")
    options = parser.parse_args()
    for name in ("train", "test"):
        source = getattr(options, name)
        if os.path.exists(source):
            setattr(options, name, os.path.abspath(source))
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    uniform = [int(bits) for bits in options.uniform.split(",")]

    lutra(folder, "train", experiment(folder, "supernet", options, supernet={"epochs": options.epochs, "batch": options.batch}))
    rows, own = [], []  # bits, kind, architecture, BitOps, accuracy with the supernet's weights
    spaces = {bits: SPACE if bits in OFFERED else sibling(folder, bits) for bits in uniform}
    for bits in uniform:
        described = lutra(folder, "describe", spaces[bits], "--bits", bits, "--counting", "bitops")
        rows.append((bits, "uniform", described["arch"], described["bitops"], None, spaces[bits]))
        if described["bitops"] <= rows[0][3] and bits == min(OFFERED):
            continue  # nothing of the space has less
        file = experiment(folder, f"search-{bits}", options, supernet={"from": "runs/supernet"}, objectives=["accuracy", "bitops"],
                          constraints={"bitops": described["bitops"]}, search={"budget": options.budget})
        front = once(folder / f"search-{bits}.json", lambda file=file: lutra(folder, "search", file)["candidates"])
        for found in sorted(front, key=lambda candidate: -candidate["measures"]["accuracy"])[:options.winners]:
            rows.append((bits, "searched", found["arch"], int(found["measures"]["bitops"]), found["measures"]["accuracy"], SPACE))
    accuracies = {}
    for seed in range(1, options.seeds + 1):
        for space in dict.fromkeys(spaces.values()):
            wanted = list(dict.fromkeys(row[2] for row in rows if row[5] == space))
            name = "retrain" if space == SPACE else "retrain-" + space.removesuffix(".yaml")
            for architecture, top1 in retrained(folder, name, options, seed, space, wanted).items():
                accuracies.setdefault(architecture, []).append(100 * top1)
    lines = [f"{SPACE}: supernet {options.epochs} epochs, {options.budget} candidates a search; every network {options.retrain} epochs by itself, "
             f"{options.seeds} seed(s); test images.", "",
             "| BitOps of | | BitOps, M | shared weights, validation, % | by itself, test, % | architecture |", "|---|---|---|---|---|---|"]
    for bits, kind, architecture, bitops, shared, _ in rows:
        alone = accuracies[architecture]
        spread = f" ± {statistics.stdev(alone):.2f}" if len(alone) > 1 else ""
        lines.append(f"| {bits} bits | {kind} | {bitops / 1e6:.1f} | {'–' if shared is None else f'{100 * shared:.2f}'} | "
                     f"{statistics.mean(alone):.2f}{spread} | `{architecture}` |")
    write(folder / "bits.md", "\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
