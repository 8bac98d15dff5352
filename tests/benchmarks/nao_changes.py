#!/usr/bin/python3
"""What the changes of NAO-V2 to the training of a supernet are worth, each alone and together, small: two iterations of a training of
small cells; of each, how it ranks networks that were trained alone, and how far the three that a search by it likes best lie apart when they
are trained alone.

  tests/benchmarks/nao_changes.py TRAIN TEST FOLDER [--images 1500] [--epochs 8] [--batch 16] [--pool 200] [--small-pool 40]
                                  [--networks 10] [--retrain 4] [--first 30] [--new 20] [--nao-epochs 100] [--test-images 10000]
                                  [--image-size 16] [--channels 8] [--seed 1]

TRAIN and TEST are folders with a sub-folder of images a class. The space is `nao-cell` with one normal cell a stage, of --channels. Without
the first change a pool has --pool networks, with it --small-pool; all trainings have the same steps, of --batch images. A candidate is judged as NAO judges, on one
batch of 500 images with its own mean and variance. FOLDER gets the lists of images, the experiments, their runs and nao_changes.md; called
again, it goes on where it was. LUTRA in the environment is another launcher."""
import argparse
import csv
import json
import pathlib

from deciding import candidates
from launcher import lutra, write
from transfer import answer, images

CELL = pathlib.Path(__file__).resolve().parents[2] / "src/main/resources/dev/lutra/space/nao-cell.yaml"
TOP = 3
UPDATES, PROPORTIONAL, INDEPENDENT = "updates", "proportional", "independent"
VARIANTS = {"none": set(), "1, more updates a network": {UPDATES}, "2, proportional sampling": {PROPORTIONAL},
            "3, independent iterations": {INDEPENDENT}, "all three": {UPDATES, PROPORTIONAL, INDEPENDENT}}


def space(folder, channels):
    """The built-in cells, fewer and narrower."""
    text = CELL.read_text().replace("repeat: 3", "repeat: 1").replace("name: nao-cell", "name: nao-small")
    for wide, narrow in ((60, 3), (20, 1), (40, 2), (80, 4)):
        text = text.replace(f"channels: {wide}", f"channels: {narrow * channels}")
    write(folder / "nao-small.yaml", text)


def training(options, changes):
    pool = options.small_pool if UPDATES in changes else options.pool
    sampling = {"proportional": {"pool": pool}} if PROPORTIONAL in changes else {"pool": {"paths": pool}}
    first = {"share": 0.5, "sampling": sampling, **({"then": "independent"} if INDEPENDENT in changes else {})}
    return {"epochs": options.epochs, "batch": options.batch, "probes": 0, "phases": [first, {"sampling": sampling}]}


def experiment(folder, name, options, **sections):
    text = {"name": name, "space": "nao-small.yaml", "image-size": options.image_size, "seed": options.seed, "objectives": ["accuracy", "macs"],
            "data": {"train": "train.csv", "validation": "test.csv"},
            "evaluation": {"recalibration": "batch", "batch": 500, "validation-images": 500}, "retrain": {"epochs": options.retrain, "batch": 32},
            **sections}
    write(folder / f"{name}.yaml", json.dumps(text, indent=1))  # JSON is YAML
    return f"{name}.yaml"


def alone(folder, name, options, networks):
    """Accuracies on all test images of networks that are trained alone."""
    file = experiment(folder, "alone", options, evaluation={"validation-images": options.test_images, "recalibration-images": 512})
    words = (word for network in sorted(networks) for word in ("--arch", network))
    return {each["architecture"]: each["after"]["top1"] for each in answer(folder, name, "retrain", file, *words)["networks"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train", type=pathlib.Path)
    parser.add_argument("test", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    for name, usual in (("images", 1500), ("epochs", 8), ("batch", 16), ("pool", 200), ("small-pool", 40), ("networks", 10), ("retrain", 4), ("first", 30),
                        ("new", 20), ("nao-epochs", 100), ("test-images", 10000), ("image-size", 16), ("channels", 8), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    classes = sorted(each.name for each in options.train.iterdir() if each.is_dir())
    images(folder, "train", options.train.resolve(), classes, options.images, options.seed)
    images(folder, "test", options.test.resolve(), classes, options.test_images, options.seed)
    space(folder, options.channels)
    drawn = lutra(folder, "describe", "nao-small.yaml", "--random", options.networks, "--seed", options.seed)
    truth = alone(folder, "truth", options, {network["arch"] for network in drawn})
    with open(folder / "truth.csv", "w", newline="") as file:
        csv.writer(file).writerows([("arch", "accuracy"), *truth.items()])

    taus, liked = {}, {}
    for number, (title, changes) in enumerate(VARIANTS.items()):
        name = f"variant-{number}"
        file = experiment(folder, name, options, supernet=training(options, changes), rank={"table": "truth.csv", "networks": len(truth)},
                          search={"algorithm": {"nao": {"first": options.first, "new": options.new, "iterations": 2, "top": options.new,
                                                        "epochs": options.nao_epochs}}})
        answer(folder, f"{name}-trained", "train", file)
        taus[title] = answer(folder, f"{name}-ranked", "rank", file)["tau"]
        answer(folder, f"{name}-searched", "search", file)
        found = candidates(folder / "runs", name)
        liked[title] = sorted(found, key=lambda arch: -found[arch]["accuracy"])[:TOP]
    tops = alone(folder, "top", options, {arch for each in liked.values() for arch in each})

    lines = [f"{len(truth)} networks trained alone: {min(truth.values()):.1%} to {max(truth.values()):.1%}.", "",
             f"| changes | tau | 95 % interval | the first {TOP} of a search, trained alone | spread, points |", "|---|---|---|---|---|"]
    for title, tau in taus.items():
        reached = [tops[arch] for arch in liked[title]]
        lines.append(f"| {title} | {tau['value']:.2f} | {tau['low']:.2f} to {tau['high']:.2f} | {', '.join(f'{each:.1%}' for each in reached)} | "
                     f"{100 * (max(reached) - min(reached)):.1f} |")
    (folder / "nao_changes.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
