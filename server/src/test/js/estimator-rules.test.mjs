// Holds the page's estimators to the vectors that the native agent's tests read too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { base64ToBytes, encodeHistogram, floatsToHalves, halvesToFloats } from '../../main/resources/dev/lutra/server/web/pages/encoding.js';
import { JavaRandom } from '../../main/resources/dev/lutra/server/web/pages/java-random.js';
import { distribution, isSteady, quantile, sliceWorth, Spread, student975, variance }
  from '../../main/resources/dev/lutra/server/web/pages/statistics.js';

const rules = JSON.parse(readFileSync(
  new URL('../../../../agent/src/test/resources/dev/lutra/agent/estimator-rules.json', import.meta.url), 'utf8'));

function close(actual, expected, relative = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected) + 1e-15, `${actual} is not ${expected}`);
}

function each(rule, check) {
  test(rule, () => {
    assert.ok(rules[rule].length > 0);
    rules[rule].forEach(check);
  });
}

each('quantile', vector => close(quantile(vector.values, vector.fraction), vector.is));
each('variance', vector => close(variance(vector.values), vector.is));
each('student975', vector => close(student975(vector.degreesOfFreedom), vector.is, 0.01));
each('sliceWorth', vector => close(sliceWorth(vector.error, vector.slices, vector.more), vector.is));
each('steady', vector => assert.equal(isSteady(vector.latencies), vector.is, vector.what));

each('spread', vector => {
  const spread = new Spread();
  vector.tasks.forEach(residuals => spread.add(residuals));
  close(spread.variance, vector.variance);
  const mixed = spread.mixed(vector.own);
  close(mixed.variance, vector.page.mixedVariance);
  assert.equal(mixed.degreesOfFreedom, vector.page.degreesOfFreedom);
});

each('distribution', ({ samples, histogram, ...expected }) => {
  const { meanNanos, deviationNanos, ...exact } = expected;
  const actual = distribution(samples);
  close(actual.meanNanos, meanNanos);
  close(actual.deviationNanos, deviationNanos);
  for (const [field, value] of Object.entries(exact)) {
    assert.equal(actual[field], value, `${field} of ${samples.length} samples`);
  }
  assert.equal(actual.samples, samples.length);
});

test('histogram', async () => {
  for (const { samples, histogram } of rules.distribution) {
    const encoded = await encodeHistogram(Float64Array.from(samples).sort().map(Math.round));
    assert.deepEqual(inflateSync(encoded.subarray(8)), inflateSync(base64ToBytes(histogram).subarray(8)));
  }
});

each('seededValues', ({ seed, values }) => {
  const random = new JavaRandom(seed);
  values.forEach(value => close(random.nextGaussian(), value, 1e-15));
});

test('float16', () => {
  const floats = new Float32Array(Uint32Array.from(rules.float16, vector => vector.float32Bits).buffer);
  assert.deepEqual([...floatsToHalves(floats)], rules.float16.map(vector => vector.bits));
});

test('float16 to float32 and back changes nothing', () => {
  const halves = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter(bits => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0);
  assert.deepEqual(floatsToHalves(halvesToFloats(halves)), halves);
  assert.ok(Number.isNaN(halvesToFloats([0x7e00])[0]));
});
