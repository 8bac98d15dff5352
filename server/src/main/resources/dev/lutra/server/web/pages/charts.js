// Plots in the colours of the page, which follow the device's light and dark.

import * as echarts from './echarts/echarts.esm.min.js';
import { csvButton, details, make, table } from './dom.js';

const MOST_ROWS = 200;
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Colours that people of any colour vision tell apart (Okabe and Ito), and that stand out on the page's ground. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  return {
    faint: colour('--faint'), ink: colour('--ink'), quiet: colour('--quiet'), line: colour('--line'), card: colour('--card'), accent: colour('--accent'), warn: colour('--warn'),
    series: dark.matches
      ? ['#56b4e9', '#e69f00', '#2bc49a', '#e58fbf', '#f0e442', '#b4bcc5', '#ff8a65', '#9db4e0']
      : ['#0072b2', '#c25200', '#00775a', '#a64d80', '#8a6d00', '#5b6570', '#7a3b9c', '#35558f'],
  };
}

/** Told when the device goes from light to dark or back. */
export function onScheme(listener) {
  dark.addEventListener('change', listener);
}

export function axis(name, { log = false, min, max, place = 'x' } = {}) {
  const { ink, quiet, line } = palette();
  return {
    type: log ? 'log' : 'value',
    name,
    nameLocation: 'middle',
    nameGap: place === 'x' ? 28 : 46,
    nameTextStyle: { color: ink },
    min,
    max,
    scale: true,
    axisLabel: { color: quiet, hideOverlap: true, showMinLabel: min === undefined ? undefined : false, showMaxLabel: max === undefined ? undefined : false, formatter: value => String(Number(value.toPrecision(4))) },
    axisLine: { lineStyle: { color: quiet } },
    splitLine: { lineStyle: { color: line } },
    splitNumber: 5,
  };
}

/** Keeps a plot as wide as its place, and in the page's colours. */
export function chart(place, option) {
  const made = echarts.init(place, null, { renderer: 'canvas' });
  const draw = () => made.setOption(option(), { notMerge: true });
  draw();
  new ResizeObserver(() => made.resize()).observe(place);
  onScheme(draw);
  return { chart: made, draw };
}

function value(number) {
  return String(Number(number.toPrecision(6)));
}

/** The numbers behind a plot, for those who read them rather than look. */
function numbers(title, plot) {
  const rows = plot.curves.flatMap(curve => curve.x.map((x, i) => [curve.name, x, curve.y[i]]));
  return details('its numbers', () => [
    csvButton(`${title}.csv`, () => [['curve', plot.x, plot.y], ...rows]),
    table(title, [
      { name: 'curve', of: row => row[0] }, { name: plot.x, number: true, of: row => value(row[1]) },
      { name: plot.y, number: true, of: row => value(row[2]) }], rows.slice(-MOST_ROWS)),
    make('p', { class: 'quiet' }, rows.length > MOST_ROWS ? `The last ${MOST_ROWS} of ${rows.length}; the CSV has all.` : '')]);
}

/**
 * Curves, or points, over a common axis.
 *
 * @param plot { x, y, curves: [{ name, x: [], y: [] }] }
 */
export function plotted(title, plot, { points = false, log = false } = {}) {
  const place = make('div', { class: 'plot', role: 'img', 'aria-label': `${title}: ${plot.y} over ${plot.x}` });
  const isLong = plot.curves.length > 1;
  const option = () => {
    const { ink, series } = palette();
    return {
      color: series,
      animation: false,
      grid: { left: 64, right: 20, top: isLong ? 40 : 14, bottom: 46 },
      legend: isLong ? { type: 'scroll', top: 0, textStyle: { color: ink } } : undefined,
      tooltip: { trigger: points ? 'item' : 'axis', renderMode: 'richText', confine: true, valueFormatter: value },
      xAxis: axis(plot.x),
      yAxis: axis(plot.y, { log, place: 'y' }),
      series: plot.curves.map(curve => ({
        name: curve.name,
        type: points ? 'scatter' : 'line',
        showSymbol: points || curve.x.length === 1,
        symbolSize: 7,
        lineStyle: { width: 2 },
        data: curve.x.map((x, i) => [x, curve.y[i]]),
      })),
    };
  };
  queueMicrotask(() => chart(place, option));
  return make('figure', {}, make('figcaption', {}, title), place, numbers(title, plot));
}

/** Bars with the interval that each is known to. */
export function intervals(title, unit, bars) {
  const place = make('div', { class: 'plot', role: 'img', 'aria-label': `${title} in ${unit}, with 95 % intervals` });
  const option = () => {
    const { ink, quiet, series } = palette();
    return {
      animation: false,
      color: series,
      grid: { left: 64, right: 20, top: 14, bottom: 46 },
      tooltip: { trigger: 'axis', renderMode: 'richText', confine: true, valueFormatter: one => (Array.isArray(one) ? one.map(value).join(' to ') : value(one)) },
      xAxis: { ...axis('choice'), type: 'category', data: bars.map(bar => bar.name), axisLabel: { color: quiet, hideOverlap: true } },
      yAxis: { ...axis(unit, { place: 'y' }), scale: false }, // a bar's length means something from 0 on alone
      series: [
        { name: 'median', type: 'bar', barMaxWidth: 28, itemStyle: { opacity: 0.6 }, data: bars.map(bar => bar.value) },
        {
          name: '95 % interval',
          type: 'custom',
          encode: { x: 0, y: [1, 2] },
          data: bars.filter(bar => bar.low !== null).map(bar => [bar.name, bar.low, bar.high]),
          renderItem: (parameters, api) => {
            const [x, low] = api.coord([api.value(0), api.value(1)]);
            const [, high] = api.coord([api.value(0), api.value(2)]);
            const line = (x1, y1, x2, y2) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: ink, lineWidth: 1.5 } });
            return { type: 'group', children: [line(x, low, x, high), line(x - 5, low, x + 5, low), line(x - 5, high, x + 5, high)] };
          },
        },
      ],
    };
  };
  queueMicrotask(() => chart(place, option));
  return make('figure', {}, make('figcaption', {}, title), place);
}
