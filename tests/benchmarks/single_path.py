#!/usr/bin/python3
"""Single-Path NAS on this machine: targets at a quarter, half and three quarters of what a space reaches, what the decoded networks take
when they are measured, what a step costs beside one of a uniform path, and for the middle target what is reached by training alone,
beside the winner of an evolutionary search and a random network, both of its latency. With --bisect it also looks for the middle target's
lambda by bisection over that many runs of one epoch, and trains once more with the last of them.

  tests/benchmarks/single_path.py IMAGES FOLDER [--space single-path-cifar] [--epochs 6] [--retrain 10] [--seed 1] [--bisect 5]

IMAGES as data.train of an experiment file. FOLDER gets the table, the experiments, their runs and single_path.md; called again, it goes on
where it was. It measures, so nothing else should run."""
import argparse
import json
import math
import os
import pathlib
import subprocess

LUTRA = pathlib.Path(__file__).resolve().parents[2] / "lutra"
SHARES = (0.25, 0.5, 0.75)
POPULATION, GENERATIONS = 20, 10


def lutra(folder, *words):
    return subprocess.run([str(LUTRA), *map(str, words)], cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def once(folder, name, *words):
    """Calls lutra unless an earlier life of this script has seen it end."""
    done = folder / f"{name}.done"
    if not done.exists():
        print(f"{name}: lutra {' '.join(map(str, words))}", flush=True)
        lutra(folder, *words)
        done.touch()


def experiment(folder, name, options, **sections):
    text = {"name": name, "space": options.space, "seed": options.seed, "data": {"train": options.images},
            "evaluation": {"validation-images": 2000, "recalibration-images": 1024},
            "retrain": {"epochs": options.retrain}, "export": {"top": 1}, "verify": {"repairs": 0}, **sections}
    (folder / f"{name}.yaml").write_text(json.dumps(text, indent=1))  # JSON is YAML
    return f"{name}.yaml"


def events(folder, name, kind):
    with open(folder / "runs" / name / "metrics.jsonl") as lines:
        return [event for event in map(json.loads, lines) if event["event"] == kind]


def predicted(folder, space, table, architecture):
    return json.loads(lutra(folder, "predict", space, "--arch", architecture, "--lut", table, "--json"))["latency_ms"]


def ends(folder, space):
    """The largest and the smallest architecture of a space of kernels 3 and 5, expansions 3 and 6 and skip."""
    layers = json.loads(lutra(folder, "describe", space, "--json"))["genes"]
    options = [[option if isinstance(option, str) else option["name"] for option in gene["options"]] for gene in layers]
    return ",".join("k5e6" for _ in options), ",".join("skip" if "skip" in names else "k3e3" for names in options)


def pace(folder, name):
    rates = sorted(event["images-per-second"] for event in events(folder, name, "training-pace"))
    return rates[len(rates) // 2]


def bisection(folder, options, sections, wanted):
    """Rows of a table: each run's lambda, epochs and decoded latency. Bounds of lambda are those within which the loss is neither blind to
    latency nor to images."""
    low, high = 0.01, 100
    for number in range(options.bisect + 1):
        weight = math.sqrt(low * high)
        last = number == options.bisect
        name = f"bisect-{number + 1}"
        epochs = options.epochs if last else 1
        once(folder, name, "run", experiment(folder, name, options, **sections, supernet={"epochs": epochs, "sampling": {
            "superkernel": {"lambda": weight}}}))
        found = events(folder, name, "file-verified")[-1]["predicted"] / 1e6
        yield f"| λ {weight:.3g} | {epochs} | {found:.3f} ms | {found / wanted - 1:+.1%} |"
        low, high = (weight, high) if found > wanted else (low, weight)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--space", default="single-path-cifar")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--retrain", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bisect", type=int, default=0)
    parser.add_argument("--profile", type=json.loads, default={}, help="keys of the section profile, as JSON")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    options.images = options.images if ":" in options.images else os.path.abspath(options.images)
    profile = {"profile": {**options.profile, "table": "lut.json"}}
    target = {"targets": [{"device": "local"}]}

    once(folder, "profile", "profile", experiment(folder, "profile", options, **profile, **target))
    largest, smallest = ends(folder, options.space)
    most, least = (predicted(folder, options.space, "lut.json", each) for each in (largest, smallest))
    lines = [f"{options.space}: {least:.3f} ms ({smallest}) to {most:.3f} ms ({largest}); {options.epochs} epochs.", "",
             "| share of the range | target | decoded, predicted | measured | from the target | accuracy with the superkernels | architecture |",
             "|---|---|---|---|---|---|---|"]
    decoded = {}
    for share in SHARES:
        name = f"target-{round(100 * share)}"
        wanted = least + share * (most - least)
        file = experiment(folder, name, options, **profile, **target, supernet={"epochs": options.epochs, "sampling": {
            "superkernel": {"target": {"local": f"{wanted:.6f} ms"}}}})
        once(folder, name, "run", file)
        found = events(folder, name, "file-verified")[-1]
        accuracy = events(folder, name, "front-found")[-1]["accuracy"]
        decoded[share] = found
        lines.append(f"| {share:.0%} | {wanted:.3f} ms | {found['predicted'] / 1e6:.3f} ms | {found['p50'] / 1e6:.3f} ms | "
                     f"{found['p50'] / 1e6 / wanted - 1:+.1%} | {accuracy:.2%} | {found['architecture']} |")

    once(folder, "target-50-retrain", "retrain", "target-50.yaml")
    limit = decoded[0.5]["predicted"] / 1e6
    bound = {"targets": [{"device": "local", "latency": {"p50": f"{limit:.6f} ms"}}]}
    evolution = experiment(folder, "evolution", options, **profile, **bound, supernet={"epochs": options.epochs},
                           search={"algorithm": "nsga2", "population": POPULATION, "generations": GENERATIONS})
    once(folder, "evolution", "run", evolution)
    once(folder, "evolution-retrain", "retrain", evolution)
    random = experiment(folder, "random", options, **profile, **bound, supernet={"from": "runs/evolution"},
                        constraints={"latency:local": {"at-least": f"{0.97 * limit:.6f} ms"}},
                        search={"algorithm": {"random": {"budget": 1}}})
    once(folder, "random", "run", random)
    once(folder, "random-retrain", "retrain", random)

    lines += ["", f"A step of superkernels: {pace(folder, 'target-50'):.0f} images/s; of one uniform path: {pace(folder, 'evolution'):.0f} images/s.",
              "", f"The middle target, each network trained alone for {options.retrain} epochs:", "",
              "| network | predicted | measured | accuracy before | retrained | architecture |", "|---|---|---|---|---|---|"]
    for name, title in (("target-50", "decoded"), ("evolution", f"evolutionary search, {POPULATION * GENERATIONS} candidates"), ("random", "random")):
        found = events(folder, name, "file-verified")[-1]
        alone = events(folder, name, "network-retrained")[-1]
        lines.append(f"| {title} | {found['predicted'] / 1e6:.3f} ms | {found['p50'] / 1e6:.3f} ms | "
                     f"{events(folder, name, 'front-found')[-1]['accuracy']:.2%} | {alone['accuracy']:.2%} | {found['architecture']} |")
    if options.bisect:
        wanted = least + 0.5 * (most - least)
        predicted_there = decoded[0.5]["predicted"] / 1e6
        lines += ["", "| how λ was found | epochs | decoded, predicted | from the target |", "|---|---|---|---|",
                  f"| within the training | {options.epochs} | {predicted_there:.3f} ms | {predicted_there / wanted - 1:+.1%} |"]
        lines += bisection(folder, options, {**profile, **target}, wanted)
    (folder / "single_path.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
