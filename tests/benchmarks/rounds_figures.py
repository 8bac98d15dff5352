"""The figures of tests/benchmarks/rounds.sh.

rounds_figures.py table FOLDER    networks trained by themselves, as a table for rank
rounds_figures.py row FOLDER RUN  losses by epoch, accuracy of random paths, Kendall's tau-b with those networks
"""
import json
import math
import statistics
import sys

folder = sys.argv[2]


def events(run, kind):
    with open(f"{folder}/{run}/metrics.jsonl") as lines:
        return [event for event in map(json.loads, lines) if event["event"] == kind]


def tau(networks):
    pairs = [(a["supernet"] - b["supernet"], a["alone"] - b["alone"]) for i, a in enumerate(networks) for b in networks[:i]]
    agree = sum(math.copysign(1, x * y) for x, y in pairs if x * y)
    return agree / math.sqrt(sum(1 for x, _ in pairs if x) * sum(1 for _, y in pairs if y))


if sys.argv[1] == "table":
    print("arch,accuracy")
    for network in events("alone", "networks-ranked")[-1]["networks"]:
        print(f'"{network["architecture"]}",{network["alone"]}')
else:
    run = sys.argv[3]
    losses = {}
    for step in events(run, "training-step"):
        losses.setdefault(step["epoch"], []).append(step["loss"])
    paths = events(run, "paths-judged")[-1]["accuracies"]
    ranked = events(run, "networks-ranked")
    print(f"| {run} | " + " ".join(f"{statistics.mean(losses[epoch]):.2f}" for epoch in sorted(losses)) + f" | {statistics.mean(paths):.1%} | "
          + (f"{tau(ranked[-1]['networks']):.2f}" if ranked else "") + " |", flush=True)
