// The server's calls as the pages of runs make them: a token that this tab keeps, answers as JSON, events as they come.

const TOKEN = 'lutra.look';
const FIRST_WAIT_MILLIS = 500;
const LONGEST_WAIT_MILLIS = 15_000;

/** What the server answers instead; status 0 where it does not answer. */
export class CallError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Takes the token out of a link's fragment, which is not left where it shows; the rest of the fragment stays. */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get('token');
  if (given) {
    keepToken(given);
    fragment.delete('token');
    const rest = fragment.toString();
    history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  }
  return sessionStorage.getItem(TOKEN);
}

export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function answer(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  let response;
  try {
    response = await fetch(path, {
      cache: 'no-store', ...options,
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(options.method === 'POST' ? { 'content-type': 'application/json' } : {}) },
    });
  } catch {
    throw new CallError(0, 'The server does not answer. Is it still running, and is this device in its network?');
  }
  if (!response.ok) {
    throw new CallError(response.status, await response.text());
  }
  return response;
}

export async function get(path) {
  return (await answer(path)).json();
}

export async function post(path, body = {}) {
  return (await answer(path, { method: 'POST', body: JSON.stringify(body) })).json();
}

export async function blob(path) {
  return (await answer(path)).blob();
}

function* events(text) {
  for (const block of text.split('\n\n')) {
    const event = { type: 'message', data: '', id: null };
    for (const line of block.split('\n')) {
      const [, field, value] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
      if (field === 'data') {
        event.data += value;
      } else if (field === 'id') {
        event.id = value;
      } else if (field === 'event') {
        event.type = value;
      }
    }
    if (event.data) {
      yield event;
    }
  }
}

/**
 * Hears the events of a stream, and goes on where it was when the connection is lost. Browsers' own EventSource cannot show a token.
 *
 * @param path with {after} where the last event's id belongs
 * @param heard told each event: { type, data, id }
 * @param lost told why nothing comes, and null when something comes again
 */
export async function follow(path, heard, lost = () => {}) {
  let after = '';
  for (let wait = FIRST_WAIT_MILLIS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS)) {
    try {
      const response = await answer(path.replace('{after}', encodeURIComponent(after)));
      lost(null);
      wait = FIRST_WAIT_MILLIS;
      let rest = '';
      for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
        const { done, value } = await reader.read();
        if (done) {
          break;
        }
        rest += value;
        const end = rest.lastIndexOf('\n\n');
        if (end >= 0) {
          for (const event of events(rest.slice(0, end))) {
            after = event.id ?? after;
            heard(event);
          }
          rest = rest.slice(end + 2);
        }
      }
    } catch (problem) {
      if ([401, 403, 404].includes(problem.status)) {
        lost(problem);
        return;
      }
      lost(problem instanceof CallError ? problem : new CallError(0, 'The connection to the server was lost.'));
    }
    await new Promise(resolve => setTimeout(resolve, wait * (0.5 + Math.random())));
  }
}
