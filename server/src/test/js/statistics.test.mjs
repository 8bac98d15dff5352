// What only the page estimates: rounds of workers of their own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distribution, ESTIMATOR, halfWidth, isSteady, residuals, Spread }
  from '../../main/resources/dev/lutra/server/web/pages/statistics.js';

/** Seeded normal values (mulberry32, Box and Muller). */
function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = state + 0x6d2b79f5 >>> 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

test('one round has no interval', () => assert.equal(halfWidth([13], new Spread()), Infinity));

test('rounds that agree by luck have a wide interval', () => {
  assert.ok(halfWidth([13, 13], new Spread()) > 0.015);
});

/** A table of figures by two rules is refused by their names alone: who changes the figure here gives the estimator another number. */
test('rules that give other figures have another name', () => {
  const spread = new Spread();
  [[13, 13.004, 12.99], [9.1, 9.13, 9.11, 9.2], [14, 14.001]].forEach(logs => spread.add(residuals(logs)));
  assert.equal(ESTIMATOR, 'round-medians-2');
  assert.ok(Math.abs(halfWidth([12, 12.02, 11.99, 12.005, 12.3], spread) - 0.02553758000654) < 1e-12);
});

/** As rounds.js measures: a batch of eight, each until its interval is narrow, the spread shared. */
test('intervals that end the measuring cover the truth', () => {
  for (const deviation of [0.004, 0.01, 0.02]) {
    const normal = normals(11);
    let covered = 0;
    let tasks = 0;
    for (let batch = 0; batch < 150; batch++) {
      const spread = new Spread();
      const logs = Array.from({ length: 8 }, () => []);
      const open = new Set(logs.keys());
      while (open.size > 0) {
        for (const i of [...open]) {
          logs[i].push(deviation * normal());
          const now = spread.copy();
          open.forEach(other => now.add(residuals(logs[other])));
          if (logs[i].length >= 3 && halfWidth(logs[i], now) <= 0.01) {
            const mean = logs[i].reduce((a, b) => a + b) / logs[i].length;
            covered += Math.abs(mean) <= halfWidth(logs[i], now) ? 1 : 0;
            tasks++;
            spread.add(residuals(logs[i]));
            open.delete(i);
          }
        }
      }
    }
    assert.ok(covered / tasks > 0.93, `${covered} of ${tasks} at a deviation of ${deviation}`);
  }
});

test('means of several runs tell no quantile of single runs but their middle', () => {
  const samples = Array.from({ length: 5000 }, (_, i) => 1000 + i);
  assert.equal(distribution(samples).p999Nanos, 5994);
  const { p50Nanos, p90Nanos, p99Nanos, p999Nanos } = distribution(samples, 40);
  assert.deepEqual([p50Nanos, p90Nanos, p99Nanos, p999Nanos], [3499, 0, 0, 0]);
});

test('nine batches that last long enough may be steady', () => {
  const means = Array(9).fill(200_000);
  assert.equal(isSteady(means), false);
  assert.equal(isSteady(means, 40), true);
});
