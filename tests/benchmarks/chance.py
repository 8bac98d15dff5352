"""What is within reach where accuracies have chance in them: an oracle that knows all of a table but its chance.

    tests/benchmarks/chance.py TABLE COST [DRAWS]

TABLE as channel_bench_macro_resnet.csv (columns arch, acc1 to acc3, mean and COST). The smooth part of the accuracies is a least-squares fit
of all pairs of genes to every row; the rest is taken for chance, and held against what the three trainings of a row differ by. The oracle
knows the smooth part of every network and how large chance is. It evaluates one network at a time, the one that is expected to add most to the hypervolume, which
the rest then does or does not. Told is the share of the true hypervolume (box from the best to the worst of all) after 100, 200 and 500: of the
table as it is, and of DRAWS tables (5) with chance drawn anew.
"""
import csv
import math
import sys

import numpy as np

COUNTS = (100, 200, 500)
GENES_LABELS = 4


def features(archs):
    one_hot = np.stack([archs[:, gene] == label for gene in range(archs.shape[1]) for label in range(1, GENES_LABELS + 1)], axis=1).astype(float)
    pairs = [one_hot[:, i] * one_hot[:, j] for i in range(one_hot.shape[1]) for j in range(i + 1, one_hot.shape[1])]
    return np.concatenate([np.ones((len(archs), 1)), one_hot, np.stack(pairs, axis=1)], axis=1)


def front(cost, gain):
    """Steps of what is best for at most so much: costs in ascending order, gains above all before."""
    steps = [(0.0, 0.0)]
    for at in np.lexsort((-gain, cost)):
        if gain[at] > steps[-1][1]:
            steps.append((cost[at], gain[at]))
    return np.array(steps)


def volume(steps):
    return sum(gain * (after - cost) for (cost, gain), after in zip(steps, [*steps[1:, 0], 1.0]))


def expected(cost, mean, deviation, steps):
    """What each network is expected to add: the excess over every step of the front to its right, by how wide it is."""
    ends = np.append(steps[1:, 0], 1.0)
    added = np.zeros(len(cost))
    for (begin, gain), end in zip(steps, ends):
        width = np.clip(end - np.maximum(begin, cost), 0, None)
        z = (mean - gain) / deviation
        cdf = 0.5 * (1 + ERF(z / math.sqrt(2)))
        added += width * ((mean - gain) * cdf + deviation * np.exp(-z * z / 2) / math.sqrt(2 * math.pi))
    return added


def ERF(x):
    """Abramowitz and Stegun 7.1.26, to 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - poly * np.exp(-x * x))


def oracle(cost, smooth, deviation, accuracy):
    low, high = accuracy.min(), accuracy.max()
    gain, mean, spread = (accuracy - low) / (high - low), (smooth - low) / (high - low), deviation / (high - low)
    whole = volume(front(cost, gain))
    known = np.zeros(len(cost), bool)
    known[np.argmin(cost)] = True
    shares = []
    for count in range(1, max(COUNTS) + 1):
        steps = front(cost[known], gain[known])
        if count in COUNTS:
            shares.append(volume(steps) / whole)
        value = expected(cost, mean, spread, steps)
        value[known] = -1
        known[np.argmax(value)] = True
    return shares


def main(table, column, draws=5):
    rows = list(csv.DictReader(open(table)))
    archs = np.array([[int(digit) for digit in row["arch"]] for row in rows])
    accuracy = np.array([float(row["mean"]) for row in rows])
    seeds = np.array([[float(row[f"acc{i}"]) for i in (1, 2, 3)] for row in rows])
    cost = np.array([float(row[column]) for row in rows])
    cost = (cost - cost.min()) / (cost.max() - cost.min())
    matrix = features(archs)
    smooth = matrix @ np.linalg.lstsq(matrix, accuracy, rcond=None)[0]
    rest = accuracy - smooth
    deviation = rest.std()
    print(f"rest {deviation:.4f} points, chance by the trainings {math.sqrt(seeds.var(axis=1, ddof=1).mean() / 3):.4f}, "
          f"range {np.ptp(accuracy):.2f}, smooth front has {volume(front(cost, (smooth - accuracy.min()) / np.ptp(accuracy))) / volume(front(cost, (accuracy - accuracy.min()) / np.ptp(accuracy))):.4f}")
    print("table as it is", *(f"{share:.4f}" for share in oracle(cost, smooth, deviation, accuracy)), flush=True)
    random = np.random.default_rng(1)
    drawn = np.array([oracle(cost, smooth, deviation, smooth + deviation * random.standard_normal(len(smooth))) for _ in range(int(draws))])
    print("drawn anew, median", *(f"{share:.4f}" for share in np.median(drawn, axis=0)))
    print("drawn anew, best  ", *(f"{share:.4f}" for share in drawn.max(axis=0)))


if __name__ == "__main__":
    main(*sys.argv[1:])
