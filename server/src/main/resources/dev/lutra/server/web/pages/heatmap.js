// A device's lookup table: layers by choices, coloured by time; a layer's figures with their intervals.

import { intervals } from './charts.js';
import { csvButton, digits, make } from './dom.js';

const STEPS = 9;

/** Shades by the logarithm: a stem may take a hundred times what a squeezed layer does. */
function shade(nanos, low, high) {
  return nanos <= 0 || high <= low ? 1 : 1 + Math.round((STEPS - 1) * Math.log(nanos / low) / Math.log(high / low));
}

function cell(layer, found, [low, high], open) {
  if (!found) {
    return make('td', { class: 'none' }, make('span', { class: 'unseen' }, 'not offered'));
  }
  const text = found.nanos === null ? 'not measured' : `${digits(found.nanos / 1e6)} ms`;
  return make('td', {
    class: found.nanos === null ? 'missing' : `shade s${shade(found.nanos, low, high)}`,
    title: `${layer.name} ${found.choice}: ${text}`,
    onclick: () => open(layer),
  }, make('span', { class: 'figure' }, found.nanos === null ? '–' : digits(found.nanos / 1e6)));
}

/**
 * The table as an element.
 *
 * @param shown name of the layer whose intervals are shown at first; empty: of none
 * @param opened told the name of a layer whose intervals somebody wants to see
 */
export function heatmap(view, shown, opened) {
  const told = view.layers.flatMap(layer => layer.cells.map(one => one.nanos)).filter(nanos => nanos > 0);
  const range = [Math.min(...told), Math.max(...told)];
  const chosen = make('div', { 'aria-live': 'polite' });
  const open = layer => {
    opened(layer.name);
    const bars = layer.cells.filter(one => one.nanos !== null).map(one => ({
      name: one.choice || 'fixed', value: one.nanos / 1e6, low: one.low === null ? null : one.low / 1e6, high: one.high === null ? null : one.high / 1e6,
    }));
    chosen.replaceChildren(intervals(`${layer.name} on ${view.device}`, 'milliseconds', bars),
      make('ul', { class: 'quiet' }, layer.cells.map(one => make('li', {}, `${one.choice || 'fixed'}: `
        + (one.nanos === null ? 'not measured' : `${digits(one.nanos / 1e6)} ms`
          + (one.low === null ? ', of unknown precision' : ` (${digits(one.low / 1e6)} to ${digits(one.high / 1e6)} ms)`)
          + (one.samples > 0 ? `, ${one.samples} samples` : '') + (one.state ? `, ${one.state}` : ''))))));
  };
  const grid = make('table', { class: 'heat' },
    make('caption', { class: 'unseen' }, `Milliseconds by layer and choice on ${view.device}`),
    make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'layer'), view.choices.map(choice => make('th', { scope: 'col' }, choice)))),
    make('tbody', {}, view.layers.map(layer => make('tr', {},
      make('th', { scope: 'row' }, make('button', { type: 'button', class: 'link', onclick: () => open(layer) }, layer.name)),
      view.choices.map(choice => cell(layer, layer.cells.find(one => one.choice === choice), range, open))))));
  view.layers.filter(layer => layer.name === shown).forEach(open);
  return make('div', {},
    make('p', { class: 'quiet' }, told.length > 0
      ? `Medians of layers by themselves, without the call: from ${digits(range[0] / 1e6)} ms (pale) to ${digits(range[1] / 1e6)} ms (deep). Press on a layer for its intervals.`
      : 'Nothing is measured yet: the figures appear here as the device tells them.'),
    csvButton(`table-${view.device}.csv`, () => [['layer', 'choice', 'key', 'p50_ns', 'low_ns', 'high_ns', 'samples', 'state'],
      ...view.layers.flatMap(layer => layer.cells.map(one => [layer.name, one.choice, one.key, one.nanos, one.low, one.high, one.samples, one.state]))]),
    grid, chosen);
}
