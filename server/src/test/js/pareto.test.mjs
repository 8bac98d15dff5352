import assert from 'node:assert/strict';
import test from 'node:test';
import { column, extent, keep, knee, order, shareInterval, spread, unbeaten } from '../../main/resources/dev/lutra/server/web/pages/pareto.js';

const every = length => new Uint8Array(length).fill(1);

/** By comparing all with all. */
function byAllPairs(first, second, moreOfFirst, moreOfSecond, mask) {
  const better = (a, b, more) => (more ? a > b : a < b);
  const places = [...first.keys()].filter(i => mask[i] && Number.isFinite(first[i]) && Number.isFinite(second[i]));
  return places.filter(i => !places.some(j => !better(first[i], first[j], moreOfFirst) && !better(second[i], second[j], moreOfSecond)
    && (better(first[j], first[i], moreOfFirst) || better(second[j], second[i], moreOfSecond))));
}

/** The same numbers whenever it runs (Park and Miller 1988). */
function numbers(seed) {
  let state = seed;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}

test('what no other beats is what comparing all with all leaves, whichever way is better', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = numbers(seed);
    const draw = () => column(Array.from({ length: 60 }, () => (next() < 0.1 ? null : Math.round(12 * next()))));
    const [first, second] = [draw(), draw()];
    const mask = Uint8Array.from({ length: 60 }, () => (next() < 0.8 ? 1 : 0));
    for (const [moreOfFirst, moreOfSecond] of [[false, true], [true, true], [false, false], [true, false]]) {
      const found = unbeaten(order(first, moreOfFirst), first, second, moreOfSecond, mask);
      const points = places => [...new Set(places.map(i => `${first[i]} ${second[i]}`))].sort();
      assert.deepEqual(points(found), points(byAllPairs(first, second, moreOfFirst, moreOfSecond, mask)), `seed ${seed}`);
      assert.equal(found.length, points(found).length, 'one of those that are equal');
    }
  }
});

test('limits keep their ends, and what is not told keeps none', () => {
  const values = column([1, 2, 3, null]);
  assert.deepEqual([...keep([{ values, low: 1, high: 2 }], every(4))], [1, 1, 0, 0]);
  assert.deepEqual([...keep([], new Uint8Array(4))], [1, 1, 1, 1]);
});

test('the knee lies farthest beyond the straight line between the ends', () => {
  const cost = column([1, 2, 3, 10]);
  const accuracy = column([0.5, 0.8, 0.82, 0.9]);
  assert.equal(knee([0, 1, 2, 3], cost, accuracy), 1);
  assert.equal(knee([0, 3], cost, accuracy), -1, 'no end is one');
  assert.equal(knee([0, 1, 2, 3], column([-1, -2, -3, -10]), accuracy), 1, 'where more is better');
});

test('of many those are shown that differ most, the ends among them', () => {
  const cost = column(Array.from({ length: 100 }, (_, i) => i));
  const accuracy = column(Array.from({ length: 100 }, (_, i) => i));
  const front = [...cost.keys()];
  assert.deepEqual(spread(front, cost, accuracy, 3), [0, 49, 99]);
  assert.deepEqual(spread([4, 5], cost, accuracy, 3), [4, 5]);
});

test('a logarithm wants what is more than 0', () => {
  assert.deepEqual(extent(column([null, 0, 2, 8])), [0, 8]);
  assert.deepEqual(extent(column([null, 0, 2, 8]), true), [2, 8]);
  assert.equal(extent(column([null]), false), null);
});

test('a share lies where Wilson has it', () => {
  // closed forms of his interval at no image, at all, and at half of them
  const z2 = 1.959964 ** 2;
  const close = (found, wanted) => found.forEach((end, i) => assert.ok(Math.abs(end - wanted[i]) < 1e-12, `${found} is not ${wanted}`));
  close(shareInterval(0, 10), [0, z2 / (10 + z2)]);
  close(shareInterval(1, 10), [10 / (10 + z2), 1]);
  const half = Math.sqrt(z2 / (100 + z2)) / 2;
  close(shareInterval(0.5, 100), [0.5 - half, 0.5 + half]);
});
