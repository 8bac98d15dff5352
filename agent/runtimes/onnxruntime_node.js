// Times an ONNX file in onnxruntime-node (npm), as docs/reference/runtimes.md has it: onnxruntime_node.js REQUEST REPORT, or --version.
'use strict';
const fs = require('fs');
const path = require('path');

const ort = require('onnxruntime-node');

function version() {
  return require('onnxruntime-node/package.json').version;
}

function values(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function open(request) {
  const session = await ort.InferenceSession.create(request.model, {
    executionProviders: ['cpu'], intraOpNumThreads: request.threads, interOpNumThreads: 1, executionMode: 'sequential',
    graphOptimizationLevel: 'all', logSeverityLevel: 4,
  });
  const feeds = {};
  for (const one of request.inputs) {
    feeds[one.name] = new ort.Tensor('float32', values(one.file), one.shape);
  }
  return { session, feeds };
}

// Latencies in nanoseconds, back to back.
async function runFor(model, seconds, least, most) {
  const latencies = [];
  const end = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9));
  while (latencies.length < most && (latencies.length < least || process.hrtime.bigint() < end)) {
    const begin = process.hrtime.bigint();
    await model.session.run(model.feeds);
    latencies.push(Number(process.hrtime.bigint() - begin));
  }
  return latencies;
}

function median(latencies) {
  return latencies.slice().sort((a, b) => a - b)[(latencies.length - 1) >> 1];
}

// Until two windows in a row agree, or the time is over.
async function warmUp(model, request, report) {
  const begin = process.hrtime.bigint();
  const passed = () => Number(process.hrtime.bigint() - begin) / 1e9;
  const window = Math.max(request.warmUpSeconds, request.mostWarmUpSeconds / 8);
  let before = await runFor(model, request.warmUpSeconds, Math.max(1, request.leastWarmUpRuns), request.mostRuns);
  let runs = before.length;
  let steady = false;
  while (!steady && passed() < request.mostWarmUpSeconds) {
    const now = await runFor(model, window / 2, 3, request.mostRuns);
    runs += now.length;
    steady = Math.abs(median(now) / median(before) - 1) < 0.03;
    before = now;
  }
  Object.assign(report, { warmUpRuns: runs, warmUpSeconds: passed(), steady });
}

async function outputs(model, folder) {
  const results = await model.session.run(model.feeds);
  return model.session.outputNames.map((name, number) => {
    const file = `output-${number}.f32`;
    const data = results[name].data;
    if (!(data instanceof Float32Array)) {
      throw new Error(`output ${name} is ${results[name].type} (expected: float32)`);
    }
    fs.writeFileSync(path.join(folder, file), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    return { name, shape: Array.from(results[name].dims), file };
  });
}

async function main(requestFile, reportFile) {
  const request = JSON.parse(fs.readFileSync(requestFile, 'utf8'));
  let report = { unit: 'ns' };
  try {
    const model = await open(request);
    if (request.leastRuns > 0) {
      await warmUp(model, request, report);
      report.latencies = await runFor(model, request.seconds, request.leastRuns, request.mostRuns);
    }
    if (request.outputs) {
      report.outputs = await outputs(model, path.dirname(reportFile));
    }
  } catch (error) {
    report = { error: `onnxruntime-node: ${String(error.message).split(/\s+/).join(' ')}` };
  }
  fs.writeFileSync(reportFile, JSON.stringify(report));
}

if (process.argv[2] === '--version') {
  console.log(version());
} else {
  main(process.argv[2], process.argv[3]);
}
