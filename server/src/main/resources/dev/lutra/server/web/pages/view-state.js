// What somebody looks at, kept behind # in the page's address: whoever gets the address sees the same.

export class ViewState {
  #values = new URLSearchParams(location.hash.slice(1));

  get(name, usual = '') {
    return this.#values.get(name) ?? usual;
  }

  /** Values whose names begin so, by the rest of the name. */
  all(prefix) {
    return [...this.#values].filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value]);
  }

  /** Empty values are left out. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      if (value === '' || value === null || value === undefined) {
        this.#values.delete(name);
      } else {
        this.#values.set(name, value);
      }
    }
    const text = this.#values.toString();
    if (text !== location.hash.slice(1)) {
      history.replaceState(null, '', `#${text}`);
    }
  }
}
