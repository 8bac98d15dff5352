// The agent protocol as a page speaks it: protobuf's JSON mapping over HTTP, the same calls with the same meaning as over gRPC.

/** The version that this page speaks: ProtocolVersion of the protocol. */
export const PROTOCOL = 1;

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

/** One try of a call: the bytes of the answer. */
export async function post(call, body, token) {
  let response;
  try {
    response = await fetch(`/api/${call}`, {
      method: 'POST',
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json', 'lutra-protocol': PROTOCOL },
      body,
      cache: 'no-store',
    });
    if (response.ok) {
      return await response.arrayBuffer();
    }
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
  if (response.status >= 500) {
    throw new Unreachable(response.status === 503 ? await response.text() : `the server answers ${response.status}`);
  }
  throw new ServerError(response.status, await response.text());
}

export class Server {
  #passport;

  /** @param passport gives a token by bearer(), and is told by refused(token) when that is not taken any more */
  constructor(passport) {
    this.#passport = passport;
  }

  /** One try; a token that is not taken any more is changed for another, once. */
  async #post(call, request) {
    const body = JSON.stringify(request);
    const bearer = await this.#passport.bearer();
    try {
      return await post(call, body, bearer);
    } catch (problem) {
      if (!(problem instanceof ServerError) || problem.status !== 401) {
        throw problem;
      }
      this.#passport.refused(bearer);
      return post(call, body, await this.#passport.bearer());
    }
  }

  /** Tries until the server answers. Whoever is told of a problem may throw to end that. */
  async #persistently(call, request, onProblem) {
    for (let wait = FIRST_WAIT_MILLIS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS)) {
      try {
        return await this.#post(call, request);
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
    return JSON.parse(new TextDecoder().decode(await this.#post('agent/renew', request)));
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
}
