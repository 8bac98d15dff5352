// Rounds against a scripted worker: what becomes of tasks when slices are disturbed, late, or lost with their worker.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Budgets, Hidden, Job, measure } from '../../main/resources/dev/lutra/server/web/pages/rounds.js';
import { ESTIMATOR } from '../../main/resources/dev/lutra/server/web/pages/statistics.js';

const LEVEL = 1e6;
const LATENCY = 5e6;
const NO_ANSWER = Symbol('no answer');

let workers;
/** Told every request with the worker; what it returns is the reply, NO_ANSWER for none. */
let answer;

class ScriptedWorker {
  terminated = false;
  requests = [];

  constructor() {
    workers.push(this);
  }

  postMessage(request) {
    this.requests.push(request);
    const reply = answer(request, this);
    if (reply !== NO_ANSWER) {
      queueMicrotask(() => this.reply({ id: request.id, ...reply }));
    }
  }

  reply(message) {
    if (!this.terminated) {
      this.onmessage({ data: message });
    }
  }

  terminate() {
    this.terminated = true;
  }
}

function usual(request) {
  return request.open ? { opened: { timing: 'wall: simulated' } }
    : request.sentinel ? { sentinelNanos: LEVEL } : { slice: sliceOf(LATENCY) };
}

function sliceOf(latency, runsPerSample = 1) {
  return { samples: Array.from({ length: 40 }, (_, i) => latency * (1 + i / 4000)), warmupRuns: 24, warmupNanos: 30e6, steady: true,
    sessionNanos: 5e6, samplingNanos: 60e6, clockOverheadNanos: 30, runsPerSample };
}

function jobOf(id, rules = {}) {
  return new Job({ epoch: 1, task: { id, label: id, provider: 'wasm', threads: 1,
    rules: { minRounds: 3, targetRelativeHalfWidth: 0.05, maxWarmupNanos: 1e8, maxMeasureNanos: 2e9, ...rules } } }, new ArrayBuffer(4));
}

/**
 * @param guard as the agent has it: throws Hidden if the page was hidden meanwhile
 * @param done told every job with its outcome
 */
function run(jobs, { guard = work => work(), done = async () => {} } = {}) {
  let kept;
  const agent = { runtime: { version: '1' }, limits: { mostOutputBytes: 1000 }, version: 'test', runtimeOf: () => ({ name: 'onnxruntime-web' }), sentinel: new ArrayBuffer(4),
    spreads: new Map(), offers: () => null, reference: async (site, find) => kept ??= await find() };
  return measure(agent, jobs, { holds: () => true, attentive: async () => {}, guard, progress: () => {}, done,
    serverIsThere: async () => true });
}

beforeEach(() => {
  workers = [];
  answer = usual;
  globalThis.Worker = ScriptedWorker;
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** Until somebody waits for what the script does not answer. */
async function settle() {
  for (let i = 0; i < 200; i++) {
    await Promise.resolve();
  }
}

test('every round has a worker of its own, and the outcome says how it came about', async () => {
  const jobs = [jobOf('a'), jobOf('b')];
  await run(jobs);
  for (const { outcome: { measured } } of jobs) {
    assert.equal(measured.circumstances.rounds, 3);
    assert.equal(measured.circumstances.converged, true);
    assert.equal(measured.circumstances.sentinelReferenceNanos, LEVEL);
    assert.equal(measured.latency.estimator, ESTIMATOR);
    assert.equal(measured.latency.samples, 120);
    assert.ok(measured.latency.relativeHalfWidth > 0.01, 'rounds that are alike leave the doubt of the device');
    assert.equal(measured.latency.p99Nanos, 0, 'not to be told by 120 samples');
  }
  assert.equal(workers.length, 3);
  assert.ok(workers.every(worker => worker.terminated));
});

test('a slice between unequal looks at the sentinel is repeated', async () => {
  let looks = 0;
  answer = request => request.sentinel ? { sentinelNanos: ++looks === 8 ? 1.3 * LEVEL : LEVEL } : usual(request);
  const job = jobOf('a');
  await run([job]);
  assert.equal(job.outcome.measured.circumstances.disturbedRounds, 1);
  assert.equal(job.outcome.measured.circumstances.rounds, 3);
});

/** A phone's screen goes dark in a slice; its time limit passes first when it wakes, then the reply comes. */
test('a late reply does not answer the next request', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let hidden = false;
  let asked = null;
  answer = (request, worker) => {
    if (request.slice) {
      asked = { request, worker };
      return NO_ANSWER;
    }
    return usual(request);
  };
  const guard = async work => {
    hidden = false;
    let result;
    try {
      result = await work();
    } finally {
      if (hidden) {
        throw new Hidden('the page was hidden');
      }
    }
    return result;
  };
  const job = jobOf('a');
  const measured = run([job], { guard });
  await settle();
  const slept = asked;
  hidden = true;
  answer = (request, worker) => {
    asked = { request, worker };
    return NO_ANSWER;
  };
  mock.timers.tick(10 * 60_000);
  await settle();
  slept.worker.onmessage({ data: { id: slept.request.id, slice: sliceOf(3 * LATENCY) } });
  answer = usual;
  asked.worker.reply({ id: asked.request.id, ...usual(asked.request) });
  await measured;
  assert.equal(job.crashes, 0);
  const { latency, circumstances } = job.outcome.measured;
  assert.ok(Math.abs(latency.p50Nanos / LATENCY - 1) < 0.02, `${latency.p50Nanos}`);
  assert.equal(circumstances.drift, 0);
});

test('only the reply to a request answers it', async () => {
  answer = (request, worker) => {
    if (request.slice) {
      queueMicrotask(() => worker.reply({ id: request.id - 1, sentinelNanos: 7 * LEVEL }));
    }
    return usual(request);
  };
  const job = jobOf('a');
  await run([job]);
  assert.ok(Math.abs(job.outcome.measured.latency.p50Nanos / LATENCY - 1) < 0.02);
});

test('a GPU that is lost between two slices is nobody\'s fault', async () => {
  const jobs = ['a', 'b', 'c'].map(id => jobOf(id));
  await run(jobs, { done: async () => workers.at(-1).reply({ crash: 'the GPU was lost: unplugged' }) });
  jobs.forEach(job => assert.equal(job.outcome.measured?.circumstances.rounds, 3, JSON.stringify(job.outcome)));
  assert.equal(workers.length, 5);
});

test('a model that brings the worker down fails alone', async () => {
  answer = request => request.slice?.task.id === 'bad' ? { crash: 'unreachable executed' } : usual(request);
  const jobs = [jobOf('good'), jobOf('bad')];
  await run(jobs);
  assert.equal(jobs[1].outcome.failed.reason, 'the runtime went down 2 times: unreachable executed');
  assert.equal(jobs[0].outcome.measured.circumstances.rounds, 3);
  assert.equal(jobs[0].crashes, 0);
});

test('a model that never ends fails', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  answer = request => request.slice ? NO_ANSWER : usual(request);
  const job = jobOf('endless');
  const measured = run([job]);
  for (let i = 0; i < 2; i++) {
    await settle();
    mock.timers.tick(10 * 60_000);
  }
  await measured;
  assert.match(job.outcome.failed.reason, /no answer for 122\.1 s/);
});

test('a model that cannot be opened fails at once, with the worker kept', async () => {
  answer = request => request.slice ? { failure: 'the model cannot be opened: no' } : usual(request);
  const job = jobOf('a');
  await run([job]);
  assert.equal(job.outcome.failed.reason, 'the model cannot be opened: no');
  assert.equal(workers.length, 1);
});

test('means of several runs state no tail', async () => {
  answer = request => request.slice ? { slice: sliceOf(LATENCY, 40) } : usual(request);
  const job = jobOf('a', { minRounds: 12 });
  await run([job]);
  const { latency, circumstances } = job.outcome.measured;
  assert.equal(latency.samples, 480);
  assert.deepEqual([latency.p90Nanos, latency.p99Nanos], [0, 0]);
  assert.match(circumstances.timing, /samples are means of about 40 runs/);
});

/** Opening a runtime takes a second, a slice with its sentinels 0.2 s, on a clock of their own; returns how it is read. */
function onVirtualClock() {
  let now = 5000;
  mock.method(performance, 'now', () => now);
  answer = request => {
    now += request.open ? 1000 : request.slice ? 160 : 20;
    return usual(request);
  };
  return () => now;
}

function budgeted(id, seconds, sensitivity = 1, rules = {}) {
  const job = jobOf(id, { targetRelativeHalfWidth: 0.0001, maxMeasureNanos: 600e9, ...rules });
  job.task.budget = { batch: 'segments', nanos: String(seconds * 1e9), sensitivity };
  return job;
}

test('a budget is kept: all tasks end on time with an interval', async () => {
  const now = onVirtualClock();
  const began = now();
  const jobs = ['a', 'b', 'c', 'd', 'e', 'f'].map(id => budgeted(id, 30));
  new Budgets().admit(jobs, 0);
  await run(jobs);
  assert.ok(Math.abs(now() - began - 30_000) < 3000, `${now() - began}`);
  for (const { outcome: { measured } } of jobs) {
    assert.ok(measured.circumstances.rounds >= 2);
    assert.equal(measured.circumstances.converged, false);
    assert.equal(typeof measured.latency.relativeHalfWidth, 'number');
  }
});

test('a budget goes where predictions gain most', async () => {
  onVirtualClock();
  const jobs = [['a', 9], ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm'].map(id => [id, 0.3])]
    .map(([id, sensitivity]) => budgeted(id, 60, sensitivity));
  new Budgets().admit(jobs, 0);
  await run(jobs);
  const [most, ...others] = jobs.map(job => job.outcome.measured.circumstances.rounds);
  assert.ok(others.every(rounds => most > rounds), `${most} ${others}`);
});

test('tasks still to come have their part of a budget kept', async () => {
  const now = onVirtualClock();
  const began = now();
  const budgets = new Budgets();
  for (const [id, waiting] of [['a', 2], ['b', 1], ['c', 0]]) {
    const jobs = [budgeted(id, 30)];
    budgets.admit(jobs, waiting);
    await run(jobs);
    assert.ok(Math.abs(now() - began - (3 - waiting) * 10_000) < 3000, `${id}: ${now() - began}`);
  }
});

test('a budget too small leaves no task without a slice, disturbed or not', async () => {
  onVirtualClock();
  const calm = answer;
  let looks = 0;
  answer = request => request.sentinel ? { ...calm(request), sentinelNanos: (1 + 0.5 * (++looks % 2)) * LEVEL } : calm(request);
  const jobs = ['a', 'b', 'c'].map(id => budgeted(id, 0.1));
  new Budgets().admit(jobs, 0);
  await run(jobs);
  for (const { outcome: { measured } } of jobs) {
    assert.equal(measured.circumstances.rounds, 1);
    assert.equal(measured.latency.relativeHalfWidth, 'Infinity');
  }
});

test('what is known well enough leaves before its budget is spent', async () => {
  const now = onVirtualClock();
  const began = now();
  const jobs = [budgeted('a', 600, 1, { targetRelativeHalfWidth: 0.05 })];
  new Budgets().admit(jobs, 0);
  await run(jobs);
  assert.equal(jobs[0].outcome.measured.circumstances.converged, true);
  assert.ok(now() - began < 60_000);
});
