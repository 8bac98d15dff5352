// What may be said of a run by its state, as buttons.

import { post } from './api.js';
import { make } from './dom.js';
import { notice } from './login.js';

const ORDERS = {
  running: ['pause', 'cancel'], waiting: ['pause', 'cancel'], paused: ['resume', 'cancel'], failed: ['resume', 'remove'], cancelled: ['resume', 'remove'], done: ['remove'],
};
const ASKED_FIRST = {
  cancel: name => `Cancel ${name}? What it has found stays, and it can be resumed.`,
  remove: name => `Remove ${name}? All that it has found is deleted, and nothing brings it back.`,
};

function order(run, word, then) {
  return make('button', {
    type: 'button', class: 'plain', 'aria-label': `${word} ${run.name} (${run.id})`,
    onclick: async event => {
      if (ASKED_FIRST[word] && !confirm(ASKED_FIRST[word](run.name))) {
        return;
      }
      event.target.disabled = true;
      try {
        await post(`/api/runs/${encodeURIComponent(run.id)}/${word}`);
        notice(null);
        await then(word);
      } catch (problem) {
        notice(problem.status === 403 ? 'This token may look only: orders take an operator\'s.' : problem);
      }
      event.target.disabled = false;
    },
  }, word);
}

/** @param then told the word once it is done */
export function orders(run, then) {
  return (ORDERS[run.state] ?? []).map(word => order(run, word, then));
}
