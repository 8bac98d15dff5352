// All that a run shows, live or frozen: the source says where it comes from.

import { shown } from './architecture.js';
import { plotted } from './charts.js';
import { command, count, csvButton, details, digits, drawing, duration, empty, facts, make, section, table } from './dom.js';
import { Explorer } from './explorer.js';
import { heatmap } from './heatmap.js';
import { ViewState } from './view-state.js';

const judged = judgement => make('span', { class: judgement.state || null }, judgement.text);
const wrapped = architecture => make('span', { class: 'arch' }, architecture.replaceAll(',', ', '));

export class RunPage {
  #source;
  #root;
  #state = new ViewState();
  #run = null;
  #explorer = null;
  #candidates = -1;
  /** What the explorer was told besides. */
  #known = '';
  #early = null;
  /** Devices whose tables are open, each with the layer whose intervals are shown. */
  #openTables = new Map();
  #parts = {};

  /**
   * @param root filled with the page
   * @param source { view(), candidates(), table(device), architecture(text), download(name), isLive, others?(), otherView?(id) }
   */
  constructor(root, source) {
    this.#root = root;
    this.#source = source;
  }

  /** For who measures how fast it draws. */
  get explorer() {
    return this.#explorer;
  }

  /** Shows the run as it is now; what somebody has opened or chosen stays. */
  async show() {
    const isFirst = this.#run === null;
    // of very many candidates both take a while: at first they come side by side
    this.#early = isFirst ? this.#source.candidates() : null;
    this.#early?.catch(() => {});
    const run = await this.#source.view();
    this.#run = run;
    document.title = `${run.name}: Lutra`;
    if (isFirst) {
      this.#frame();
    }
    this.#fill(run);
    if (run.evaluated !== this.#candidates) {
      this.#candidates = run.evaluated;
      await this.#explore(run, isFirst);
    }
    const known = JSON.stringify([run.winners, run.targets, run.images, run.front !== null]);
    if (known !== this.#known) {
      this.#known = known;
      this.#explorer?.told(run);
    }
  }

  #frame() {
    const names = ['head', 'now', 'explore', 'network', 'winners', 'front', 'training', 'tables', 'ranking', 'weights', 'made'];
    names.forEach(name => { this.#parts[name] = make('div', { id: name }); });
    this.#root.replaceChildren(...names.map(name => this.#parts[name]));
  }

  /** Puts a part in place unless it is what stands there already: nothing that is open closes while a run goes on. */
  #put(name, content, ...on) {
    const key = JSON.stringify(on);
    const part = this.#parts[name];
    if (part.dataset.key !== key) {
      part.dataset.key = key;
      part.replaceChildren(...[content()].flat().filter(Boolean));
    }
  }

  #fill(run) {
    this.#put('head', () => this.#head(run), run.name, run.space, run.verdict, run.front?.networks.length, run.evaluated);
    this.#put('now', () => this.#now(run), run.stages, run.progress, run.warnings);
    this.#put('winners', () => this.#winners(run), run.winners, run.front?.shared);
    this.#put('front', () => this.#front(run), run.front, run.volume);
    this.#put('training', () => this.#training(run), run.training);
    this.#put('tables', () => this.#tables(run), run.targets);
    this.#put('ranking', () => this.#ranking(run), run.ranking);
    this.#put('weights', () => this.#weights(run), run.weights);
    this.#put('made', () => this.#made(run), run.experiment, run.provenance);
  }

  #head(run) {
    return make('header', {}, make('h1', {}, run.name),
      make('p', { class: 'lead' }, `${run.space} · ${count(run.evaluated)} architectures evaluated`
        + (run.front ? ` · ${count(run.front.networks.length)} on the Pareto front` : '')),
      run.verdict ? make('p', { class: 'verdict' }, run.verdict) : null);
  }

  #now(run) {
    if (run.stages.length === 0 && !run.progress) {
      return section('Stages', empty('The run has not begun yet.', 'Its stages, rate and time left appear here when it does.'));
    }
    const progress = run.progress;
    return section('Stages',
      progress?.count ? make('p', {}, `Stage ${progress.number} of ${progress.count}: ${progress.stage ?? ''}`) : null,
      make('ol', { class: 'stages' }, run.stages.map(stage => make('li', { class: stage.state },
        make('span', { class: 'name' }, stage.name), ' ', make('span', { class: 'state' }, stage.state), ' ', duration(stage.seconds)))),
      (progress?.work ?? []).map((work, i) => {
        const id = `work-${i}`;
        return make('div', { class: 'work' }, make('label', { id, for: `${id}-bar` }, work.what),
          make('progress', { id: `${id}-bar`, max: Math.max(1, work.total), value: work.done }),
          make('span', { class: 'quiet' }, [
            `${count(work.done)} of ${count(work.total)} ${work.unit}`, work.rate !== null && `${digits(work.rate)}/s`,
            work.left_seconds !== null && `${duration(work.left_seconds)} left`, work.note].filter(Boolean).join(', ')));
      }),
      progress?.message ? make('p', { class: 'quiet' }, progress.message) : null,
      !progress && this.#source.isLive && run.stages.some(stage => stage.state === 'stopped')
        ? empty('No process works on this run. It goes on where it stopped with:', command(`lutra run runs/${run.name}`)) : null,
      run.warnings.length > 0 ? make('div', { class: 'notice' }, make('h3', {}, 'Worth a look'),
        make('ul', {}, run.warnings.map(warning => make('li', {}, `${warning.stage}: ${warning.text}`)))) : null);
  }

  async #explore(run, isFirst) {
    const early = this.#early;
    this.#early = null;
    if (run.evaluated === 0 && !run.front) {
      this.#parts.explore.replaceChildren(section('Explore', empty('The search has evaluated nothing yet.',
        'Every candidate appears here, with all its measures, as soon as its accuracy is known.')));
      return;
    }
    const candidates = await (early ?? this.#source.candidates());
    const measures = run.measures.map(measure => measure.name).join();
    if (!this.#explorer || this.#parts.explore.dataset.measures !== measures) {
      this.#explorer = new Explorer(run, this.#state, architecture => this.#network(architecture), this.#source);
      this.#parts.explore.dataset.measures = measures;
      this.#parts.explore.replaceChildren(this.#explorer.element);
    }
    this.#explorer.show(candidates);
    if (isFirst && this.#state.get('net')) {
      this.#network(this.#state.get('net'), false);
    }
  }

  async #network(architecture, moves = true) {
    const place = this.#parts.network;
    const head = make('h2', { id: 'network-title', tabindex: -1 }, 'Network');
    try {
      place.replaceChildren(make('section', { class: 'card', 'aria-labelledby': 'network-title' }, head,
        shown(await this.#source.architecture(architecture), this.#run, this.#source)));
    } catch (problem) {
      place.replaceChildren(make('section', { class: 'card', 'aria-labelledby': 'network-title' }, head, make('p', { class: 'arch' }, architecture),
        empty(problem.message)));
    }
    if (moves) {
      head.focus();
      place.scrollIntoView({ block: 'start', behavior: 'smooth' });
    }
  }

  #link(architecture) {
    return make('button', { type: 'button', class: 'link arch', onclick: () => this.#network(architecture) }, architecture.replaceAll(',', ', '));
  }

  #winners(run) {
    if (run.winners.length === 0) {
      return [];
    }
    const figures = winner => winner.devices.map(told => table(`${winner.file} on ${told.device}`, [
      { name: 'figure', of: row => row.name }, { name: 'asked', number: true, of: row => row.asked },
      { name: 'predicted', number: true, of: row => row.predicted }, { name: 'expected within', number: true, of: row => judged(row.expected) },
      { name: 'measured', number: true, of: row => judged(row.measured) }, { name: 'known within', number: true, of: row => row.known },
      { name: 'error', number: true, of: row => row.error }], told.figures, { hiddenCaption: false }));
    return [section('Winners',
      make('p', { class: 'quiet' }, 'Winners are the most accurate network of the front, then each time the one farthest from those before, all objectives scaled to '
        + 'the front\'s range; they are numbered by accuracy, and what takes the place of one that misses a limit comes after them. Accuracy is that of the shared '
        + 'weights on the validation split, batch norm recalibrated; a winner trained by itself reaches more.'),
      table('Exported networks', [
        { name: '#', of: row => row.rank }, { name: 'network', wide: true, of: row => this.#link(row.architecture) },
        { name: 'accuracy', number: true, of: row => row.accuracy }, { name: 'MACs', number: true, of: row => row.macs },
        { name: 'params', number: true, of: row => row.params }, { name: 'numerics', number: true, of: row => judged(row.numerics) },
        { name: 'file', of: row => this.#source.download(`export/${row.file}`) }], run.winners),
      run.winners.some(winner => winner.devices.length > 0)
        ? [make('p', { class: 'quiet' }, 'Latency is the median of one call, p99 what one call in a hundred exceeds; 95 of 100 measurements should lie within what is '
          + 'expected (green: this one does). Memory is the peak that the model takes in a process of its own, energy that of a call above what the idle device takes. '
          + 'Numerics: largest difference between the exported file on the device and the supernet, relative to the range of the outputs.'),
        ...run.winners.map(winner => details(`${winner.rank}. ${winner.file}: asked, predicted and measured`, () => figures(winner), winner.rank === 1))]
        : []), this.#shared(run)];
  }

  #shared(run) {
    const rows = run.front?.shared ?? [];
    return rows.length === 0 ? null : section('One network for all devices',
      make('p', { class: 'quiet' }, 'What a device would take by prediction with the fastest of all evaluated networks that are at least as accurate and keep the limits of '
        + 'every device, and what the shared one costs it.'),
      table('What one network for all devices costs each', [
        { name: 'file', of: row => row.file }, { name: 'device', of: row => row.device }, { name: 'shared', number: true, of: row => row.shared },
        { name: 'its own', number: true, of: row => row.own }, { name: 'the shared one costs', number: true, of: row => row.paid },
        { name: 'where its own differs', wide: true, of: row => row.differing }], rows));
  }

  #front(run) {
    if (!run.front) {
      return run.volume.curves[0].x.length > 1 ? section('Search', plotted('Hypervolume over evaluations', run.volume)) : [];
    }
    const { front } = run;
    const measures = Object.keys(front.networks[0].figures);
    return [section('The front',
      ...front.trade_offs.map(tradeOff => details(`Accuracy against ${tradeOff.label}: what more accuracy costs`, () => [
        csvButton(`front-${tradeOff.measure}.csv`, () => [['architecture', tradeOff.label, 'accuracy', '95 %', 'than the one before', 'mark'],
          ...tradeOff.steps.map(step => [step.architecture, step.cost, step.accuracy, step.within, step.marginal, step.mark])]),
        table(`Accuracy against ${tradeOff.label}`, [
          { name: tradeOff.label, number: true, of: step => step.cost }, { name: 'accuracy', number: true, of: step => step.accuracy },
          { name: '95 %', number: true, of: step => step.within }, { name: 'than the one before', of: step => step.marginal },
          { name: 'mark', of: step => step.mark }, { name: 'network', wide: true, of: step => this.#link(step.architecture) }], tradeOff.steps)])),
      details('All its networks', () => [
        csvButton('front.csv', () => [['architecture', ...Object.keys(front.networks[0].measures)],
          ...front.networks.map(network => [network.architecture, ...Object.values(network.measures)])]),
        table('Networks of the front', [
          ...measures.map(measure => ({ name: measure, number: true, of: network => network.figures[measure] })),
          { name: 'file', of: network => network.file }, { name: 'network', wide: true, of: network => this.#link(network.architecture) }], front.networks)]),
      run.volume.curves[0].x.length > 1 ? plotted('Search: hypervolume over evaluations', run.volume) : null),
    section('What the front has chosen',
      make('p', { class: 'quiet' }, 'Shares of the networks on the front, layer by layer: what this device and these images want where.'),
      ...front.genes.map(genes => {
        const rows = () => make('div', { class: 'genes' }, genes.rows.map(gene => make('div', { class: 'gene' }, make('span', { class: 'name' }, gene.name),
          make('span', { class: 'bar' }, gene.options.map(option => {
            const percent = `${Math.round(100 * option.share)} %`;
            const part = make('span', { class: 'option', title: `${gene.name}: ${option.name} ${percent}` }, `${option.name} ${percent}`);
            part.style.flexGrow = option.share;
            return part;
          })))));
        return genes.device
          ? details(`Of these, the networks that none of them beats in accuracy and latency on ${genes.device}`, rows)
          : rows();
      }))];
  }

  #training(run) {
    const training = run.training;
    if (!training || (training.curves.length === 0 && !training.note && training.probes.length === 0)) {
      return [];
    }
    return section('Training',
      make('div', { class: 'plots' }, training.curves.map(curve => plotted(curve.title, curve.plot))),
      training.note ? make('p', { class: 'quiet' }, training.note) : null,
      training.pace ? make('p', { class: 'quiet' }, training.pace) : null,
      training.probes.length > 0 ? table('Fixed paths in the midst of training', [
        { name: 'after epoch', number: true, of: row => row.epoch }, { name: 'fixed paths', number: true, of: row => row.paths },
        { name: 'mean accuracy', number: true, of: row => row.mean }, { name: 'lowest', number: true, of: row => row.lowest },
        { name: 'highest', number: true, of: row => row.highest }, { name: 'tau with accuracies alone', number: true, of: row => row.tau },
      ], training.probes, { hiddenCaption: false }) : null,
      training.decisions ? [make('h3', {}, 'The course of the decisions'), drawing(training.decisions.drawing, 'What every layer had decided, step by step'),
        make('p', { class: 'quiet' }, 'What every layer had decided, step by step. What they come to after the last step is decoded.'),
        ...training.decisions.plots.map(plot => plotted(plot.title, plot.plot))] : []);
  }

  #tables(run) {
    if (run.targets.length === 0) {
      return [];
    }
    return section('Lookup tables', run.targets.map(target => this.#table(target)));
  }

  /** What is open stays open while the device goes on measuring. */
  #table(target) {
    const { device } = target;
    const made = details(
      `${device}: ${target.segments} segments (${target.provider}, ${target.threads} threads, ${target.precision}${target.batch > 1 ? `, ${target.batch} images a call` : ''})`,
      () => {
        const place = make('div', {}, make('p', { class: 'quiet' }, 'Reading the table…'));
        this.#source.table(device).then(
          view => place.replaceChildren(heatmap(view, this.#openTables.get(device) ?? '', layer => this.#openTables.set(device, layer))),
          problem => place.replaceChildren(empty(problem.message, 'A table is there once the run has begun to profile its device.')));
        return place;
      }, this.#openTables.has(device));
    made.addEventListener('toggle', () => (made.open ? this.#openTables.set(device, this.#openTables.get(device) ?? '') : this.#openTables.delete(device)));
    return made;
  }

  #ranking(run) {
    return run.ranking === null ? [] : section('Ranking: the supernet against networks trained alone',
      plotted('Accuracy with shared weights and alone', run.ranking.plot, { points: true }), make('p', { class: 'quiet' }, run.ranking.note),
      run.ranking.warning ? make('p', { class: 'bad' }, run.ranking.warning) : null);
  }

  #weights(run) {
    return run.weights.length === 0 ? [] : section('Networks with weights of their own, and the test images',
      table('Networks with weights', [
        { name: 'weights', wide: true, of: row => row.weights }, { name: 'network', wide: true, of: row => wrapped(row.architecture) },
        { name: 'with the supernet\'s', number: true, of: row => row.before }, { name: 'with its own', number: true, of: row => row.after },
        { name: 'on the test images', number: true, of: row => row.tested }, { name: 'measured', number: true, of: row => row.devices }], run.weights),
      make('p', { class: 'quiet' }, 'Accuracies are top-1 / top-5, or the mean average precision where images may show several classes; the first two are of the validation images.'));
  }

  #made(run) {
    return section('How this was made',
      details('The experiment file', () => make('pre', { class: 'file', tabindex: 0, 'aria-label': run.experiment.name }, run.experiment.text)),
      details('Where the figures come from', () => facts(run.provenance.map(fact => [fact.key, fact.value])), !this.#source.isLive));
  }
}
