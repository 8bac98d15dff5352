#!/usr/bin/python3
"""Bits searched against bits that are the same everywhere, as Guo et al. 2019, Table 6: one supernet of resnet-bits-cifar (weights and
activations of 2, 4 or 8 bits a block), searched under the BitOps of a uniform network, and what was found retrained beside the uniform one
from the same first weights.

  tests/benchmarks/bits.py TRAIN TEST FOLDER [--epochs 24] [--retrain 6] [--budget 200] [--winners 1] [--seeds 1] [--uniform 2,3,4]

TRAIN and TEST are sources of images as data.train has them. FOLDER gets the experiments, their runs and bits.md, which has every network as
soon as it is trained. However it ended, called again it goes on where it was, and with more --seeds, --winners or --uniform it adds to what is
there. --no-search leaves the searches for another time. A uniform network of bits that the space does not offer (3) is one of a sibling space that
has them. No network of {2, 4, 8}^2 has fewer BitOps than that of 2 bits everywhere, so under those nothing is searched. LUTRA in the environment is
another launcher."""
import json
import statistics

from launcher import begun, lutra, once, sized, write

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


def retrained(folder, options, seed, space, architecture):
    """Accuracy on the test images after a training by itself."""
    run = f"retrain-{seed}" if space == SPACE else f"retrain-{space.removesuffix('.yaml')}-{seed}"

    def compute():
        file = experiment(folder, run, options, seed=seed, space=space, retrain={"epochs": options.retrain, "batch": options.batch})
        lutra(folder, "retrain", file, "--no-verify", "--arch", architecture)
        return next(tested["top1"] for tested in lutra(folder, "test", file)["networks"] if tested["architecture"] == architecture)
    return once(folder / f"{run}-{architecture.replace(',', '_')}.json", compute)


def searched(folder, bits, bitops, options):
    """The most accurate networks with as many BitOps at most, by the supernet's weights."""
    file = experiment(folder, f"search-{bits}", options, supernet={"from": "runs/supernet"}, objectives=["accuracy", "bitops"],
                      constraints={"bitops": bitops}, search={"budget": options.budget})
    front = once(folder / f"search-{bits}.json", lambda: lutra(folder, "search", file)["candidates"])
    return sorted(front, key=lambda candidate: -candidate["measures"]["accuracy"])[:options.winners]


def table(rows, accuracies, options):
    lines = [f"{SPACE}: supernet {options.epochs} epochs, {options.budget} candidates a search; every network {options.retrain} epochs by itself; "
             "test images.", "",
             "| BitOps of | | BitOps, M | shared weights, validation, % | by itself, test, % | seeds | architecture |", "|---|---|---|---|---|---|---|"]
    for bits, kind, architecture, bitops, shared, space in rows:
        alone = accuracies.get((space, architecture), [])
        spread = f" ± {statistics.stdev(alone):.2f}" if len(alone) > 1 else ""
        lines.append(f"| {bits} bits | {kind} | {bitops / 1e6:.1f} | {'–' if shared is None else f'{100 * shared:.2f}'} | "
                     f"{f'{statistics.mean(alone):.2f}' if alone else '–'}{spread} | {len(alone)} | `{architecture}` |")
    return "\n".join(lines) + "\n"


def main():
    parser = sized(epochs=24, retrain=6, batch=64, budget=200, winners=1, seeds=1, recalibrate=1024, validate=2500)
    parser.add_argument("--uniform", default="2,3,4", help="bits of the uniform networks")
    parser.add_argument("--no-search", action="store_true", help="only the uniform networks")
    options, folder = begun(parser, growing=("winners", "seeds", "uniform", "no_search"))

    if not options.no_search:
        lutra(folder, "train", experiment(folder, "supernet", options, supernet={"epochs": options.epochs, "batch": options.batch}))
    rows = []  # bits, kind, architecture, BitOps, accuracy with the supernet's weights, space
    for bits in map(int, options.uniform.split(",")):
        space = SPACE if bits in OFFERED else sibling(folder, bits)
        described = lutra(folder, "describe", space, "--bits", bits, "--counting", "bitops")
        rows.append((bits, "uniform", described["arch"], described["bitops"], None, space))
        if bits > min(OFFERED) and not options.no_search:
            rows += [(bits, "searched", found["arch"], int(found["measures"]["bitops"]), found["measures"]["accuracy"], SPACE)
                     for found in searched(folder, bits, described["bitops"], options)]
    accuracies = {}  # by space and architecture
    page = folder / "bits.md"
    for seed in range(1, options.seeds + 1):
        for space, architecture in dict.fromkeys((row[5], row[2]) for row in rows):
            accuracies.setdefault((space, architecture), []).append(100 * retrained(folder, options, seed, space, architecture))
            page.write_text(table(rows, accuracies, options))
    print(page.read_text(), end="")


if __name__ == "__main__":
    main()
