"""Whole networks measured twice: what two runs disagree about, Lutra's and the naive way's. Argument: repeat.sh's folder."""
import glob
import itertools
import json
import statistics
import sys


def lutra(run):
    with open(glob.glob(run + "/lut/*.json")[0]) as table:
        networks = json.load(table)["calibration"]["networks"]
    return {network["architecture"]: int(network["latency"]["p50Nanos"]) for network in networks}


def naive(file):
    with open(file) as lines:
        return {architecture: int(nanos) for architecture, nanos in map(str.split, lines)}


def tau(first, second):
    pairs = list(itertools.combinations(first, 2))
    return sum(1 if (first[a] - first[b]) * (second[a] - second[b]) > 0 else -1 for a, b in pairs) / len(pairs)


def report(name, first, second):
    common = sorted(set(first) & set(second))
    first, second = {a: first[a] for a in common}, {a: second[a] for a in common}
    off = [abs(first[a] - second[a]) / ((first[a] + second[a]) / 2) for a in common]
    spread = statistics.stdev(first.values()) / statistics.mean(first.values())
    print("%-6s %d networks: mean difference %.2f %%, median %.2f %%, worst %.2f %%, tau %.2f (networks spread by %.1f %%)" % (
        name, len(common), 100 * statistics.mean(off), 100 * statistics.median(off), 100 * max(off), tau(first, second), 100 * spread))


folder = sys.argv[1]
report("lutra", lutra(folder + "/first"), lutra(folder + "/second"))
report("naive", naive(folder + "/naive-1"), naive(folder + "/naive-2"))
