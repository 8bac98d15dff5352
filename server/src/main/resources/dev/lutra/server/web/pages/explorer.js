// The Pareto explorer: any two measures against each other, limits that move, what they leave, and what to choose of that.

import { Cloud } from './cloud.js';
import { axis, chart, onScheme, palette } from './charts.js';
import { command, count, csvButton, digits, empty, make, section, table } from './dom.js';
import { column, extent, keep, knee, order, shareInterval, spread, unbeaten } from './pareto.js';

const ACCURACY = 'accuracy';
const FEW = 12;
/** Networks of which intervals are asked for and drawn. */
const MOST_WITH_INTERVALS = 40;
/** Pixels that a pointer may move and still mean a point. */
const STILL = 4;
const REACH = 14;
const MARGIN = { left: 64, right: 20, top: 14, bottom: 46 };

export class Explorer {
  #run;
  #state;
  #open;
  #others = [];
  #columns = new Map();
  #measures;
  #architectures = [];
  #mask = new Uint8Array(0);
  #files;
  #ordered = new Map();
  #axes;
  #frame = 0;
  #brush = null;
  #selected = -1;
  #shown = [];
  /** Of networks by name: where each measure is expected to lie, in its own unit. */
  #intervals = new Map();
  #source;
  #parts = {};
  /** How long drawing took lately, for who measures it. */
  frames = [];

  /**
   * @param run the run's view
   * @param state ViewState
   * @param open told the architecture that somebody wants to see
   * @param source gives other runs to compare with, where there are any, and what is predicted for a network
   */
  constructor(run, state, open, source) {
    this.#run = run;
    this.#state = state;
    this.#open = open;
    this.#source = source;
    this.#measures = run.measures;
    this.#files = new Map(run.winners.map(winner => [winner.architecture, winner.file]));
    this.#build(source);
  }

  get element() {
    return this.#parts.section;
  }

  #measure(name) {
    return this.#measures.find(measure => measure.name === name);
  }

  #build(source) {
    const name = key => {
      const wanted = this.#state.get(key);
      const cost = this.#measures.find(measure => measure.objective && measure.name !== ACCURACY) ?? this.#measures.find(one => one.name !== ACCURACY);
      return this.#measure(wanted) ? wanted : key === 'y' ? ACCURACY : cost?.name ?? ACCURACY;
    };
    const select = (key, label) => make('label', {}, label, make('select', { onchange: event => this.#choose({ [key]: event.target.value }) },
      this.#measures.map(measure => make('option', { value: measure.name, selected: measure.name === name(key) }, measure.label))));
    const log = (key, label) => make('label', { class: 'check' }, make('input', {
      type: 'checkbox', checked: this.#state.get(key) !== '', onchange: event => this.#choose({ [key]: event.target.checked ? '1' : '' }),
    }), label);
    this.#parts = {
      cloud: make('canvas', { class: 'layer' }),
      axes: make('div', { class: 'layer' }),
      marks: make('canvas', { class: 'layer top' }),
      tip: make('div', { class: 'tip', hidden: true }),
      limits: make('div', { class: 'limits' }),
      outcome: make('p', { role: 'status' }),
      choice: make('div', {}),
      compare: make('div', {}),
    };
    const parts = this.#parts;
    parts.plot = make('div', { class: 'plot tall', role: 'img', 'aria-label': 'All candidates by two measures; the tables below have the same in words' },
      parts.cloud, parts.axes, parts.marks, parts.tip);
    parts.section = section('Explore', make('div', { class: 'controls' }, select('x', 'across '), log('logx', 'log scale'),
      select('y', 'up '), log('logy', 'log scale')), parts.plot,
    make('ul', { class: 'legend' }, [['kept', 'keeps the limits'], ['faint', 'does not'], ['step', 'no other is better in both'], ['file', 'exported'],
      ['knee', 'knee'], ['interval', 'its 95 % interval'], ['limit', 'limit of the experiment']].map(([sign, meaning]) => make('li', {}, make('span', { class: `sign ${sign}`, 'aria-hidden': 'true' }), meaning))),
    make('p', { class: 'quiet' }, 'Drag over the plot to set limits; press on a point to see its network.'),
    parts.limits, parts.outcome, parts.compare, parts.choice);
    this.#readLimits();
    this.#listen();
    this.#offerOthers(source);
    const axes = chart(parts.axes, () => this.#option());
    this.#axes = axes.chart;
    this.#axes.on('finished', () => this.#placed());
    onScheme(() => this.#redraw());
    new ResizeObserver(() => requestAnimationFrame(() => this.#placed())).observe(parts.plot);
    this.#axesNames = () => [name('x'), name('y')];
    this.#redrawAxes = axes.draw;
  }

  #axesNames = () => [ACCURACY, ACCURACY];
  #redrawAxes = () => {};

  /** What the run knows by now besides its candidates. */
  told(run) {
    this.#run = run;
    this.#files = new Map(run.winners.map(winner => [winner.architecture, winner.file]));
    this.#winnerPlaces = null;
    this.#intervals.clear(); // tables may have changed
    this.#shown = [];
    this.#redraw();
  }

  /** @param candidates { architectures, measures, over, stopped } */
  show(candidates) {
    this.#architectures = candidates.architectures;
    this.#columns = new Map(Object.entries(candidates.measures).map(([name, values]) => [name, column(values)]));
    this.#ordered.clear();
    this.#mask = new Uint8Array(candidates.architectures.length);
    this.#candidates = { over: Uint32Array.from(candidates.over), stopped: Uint32Array.from(candidates.stopped) };
    const wanted = this.#state.get('net');
    this.#selected = wanted ? this.#architectures.indexOf(wanted) : -1;
    this.#redrawAxes();
    this.#placed();
  }

  #candidates = { over: [], stopped: [] };

  #scaled(name) {
    return value => value * this.#measure(name).factor;
  }

  #isLog(key) {
    const name = this.#axesNames()[key === 'x' ? 0 : 1];
    return this.#state.get(`log${key}`) !== '' && extent(this.#columns.get(name) ?? [], true) !== null;
  }

  #range(name, log) {
    const found = extent(this.#columns.get(name) ?? [], log);
    if (!found) {
      return [0, 1];
    }
    const [low, high] = found.map(this.#scaled(name));
    const pad = log ? 1.08 : (high - low || Math.abs(high) || 1) * 0.05;
    return log ? [low / pad, high * pad] : [low - pad, high + pad];
  }

  #option() {
    const [x, y] = this.#axesNames();
    const side = (name, key) => {
      const log = this.#isLog(key);
      const [min, max] = this.#range(name, log);
      return axis(this.#measure(name)?.label ?? name, { log, min, max, place: key });
    };
    return { animation: false, grid: MARGIN, xAxis: side(x, 'x'), yAxis: side(y, 'y'), series: [{ type: 'scatter', data: [] }] };
  }

  #choose(changes) {
    this.#state.set(changes);
    this.#redrawAxes();
    this.#placed();
  }

  /** From a value on an axis to pixels of the page, and back. */
  #scale(key) {
    const box = this.#parts.plot.getBoundingClientRect();
    const name = this.#axesNames()[key === 'x' ? 0 : 1];
    const log = this.#isLog(key);
    const [low, high] = this.#range(name, log).map(end => (log ? Math.log10(end) : end));
    const [from, to] = key === 'x' ? [MARGIN.left, box.width - MARGIN.right] : [box.height - MARGIN.bottom, MARGIN.top];
    const slope = (to - from) / (high - low);
    return {
      pixel: value => from + ((log ? (value > 0 ? Math.log10(value) : NaN) : value) - low) * slope,
      value: pixel => {
        const linear = low + (Math.min(Math.max(pixel, Math.min(from, to)), Math.max(from, to)) - from) / slope;
        return log ? 10 ** linear : linear;
      },
    };
  }

  /** Puts the points where the axes want them. */
  #placed() {
    const { plot, cloud, marks } = this.#parts;
    const box = plot.getBoundingClientRect();
    if (box.width === 0 || this.#mask.length === 0) {
      this.#redraw();
      return;
    }
    const dense = Math.min(2, devicePixelRatio);
    this.#dense = dense;
    this.#cloud ??= new Cloud(cloud);
    this.#cloud.resize(Math.round(box.width * dense), Math.round(box.height * dense));
    marks.width = Math.round(box.width * dense);
    marks.height = Math.round(box.height * dense);
    const [x, y] = this.#axesNames();
    const [across, up] = [this.#scale('x'), this.#scale('y')];
    const points = (name, scale) => {
      const scaled = this.#scaled(name);
      return (this.#columns.get(name) ?? new Float64Array(this.#mask.length).fill(NaN)).map(value => scale.pixel(scaled(value)) * dense);
    };
    this.#points = [points(x, across), points(y, up)];
    this.#cloud.place(...this.#points);
    this.#drawNow(); // the canvas was emptied just now: no frame is shown without its points
  }

  #cloud = null;
  #dense = 1;
  #points = [[], []];

  #redraw() {
    this.#frame ||= requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const begun = performance.now();
    this.#draw();
    this.frames.push(performance.now() - begun);
    this.frames.splice(0, this.frames.length - 600);
  }

  #limits() {
    return this.#state.all('limit.').flatMap(([name, text]) => {
      const [low, high] = text.split('..');
      const measure = this.#measure(name);
      const values = this.#columns.get(name);
      return measure && values
        ? [{ name, values, low: low === '' ? -Infinity : low / measure.factor, high: high === '' || high === undefined ? Infinity : high / measure.factor }]
        : [];
    });
  }

  #inOrder(name) {
    if (!this.#ordered.has(name)) {
      this.#ordered.set(name, order(this.#columns.get(name), this.#measure(name).more));
    }
    return this.#ordered.get(name);
  }

  #draw() {
    const [x, y] = this.#axesNames();
    if (this.#mask.length === 0) {
      return;
    }
    keep(this.#limits(), this.#mask);
    // what devices refused, and what was not judged to the end, is seen but not chosen
    this.#candidates.over.forEach(place => { this.#mask[place] = 0; });
    this.#candidates.stopped.forEach(place => { this.#mask[place] = 0; });
    const colours = palette();
    const isTold = this.#columns.has(x) && this.#columns.has(y) && x !== y;
    const front = isTold ? unbeaten(this.#inOrder(x), this.#columns.get(x), this.#columns.get(y), this.#measure(y).more, this.#mask) : [];
    const best = isTold ? knee(front, this.#columns.get(x), this.#columns.get(y)) : -1;
    if (this.#cloud) {
      const size = this.#mask.length > 20_000 ? 3 : this.#mask.length > 2000 ? 5 : 7;
      this.#cloud.draw(this.#mask, colours.faint, colours.series[0], this.#dense > 1 ? size + 2 : size);
      this.#mark(front, best, colours);
      if (this.frames.length === 0) {
        performance.mark('lutra-plot');
      }
    }
    this.#tell(front, best, [x, y]);
  }

  #mark(front, best, colours) {
    const { marks } = this.#parts;
    const context = marks.getContext('2d');
    const dense = this.#dense;
    const [xs, ys] = this.#points;
    context.clearRect(0, 0, marks.width, marks.height);
    this.#stepped(context, front.map(place => [xs[place], ys[place]]), colours.series[1], 2 * dense);
    this.#others.forEach((other, i) => this.#stepped(context, this.#otherFront(other), colours.series[(i + 2) % colours.series.length], 2 * dense));
    this.#whiskers(context, colours.series[1]);
    context.lineWidth = 2 * dense;
    context.strokeStyle = colours.series[1];
    context.fillStyle = colours.card;
    this.#winners().forEach(place => this.#diamond(context, xs[place], ys[place], 7 * dense));
    if (best >= 0) {
      context.strokeStyle = colours.series[2];
      context.strokeRect(xs[best] - 7 * dense, ys[best] - 7 * dense, 14 * dense, 14 * dense);
    }
    if (this.#selected >= 0) {
      context.strokeStyle = colours.ink;
      context.beginPath();
      context.arc(xs[this.#selected], ys[this.#selected], 9 * dense, 0, 2 * Math.PI);
      context.stroke();
    }
    this.#limitLines(context, colours);
    if (this.#brush?.moved) {
      context.fillStyle = `${colours.series[0]}22`;
      const { left, top, width, height } = this.#brush;
      context.fillRect(left * dense, top * dense, width * dense, height * dense);
      context.strokeStyle = colours.series[0];
      context.strokeRect(left * dense, top * dense, width * dense, height * dense);
    }
  }

  /** Until the next network there is none as good: no straight line promises one. */
  #stepped(context, points, colour, width) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    points.forEach(([x, y], i) => {
      if (i === 0) {
        context.moveTo(x, y);
      } else {
        context.lineTo(x, points[i - 1][1]);
        context.lineTo(x, y);
      }
    });
    context.stroke();
  }

  /** Where the measures of the networks to choose from are expected to lie. */
  #whiskers(context, colour) {
    const dense = this.#dense;
    const cap = 4 * dense;
    const [xs, ys] = this.#points;
    const [across, up] = [this.#scale('x'), this.#scale('y')];
    const [x, y] = this.#axesNames();
    const ends = (interval, name, scale) => interval.map(end => scale.pixel(this.#scaled(name)(end)) * dense);
    const box = this.#parts.plot.getBoundingClientRect();
    context.save();
    context.beginPath();
    context.rect(MARGIN.left * dense, MARGIN.top * dense, (box.width - MARGIN.left - MARGIN.right) * dense, (box.height - MARGIN.top - MARGIN.bottom) * dense);
    context.clip(); // an interval may reach beyond what is shown
    context.strokeStyle = colour;
    context.lineWidth = dense;
    context.beginPath();
    for (const place of this.#listed) {
      const known = this.#intervals.get(this.#architectures[place]) ?? {};
      if (known[x]) {
        const [low, high] = ends(known[x], x, across);
        context.moveTo(low, ys[place]);
        context.lineTo(high, ys[place]);
        [low, high].forEach(end => { context.moveTo(end, ys[place] - cap); context.lineTo(end, ys[place] + cap); });
      }
      if (known[y]) {
        const [low, high] = ends(known[y], y, up);
        context.moveTo(xs[place], low);
        context.lineTo(xs[place], high);
        [low, high].forEach(end => { context.moveTo(xs[place] - cap, end); context.lineTo(xs[place] + cap, end); });
      }
    }
    context.stroke();
    context.restore();
  }

  #listed = [];

  /** Asks for what is predicted for the networks that are listed; the page goes on meanwhile. */
  async #learn(places) {
    let isNew = false;
    for (const place of places) {
      const architecture = this.#architectures[place];
      if (this.#intervals.has(architecture)) {
        continue;
      }
      const known = {};
      this.#intervals.set(architecture, known);
      const accuracy = this.#columns.get(ACCURACY)?.[place];
      if (this.#run.images && Number.isFinite(accuracy)) {
        known[ACCURACY] = shareInterval(accuracy, this.#run.images);
      }
      if (this.#run.targets.length > 0) {
        try {
          for (const told of (await this.#source.architecture(architecture)).devices) {
            if (told.low !== null) {
              known[`latency:${told.device}`] = [told.low, told.high];
            }
          }
        } catch {
          // a frozen page has the drawings of some alone, and a server may be away: what is not known is not drawn
        }
      }
      isNew ||= Object.keys(known).length > 0;
    }
    if (isNew) {
      this.#shown = [];
      this.#redraw();
    }
  }

  #diamond(context, x, y, size) {
    context.beginPath();
    context.moveTo(x, y - size);
    context.lineTo(x + size, y);
    context.lineTo(x, y + size);
    context.lineTo(x - size, y);
    context.closePath();
    context.fill();
    context.stroke();
  }

  #limitLines(context, colours) {
    const box = this.#parts.plot.getBoundingClientRect();
    const dense = this.#dense;
    context.strokeStyle = colours.quiet;
    context.lineWidth = dense;
    context.setLineDash([6 * dense, 4 * dense]);
    this.#axesNames().forEach((name, side) => {
      const limit = this.#measure(name)?.limit;
      if (limit === null || limit === undefined) {
        return;
      }
      const at = this.#scale(side === 0 ? 'x' : 'y').pixel(limit * this.#measure(name).factor);
      context.beginPath();
      context.moveTo((side === 0 ? at : MARGIN.left) * dense, (side === 0 ? MARGIN.top : at) * dense);
      context.lineTo((side === 0 ? at : box.width - MARGIN.right) * dense, (side === 0 ? box.height - MARGIN.bottom : at) * dense);
      context.stroke();
    });
    context.setLineDash([]);
  }

  #winnerPlaces = null;

  #winners() {
    if (this.#winnerPlaces?.of !== this.#architectures) {
      const places = [];
      this.#architectures.forEach((architecture, place) => this.#files.has(architecture) && places.push(place));
      this.#winnerPlaces = { of: this.#architectures, places };
    }
    return this.#winnerPlaces.places;
  }

  #otherFront(other) {
    const [x, y] = this.#axesNames();
    const [first, second] = [x, y].map(name => column(other.networks.map(network => network.measures[name])));
    const front = unbeaten(order(first, this.#measure(x).more), first, second, this.#measure(y).more, new Uint8Array(first.length).fill(1));
    const [across, up] = [this.#scale('x'), this.#scale('y')];
    return front.map(place => [across.pixel(this.#scaled(x)(first[place])) * this.#dense, up.pixel(this.#scaled(y)(second[place])) * this.#dense]);
  }

  /** Says what the limits leave, and lists what there is to choose from. */
  #tell(front, best, [x, y]) {
    let kept = 0;
    for (let i = 0; i < this.#mask.length; i++) {
      kept += this.#mask[i];
    }
    this.#parts.outcome.textContent = `${count(kept)} of ${count(this.#mask.length)} candidates keep the limits`
      + (front.length > 0 ? `; ${count(front.length)} of them no other beats in these two measures.` : '.');
    clearTimeout(this.#later);
    // a table is slower than a frame
    this.#later = setTimeout(() => this.#list(front, best, x, y), this.#brush ? 250 : 30);
  }

  #later = 0;

  #list(front, best, x, y) {
    const [first, second] = [this.#columns.get(x), this.#columns.get(y)];
    const all = this.#state.get('all') !== '';
    const shown = all ? front.slice(0, 500) : spread(front, first, second, FEW);
    if (best >= 0 && !shown.includes(best)) {
      shown.splice(shown.findIndex(place => front.indexOf(place) > front.indexOf(best)), 0, best);
    }
    const key = JSON.stringify([shown, best, x, y, this.#architectures.length]);
    if (this.#shown === key) {
      return;
    }
    this.#shown = key;
    this.#listed = shown.slice(0, MOST_WITH_INTERVALS);
    this.#learn(this.#listed);
    if (front.length === 0) {
      this.#parts.choice.replaceChildren(empty(this.#mask.some(one => one)
        ? 'Choose two different measures to see which networks no other beats.'
        : 'No candidate keeps all of these limits. Widen one of them, or remove all.'));
      return;
    }
    const scale = name => value => digits(this.#scaled(name)(value));
    const within = (place, name) => this.#intervals.get(this.#architectures[place])?.[name]?.map(scale(name)).join(' to ') ?? '';
    const row = place => ({
      place, architecture: this.#architectures[place], x: scale(x)(first[place]), y: scale(y)(second[place]), withinX: within(place, x), withinY: within(place, y),
      mark: [place === best && 'knee', this.#files.get(this.#architectures[place])].filter(Boolean).join(', '),
    });
    const chosen = this.#picked(front, y);
    const rows = shown.map(row);
    const interval = of => (rows.some(of) ? [{ name: '95 %', number: true, of }] : []);
    this.#parts.choice.replaceChildren(
      make('h3', {}, 'To choose from'),
      make('p', { class: 'quiet' }, 'At the knee more accuracy begins to be dear. '
        + (front.length > shown.length ? `These ${shown.length} are those that differ most of ${count(front.length)}.` : 'These are all.')),
      make('div', { class: 'row tools' },
        front.length > FEW ? make('label', { class: 'check' }, make('input', {
          type: 'checkbox', checked: all, onchange: event => { this.#state.set({ all: event.target.checked ? '1' : '' }); this.#redraw(); },
        }), 'show all') : null,
        csvButton('unbeaten.csv', () => [['architecture', ...this.#measures.map(measure => measure.label)],
          ...front.map(place => [this.#architectures[place],
            ...this.#measures.map(measure => (this.#columns.get(measure.name)?.[place] ?? NaN) * measure.factor)])])),
      table('Networks that no other beats within the limits', [
        { name: this.#measure(x).label, number: true, of: one => one.x },
        ...interval(one => one.withinX),
        { name: this.#measure(y).label, number: true, of: one => one.y },
        ...interval(one => one.withinY),
        { name: 'mark', of: one => one.mark },
        { name: 'network', wide: true, of: one => make('button', { type: 'button', class: 'link arch', onclick: () => this.#select(one.place) },
          one.architecture.replaceAll(',', ', ')) },
      ], rows),
      ...chosen);
  }

  /** The command that takes the best within the limits out of the run, by the same rule. */
  #picked(front, y) {
    if (y !== ACCURACY || !this.#run.front) {
      return [];
    }
    const words = this.#state.all('limit.').flatMap(([name, text]) => {
      const high = text.split('..')[1];
      if (!high || name === ACCURACY) {
        return [];
      }
      const [kind, device] = name.split(':');
      return kind === 'latency' || kind === 'p99'
        ? [`--${kind} ${device ? `${device}=` : ''}${high}ms`]
        : [`--at-most ${name}=${high / this.#measure(name).factor}`];
    });
    return [make('p', { class: 'quiet' }, 'To have the most accurate network of the front within these limits exported and confirmed:'),
      command(['lutra pick', `runs/${this.#run.name}`, ...words].join(' '))];
  }

  #select(place) {
    this.#selected = place;
    this.#state.set({ net: place < 0 ? '' : this.#architectures[place] });
    this.#redraw();
    if (place >= 0) {
      this.#open(this.#architectures[place]);
    }
  }

  #readLimits() {
    const set = new Map(this.#state.all('limit.'));
    const input = (measure, side) => make('input', {
      type: 'number', step: 'any', inputmode: 'decimal', 'aria-label': `${side === 0 ? 'least' : 'most'} ${measure.label}`,
      placeholder: side === 0 ? 'least' : 'most', value: set.get(measure.name)?.split('..')[side] ?? '',
      oninput: () => this.#limited(measure.name),
    });
    this.#parts.inputs = new Map(this.#measures.map(measure => [measure.name, [input(measure, 0), input(measure, 1)]]));
    this.#parts.limits.replaceChildren(make('h3', {}, 'Limits'), make('div', { class: 'grid' }, this.#measures.map(measure => make('fieldset', {},
      make('legend', {}, measure.label), ...this.#parts.inputs.get(measure.name)))),
    make('button', { type: 'button', class: 'plain', onclick: () => this.#unlimit() }, 'Remove all limits'));
  }

  #limited(name) {
    const [low, high] = this.#parts.inputs.get(name).map(input => input.value);
    this.#state.set({ [`limit.${name}`]: low === '' && high === '' ? '' : `${low}..${high}` });
    this.#redraw();
  }

  #unlimit() {
    for (const [name, inputs] of this.#parts.inputs) {
      inputs.forEach(input => { input.value = ''; });
      this.#state.set({ [`limit.${name}`]: '' });
    }
    this.#redraw();
  }

  #setLimit(name, low, high) {
    const [least, most] = this.#parts.inputs.get(name);
    least.value = digits(Math.min(low, high));
    most.value = digits(Math.max(low, high));
    this.#state.set({ [`limit.${name}`]: `${least.value}..${most.value}` });
  }

  #listen() {
    const { marks, tip } = this.#parts;
    const place = event => {
      const box = marks.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    marks.addEventListener('pointerdown', event => {
      const [x, y] = place(event);
      this.#brush = { x, y, moved: false, left: x, top: y, width: 0, height: 0 };
      marks.setPointerCapture(event.pointerId);
    });
    marks.addEventListener('pointermove', event => {
      const [x, y] = place(event);
      if (this.#brush) {
        this.#brushTo(x, y);
      } else {
        this.#hint(x, y);
      }
    });
    marks.addEventListener('pointerup', event => {
      const brush = this.#brush;
      this.#brush = null;
      if (brush && !brush.moved) {
        this.#select(this.#nearest(...place(event)));
      }
      this.#redraw();
    });
    marks.addEventListener('pointercancel', () => { this.#brush = null; });
    marks.addEventListener('pointerleave', () => { tip.hidden = true; });
  }

  #nearest(x, y) {
    return this.#cloud ? this.#cloud.nearest(this.#mask, x * this.#dense, y * this.#dense, REACH * this.#dense) : -1;
  }

  #brushTo(x, y) {
    const brush = this.#brush;
    brush.moved ||= Math.hypot(x - brush.x, y - brush.y) > STILL;
    if (!brush.moved) {
      return;
    }
    Object.assign(brush, { left: Math.min(x, brush.x), top: Math.min(y, brush.y), width: Math.abs(x - brush.x), height: Math.abs(y - brush.y) });
    const [across, up] = [this.#scale('x'), this.#scale('y')];
    const [first, second] = this.#axesNames();
    this.#setLimit(first, across.value(brush.x), across.value(x));
    this.#setLimit(second, up.value(brush.y), up.value(y));
    this.#redraw();
  }

  #hint(x, y) {
    const { tip, plot } = this.#parts;
    const found = this.#nearest(x, y);
    tip.hidden = found < 0;
    if (found < 0) {
      return;
    }
    tip.replaceChildren(...this.#axesNames().map(name => make('div', {}, `${this.#measure(name).label}: ${digits(this.#scaled(name)(this.#columns.get(name)[found]))}`)),
      make('div', { class: 'arch' }, this.#architectures[found].replaceAll(',', ', ')));
    const width = plot.clientWidth;
    tip.style.left = `${Math.min(x + 14, width - 240)}px`;
    tip.style.top = `${y + 14}px`;
  }

  async #offerOthers(source) {
    const runs = (await source?.others?.()) ?? [];
    if (runs.length === 0) {
      return;
    }
    const { compare } = this.#parts;
    const problem = make('p', { class: 'quiet', role: 'status' });
    const wanted = () => [...compare.querySelectorAll('input:checked')].map(input => input.value);
    const load = async () => {
      const chosen = wanted();
      this.#state.set({ with: chosen.join(' ') });
      this.#others = [];
      problem.textContent = '';
      for (const id of chosen) {
        try {
          const other = await source.otherView(id);
          if (other.front) {
            this.#others.push({ name: other.name, networks: other.front.networks });
          } else {
            problem.textContent += `${other.name} has no front yet. `;
          }
        } catch (failure) {
          problem.textContent += `${failure.message} `;
        }
      }
      this.#redraw();
    };
    const before = this.#state.get('with').split(' ');
    compare.replaceChildren(make('fieldset', { class: 'others' }, make('legend', {}, 'Fronts of other runs beside it'),
      runs.map(run => make('label', { class: 'check' }, make('input', {
        type: 'checkbox', value: run.id, checked: before.includes(run.id), onchange: load,
      }), `${run.name} (${run.id})`))), problem);
    if (before.some(Boolean)) {
      await load();
    }
  }
}
