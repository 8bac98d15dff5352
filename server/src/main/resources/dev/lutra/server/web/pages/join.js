// The page /: how others join, for whoever has a token of an operator's. It is kept nowhere.

import { post } from './protocol.js';

const element = id => document.getElementById(id);
const text = bytes => new TextDecoder().decode(bytes);

async function show(token) {
  try {
    const made = JSON.parse(text(await post('access/create-token', JSON.stringify({ role: 'JOINING' }), token)));
    const link = `${made.pages || location.origin}/agent#token=${made.token}`;
    element('link').href = link;
    element('link').textContent = link;
    element('image').src = URL.createObjectURL(new Blob([await post('join-code', link, token)], { type: 'image/svg+xml' }));
  } catch (problem) {
    element('notice').textContent = problem.status === 401 || problem.status === 403
      ? `The server does not accept this token (${problem.message}).`
      : problem.message;
    element('notice').hidden = false;
    return;
  }
  element('notice').hidden = true;
  element('code').hidden = false;
}

element('login').addEventListener('submit', event => {
  event.preventDefault();
  show(element('token').value.trim());
});
