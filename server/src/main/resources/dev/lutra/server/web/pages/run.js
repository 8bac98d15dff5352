// The page /runs/ID: a run as it goes on.

import { follow, get, post, takeToken } from './api.js';
import { make } from './dom.js';
import { LiveRun } from './live.js';
import { notice, withToken } from './login.js';
import { orders } from './orders.js';
import { RunPage } from './run-view.js';

const id = decodeURIComponent(location.pathname.split('/')[2]);
const path = `/api/runs/${encodeURIComponent(id)}`;
const root = document.getElementById('page');
const controls = document.getElementById('controls');
/** A view is not asked for more often than this. */
const EVERY_MILLIS = 1500;

takeToken();
const page = new RunPage(root, new LiveRun(id));
// for who measures
window.lutraPage = page;

async function share() {
  const said = document.getElementById('shared');
  try {
    const made = await post(`${path}/share`);
    said.replaceChildren(make('label', { for: 'share-link' }, `Whoever has this link may look at this run alone, until ${new Date(made.expires).toLocaleString()}`),
      make('input', { id: 'share-link', readonly: true, value: made.link }));
    document.getElementById('share-link').select();
  } catch (problem) {
    said.textContent = problem.status === 403 ? 'A link to share takes an operator\'s token.' : problem.message;
  }
}

/** On a server a run has a state and can be ordered about; a local run's own page has none of that. */
async function showControls() {
  let run;
  try {
    run = await get(path);
  } catch {
    controls.replaceChildren();
    return;
  }
  controls.replaceChildren(make('div', { class: 'actions' }, make('span', { id: 'state', class: 'quiet' }, run.state),
    ...orders(run, word => (word === 'remove' ? location.assign('/') : showControls())), make('button', { type: 'button', class: 'plain', onclick: share }, 'share')),
  make('div', { id: 'shared', role: 'status' }), run.message ? make('p', { class: 'quiet' }, run.message) : '');
}

let isDue = false;
let timer = null;

async function refresh() {
  if (timer) {
    isDue = true;
    return;
  }
  timer = setTimeout(() => {
    timer = null;
    if (isDue) {
      isDue = false;
      refresh();
    }
  }, EVERY_MILLIS);
  try {
    await page.show();
    notice(null);
  } catch (problem) {
    notice(problem);
  }
}

try {
  await withToken(root, () => page.show());
  await showControls();
  root.dataset.ready = 'yes';
  follow(`${path}/events?after={after}`, event => {
    refresh();
    if (event.type === 'progress') {
      showControls();
    }
  }, notice);
} catch (problem) {
  root.replaceChildren();
  notice(problem.status === 404 ? `There is no run ${id} here. Its server lists those that there are on its first page.` : problem);
}
