// The page /: how others join, for whoever knows the token.

import { Server, takeToken } from './protocol.js';

const element = id => document.getElementById(id);

async function show(token) {
  const server = new Server(token);
  try {
    const link = await server.joinLink();
    element('link').href = link;
    element('link').textContent = link;
    element('image').src = URL.createObjectURL(await server.joinCode());
  } catch (problem) {
    element('notice').textContent = problem.status === 401 ? 'The server does not accept this token.' : problem.message;
    element('notice').hidden = false;
    element('ask').hidden = false;
    return;
  }
  element('notice').hidden = true;
  element('ask').hidden = true;
  element('code').hidden = false;
}

element('login').addEventListener('submit', event => {
  event.preventDefault();
  const token = element('token').value.trim();
  localStorage.setItem('lutra.token', token);
  show(token);
});

const token = takeToken();
if (token) {
  show(token);
} else {
  element('ask').hidden = false;
}
