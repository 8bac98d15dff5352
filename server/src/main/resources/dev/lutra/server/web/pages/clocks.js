// What a page can time with, and how finely. Nanoseconds.

/** The steps of performance.now: what browsers coarsen it to, 5 µs in an isolated page, up to a millisecond elsewhere. */
export function clockResolution() {
  let finest = Infinity;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) {
      now = performance.now();
    }
    finest = Math.min(finest, now - start);
  }
  return finest * 1e6;
}

/** Of reading performance.now once. */
export function clockOverhead() {
  const reads = 20_000;
  const start = performance.now();
  for (let i = 0; i < reads; i++) {
    performance.now();
  }
  return (performance.now() - start) * 1e6 / reads;
}

/** Around a number of runs, until all of them are done. */
export class WallClock {
  #sync;

  /**
   * @param resolution nanoseconds
   * @param sync waits until what was started is done; absent where a run's promise already says so
   */
  constructor(resolution, sync) {
    this.resolution = resolution;
    this.#sync = sync;
  }

  get description() {
    return this.#sync ? 'wall: performance.now around several runs between two waits for the GPU, inputs and outputs on it'
      : 'wall: performance.now around the session call, copies into and out of WebAssembly memory included';
  }

  /** How long a batch should take for the clock's steps to be 1 % of it. */
  get enoughNanos() {
    return Math.max(100 * this.resolution, this.#sync ? 20e6 : 0);
  }

  maxRuns = 4096;

  /** Nanoseconds a run, one figure for all of them. */
  async time(run, runs) {
    await this.#sync?.();
    const start = performance.now();
    for (let i = 0; i < runs; i++) {
      await run();
    }
    await this.#sync?.();
    return [(performance.now() - start) * 1e6 / runs];
  }
}

/** Timestamps of a batch's compute passes that fit in one query set. */
const QUERIES = 4096;

/**
 * The GPU's own clock: every compute pass of a device writes when it began and ended, so that neither copies nor the page's own
 * work is in the figure. The passes are the runtime's own, as it batches them anyway.
 */
export class GpuClock {
  #device;
  #queries;
  #resolved;
  #readable;
  #recording = false;
  #used = 0;

  constructor(device) {
    this.#device = device;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: QUERIES });
    this.#resolved = device.createBuffer({ size: 8 * QUERIES, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    this.#readable = device.createBuffer({ size: 8 * QUERIES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.#watchPasses();
  }

  /** @returns the clock, or null where the device has none that works */
  static async of(device) {
    if (!device.features.has('timestamp-query')) {
      return null;
    }
    const clock = new GpuClock(device);
    clock.resolution = await clock.#findResolution();
    return clock.resolution > 0 ? clock : null;
  }

  #watchPasses() {
    const device = this.#device;
    const createCommandEncoder = device.createCommandEncoder.bind(device);
    device.createCommandEncoder = descriptor => {
      const encoder = createCommandEncoder(descriptor);
      const beginComputePass = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = pass =>
        beginComputePass(this.#recording ? { ...pass, timestampWrites: this.#nextQueries() } : pass);
      return encoder;
    };
  }

  #nextQueries() {
    if (this.#used + 2 > QUERIES) {
      throw new Error(`a batch has more than ${QUERIES / 2} compute passes`);
    }
    const first = this.#used;
    this.#used += 2;
    return { querySet: this.#queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** Browsers coarsen timestamps to multiples of some step, which is then their greatest common divisor. 0: they do not run. */
  async #findResolution() {
    this.#start();
    for (let i = 0; i < 32; i++) {
      const encoder = this.#device.createCommandEncoder();
      encoder.beginComputePass().end();
      this.#device.queue.submit([encoder.finish()]);
      await this.#device.queue.onSubmittedWorkDone();
    }
    const stamps = await this.#stop();
    if (stamps.every(stamp => stamp === stamps[0])) {
      return 0;
    }
    let divisor = 0n;
    for (let stamp of stamps) {
      while (stamp > 0n) {
        [divisor, stamp] = [stamp, divisor % stamp];
      }
    }
    return Number(divisor);
  }

  #start() {
    this.#used = 0;
    this.#recording = true;
  }

  async #stop() {
    this.#recording = false;
    const count = this.#used;
    const encoder = this.#device.createCommandEncoder();
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, 8 * count);
    this.#device.queue.submit([encoder.finish()]);
    await this.#readable.mapAsync(GPUMapMode.READ, 0, 8 * count);
    const stamps = [...new BigUint64Array(this.#readable.getMappedRange(0, 8 * count))];
    this.#readable.unmap();
    return stamps;
  }

  get description() {
    return `gpu: timestamp queries, time with a compute pass running, steps of ${this.resolution} ns`;
  }

  /** Long enough for the GPU to keep its clock up between the page's looks, and for the steps to be 5 % of a batch. */
  get enoughNanos() {
    return Math.max(20 * this.resolution, 8e6);
  }

  /** Passes of a run are known only once it ran; the runtime puts up to 16 kernels into one. */
  maxRuns = 128;

  /** Nanoseconds a run: one figure for each where the clock is fine enough for that, else one for all. */
  async time(run, runs) {
    this.#start();
    const ends = [];
    for (let i = 0; i < runs; i++) {
      await run();
      ends.push(this.#used);
    }
    const stamps = await this.#stop();
    if (stamps.length === 0) {
      throw new Error('the runtime ran nothing on the GPU');
    }
    this.maxRuns = Math.min(this.maxRuns, Math.max(1, Math.floor(QUERIES * 0.9 / (stamps.length / runs))));
    const whole = busy(stamps) / runs;
    if (50 * this.resolution > whole) {
      return [whole];
    }
    return ends.map((end, i) => busy(stamps.slice(i === 0 ? 0 : ends[i - 1], end)));
  }
}

/** How long at least one of the passes ran. */
function busy(stamps) {
  const passes = [];
  for (let i = 0; i < stamps.length; i += 2) {
    passes.push([stamps[i], stamps[i + 1]]);
  }
  passes.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  let total = 0n;
  let until = 0n;
  for (const [begin, end] of passes) {
    const from = begin > until ? begin : until;
    if (end > from) {
      total += end - from;
      until = end;
    }
  }
  return Number(total);
}
