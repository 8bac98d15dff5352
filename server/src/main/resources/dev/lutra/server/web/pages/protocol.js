// The agent protocol as a page speaks it: protobuf's JSON mapping over HTTP, the same calls with the same meaning as over gRPC.

/** What the server answers instead of a reply. */
export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** The session has ended: join again. */
  get sessionLost() {
    return this.status === 404;
  }
}

/** No answer: the network, or the server, is away. */
export class Unreachable extends Error {}

const FIRST_WAIT_MILLIS = 500;
const LONGEST_WAIT_MILLIS = 15_000;

export class Server {
  #token;

  constructor(token) {
    this.#token = token;
  }

  /** One try. */
  async #post(call, request) {
    let response;
    try {
      response = await fetch(`/api/${call}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        cache: 'no-store',
      });
      if (response.ok) {
        return { body: await response.arrayBuffer() };
      }
    } catch (problem) {
      throw new Unreachable(problem.message);
    }
    if (response.status >= 500) {
      throw new Unreachable(response.status === 503 ? await response.text() : `the server answers ${response.status}`);
    }
    throw new ServerError(response.status, await response.text());
  }

  /** Tries until the server answers. Whoever is told of a problem may throw to end that. */
  async #persistently(call, request, onProblem) {
    for (let wait = FIRST_WAIT_MILLIS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS)) {
      try {
        return (await this.#post(call, request)).body;
      } catch (problem) {
        if (!(problem instanceof Unreachable)) {
          throw problem;
        }
        onProblem(problem);
        await new Promise(resolve => setTimeout(resolve, wait * (0.5 + Math.random())));
      }
    }
  }

  async #call(call, request, onProblem = () => {}) {
    return JSON.parse(new TextDecoder().decode(await this.#persistently(call, request, onProblem)));
  }

  join(request, onProblem) {
    return this.#call('agent/join', request, onProblem);
  }

  lease(request, onProblem) {
    return this.#call('agent/lease', request, onProblem);
  }

  /** One try: the next renewal comes soon enough. */
  async renew(request) {
    return JSON.parse(new TextDecoder().decode((await this.#post('agent/renew', request)).body));
  }

  fetchModel(request, onProblem) {
    return this.#persistently('agent/fetch-model', request, onProblem);
  }

  report(request, onProblem) {
    return this.#call('agent/report', request, onProblem);
  }

  /** Waits until the server serves pages; tells whether it did at once. */
  async isThere(onProblem) {
    for (let tries = 1; ; tries++) {
      try {
        await fetch('/pages/bench.js', { method: 'HEAD', cache: 'no-store' });
        return tries === 1;
      } catch (problem) {
        onProblem(problem);
        await new Promise(resolve => setTimeout(resolve, FIRST_WAIT_MILLIS * 4));
      }
    }
  }

  /** What a device opens to join, and its QR code. */
  async joinLink() {
    return new TextDecoder().decode((await this.#post('join-link', {})).body);
  }

  async joinCode() {
    return new Blob([(await this.#post('join-code', {})).body], { type: 'image/svg+xml' });
  }
}

/** Takes the token out of the link's fragment, which is not left where it shows, and remembers it for this server. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    localStorage.setItem('lutra.token', given);
    history.replaceState(null, '', location.pathname);
  }
  return localStorage.getItem('lutra.token');
}
