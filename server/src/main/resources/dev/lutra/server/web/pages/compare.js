// The page /compare?runs=ID,ID: only what differs, and what came of it.

import { get, takeToken } from './api.js';
import { plotted } from './charts.js';
import { csvButton, empty, make, section, table } from './dom.js';
import { notice, withToken } from './login.js';

const root = document.getElementById('page');
const runs = new URLSearchParams(location.search).get('runs') ?? '';

takeToken();

function rows(caption, names, list, first) {
  return [csvButton(`${caption}.csv`, () => [[first, ...names], ...list.map(row => [row.name, ...row.values])]),
    table(caption, [{ name: first, wide: true, of: row => row.name }, ...names.map((name, i) => ({ name, of: row => row.values[i] }))], list)];
}

async function show() {
  const told = await get(`/api/compare?runs=${encodeURIComponent(runs)}`);
  root.replaceChildren(
    section('What differs', told.settings.length === 0 ? empty('Nothing: the files say the same.') : rows('What differs', told.names, told.settings, 'setting'),
      told.changes.length === 0 ? null : [make('p', { class: 'quiet' }, 'Changed since the fronts were found, so that no figure here follows from it:'),
        rows('Changed since', ['in', 'searched with', 'now'], told.changes, 'setting')]),
    section('What they found and took', rows('What they found and took', told.names, told.figures, 'figure'),
      make('p', { class: 'quiet' }, 'Hypervolumes are of one box, around all that any of these runs has evaluated, in the objectives that they share.')),
    ...told.plots.map(plot => section(plot.title, plotted(plot.title, plot.data))),
    told.winners.length === 0 ? '' : section('Winners', table('Winners on their devices', [
      { name: 'run', of: row => row.run }, { name: 'file', of: row => row.file }, { name: 'accuracy', number: true, of: row => row.accuracy.shared },
      { name: 'retrained', number: true, of: row => row.accuracy.retrained }, { name: 'tested', number: true, of: row => row.accuracy.tested },
      { name: 'device', of: row => row.device }, { name: 'predicted', number: true, of: row => row.predicted },
      { name: 'measured', number: true, of: row => row.measured }, { name: 'state', of: row => row.state }], told.winners)));
  root.dataset.ready = 'yes';
}

try {
  await withToken(root, show);
} catch (problem) {
  root.replaceChildren();
  notice(problem);
}
