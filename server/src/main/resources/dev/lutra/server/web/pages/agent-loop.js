// An agent's life: join, lease tasks, fetch their models, measure, report. Runs until stopped.

import { describe } from './device.js';
import { Server, ServerError } from './protocol.js';
import { Passport } from './passport.js';
import { Budgets, Hidden, Job, measure } from './rounds.js';
import { problemOf } from './task-limits.js';

const LEASE_TASKS = 8;
/** Short, because a page that is closed while it waits may be given tasks that nobody does until their lease runs out. */
const LEASE_WAIT_MILLIS = 10_000;
const MODELS = 'lutra-models';
/** The page's last report that the server may not have got, kept over a reload. */
const UNANSWERED = 'lutra.unanswered';
const MACHINE = 'lutra.machine';

/** The agent was stopped: ends whatever is under way. */
class Stopped extends Error {}

export class Agent {
  #server;
  #tell;
  #session;
  #held = new Map();
  #stopped = false;
  #timesHidden = 0;
  #shown = [];
  #description;
  /** How much rounds disagree on this device, by provider and threads. */
  spreads = new Map();
  #budgets = new Budgets();
  #process = crypto.randomUUID();

  /**
   * @param token to join with, where this device's key is not known to the server yet; null: none
   * @param runtime { version } of onnxruntime-web
   * @param tell called with what the page shows: { state, problem, task, round, p50Nanos, batch, result, discarded }
   */
  constructor({ token, name, version, runtime, tell }) {
    this.#server = new Server(new Passport(name, token));
    this.#tell = tell;
    this.name = name;
    this.lutraVersion = version;
    this.runtime = runtime;
  }

  /** Works until stopped; rejects only with what a person has to act on. */
  async run() {
    this.#description = await describe(this.name);
    this.version = `${this.lutraVersion} in ${this.#description.browser}`;
    this.sentinel = await (await fetch('/pages/sentinel.onnx')).arrayBuffer();
    this.limits = await (await fetch('/pages/task-limits.json', { cache: 'no-store' })).json();
    document.addEventListener('visibilitychange', this.#visibility);
    try {
      await this.#deliverFromBefore();
      while (!this.#stopped) {
        await this.#serve();
      }
    } catch (problem) {
      if (!(problem instanceof Stopped)) {
        throw problem;
      }
    } finally {
      document.removeEventListener('visibilitychange', this.#visibility);
    }
  }

  stop() {
    this.#stopped = true;
    this.#shown.forEach(resolve => resolve());
  }

  #visibility = () => {
    if (document.hidden) {
      this.#timesHidden++;
      this.#tell({ state: 'paused' });
    } else {
      this.#shown.splice(0).forEach(resolve => resolve());
    }
  };

  #onProblem = problem => {
    if (this.#stopped) {
      throw new Stopped();
    }
    this.#tell({ problem: `no answer from the server (${problem.message}), trying again` });
  };

  /** What the device offers, as it joins. */
  get offered() {
    return { adapter: this.#description.adapter, device: this.#description.device,
      providers: [...(this.#description.adapter ? ['webgpu'] : []), 'wasm'] };
  }

  runtimeOf(task) {
    return { name: 'onnxruntime-web', version: this.runtime.version, provider: task.provider, threads: task.threads ?? 1 };
  }

  /** Why a task cannot be done here; null if it can. */
  offers(task) {
    if (!this.offered.providers.includes(task.provider)) {
      return `provider ${task.provider}: not offered (expected: ${this.offered.providers.join(', ')})`;
    }
    if (task.load) {
      return 'load: a page cannot offer requests at a set rate';
    }
    if (Object.keys(task.providerOptions ?? {}).length > 0) {
      return `provider_options: ${Object.keys(task.providerOptions).join(', ')} (expected: none for ${task.provider})`;
    }
    if (task.provider === 'wasm' && task.threads > 1 && !self.crossOriginIsolated) {
      return `threads: ${task.threads} (expected: 1, since this browser gives the page no shared memory)`;
    }
    return null;
  }

  /** The sentinel's level that all figures of this device are scaled to: measured once, then kept. */
  async reference(site, find) {
    const key = ['lutra.reference', this.runtime.version, site, this.offered.device.gpus[0] ?? ''].join('/');
    const kept = Number(localStorage.getItem(key));
    if (kept > 0) {
      return kept;
    }
    const found = await find();
    localStorage.setItem(key, String(found));
    return found;
  }

  async #serve() {
    const { device, providers } = this.offered;
    this.#tell({ state: 'joining' });
    const joined = await this.#server.join({ device, agentVersion: this.version, machine: machineId(), process: this.#process,
      runtimes: [{ name: 'onnxruntime-web', version: this.runtime.version, providers }] }, this.#onProblem);
    this.#session = joined.session;
    this.#held.clear();
    const renewing = setInterval(() => this.#renew(), Number(joined.leaseMillis) / 3);
    try {
      while (!this.#stopped) {
        await this.#attentive();
        this.#tell({ state: 'waiting', problem: '' });
        const { tasks = [], queued = 0 } = await this.#server.lease(
          { session: this.#session, maxTasks: LEASE_TASKS, waitMillis: LEASE_WAIT_MILLIS }, this.#onProblem);
        await this.#work(tasks, queued);
      }
    } catch (problem) {
      if (!(problem instanceof ServerError && problem.sessionLost)) {
        throw problem;
      }
      this.#tell({ problem: 'the server has ended this session, joining again' });
      await new Promise(resolve => setTimeout(resolve, 1000 + 2000 * Math.random()));
    } finally {
      clearInterval(renewing);
    }
  }

  async #renew() {
    try {
      const leases = [...this.#held.values()];
      const { held = [] } = await this.#server.renew({ session: this.#session, leases });
      const still = new Set(held.map(key));
      leases.filter(lease => !still.has(key(lease))).forEach(lease => this.#held.delete(key(lease)));
    } catch (problem) {
      if (problem instanceof ServerError && problem.sessionLost) {
        this.#held.clear();
      } // otherwise the next one may get through, or the lease is lost, which the server tells
    }
  }

  /** @param queued how many tasks are still to come */
  async #work(tasks, queued) {
    tasks.forEach(leased => this.#held.set(key(nameOf(leased)), nameOf(leased)));
    const jobs = await Promise.all(tasks.map(leased => this.#job(leased)));
    this.#tell({ state: tasks.length > 0 ? 'measuring' : 'waiting', batch: { size: jobs.length, done: 0 } });
    this.#budgets.admit(jobs, queued);
    await measure(this, jobs, {
      holds: job => !this.#stopped && this.#held.has(key(nameOf(job.leased))),
      attentive: () => this.#attentive(),
      guard: work => this.#guard(work),
      progress: (job, round) => this.#tell({ state: 'measuring', problem: '', task: job.task.label, round, p50Nanos: job.p50Nanos,
        batch: { size: jobs.length, done: jobs.filter(other => other.outcome).length } }),
      done: job => this.#deliver(job, jobs),
      serverIsThere: () => this.#server.isThere(this.#onProblem),
    });
    if (queued === 0) {
      this.#budgets.endAll();
    }
  }

  async #job(leased) {
    const problem = problemOf(leased.task, this.limits);
    if (problem) {
      return this.#refused(leased, problem);
    }
    try {
      return new Job(leased, await this.#model(leased.task.modelSha256));
    } catch (problem) {
      if (!(problem instanceof ServerError) || problem.status !== 400) {
        throw problem;
      }
      return this.#refused(leased, problem.message);
    }
  }

  async #refused(leased, reason) {
    const job = new Job(leased, null);
    job.fail(reason);
    await this.#deliver(job, [job]);
    return job;
  }

  async #attentive() {
    while (document.hidden && !this.#stopped) {
      await new Promise(resolve => this.#shown.push(resolve));
    }
    if (this.#stopped) {
      throw new Stopped();
    }
  }

  /** Browsers slow down or stop hidden pages: what was measured then is thrown away. */
  async #guard(work) {
    if (document.hidden) {
      throw new Hidden('the page is hidden');
    }
    const before = this.#timesHidden;
    let result;
    try {
      result = await work();
    } catch (problem) {
      this.#throwIfHidden(before);
      throw problem;
    }
    this.#throwIfHidden(before);
    return result;
  }

  #throwIfHidden(before) {
    if (this.#timesHidden !== before) {
      this.#tell({ discarded: 1 });
      throw new Hidden('the page was hidden');
    }
  }

  /** A model's bytes: every hash is downloaded once and checked. */
  async #model(sha256) {
    const cache = await globalThis.caches?.open(MODELS).catch(() => undefined);
    const url = `/models/${sha256}`;
    const kept = await (await cache?.match(url))?.arrayBuffer();
    if (kept && await sha256Of(kept) === sha256) {
      return kept;
    }
    const bytes = await this.#server.fetchModel({ session: this.#session, sha256 }, this.#onProblem);
    if (await sha256Of(bytes) !== sha256) {
      throw new Error(`model ${sha256}: the server sent other bytes`);
    }
    await cache?.put(url, new Response(bytes)).catch(() => {}); // no room is no reason to stop
    return bytes;
  }

  async #deliver(job, jobs) {
    const lease = nameOf(job.leased);
    const report = { session: this.#session, lease, outcome: job.outcome };
    try {
      sessionStorage.setItem(UNANSWERED, JSON.stringify(report));
    } catch {
      sessionStorage.removeItem(UNANSWERED); // outputs may be larger than what a page may keep
    }
    const accepted = await this.#report(report);
    this.#held.delete(key(lease));
    const { measured, failed } = job.outcome;
    this.#tell({ batch: { size: jobs.length, done: jobs.filter(other => other.outcome).length },
      result: { label: job.task.label, accepted, failed: failed?.reason, latency: measured?.latency,
        circumstances: measured?.circumstances } });
  }

  async #report(report) {
    let accepted;
    try {
      accepted = (await this.#server.report(report, this.#onProblem)).accepted === true;
    } catch (problem) {
      if (!(problem instanceof ServerError) || problem.status !== 400) {
        throw problem;
      }
      // Without a word the server would ask again for what it does not take.
      const refusal = { failed: { reason: `the server refuses the outcome: ${problem.message}` } };
      this.#tell({ problem: `task ${report.lease.taskId}: ${refusal.failed.reason}` });
      accepted = (await this.#server.report({ ...report, outcome: refusal }, this.#onProblem)).accepted === true;
    }
    sessionStorage.removeItem(UNANSWERED);
    return accepted;
  }

  /** Before joining anew gives the leases back: the session that the report belongs to is still known then. */
  async #deliverFromBefore() {
    const kept = sessionStorage.getItem(UNANSWERED);
    if (kept) {
      try {
        await this.#report(JSON.parse(kept));
      } catch (problem) {
        if (!(problem instanceof ServerError && problem.sessionLost)) {
          throw problem;
        }
        sessionStorage.removeItem(UNANSWERED); // the task is measured again
      }
    }
  }
}

/** What tells this browser from others that take the same name: random, and kept. */
function machineId() {
  const kept = localStorage.getItem(MACHINE) ?? crypto.randomUUID();
  localStorage.setItem(MACHINE, kept);
  return kept;
}

function nameOf(leased) {
  return { taskId: leased.task.id, epoch: leased.epoch };
}

function key(lease) {
  return `${lease.epoch} ${lease.taskId}`;
}

async function sha256Of(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
}
