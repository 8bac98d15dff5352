#!/usr/bin/env python3
"""The figures of other_runtime.sh: other_runtime.py FOLDER writes them as Markdown."""
import glob
import json
import os
import sys


def tau(pairs):
    """Kendall's tau-b."""
    agree = ties_a = ties_b = total = 0
    for i, (a, b) in enumerate(pairs):
        for c, d in pairs[:i]:
            total += 1
            ties_a += a == c
            ties_b += b == d
            agree += (a > c) - (a < c) and ((a > c) - (a < c)) * ((b > d) - (b < d))
    return agree / ((total - ties_a) * (total - ties_b)) ** 0.5


def load(name):
    with open(name) as file:
        return json.load(file)


def latency(name):
    return int(load(name)["latency"]["p50Nanos"]) / 1e6


def tables(folder):
    print("| runtime | segments | networks fitted, held out | mean error | worst | within 5 % | inside their interval | tau |")
    print("|---|---|---|---|---|---|---|---|")
    for run in ("cpu", "opencv"):
        table, = [load(name) for name in glob.glob(folder + "/runs/" + run + "/lut/*.json")]
        fit = table["calibration"]
        print("| %s %s | %d | %d, %d | %.1f %% | %.1f %% | %.0f %% | %.0f %% | %.2f |" % (
            table["runtime"]["name"], table["runtime"]["version"], len(table["entries"]), fit["fittedOn"], fit["heldOut"],
            100 * fit["meanRelativeError"], 100 * fit["worstRelativeError"], 100 * fit.get("within5Percent", 0),
            100 * fit["intervalCoverage"], fit["kendallTau"]))


def main(folder):
    tables(folder)
    both = []
    for name in sorted(glob.glob(folder + "/networks/[0-9]*-cpu.json")):
        both.append((latency(name), latency(name.replace("-cpu.json", "-opencv.json"))))
    ratios = sorted(b / a for a, b in both)
    print("\n%d random networks measured in both: tau %.2f between their orders; OpenCV takes %.2f to %.2f times as long, %.2f in the median.\n" % (
        len(both), tau(both), ratios[0], ratios[-1], ratios[len(ratios) // 2]))
    print("| winner of the search for | file | ONNX Runtime, ms | OpenCV, ms |")
    print("|---|---|---|---|")
    for name in sorted(glob.glob(folder + "/networks/*-winner-*-cpu.json")):
        run, _, file = os.path.basename(name)[:-len("-cpu.json")].partition("-")
        print("| %s | %s | %.4f | %.4f |" % (
            "ONNX Runtime" if run == "cpu" else "OpenCV", file, latency(name), latency(name.replace("-cpu.json", "-opencv.json"))))


main(sys.argv[1])
