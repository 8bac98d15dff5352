// Measures a batch of tasks in rounds: each round in a worker of its own, tasks in random order, the sentinel between them.

import { bytesToBase64, encodeHistogram } from './encoding.js';
import { distribution, ESTIMATOR, halfWidth, json, median, residuals, sliceWorth, Spread } from './statistics.js';

/** Two looks at the sentinel around a slice may differ by this; more says that something interfered. */
const AGREEMENT = 0.1;
/** A task that brings the worker down so often fails. */
const MAX_CRASHES = 2;
/** A round that takes this much longer than its rules allow is hung. */
const HANG_MILLIS = 120_000;
const SENTINEL_INPUT = [{ name: 'input', shape: [1, 32, 28, 28], randomSeed: 1 }];
const REFERENCE_LOOKS = 5;
/** With a time budget every task gets so many slices before any gets more … */
const BUDGET_SLICES = 2;
/** … and what is planned at once takes about this long: then more is known. */
const BUDGET_ROUND_MILLIS = 2000;

/** The page was hidden: what was measured meanwhile does not count. */
export class Hidden extends Error {}

/** The model cannot be run here; the line says why. */
class TaskFailure extends Error {}

/** The worker is gone. */
class Crash extends Error {}

/**
 * A bench.js worker for one round. Requests have numbers, which replies carry: a device that slept answers when it wakes, perhaps a
 * request that was given up meanwhile.
 */
class Bench {
  #worker;
  #requests = 0;
  #pending = null;
  /** Why this worker is not to be asked again: it went down, or may still be at a request that was given up. */
  lost = null;

  static async open({ runtime, limits }, provider, threads) {
    const bench = new Bench();
    bench.#worker = new Worker(new URL('./bench.js', import.meta.url), { type: 'module' });
    bench.#worker.onmessage = ({ data }) => bench.#hear(data);
    bench.#worker.onerror = event => {
      event.preventDefault();
      bench.#lose(event.message || 'the worker ended');
    };
    try {
      bench.timing = (await bench.#ask({ open: { version: runtime.version, provider, threads, mostOutputBytes: limits.mostOutputBytes } }, HANG_MILLIS)).opened.timing;
    } catch (problem) {
      bench.close();
      throw problem;
    }
    return bench;
  }

  #ask(request, millis) {
    if (this.lost) {
      return Promise.reject(this.lost);
    }
    return new Promise((resolve, reject) => {
      const id = ++this.#requests;
      const hung = setTimeout(() => this.#lose(`no answer for ${millis / 1000} s`), millis);
      this.#pending = { id, resolve, reject, hung };
      this.#worker.postMessage({ id, ...request });
    });
  }

  #hear({ id, ...reply }) {
    if (reply.crash !== undefined) {
      this.#lose(reply.crash);
    } else if (id === this.#pending?.id) {
      const { resolve, reject } = this.#settle();
      if (reply.failure !== undefined) {
        reject(new TaskFailure(reply.failure));
      } else {
        resolve(reply);
      }
    }
  }

  #settle() {
    const pending = this.#pending;
    this.#pending = null;
    clearTimeout(pending?.hung);
    return pending;
  }

  #lose(reason) {
    this.lost ??= new Crash(reason);
    this.#settle()?.reject(this.lost);
  }

  async slice(task, model) {
    const allowed = (Number(task.rules?.maxWarmupNanos ?? 0) + Number(task.rules?.maxMeasureNanos ?? 0)) / 1e6;
    return (await this.#ask({ slice: { task, model } }, allowed + HANG_MILLIS)).slice;
  }

  async sentinel(model) {
    return (await this.#ask({ sentinel: { model, inputs: SENTINEL_INPUT } }, HANG_MILLIS)).sentinelNanos;
  }

  close() {
    this.#lose('closed');
    this.#worker.terminate();
  }
}

/** One task on its way to an outcome. */
export class Job {
  rounds = [];
  disturbed = 0;
  crashes = 0;
  spentNanos = 0;
  outcome = null;
  /** When the time that its budget leaves it ends, by performance.now(). */
  deadline = Infinity;
  #slices = 0;
  #wallMillis = 0;

  constructor(leased, model) {
    this.leased = leased;
    this.task = leased.task;
    this.model = model;
  }

  get site() {
    return `${this.task.provider}/${this.task.threads ?? 1}`;
  }

  /** Logarithms of the rounds' medians on the reference's scale. */
  get #logs() {
    return this.rounds.map(round => Math.log(median(round.scaled)));
  }

  /** What the rounds are off their middle. */
  get residuals() {
    return residuals(this.#logs);
  }

  /** The median so far; undefined before the first round. */
  get p50Nanos() {
    return this.rounds.length > 0 ? median(this.rounds.flatMap(round => round.scaled)) : undefined;
  }

  get outOfTime() {
    return this.spentNanos >= Number(this.task.rules.maxMeasureNanos ?? 0)
      || performance.now() + this.sliceMillis > this.deadline;
  }

  get isMeasured() {
    return this.rounds.length > 0;
  }

  get lacksSlices() {
    return this.#slices < BUDGET_SLICES;
  }

  /** What a slice of this task takes, sentinels included; 0 before the first. */
  get sliceMillis() {
    return this.#slices > 0 ? this.#wallMillis / this.#slices : 0;
  }

  /** A slice of this task, with the sentinels beside it, took so long. */
  took(millis) {
    this.#slices++;
    this.#wallMillis += millis;
  }

  /** What one more slice is worth to what the batch is for, for its time. */
  gain(spread) {
    const error = this.task.budget.sensitivity * (this.p50Nanos ?? 1) * halfWidth(this.#logs, spread);
    return sliceWorth(error, this.#slices) / this.sliceMillis;
  }

  /** Whether the interval over at least two rounds, and as many as the rules want, is as narrow as they want. */
  converged(spread) {
    const { minRounds = 0, targetRelativeHalfWidth } = this.task.rules;
    return this.rounds.length >= Math.max(2, minRounds) && halfWidth(this.#logs, spread) <= targetRelativeHalfWidth;
  }

  ready(spread) {
    return this.converged(spread) || this.rounds.length > 0 && this.outOfTime;
  }

  fail(reason) {
    this.outcome = { failed: { reason } };
  }

  /** Takes a slice with the sentinel's level before and after it. */
  add(slice, before, after, reference) {
    this.spentNanos += slice.sessionNanos + (slice.warmupNanos ?? 0) + (slice.samplingNanos ?? 0);
    const level = (before + after) / 2;
    // A device that does not come to rest within the task's time is measured all the same; drift tells.
    if (!(Math.abs(before - after) <= AGREEMENT * level || this.outOfTime)) {
      this.disturbed++;
      return;
    }
    this.rounds.push({ ...slice, before, after, scaled: slice.samples.map(nanos => nanos * reference / level) });
  }

  /** @param spread of the device, this task's rounds among what it knows */
  async finish(agent, timing, reference, spread) {
    const sum = of => Math.round(this.rounds.reduce((total, round) => total + of(round), 0));
    const levels = this.rounds.flatMap(round => [round.before, round.after]);
    const samples = this.rounds.flatMap(round => round.scaled);
    const runs = Math.max(1, Math.round(median(this.rounds.map(round => round.runsPerSample))));
    const latency = {
      ...distribution(samples, runs),
      estimator: ESTIMATOR,
      relativeHalfWidth: json(halfWidth(this.#logs, spread)),
      histogram: bytesToBase64(await encodeHistogram(Float64Array.from(samples).sort().map(Math.round))),
    };
    this.outcome = { measured: {
      runtime: agent.runtimeOf(this.task),
      latency,
      circumstances: {
        rules: this.task.rules,
        warmupRuns: sum(round => round.warmupRuns),
        warmupNanos: sum(round => round.warmupNanos),
        steady: this.rounds.every(round => round.steady),
        converged: this.converged(spread),
        measuredAtMillis: Date.now(),
        agentVersion: agent.version,
        rounds: this.rounds.length,
        disturbedRounds: this.disturbed,
        drift: json((Math.max(...levels) - Math.min(...levels)) / reference),
        sentinelNanos: Math.round(median(levels)),
        sentinelReferenceNanos: Math.round(reference),
        clockOverheadNanos: Math.round(this.rounds[0].clockOverheadNanos),
        sessionNanos: sum(round => round.sessionNanos),
        samplingNanos: sum(round => round.samplingNanos),
        timing: `${timing}; ${runs > 1 ? `samples are means of about ${runs} runs` : 'every run is a sample'}`,
      },
      outputs: this.rounds[this.rounds.length - 1].outputs,
    } };
  }
}

/** Small and seeded, so that the order of a round can be had again (mulberry32). */
function shuffled(list, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = state + 0x6d2b79f5 >>> 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return (t ^ t >>> 14) >>> 0;
  };
  const order = [...list];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random() % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Keeps the time of budgets. It runs from when the first task of a batch is taken up; tasks that are still to come have their part of it
 * kept for them.
 */
export class Budgets {
  #ends = new Map();

  /**
   * @param jobs that were taken up together
   * @param waiting how many more are to come
   */
  admit(jobs, waiting) {
    const now = performance.now();
    for (const job of jobs.filter(one => one.task.budget)) {
      const { batch, nanos } = job.task.budget;
      if (!this.#ends.has(batch)) {
        this.#ends.set(batch, now + Number(nanos) / 1e6);
      }
      job.deadline = now + jobs.length / (jobs.length + waiting) * (this.#ends.get(batch) - now);
    }
  }

  /** No task is to come: whatever comes later has its time anew. */
  endAll() {
    this.#ends.clear();
  }
}

/**
 * The jobs to take a slice of next, in this order: all of them, or where all have a budget and their first slices, those that gain most
 * for the time.
 */
function due(jobs, spread) {
  const first = jobs.filter(job => !job.task.budget || job.lacksSlices);
  if (first.length > 0) {
    return first;
  }
  const gains = new Map(jobs.map(job => [job, job.gain(spread)]));
  const byGain = [...jobs].sort((a, b) => gains.get(a) < gains.get(b) ? 1 : gains.get(a) > gains.get(b) ? -1 : 0);
  let millis = 0;
  return byGain.filter(job => {
    const taken = millis < BUDGET_ROUND_MILLIS;
    millis += job.sliceMillis;
    return taken;
  });
}

/**
 * Measures tasks until each has its outcome or is not held any more.
 *
 * @param agent runtime, version, runtimeOf(task), sentinel (bytes), reference(site, measure), spreads (Map by site, kept here),
 *   offers(task) (null or why not)
 * @param watch holds(job), attentive() (resolves once the page is visible), guard(work) (throws Hidden if the page was hidden
 *   meanwhile), progress(job, round), done(job) (awaited), serverIsThere() (waits for the server; whether it was there at once)
 */
export async function measure(agent, jobs, watch) {
  const open = () => jobs.filter(job => !job.outcome && watch.holds(job));
  for (let round = 1; open().length > 0; round++) {
    for (const site of new Set(open().map(job => job.site))) {
      if (!agent.spreads.has(site)) {
        agent.spreads.set(site, new Spread());
      }
      await oneRound(agent, site, shuffled(open().filter(job => job.site === site), round), watch, round);
    }
  }
}

async function oneRound(agent, site, jobs, watch, round) {
  const todo = due(jobs, agent.spreads.get(site));
  let bench = null;
  let level = null;
  try {
    while (todo.length > 0) {
      const job = todo[0];
      await watch.attentive();
      if (bench?.lost) {
        bench.close();
        bench = null;
        level = null;
      }
      if (!watch.holds(job)) {
        todo.shift();
        continue;
      }
      const refusal = agent.offers(job.task);
      try {
        if (refusal) {
          throw new TaskFailure(refusal);
        }
        watch.progress(job, round);
        bench ??= await Bench.open(agent, job.task.provider, job.task.threads ?? 1);
        if (job.task.rules) {
          level = await measureOnce(agent, bench, job, jobs, level, watch);
        } else {
          const slice = await watch.guard(() => bench.slice(job.task, job.model));
          job.outcome = { measured: { runtime: agent.runtimeOf(job.task), outputs: slice.outputs } };
        }
        todo.shift();
      } catch (problem) {
        level = null;
        if (problem instanceof TaskFailure) {
          job.fail(problem.message);
          todo.shift();
        } else if (problem instanceof Crash) {
          // A worker whose scripts cannot be fetched says nothing about the model.
          job.crashes += bench || await watch.serverIsThere() ? 1 : 0;
          if (job.crashes >= MAX_CRASHES) {
            job.fail(`the runtime went down ${MAX_CRASHES} times: ${problem.message}`);
            todo.shift();
          }
        } else if (!(problem instanceof Hidden)) {
          throw problem;
        }
      }
      if (job.outcome) {
        await watch.done(job);
      }
    }
    if (bench && !bench.lost) {
      await finishLate(agent, bench, jobs, watch);
    }
  } finally {
    bench?.close();
  }
}

/** Those whose budget is spent leave with what is known. */
async function finishLate(agent, bench, jobs, watch) {
  for (const job of jobs.filter(one => !one.outcome && watch.holds(one) && one.task.budget && one.isMeasured && one.outOfTime)) {
    await settle(agent, bench, job, jobs, await agent.reference(job.site, () => referenceLevel(agent, bench)));
    await watch.done(job);
  }
}

/** Slice and sentinel; returns the sentinel's level after it. No slice where the time is over and something is known. */
async function measureOnce(agent, bench, job, jobs, levelBefore, watch) {
  if (job.isMeasured && job.outOfTime) {
    await settle(agent, bench, job, jobs, await agent.reference(job.site, () => watch.guard(() => referenceLevel(agent, bench))));
    return levelBefore;
  }
  const reference = await agent.reference(job.site, () => watch.guard(() => referenceLevel(agent, bench)));
  const begun = performance.now();
  const [before, slice, after] = await watch.guard(async () => [
    levelBefore ?? await bench.sentinel(agent.sentinel),
    await bench.slice(job.task, job.model),
    await bench.sentinel(agent.sentinel)]);
  job.took(performance.now() - begun);
  job.add(slice, before, after, reference);
  await settle(agent, bench, job, jobs, reference);
  return after;
}

/** Gives a task its outcome if enough is known of it, or its time is over. */
async function settle(agent, bench, job, jobs, reference) {
  const spread = agent.spreads.get(job.site);
  const now = spread.copy();
  jobs.filter(other => !other.outcome).forEach(other => now.add(other.residuals));
  if (job.ready(now)) {
    await job.finish(agent, bench.timing, reference, now);
    spread.add(job.residuals);
  }
}

async function referenceLevel(agent, bench) {
  const looks = [];
  for (let i = 0; i < REFERENCE_LOOKS; i++) {
    looks.push(await bench.sentinel(agent.sentinel));
  }
  return median(looks);
}
