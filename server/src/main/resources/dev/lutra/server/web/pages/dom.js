// What the pages of runs are made of: elements, tables that fit a phone, files to download.

/** An element. Attributes that begin with "on" are listeners; those that are null, undefined or false are left out. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      made.addEventListener(name.slice(2), value);
    } else if (value === true) {
      made.setAttribute(name, '');
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value);
    }
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

/** A part of a page with a heading. */
export function section(title, ...content) {
  const id = `part-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return make('section', { class: 'card', 'aria-labelledby': id }, make('h2', { id }, title), ...content);
}

/** What stands where there is nothing yet: what is missing, and what to do next. */
export function empty(...lines) {
  return make('div', { class: 'empty' }, lines.map(line => (typeof line === 'string' ? make('p', {}, line) : line)));
}

/** A command to copy. */
export function command(line) {
  return make('pre', { class: 'command', tabindex: 0, 'aria-label': 'command' }, line);
}

/**
 * A table; on a narrow screen every row becomes a block in which each value has its column's name.
 *
 * @param columns { name, of, number, wide, short } with what a cell is of a row: a text or an element; short: of words that are not broken
 */
export function table(caption, columns, rows, { hiddenCaption = true } = {}) {
  return make('table', { class: 'stack' },
    make('caption', { class: hiddenCaption ? 'unseen' : null }, caption),
    make('thead', {}, make('tr', {}, columns.map(column => make('th', { scope: 'col', class: [column.number && 'number', column.short && 'short'].filter(Boolean).join(' ') || null }, column.name)))),
    make('tbody', {}, rows.map(row => make('tr', {}, columns.map(column => {
      const cell = column.of(row);
      const state = column.state?.(row);
      return make('td', {
        'data-label': column.name,
        class: [column.number && 'number', column.wide && 'wrap', column.short && 'short', state].filter(Boolean).join(' ') || null,
      }, cell === '' || cell === null || cell === undefined ? '–' : cell);
    })))));
}

/** Terms and what they are. */
export function facts(pairs) {
  return make('dl', { class: 'facts' }, pairs.flatMap(([term, fact]) => [make('dt', {}, term), make('dd', {}, fact)]));
}

/** Something to open. */
export function details(summary, content, open = false) {
  const made = make('details', { open }, make('summary', {}, summary));
  let filled = false;
  const fill = () => {
    if (made.open && !filled) {
      filled = true;
      made.append(...[typeof content === 'function' ? content() : content].flat());
    }
  };
  made.addEventListener('toggle', fill);
  fill();
  return made;
}

function quoted(cell) {
  const text = String(cell ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(rows) {
  return rows.map(row => row.map(quoted).join(',')).join('\n') + '\n';
}

/** Hands a file to whoever looks at the page. */
export function save(name, content, type = 'text/csv') {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = make('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A button that saves a table. */
export function csvButton(name, rows) {
  return make('button', { type: 'button', class: 'plain', onclick: () => save(name, csv(rows())) }, 'CSV');
}

/** A drawing that the server made, as part of the page: its titles tell what they stand for. */
export function drawing(svg, label) {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  const image = document.importNode(parsed, true);
  image.setAttribute('role', 'img');
  image.setAttribute('aria-label', label);
  return make('div', { class: 'drawing', tabindex: 0, role: 'group', 'aria-label': label }, image);
}

export function duration(seconds) {
  const whole = Math.round(seconds);
  return whole >= 3600
    ? `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`
    : whole >= 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole} s`;
}

/** A count with its thousands apart. */
export function count(value) {
  return Math.round(value).toLocaleString('en');
}

/** To four digits, as the tables of runs have it. */
export function digits(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : '–';
}
