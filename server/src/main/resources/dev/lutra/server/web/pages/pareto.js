// What candidates keep limits, which of them no other beats, and which of those to choose. Columns of numbers in, places in them out.

/** A column as numbers; what is not told is NaN. */
export function column(values) {
  return Float64Array.from(values, value => value ?? NaN);
}

/** Places in the order of a column, those that are not told left out. */
export function order(values, more) {
  const places = Uint32Array.from(values.keys()).filter(place => Number.isFinite(values[place]));
  return places.sort((a, b) => (more ? values[b] - values[a] : values[a] - values[b]));
}

/**
 * Which candidates keep limits.
 *
 * @param limits [{ values, low, high }], both ends allowed
 * @param mask filled with 1 where all hold, and given back
 */
export function keep(limits, mask) {
  mask.fill(1);
  for (const { values, low, high } of limits) {
    for (let i = 0; i < mask.length; i++) {
      if (!(values[i] >= low && values[i] <= high)) {
        mask[i] = 0;
      }
    }
  }
  return mask;
}

/**
 * Of those that a mask lets through, the ones that no other beats in two measures, from the best in the first on.
 *
 * @param ordered places by the first measure, best first
 */
export function unbeaten(ordered, first, second, moreOfSecond, mask) {
  const front = [];
  let best = moreOfSecond ? -Infinity : Infinity;
  for (let i = 0; i < ordered.length;) {
    // of equals in the first only the best in the second is unbeaten
    let leader = -1;
    const value = first[ordered[i]];
    for (; i < ordered.length && first[ordered[i]] === value; i++) {
      const place = ordered[i];
      const other = second[place];
      if (mask[place] && Number.isFinite(other)
        && (leader < 0 || (moreOfSecond ? other > second[leader] : other < second[leader]))) {
        leader = place;
      }
    }
    if (leader >= 0 && (moreOfSecond ? second[leader] > best : second[leader] < best)) {
      best = second[leader];
      front.push(leader);
    }
  }
  return front;
}

/** The one farthest beyond the straight line between the ends, both measures scaled to 1 (Das 1999); -1 where there is none, and no end is. */
export function knee(front, first, second) {
  const [from, to] = [front[0], front[front.length - 1]];
  let found = -1;
  let farthest = 0;
  for (const place of front.slice(1, -1)) {
    const paid = (first[place] - first[from]) / (first[to] - first[from]);
    const gained = (second[place] - second[from]) / (second[to] - second[from]);
    if (gained - paid > farthest) {
      farthest = gained - paid;
      found = place;
    }
  }
  return found;
}

/** As many of a front as are wanted: its ends, then each time the one farthest from those before, both measures scaled to the front's range. */
export function spread(front, first, second, wanted) {
  if (front.length <= wanted) {
    return front;
  }
  const scale = values => {
    const all = front.map(place => values[place]);
    return (Math.max(...all) - Math.min(...all)) || 1;
  };
  const [x, y] = [scale(first), scale(second)];
  const distance = (a, b) => Math.hypot((first[a] - first[b]) / x, (second[a] - second[b]) / y);
  const taken = [front[0], front[front.length - 1]];
  const nearest = front.map(place => Math.min(distance(place, taken[0]), distance(place, taken[1])));
  while (taken.length < wanted) {
    const next = front[nearest.indexOf(Math.max(...nearest))];
    taken.push(next);
    front.forEach((place, i) => {
      nearest[i] = Math.min(nearest[i], distance(place, next));
    });
  }
  return front.filter(place => taken.includes(place));
}

const QUANTILE = 1.959964;

/** Where a share of images lies in 95 of 100 draws of as many others: Wilson's score interval (Wilson 1927), as the server has it in its tables. */
export function shareInterval(share, images) {
  const square = QUANTILE * QUANTILE / images;
  const middle = (share + square / 2) / (1 + square);
  const reach = QUANTILE * Math.sqrt(share * (1 - share) / images + square / (4 * images)) / (1 + square);
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

/** Least and most of a column; null where nothing is told, or where only what is more than 0 counts and nothing is. */
export function extent(values, positive = false) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value) && (!positive || value > 0)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high] : null;
}
