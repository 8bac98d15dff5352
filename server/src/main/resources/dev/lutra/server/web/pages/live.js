// Where a live run's page gets what it shows.

import { blob, get } from './api.js';
import { make, save } from './dom.js';

export class LiveRun {
  #path;
  #id;
  isLive = true;

  constructor(id) {
    this.#id = id;
    this.#path = `/api/runs/${encodeURIComponent(id)}`;
  }

  view() {
    return get(`${this.#path}/view`);
  }

  candidates() {
    return get(`${this.#path}/candidates`);
  }

  table(device) {
    return get(`${this.#path}/tables/${encodeURIComponent(device)}`);
  }

  architecture(text) {
    return get(`${this.#path}/architectures/${encodeURIComponent(text)}`);
  }

  /** A button that hands a file out: a link could not show the token. */
  download(name) {
    const short = name.split('/').pop();
    const button = make('button', { type: 'button', class: 'link' }, short);
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        save(short, await blob(`${this.#path}/files/${encodeURIComponent(name)}`));
      } catch (problem) {
        button.after(make('span', { class: 'bad', role: 'alert' }, ` ${problem.message}`));
      }
      button.disabled = false;
    });
    return button;
  }

  /** Other runs on the server, where this caller may see them. */
  async others() {
    try {
      const { runs } = await get('/api/runs');
      return runs.filter(run => run.id !== this.#id);
    } catch {
      return [];
    }
  }

  otherView(id) {
    return get(`/api/runs/${encodeURIComponent(id)}/view`);
  }
}
