#!/usr/bin/python3
"""What weights of an earlier training are worth where images are few: a supernet of five of CIFAR-10's classes goes on with a few hundred
images of the other five, beside one that begins from scratch with as many steps, and one from scratch with as many as both trainings
together. Of each: how it ranks networks whose own accuracies are known by training each alone on many more images of those classes, its mean
accuracy, and what its favourite reaches when it is trained alone on the few images, from scratch and from the weights of the first five.

  tests/benchmarks/transfer.py TRAIN TEST FOLDER [--few 300] [--epochs 30] [--first 25000] [--first-epochs 4] [--networks 10]
                               [--truth 1250] [--truth-epochs 8] [--retrain 40] [--seed 1]

TRAIN and TEST are folders with a sub-folder of images a class, as CIFAR-10's JPEG files; the first five classes are those of the first
training. FOLDER gets the lists of images, the experiments, their runs and transfer.md; called again, it goes on where it was. LUTRA in the
environment is another launcher."""
import argparse
import csv
import json
import pathlib
import random

from launcher import lutra, once

SPACE = "shufflenetv2-cifar"


def answer(folder, name, *words):
    """What lutra answers, asked for once by however many lives of this script."""
    def ask():
        print(f"{name}: lutra {' '.join(map(str, words))}", flush=True)
        return lutra(folder, *words)
    return once(folder / f"{name}.json", ask)


def images(folder, name, source, classes, most, seed):
    """A list of so many images, the classes in equal parts, drawn by the seed."""
    rows = []
    for label in classes:
        files = sorted((source / label).iterdir())
        random.Random(f"{seed} {name} {label}").shuffle(files)
        rows += [(file, label) for file in files[:most // len(classes)]]
    with open(folder / f"{name}.csv", "w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *rows])
    return len(rows)


def experiment(folder, name, options, train, test, **sections):
    batch = sections.pop("batch", 64)
    for training in ("supernet", "retrain"):
        if training in sections:
            sections[training] = {"batch": batch, **sections[training]}
    text = {"name": name, "space": SPACE, "seed": options.seed, "data": {"train": f"{train}.csv", "validation": f"{test}.csv"},
            "evaluation": {"recalibration-images": 512, "validation-images": 5000, "batch": min(64, batch)}, **sections}
    (folder / f"{name}.yaml").write_text(json.dumps(text, indent=1))  # JSON is YAML
    return f"{name}.yaml"


def judged(folder, name):
    """Mean accuracy of the random paths that every training ends with."""
    with open(folder / "runs" / name / "metrics.jsonl") as lines:
        paths = [event["accuracies"] for event in map(json.loads, lines) if event["event"] == "paths-judged"][-1]
    return sum(paths) / len(paths)


def favourite(folder, name):
    with open(folder / "runs" / name / "metrics.jsonl") as lines:
        ranked = [event for event in map(json.loads, lines) if event["event"] == "networks-ranked"][-1]["networks"]
    return max(ranked, key=lambda network: network["supernet"])["architecture"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train", type=pathlib.Path)
    parser.add_argument("test", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    for name, usual in (("few", 300), ("epochs", 30), ("first", 25000), ("first-epochs", 4), ("networks", 10), ("truth", 1250),
                        ("truth-epochs", 8), ("retrain", 40), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    classes = sorted(each.name for each in options.train.resolve().iterdir() if each.is_dir())
    one, other = classes[:5], classes[5:10]
    train, test = options.train.resolve(), options.test.resolve()
    first = images(folder, "first", train, one, options.first, options.seed)
    images(folder, "first-test", test, one, 1000, options.seed)
    few = images(folder, "few", train, other, options.few, options.seed)
    many = images(folder, "many", train, other, options.truth, options.seed)
    images(folder, "other-test", test, other, 5000, options.seed)

    drawn = lutra(folder, "describe", SPACE, "--random", options.networks, "--seed", options.seed)
    networks = sorted({network["arch"] for network in (drawn if isinstance(drawn, list) else drawn["networks"])})
    truth = experiment(folder, "truth", options, "many", "other-test", retrain={"epochs": options.truth_epochs})
    alone = answer(folder, "truth", "retrain", truth, *(word for network in networks for word in ("--arch", network)))["networks"]
    with open(folder / "truth-accuracies.csv", "w", newline="") as file:
        csv.writer(file).writerows([("arch", "accuracy"), *((each["architecture"], each["after"]["top1"]) for each in alone)])
    answer(folder, "first", "train", experiment(folder, "first", options, "first", "first-test", supernet={"epochs": options.first_epochs}))

    few_steps = few // 32 * options.epochs
    first_steps = first // 64 * options.first_epochs * 2  # of half as many images
    long = round(options.epochs * (few_steps + first_steps) / few_steps)
    rows = [("pretrained", f"from the first five classes, {options.epochs} epochs", {"from": "runs/first", "replace-head": True,
                                                                                     "epochs": options.epochs}),
            ("scratch", f"from scratch, {options.epochs} epochs", {"epochs": options.epochs}),
            ("scratch-long", f"from scratch, {long} epochs, as many steps as both trainings", {"epochs": long})]
    lines = [f"{few} images of {', '.join(other)}; the first training had {first} of {', '.join(one)}, {options.first_epochs} epochs. "
             f"{len(networks)} networks trained alone on {many} images for {options.truth_epochs} epochs are the truth.", "",
             "| supernet | tau with the truth | 95 % interval | mean accuracy of its paths |", "|---|---|---|---|"]
    for name, title, supernet in rows:
        file = experiment(folder, name, options, "few", "other-test", batch=32, supernet=supernet,
                          rank={"table": "truth-accuracies.csv", "networks": len(networks)})
        answer(folder, f"{name}-trained", "train", file)
        tau = answer(folder, f"{name}-ranked", "rank", file)["tau"]
        lines.append(f"| {title} | {tau.get('value', float('nan')):.2f} | {tau.get('low', float('nan')):.2f} to {tau.get('high', float('nan')):.2f} | "
                     f"{judged(folder, name):.1%} |")
    chosen = favourite(folder, "pretrained")
    lines += ["", f"`{chosen}`, which the first of them likes best, trained alone on the {few} images for {options.retrain} epochs:", "",
              "| begins | top-1 |", "|---|---|"]
    for name, title, weights in (("alone-pretrained", "with the first five classes' weights", {"weights": "runs/first", "replace-head": True}),
                                 ("alone-slow", "with them, all but the head at a tenth of the rate",
                                  {"weights": "runs/first", "replace-head": True, "layer-rates": {"layer*": 0.1, "stem": 0.1}}),
                                 ("alone-scratch", "from scratch", {})):
        file = experiment(folder, name, options, "few", "other-test", batch=32, retrain={"epochs": options.retrain, **weights})
        lines.append(f"| {title} | {answer(folder, name, 'retrain', file, '--arch', chosen)['networks'][0]['after']['top1']:.1%} |")
    (folder / "transfer.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
