// From the samples of a task's rounds to the distribution that a table keeps.

import { bytesToBase64, encodeHistogram } from './encoding.js';

/** Student's t, two-sided 95 %, for 1, 2, … degrees of freedom; beyond, the expansion in 1/df errs by less than 0.001. */
const T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

export function student95(degrees) {
  return degrees <= T_95.length ? T_95[degrees - 1] : 1.96 + 2.372 / degrees + 2.82 / degrees ** 2;
}

/** The middle value; of an even number the lower of the two, as everywhere in Lutra. */
export function median(values) {
  return Float64Array.from(values).sort()[(values.length - 1) >> 1];
}

/**
 * Half the 95 % interval of the median over rounds, as a fraction of it: rounds are what repeats independently, the samples of
 * one round share its session. Infinite for a single round.
 */
export function relativeHalfWidth(roundMedians) {
  const n = roundMedians.length;
  if (n < 2) {
    return Infinity;
  }
  const mean = roundMedians.reduce((a, b) => a + b) / n;
  const variance = roundMedians.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  return student95(n - 1) * Math.sqrt(variance / n) / mean;
}

/** @param rounds arrays of nanoseconds, already scaled to the sentinel's reference */
export async function distribution(rounds) {
  const sorted = Float64Array.from(rounds.flat()).sort().map(Math.round);
  const count = sorted.length;
  const quantile = share => sorted[Math.ceil(share * count) - 1];
  const mean = sorted.reduce((a, b) => a + b) / count;
  const squares = sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return {
    samples: count,
    minNanos: sorted[0],
    p50Nanos: quantile(0.5),
    p90Nanos: quantile(0.9),
    p99Nanos: quantile(0.99),
    p999Nanos: quantile(0.999),
    maxNanos: sorted[count - 1],
    meanNanos: mean,
    deviationNanos: count === 1 ? 0 : Math.sqrt(squares / (count - 1)),
    relativeHalfWidth: json(relativeHalfWidth(rounds.map(median))),
    histogram: bytesToBase64(await encodeHistogram(sorted)),
  };
}

/** JSON has no infinity; protobuf's mapping writes it as a string. */
export function json(number) {
  return Number.isFinite(number) ? number : 'Infinity';
}

/**
 * Whether latencies have settled: the latest half of all is cut into four windows, whose medians must agree within 3 % and must
 * not fall from window to window by more than 1 % in all. The native agent judges alike.
 */
export function isSteady(latencies) {
  const size = latencies.length >> 3;
  if (size < 3) {
    return false;
  }
  const start = latencies.length - 4 * size;
  const medians = [0, 1, 2, 3].map(i => median(latencies.slice(start + i * size, start + (i + 1) * size)));
  const least = Math.min(...medians);
  const falls = medians.every((m, i) => i === 0 || m < medians[i - 1]);
  const trend = falls && medians[0] - medians[3] > 0.01 * medians[3];
  return Math.max(...medians) - least <= 0.03 * least && !trend;
}
