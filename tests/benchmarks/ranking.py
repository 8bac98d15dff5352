"""Recipes of tests/benchmarks/ranking.sh: their experiments, the epochs that cost alike, and the table of what they are worth."""
import json
import os
import sys

FIRST = "uniform"
NETWORKS, RECALIBRATION, VALIDATION = (os.environ.get(*each) for each in (("NETWORKS", "100"), ("RECALIBRATION", "512"), ("VALIDATION", "1000")))
RECIPES = {
    FIRST: "  first-path: 0\n",
    "today": "",
    "fair": "  first-path: 0\n  sampling: fair\n",
    "fair-distilled": "  first-path: 0\n  sampling: fair\n  distillation: {share: 0.5}\n",
    "sandwich": "  first-path: 0\n  sampling: {sandwich: {random: 1}}\n  distillation: {share: 1}\n",
    "sandwich-ranked": "  first-path: 0\n  sampling: {sandwich: {random: 1}}\n  distillation: {share: 1}\n  rank-loss: 2\n",
    "block-wise": "  sampling: block-wise\n  first-path: 0.4\n",
    "proxy-ranked": "  first-path: 0\n  sampling: {apart: {proxy: synflow}}\n  rank-distillation: {proxy: synflow}\n",
    "split": "  first-path: 0\n  split: {by: layer1}\n",
    "shrunk": "  phases: [{share: 0.5, sampling: uniform, then: shrink}, {sampling: uniform}]\n",
    "no-decay": "  first-path: 0\n  optimizer: {weight-decay: 0}\n",
}


def write(file, name, space, table, images, epochs, batch):
    with open(file, "w") as out:
        out.write(f"name: {name}\nspace: {space}\ndata: {{train: {images}}}\n"
                  f"supernet:\n  epochs: {epochs}\n  batch: {batch}\n{RECIPES[name]}"
                  f"rank: {{table: {table}, column: mean, unit: percent, networks: {NETWORKS}}}\n"
                  f"evaluation: {{recalibration-images: {RECALIBRATION}, validation-images: {VALIDATION}}}\n")


def plan(out, space, table, images, epochs, batch, *names):
    """An experiment for every recipe and every number of epochs that may cost as much as so many of uniform paths."""
    for name in {FIRST, *names}:
        if name not in RECIPES:
            sys.exit(f"ranking.sh: recipe {name} (expected: one of {', '.join(RECIPES)})")
        for count in range(2, 2 * int(epochs) + 1):
            write(f"{out}/plan/{name}@{count}.yaml", name, space, table, images, count, batch)


def costs(file):
    """By name of the experiment, without its folder."""
    return {os.path.basename(experiment): float(macs) for experiment, macs in (line.rsplit(" ", 1) for line in open(file))}


def choose(out, epochs, *names):
    """Moves the experiments that come nearest into the folder."""
    macs = costs(f"{out}/plan/macs")
    for name in {FIRST, *names}:
        nearest = min((file for file in macs if file.startswith(name + "@")),
                      key=lambda file: abs(macs[file] - macs[f"{FIRST}@{epochs}.yaml"]))
        os.replace(f"{out}/plan/{nearest}", f"{out}/{name}.yaml")


def table(out, *names):
    macs = costs(f"{out}/macs")
    keys = {"tau": "tau", "tau_at_equal_depth": "tau at equal depth", "spearman": "rho", "top_regret": "missed by its first 10, points"}
    print("| recipe | compute | " + " | ".join(keys.values()) + " |\n" + "|---" * (2 + len(keys)) + "|")
    for name in names:
        figures = json.load(open(f"{out}/{name}.json"))
        shown = [f"{figures[key]['value'] * factor:.3f} ({figures[key]['low'] * factor:.3f} to {figures[key]['high'] * factor:.3f})"
                 for key, factor in ((key, 100 if key == "top_regret" else 1) for key in keys)]
        print(f"| {name} | {macs[name + '.yaml'] / macs[FIRST + '.yaml']:.3f} | " + " | ".join(shown) + " |")


if __name__ == "__main__":
    {"plan": plan, "choose": choose, "table": table}[sys.argv[1]](*sys.argv[2:])
