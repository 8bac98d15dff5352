// The page /agent: what a person sees of the agent, and what keeps it going.

import { Agent } from './agent-loop.js';
import { describe, proposeName } from './device.js';
import { hasKey, takeToken } from './passport.js';

const MOST_ROWS = 30;
/** What a page that is just being reloaded may take to go. */
const OTHER_PAGE_MILLIS = 3000;
const RUNNING = 'lutra.running';
const NAME = 'lutra.name';

const element = id => document.getElementById(id);
let token = takeToken();
let runtime = null;
let agent = null;
let screenLock = null;
let done = 0;
let discarded = 0;

function notice(text) {
  element('notice').textContent = text ?? '';
  element('notice').hidden = !text;
}

/** Why this browser cannot be an agent of this server; null if it can. */
async function obstacle() {
  if (!isSecureContext) {
    return 'Browsers give a page the GPU only over https, or on the machine itself. Open this page by its https address.';
  }
  if (!token && !await hasKey()) {
    return 'No token. Open a join link of the server: it carries a token after #, which is good once.';
  }
  const answer = await fetch('/pages/ort/runtime.json', { cache: 'no-store' });
  if (!answer.ok) {
    return 'This build of Lutra has no runtime for browsers. Build it where npm is installed, then start the server again.';
  }
  runtime = await answer.json();
  return null;
}

async function showDevice() {
  const { device, browser } = await describe(element('name').value);
  const facts = {
    GPU: device.gpus[0] ?? 'none that WebGPU offers: only the CPU will be measured',
    CPU: [device.cpu, device.arch, `${device.logicalCores} logical cores`].filter(Boolean).join(', '),
    system: `${device.os}, ${browser}`,
    runtime: `onnxruntime-web ${runtime.version}: ${device.gpus.length > 0 ? 'webgpu, wasm' : 'wasm'}`,
  };
  element('device').replaceChildren(...Object.entries(facts).flatMap(([term, fact]) => [text('dt', term), text('dd', fact)]));
}

function text(tag, content, className = '') {
  const made = document.createElement(tag);
  made.textContent = content;
  made.className = className;
  return made;
}

const STATES = {
  joining: 'Joining the server…',
  waiting: 'Waiting for work',
  measuring: 'Measuring',
  paused: 'Paused: this page was hidden',
  stopped: 'Stopped',
};

function show({ state, problem, task, round, p50Nanos, batch, result, discarded: more }) {
  if (state) {
    element('state').textContent = STATES[state];
    element('dot').className = `dot ${state}`;
    document.title = `${STATES[state]} – Lutra agent`;
    if (state !== 'measuring') {
      element('task').textContent = '';
    }
    element('progress').hidden = state !== 'measuring';
  }
  if (problem !== undefined) {
    notice(problem);
  }
  if (task !== undefined) {
    element('task').textContent = [task, `round ${round}`, p50Nanos && `${duration(p50Nanos)} so far`].filter(Boolean).join(' · ');
  }
  if (batch) {
    element('batch').max = Math.max(1, batch.size);
    element('batch').value = batch.done;
    element('batch-text').textContent = batch.size > 0 ? `${batch.done} of ${batch.size} in hand` : '';
  }
  if (more) {
    discarded += more;
    element('discarded').textContent = discarded;
  }
  if (result) {
    addResult(result);
  }
}

function addResult({ label, accepted, failed, latency }) {
  const row = document.createElement('tr');
  row.append(text('td', label));
  if (failed || !accepted) {
    const why = text('td', failed ?? 'measured, but the lease had moved on', 'failed');
    why.colSpan = 2;
    row.append(why);
  } else {
    done++;
    element('done').textContent = done;
    if (latency) {
      element('p50').textContent = duration(latency.p50Nanos);
    }
    row.append(text('td', latency ? duration(latency.p50Nanos) : 'run'),
      text('td', latency ? share(latency.relativeHalfWidth) : ''));
  }
  element('rows').prepend(row);
  while (element('rows').rows.length > MOST_ROWS) {
    element('rows').lastElementChild.remove();
  }
  element('results').hidden = false;
}

function duration(nanos) {
  return nanos < 1e5 ? `${(nanos / 1e3).toPrecision(3)} µs` : `${(nanos / 1e6).toPrecision(3)} ms`;
}

function share(half) {
  return Number.isFinite(Number(half)) ? `${(100 * half).toFixed(half < 0.1 ? 1 : 0)} %` : '–';
}

/** Phones end what a page does when their screen goes dark. The system takes the lock away with the page out of sight. */
async function keepScreenAwake() {
  if (!agent || document.hidden) {
    return;
  }
  try {
    screenLock = await navigator.wakeLock.request('screen');
    element('screen').textContent = 'The screen stays on. Keep this page in front, and the charger in.';
  } catch {
    element('screen').textContent = 'This browser lets the screen go dark: keep it on by hand, measuring stops when it is off.';
  }
}

async function start() {
  notice();
  const name = element('name').value;
  localStorage.setItem(NAME, name);
  sessionStorage.setItem(RUNNING, 'yes');
  element('name').disabled = true;
  element('start').textContent = 'Stop';
  element('work').hidden = false;
  agent = new Agent({ token, name, version: runtime.lutra, runtime, tell: show });
  await keepScreenAwake();
  try {
    // Two pages of one browser would measure each other, and under one name end each other's sessions.
    await navigator.locks.request('lutra-agent', { signal: AbortSignal.timeout(OTHER_PAGE_MILLIS) }, () => agent.run());
  } catch (problem) {
    notice(reason(problem));
  } finally {
    stopped();
  }
}

function reason(problem) {
  if (problem.status === 401) {
    return `The server does not let this device in (${problem.message}): open a new join link.`;
  }
  if (problem.status === 412) {
    return `${problem.message}: reload this page.`;
  }
  return problem.name === 'TimeoutError' ? 'Another page of this browser is an agent already.' : problem.message;
}

function stopped() {
  agent = null;
  token = takeToken();
  screenLock?.release();
  sessionStorage.removeItem(RUNNING);
  element('name').disabled = false;
  element('start').textContent = 'Start';
  element('screen').textContent = '';
  show({ state: 'stopped' });
}

element('join').addEventListener('submit', event => {
  event.preventDefault();
  if (agent) {
    agent.stop();
  } else {
    start();
  }
});
document.addEventListener('visibilitychange', keepScreenAwake);

element('name').value = localStorage.getItem(NAME) ?? proposeName();
const problem = await obstacle();
if (problem) {
  notice(problem);
} else {
  await showDevice();
  element('start').disabled = false;
  if (sessionStorage.getItem(RUNNING)) {
    start();
  }
}
