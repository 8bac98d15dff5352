// A worker in which models run, as in the native agent's child process: made anew for every round, and if a model brings it down
// the page goes on. Takes { id, open } first, then { id, slice } and { id, sentinel } requests one at a time; replies carry the
// request's id. What happens to the GPU between requests has none.

import { GpuClock, WallClock, clockOverhead, clockResolution } from './clocks.js';
import { base64ToFloats, floatsToBase64, floatsToHalves, halvesToFloats } from './encoding.js';
import { JavaRandom } from './java-random.js';
import { isSteady, median } from './statistics.js';

const SENTINEL_NANOS = 40e6;
const SENTINEL_WARMUP_NANOS = 60e6;

/** Where models run: the runtime's own way of opening sessions, and the clock. */
let site;
let sentinel;

/** Says that this task cannot be done here; another try would end the same way. */
class TaskFailure extends Error {}

onmessage = async ({ data: { id, ...request } }) => {
  try {
    postMessage({ id, ...await answer(request) });
  } catch (problem) {
    const line = String(problem?.message ?? problem).split('\n')[0];
    postMessage({ id, ...(problem instanceof TaskFailure ? { failure: line } : { crash: line }) });
  }
};

async function answer({ open, sentinel: look, slice: round }) {
  if (open) {
    site = open.provider === 'webgpu' ? await openGpu(open) : await openWasm(open);
    site.mostOutputBytes = open.mostOutputBytes;
    return { opened: { timing: site.clock.description } };
  }
  return look ? { sentinelNanos: await sentinelLevel(look) } : { slice: await slice(round.task, round.model) };
}

async function load(open, bundle, binary) {
  const ort = await import(`./ort/${open.version}/${bundle}`);
  ort.env.wasm.numThreads = open.threads;
  ort.env.logLevel = 'error';
  const base = new URL(`./ort/${open.version}/`, import.meta.url).href;
  ort.env.wasm.wasmPaths = { mjs: `${base}${binary}.mjs`, wasm: `${base}${binary}.wasm` };
  return ort;
}

/** What the runtime raises to what the GPU has, so that its kernels are those of any other page. */
const LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup', 'maxComputeWorkgroupSizeX', 'maxComputeWorkgroupSizeY', 'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension'];

async function openGpu(open) {
  const ort = await load({ ...open, threads: 1 }, 'ort.webgpu.min.mjs', 'ort-wasm-simd-threaded.asyncify');
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  const wanted = ['timestamp-query', 'shader-f16', 'subgroups'].filter(feature => adapter.features.has(feature));
  const limits = {};
  for (const name of LIMITS) {
    limits[name] = adapter.limits[name];
  }
  const device = await adapter.requestDevice({ requiredFeatures: wanted, requiredLimits: limits });
  device.lost.then(loss => postMessage({ crash: `the GPU was lost: ${loss.message || loss.reason}` }));
  const clock = await GpuClock.of(device) ?? new WallClock(clockResolution(), () => device.queue.onSubmittedWorkDone());
  return {
    ort,
    clock,
    clockOverhead: 0, // of several runs a sample, or none on the GPU's clock
    sync: () => device.queue.onSubmittedWorkDone(),
    // An operator that the GPU cannot run must not silently run elsewhere.
    options: { executionProviders: [{ name: 'webgpu', device }], preferredOutputLocation: 'gpu-buffer',
      extra: { session: { disable_cpu_ep_fallback: '1' } } },
    tensor(type, values, shape) {
      const buffer = device.createBuffer({ size: Math.ceil(values.byteLength / 16) * 16, mappedAtCreation: true,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
      new values.constructor(buffer.getMappedRange()).set(values);
      buffer.unmap();
      return ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims: shape, dispose: () => buffer.destroy() });
    },
  };
}

async function openWasm(open) {
  const ort = await load(open, 'ort.wasm.min.mjs', 'ort-wasm-simd-threaded');
  return {
    ort,
    clock: new WallClock(clockResolution()),
    clockOverhead: clockOverhead(),
    sync: async () => {},
    options: { executionProviders: ['wasm'] },
    tensor: (type, values, shape) => new ort.Tensor(type, values, shape),
  };
}

/** A session with its inputs where the provider wants them. */
class Model {
  #session;
  #feeds;

  static async open(bytes, inputs) {
    const model = new Model();
    const start = performance.now();
    try {
      model.#session = await site.ort.InferenceSession.create(new Uint8Array(bytes), site.options);
    } catch (problem) {
      throw new TaskFailure(`the model cannot be opened: ${String(problem.message ?? problem).split('\n')[0]}`);
    }
    model.sessionNanos = (performance.now() - start) * 1e6;
    try {
      model.#feeds = Object.fromEntries(inputs.map(input => [input.name, model.#tensor(input)]));
    } catch (problem) {
      await model.#session.release();
      throw problem;
    }
    return model;
  }

  /** An input in the type that the model wants: float32, or float16 converted from it. */
  #tensor(input) {
    const type = this.#session.inputMetadata.find(({ name }) => name === input.name)?.type;
    if (type !== 'float32' && type !== 'float16') {
      throw new TaskFailure(`input ${input.name}: the model wants ${type ?? 'none of that name'} (expected: float32 or float16)`);
    }
    const floats = values(input);
    return site.tensor(type, type === 'float16' ? floatsToHalves(floats) : floats, input.shape.map(Number));
  }

  /** One call; what it computed may still be under way on a GPU. */
  run = async () => {
    for (const output of Object.values(await this.#session.run(this.#feeds))) {
      output.dispose();
    }
  };

  async outputs() {
    const outputs = [];
    let bytes = 0;
    for (const [name, tensor] of Object.entries(await this.#session.run(this.#feeds))) {
      bytes += 4 * tensor.dims.reduce((values, extent) => values * extent, 1);
      if (bytes > site.mostOutputBytes) {
        throw new TaskFailure(`output ${name}: ${bytes} bytes so far (expected: at most ${site.mostOutputBytes} for all outputs)`);
      }
      const data = await tensor.getData();
      const floats = data instanceof Uint16Array ? halvesToFloats(data) : Float32Array.from(data);
      outputs.push({ name, shape: tensor.dims, littleEndianFloats: floatsToBase64(floats) });
      tensor.dispose();
    }
    return outputs;
  }

  async close() {
    await site.sync();
    Object.values(this.#feeds).forEach(tensor => tensor.dispose());
    await this.#session.release();
  }
}

/** float32 values, from bytes or from a seed. */
function values(input) {
  if (input.littleEndianFloats !== undefined) {
    return base64ToFloats(input.littleEndianFloats);
  }
  const random = new JavaRandom(input.randomSeed ?? 0);
  return Float32Array.from({ length: input.shape.reduce((size, dim) => size * Number(dim), 1) }, () => random.nextGaussian());
}

/** One round of one task: a session opened, warmed up, sampled and closed. Raw times, nothing scaled. */
async function slice(task, bytes) {
  const model = await Model.open(bytes, task.inputs ?? []);
  const slice = { clockOverheadNanos: site.clockOverhead, samples: [] };
  try {
    if (task.rules) {
      const batch = await warmUp(model, task.rules, slice);
      await sample(model, task.rules, batch, slice);
    }
    if (task.returnOutputs) {
      slice.outputs = await model.outputs();
    }
  } catch (problem) {
    if (problem instanceof WebAssembly.RuntimeError) {
      throw problem; // the runtime is broken, not just the call
    }
    throw problem instanceof TaskFailure ? problem
      : new TaskFailure(`the model does not run: ${String(problem.message ?? problem).split('\n')[0]}`);
  } finally {
    await model.close();
  }
  return slice;
}

/** Runs until the latency is steady, and finds how many runs the clock can tell apart. */
async function warmUp(model, rules, slice) {
  const minRuns = Number(rules.minWarmupRuns ?? 0);
  const minNanos = Number(rules.minWarmupNanos ?? 0);
  const maxNanos = Number(rules.maxWarmupNanos ?? 0);
  const opening = performance.now();
  await model.run(); // compiles what later runs reuse: on a GPU that takes longer than all of the session's creation
  await site.sync();
  const start = performance.now();
  slice.sessionNanos = model.sessionNanos + (start - opening) * 1e6;
  let runs = 1;
  let batch = 1;
  let latencies = [];
  let nextLook = 1;
  let steady = false;
  let elapsed;
  do {
    const sampled = await site.clock.time(model.run, batch);
    const sampledRuns = batch / sampled.length;
    runs += batch;
    const enough = Math.min(site.clock.maxRuns, Math.ceil(site.clock.enoughNanos / Math.max(1, median(sampled))));
    if (enough >= 2 * batch) {
      batch = Math.min(enough, 4 * batch);
      latencies = []; // batches of another size are not comparable
    } else {
      latencies.push(...sampled);
    }
    elapsed = (performance.now() - start) * 1e6;
    if (latencies.length >= nextLook && runs >= minRuns && elapsed >= minNanos) {
      steady = isSteady(latencies, sampledRuns);
      nextLook = latencies.length + Math.max(1, latencies.length >> 3);
    }
  } while (!steady && elapsed < maxNanos);
  slice.warmupRuns = runs;
  slice.warmupNanos = elapsed;
  slice.steady = steady;
  return Math.min(batch, site.clock.maxRuns);
}

/** The least figures of a round, each of several runs, that have a median worth the name. */
const MIN_FIGURES = 5;

async function sample(model, rules, batch, slice) {
  const minRuns = Number(rules.minSamples ?? 0);
  const minNanos = Number(rules.sliceNanos ?? 0);
  const maxNanos = Math.max(minNanos, Number(rules.maxMeasureNanos ?? 0));
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  do {
    slice.samples.push(...await site.clock.time(model.run, batch));
    runs += batch;
    elapsed = (performance.now() - start) * 1e6;
  } while ((runs < minRuns || elapsed < minNanos || slice.samples.length < MIN_FIGURES) && elapsed < maxNanos);
  slice.samplingNanos = elapsed;
  slice.runsPerSample = runs / slice.samples.length;
}

/** The sentinel's session lives as long as the worker, so a look at it is short. */
async function sentinelLevel({ model, inputs }) {
  if (!sentinel) {
    const opened = await Model.open(model, inputs);
    const warmUpRules = { maxWarmupNanos: SENTINEL_WARMUP_NANOS };
    sentinel = { model: opened, batch: await warmUp(opened, warmUpRules, {}) };
  }
  const look = { samples: [] };
  await sample(sentinel.model, { sliceNanos: SENTINEL_NANOS }, sentinel.batch, look);
  return median(look.samples);
}
