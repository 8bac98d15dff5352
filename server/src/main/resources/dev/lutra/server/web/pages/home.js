// The page /: runs and the fleet, and for operators submitting.

import { follow, get, post, takeToken } from './api.js';
import { command, count, digits, duration, empty, facts, make, section, table } from './dom.js';
import { notice, withToken } from './login.js';
import { orders } from './orders.js';

const root = document.getElementById('page');
const LATER_MILLIS = 3000;

takeToken();

function when(text) {
  return text ? new Date(text).toLocaleString() : '';
}

function pace(run) {
  return run.total > 0 && run.state === 'running'
    ? [`${count(run.done)} of ${count(run.total)}`, run.rate > 0 && `${digits(run.rate)}/s`, run.left_seconds > 0 && `${duration(run.left_seconds)} left`].filter(Boolean).join(', ')
    : run.message;
}

function runs(list, again) {
  if (list.length === 0) {
    return section('Runs', empty('No run was submitted to this server yet.', 'Submit an experiment below, or from anywhere with:',
      command(`lutra submit experiment.yaml --server ${location.hostname}:7411 --token-file token`)));
  }
  const picked = new Set();
  const compare = make('button', {
    type: 'button', class: 'plain', disabled: true, onclick: () => { location.href = `/compare?runs=${[...picked].map(encodeURIComponent).join(',')}`; },
  }, 'Compare those that are ticked');
  return section('Runs', table('Runs of this server', [
    {
      name: 'compare', short: true, of: run => make('input', {
        type: 'checkbox', 'aria-label': `compare ${run.name} (${run.id})`,
        onchange: event => {
          picked[event.target.checked ? 'add' : 'delete'](run.id);
          compare.disabled = picked.size < 2;
        },
      }),
    },
    { name: 'run', wide: true, of: run => make('a', { href: `/runs/${encodeURIComponent(run.id)}` }, `${run.name} (${run.id})`) },
    { name: 'state', short: true, of: run => run.state }, { name: 'stage', short: true, of: run => run.stage }, { name: 'progress', wide: true, of: pace },
    { name: 'priority', short: true, number: true, of: run => String(run.priority) }, { name: 'owner', short: true, of: run => run.owner },
    { name: 'submitted', of: run => when(run.submitted) },
    { name: 'orders', of: run => make('span', { class: 'actions' }, orders(run, again)) },
  ], list), compare);
}

function submit(again) {
  const text = make('textarea', { id: 'experiment', required: true, spellcheck: 'false', 'aria-describedby': 'experiment-hint' });
  const file = make('input', { type: 'file', id: 'file', accept: '.yaml,.yml', onchange: async () => { text.value = await file.files[0].text(); } });
  const priority = make('input', { type: 'number', id: 'priority', value: 0, min: -100, max: 100 });
  const said = make('p', { role: 'status', id: 'submitted' });
  return section('Submit an experiment', make('form', {
    id: 'submit',
    onsubmit: async event => {
      event.preventDefault();
      said.className = '';
      try {
        const made = await post('/api/runs', { experiment: text.value, priority: Number(priority.value) });
        said.replaceChildren('Submitted as ', make('a', { href: `/runs/${encodeURIComponent(made.id)}` }, `${made.name} (${made.id})`));
        again();
      } catch (problem) {
        said.className = 'bad';
        said.textContent = problem.status === 403 ? 'Submitting takes an operator\'s token.' : problem.message;
      }
    },
  }, make('label', { for: 'file' }, 'The experiment file'), file,
  make('label', { for: 'experiment' }, 'or its text'), text,
  make('p', { class: 'hint', id: 'experiment-hint' }, 'Paths in it are those of the server.'),
  make('label', { for: 'priority' }, 'Priority, from -100 to 100'), make('div', { class: 'row' }, priority, make('button', { type: 'submit' }, 'Submit')), said));
}

function ago(millis) {
  return millis < 2000 ? 'now' : `${duration(millis / 1000)} ago`;
}

function device(told) {
  const system = told.system ?? {};
  const known = [
    ['processor', told.cpu], ['last seen', ago(told.last_seen_millis_ago)],
    ['measures', told.measuring.length > 0 ? told.measuring.join(', ') : told.leased_tasks > 0 ? `${told.leased_tasks} tasks in hand` : 'nothing'],
    ['queued', count(told.queued_tasks)],
    ['load', system.load_average > 0 ? digits(system.load_average) : 'not told'],
    ['temperature', system.celsius > 0 ? `${digits(system.celsius)} °C` : 'not told'],
    ['throttled', system.throttled > 0 ? `${system.throttled} times while it measured last` : ''],
  ].filter(([, fact]) => fact);
  return make('article', { class: 'device', 'aria-label': told.name },
    make('h3', {}, make('span', { class: `dot ${told.online ? 'measuring' : ''}`, 'aria-hidden': 'true' }), told.name,
      make('span', { class: 'quiet' }, told.online ? 'online' : 'away')),
    facts(known));
}

function fleet(devices) {
  return section('Fleet', devices.length === 0
    ? empty('No device has joined yet.', 'A phone or any browser joins by a link, any other device by a command: both are on the page', make('a', { href: '/join' }, 'Join'))
    : make('div', { class: 'fleet' }, devices.map(device)));
}

const parts = { runs: make('div', { id: 'runs' }), fleet: make('div', { id: 'fleet' }), submit: make('div', {}) };
const before = {};

/** A part stays as it is while nothing in it has changed: what is ticked stays so. */
function put(name, told, build) {
  const key = JSON.stringify(told);
  if (before[name] !== key) {
    before[name] = key;
    parts[name].replaceChildren(build());
  }
}

async function showRuns() {
  const told = await get('/api/runs');
  put('runs', told.runs, () => runs(told.runs, showRuns));
}

async function showFleet() {
  const told = await get('/api/devices');
  put('fleet', told.devices, () => fleet(told.devices));
}

async function show() {
  await showRuns();
  await showFleet();
}

try {
  await withToken(root, show);
  root.replaceChildren(parts.runs, parts.fleet, parts.submit);
  parts.submit.replaceChildren(submit(showRuns));
  root.dataset.ready = 'yes';
  follow('/api/events?after={after}', event => put('fleet', JSON.parse(event.data).devices, () => fleet(JSON.parse(event.data).devices)), notice);
  setInterval(() => showRuns().catch(notice), LATER_MILLIS);
} catch (problem) {
  root.replaceChildren();
  notice(problem);
}
