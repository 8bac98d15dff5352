// What a device shows its server: a key that never leaves the browser, and the tokens that it gets for that.

import { base64ToBytes, bytesToBase64 } from './encoding.js';
import { post, ServerError } from './protocol.js';

const DATABASE = 'lutra';
const KEYS = 'keys';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const VERSION = 'lutra-agent-key-v1';
/** Of a token's life after which the next is asked for. */
const USED = 0.8;
/** Where a join token lies until it is used; pages of before kept theirs in the lasting storage. */
const JOIN_TOKEN = 'lutra.token';

/** Takes the token out of the link's fragment, which is not left where it shows, and remembers it until it is used. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem(JOIN_TOKEN, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(JOIN_TOKEN) ?? localStorage.getItem(JOIN_TOKEN);
}

function forgetToken() {
  sessionStorage.removeItem(JOIN_TOKEN);
  localStorage.removeItem(JOIN_TOKEN);
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function keys(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
  return (await done(opening)).transaction(KEYS, mode).objectStore(KEYS);
}

/** Whether this browser is a device of this server already. */
export async function hasKey() {
  return await done((await keys('readonly')).count()) > 0;
}

/** The key of a device, made on first use. Scripts may sign with it; nobody can read it. */
async function keyOf(device) {
  const kept = await done((await keys('readonly')).get(device));
  if (kept) {
    return kept;
  }
  const made = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  await done((await keys('readwrite')).put(made, device));
  return made;
}

/** What is signed: KeyProof of the protocol. */
export function proof(purpose, device, challenge) {
  const head = new TextEncoder().encode(`${VERSION}\n${purpose}\n${device}\n`);
  const all = new Uint8Array(head.length + challenge.length);
  all.set(head);
  all.set(challenge, head.length);
  return all;
}

export class Passport {
  #device;
  #joinToken;
  #bearer = null;
  #renewMillis = 0;
  #asking = null;

  constructor(device, joinToken) {
    this.#device = device;
    this.#joinToken = joinToken;
  }

  /** A token to make calls with. */
  async bearer() {
    if (!this.#bearer || performance.now() > this.#renewMillis) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.#bearer;
  }

  /** The server did not take a token: it was started again, or the device was removed. */
  refused(bearer) {
    if (this.#bearer === bearer) {
      this.#bearer = null;
    }
  }

  async #ask() {
    const key = await keyOf(this.#device);
    try {
      await this.#authenticate(key);
    } catch (problem) {
      if (!(problem instanceof ServerError) || problem.status !== 401 || !this.#joinToken) {
        throw problem;
      }
      await this.#enroll(key);
      await this.#authenticate(key);
    }
  }

  async #enroll(key) {
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('spki', key.publicKey));
    await call('access/enroll',
      { device: this.#device, publicKey: bytesToBase64(publicKey), ...await this.#signed(key, 'enroll') }, this.#joinToken);
    this.#joinToken = null;
    forgetToken();
  }

  async #authenticate(key) {
    const { bearer, lifetimeMillis } = await call('access/authenticate',
      { device: this.#device, ...await this.#signed(key, 'authenticate') });
    this.#bearer = bearer;
    this.#renewMillis = performance.now() + USED * Number(lifetimeMillis);
  }

  async #signed(key, purpose) {
    const { challenge } = await call('access/challenge', {});
    const signature = await crypto.subtle.sign(SIGNATURE, key.privateKey, proof(purpose, this.#device, base64ToBytes(challenge)));
    return { challenge, signature: bytesToBase64(new Uint8Array(signature)) };
  }
}

async function call(name, request, token) {
  return JSON.parse(new TextDecoder().decode(await post(name, JSON.stringify(request), token)));
}
