// Asks for a token where the server wants one, and says what to do where it does not answer.

import { keepToken } from './api.js';
import { make } from './dom.js';

const place = () => document.getElementById('notice');

/** Shows why something does not work; null: it does again. */
export function notice(problem) {
  place().textContent = problem?.message ?? problem ?? '';
  place().hidden = !problem;
}

/** Asks for a token until the work is done with one. */
export async function withToken(root, work) {
  try {
    return await work();
  } catch (problem) {
    if (problem.status !== 401) {
      throw problem;
    }
    return new Promise((resolve, reject) => {
      const input = make('input', { id: 'token', type: 'password', required: true, autocomplete: 'off' });
      const said = make('p', { class: 'bad', role: 'alert' });
      root.replaceChildren(make('section', { class: 'card' }, make('form', {
        id: 'login',
        onsubmit: async event => {
          event.preventDefault();
          keepToken(input.value.trim());
          try {
            resolve(await work());
          } catch (again) {
            if (again.status === 401) {
              said.textContent = `The server does not accept this token (${again.message}).`;
            } else {
              reject(again);
            }
          }
        },
      }, make('label', { for: 'token' }, 'A token to look with'),
      make('div', { class: 'row' }, input, make('button', { type: 'submit' }, 'Look')),
      make('p', { class: 'hint' }, 'The owner\'s lies in the server\'s folder, in the file "token". An operator makes others to look with: lutra token create --role viewer. '
        + 'This tab keeps it until it is closed.'), said)));
      input.focus();
    });
  }
}
