// The estimators that measuring needs. What the native agent has too is the same rule: estimator-rules.json, among its tests'
// resources, holds both to the same figures.

/** By which rules a distribution came from its rounds; another number where they change. The native agent has others. */
export const ESTIMATOR = 'round-medians-2';

const NORMAL_975 = 1.959964;
/** The median distance from the median times this is the standard deviation, for normal values. */
const ROBUST = 1.4826;

function sorted(values) {
  return Float64Array.from(values).sort();
}

/** The value below which a fraction of the values lies, between neighbours by linear interpolation. */
export function quantile(values, fraction) {
  const inOrder = sorted(values);
  const position = fraction * (inOrder.length - 1);
  const below = Math.floor(position);
  const above = inOrder[Math.min(below + 1, inOrder.length - 1)];
  return inOrder[below] + (position - below) * (above - inOrder[below]);
}

export function median(values) {
  return quantile(values, 0.5);
}

/** The unbiased variance; 0 of a single value. */
export function variance(values) {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return values.length === 1 ? 0 : squares / (values.length - 1);
}

/**
 * The point of Student's t distribution that 2.5 % lie beyond, by the expansion of Abramowitz and Stegun 26.7.5: within 1 % from
 * three degrees of freedom on.
 */
export function student975(degreesOfFreedom) {
  const z = NORMAL_975;
  const v = degreesOfFreedom;
  const z2 = z * z;
  return z + z * (z2 + 1) / (4 * v)
    + z * ((5 * z2 + 16) * z2 + 3) / (96 * v * v)
    + z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * v * v * v);
}

const PRIOR_DEVIATION = 0.015;
const PRIOR_WEIGHT = 4;
const POOL_WEIGHT = 4;
const MEMORY = 300;
const CLIPPED = 2.5;
const LEFT_BY_CLIPPING = 0.9776;

/**
 * How much rounds of one task disagree on this device, pooled over tasks. A task that stops as soon as its own rounds agree would
 * stop when they agree by luck. The native agent weighs what is known of all tasks by how much they differ.
 */
export class Spread {
  #weight = PRIOR_WEIGHT;
  variance = PRIOR_DEVIATION ** 2;

  /** @param residuals what the rounds of one task are off their middle, as logarithms */
  add(residuals) {
    const degreesOfFreedom = residuals.length - 1;
    if (degreesOfFreedom < 1) {
      return;
    }
    const total = this.#weight + degreesOfFreedom;
    this.variance = (this.#weight * this.variance + degreesOfFreedom * this.#clippedVariance(residuals)) / total;
    this.#weight = Math.min(total, MEMORY);
  }

  copy() {
    const copy = new Spread();
    copy.#weight = this.#weight;
    copy.variance = this.variance;
    return copy;
  }

  /** The variance of a task's rounds, what is known of all weighed in. */
  mixed(residuals) {
    const own = residuals.length - 1;
    const degreesOfFreedom = POOL_WEIGHT + own;
    return { variance: (POOL_WEIGHT * this.variance + own * this.#clippedVariance(residuals)) / degreesOfFreedom, degreesOfFreedom };
  }

  #clippedVariance(values) {
    const middle = median(values);
    const off = values.map(value => value - middle);
    const own = ROBUST * median(off.map(Math.abs));
    const limit = CLIPPED * Math.max(own, Math.sqrt(this.variance));
    return variance(off.map(one => Math.max(-limit, Math.min(limit, one)))) / LEFT_BY_CLIPPING;
  }
}

/** What the values are off their mean. */
export function residuals(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.map(value => value - mean);
}

/**
 * Half the 95 % interval of a mean over rounds. Rounds are what repeats independently: each has a worker, a session and a GPU device
 * of its own, which its samples share. Infinite for a single round.
 *
 * @param roundLogs logarithms of the rounds' medians, so that the interval is relative
 * @param spread of the device
 */
export function halfWidth(roundLogs, spread) {
  if (roundLogs.length < 2) {
    return Infinity;
  }
  const mixed = spread.mixed(residuals(roundLogs));
  return student975(mixed.degreesOfFreedom) * Math.sqrt(mixed.variance / roundLogs.length);
}

/**
 * What one more slice takes off the square of an error that falls with the root of their number (Neyman 1934).
 *
 * @param error by now
 * @param slices that it rests on
 * @param more that are planned
 */
export function sliceWorth(error, slices, more = 0) {
  return error ** 2 * slices / ((slices + more) * (slices + more + 1));
}

/** A quantile is told by samples only if their largest lies beyond it in all but so many cases: the end of its 95 % interval. */
const UNTOLD = 0.025;

/**
 * Quantiles are exact, by nearest rank; one that so few samples cannot tell is 0, not stated.
 *
 * @param samples nanoseconds, at least one
 * @param runs that a sample is the mean of; means of several tell nothing of single runs' quantiles but of their middle
 * @returns the fields of the protocol's Distribution that samples alone tell
 */
export function distribution(samples, runs = 1) {
  const inOrder = sorted(samples);
  const count = inOrder.length;
  const nearestRank = share => Math.round(inOrder[Math.ceil(share * count) - 1]);
  const tail = share => (runs === 1 && share ** count <= UNTOLD ? nearestRank(share) : 0);
  return {
    samples: count,
    minNanos: Math.round(inOrder[0]),
    p50Nanos: nearestRank(0.5),
    p90Nanos: tail(0.9),
    p99Nanos: tail(0.99),
    p999Nanos: tail(0.999),
    maxNanos: Math.round(inOrder[count - 1]),
    meanNanos: inOrder.reduce((a, b) => a + b) / count,
    deviationNanos: Math.sqrt(variance(inOrder)),
  };
}

/** JSON has no infinity; protobuf's mapping writes it as a string. */
export function json(number) {
  return Number.isFinite(number) ? number : 'Infinity';
}

const WINDOWS = 4;
/** Widest range of the window medians, as a fraction of the least. */
const AGREEMENT = 0.03;
/** A fall through all windows by more than this is a trend, not chance. */
const TREND = 0.01;
const SHORTEST_WINDOW = 3;
/** Of slow models two will do, beginning with the second, once all windows together last this long. */
const SLOW_NANOS = 50e6;
const SLOW_WINDOW = 2;

/**
 * Whether latencies have settled: the latest half of all is cut into four windows, whose medians must agree and must not fall from
 * window to window.
 *
 * @param latencies nanoseconds a run
 * @param runs that each of them is the mean of
 */
export function isSteady(latencies, runs = 1) {
  const count = latencies.length;
  let size = Math.floor(count / (2 * WINDOWS));
  if (size < SHORTEST_WINDOW) {
    size = SLOW_WINDOW;
    const latest = latencies.slice(-size * WINDOWS);
    if (count <= size * WINDOWS || runs * latest.reduce((a, b) => a + b) < SLOW_NANOS) {
      return false;
    }
  }
  const start = count - WINDOWS * size;
  const medians = Array.from({ length: WINDOWS }, (_, i) => lowerMedian(latencies.slice(start + i * size, start + (i + 1) * size)));
  const least = Math.min(...medians);
  const falls = medians.every((m, i) => i === 0 || m < medians[i - 1]);
  const last = medians[WINDOWS - 1];
  const trend = falls && medians[0] - last > TREND * last;
  return Math.max(...medians) - least <= AGREEMENT * least && !trend;
}

/** Of an even number the lower of the two in the middle, so that a window's median is a run that was. */
function lowerMedian(values) {
  return sorted(values)[(values.length - 1) >> 1];
}
