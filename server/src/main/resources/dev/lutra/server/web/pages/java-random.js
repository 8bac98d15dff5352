// java.util.Random, so that inputs given by a seed are the same numbers on every device.

const TWO_24 = 2 ** 24;
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;

export class JavaRandom {
  // 48 bits of state in two halves, whose products are exact in a double
  #high;
  #low;
  #nextGaussian = null;

  /** @param seed a 64-bit integer: bigint, number or its decimal text */
  constructor(seed) {
    const state = BigInt.asUintN(48, BigInt(seed) ^ 0x5deece66dn);
    this.#high = Number(state >> 24n);
    this.#low = Number(state & 0xffffffn);
  }

  #step() {
    const low = this.#low * MULTIPLIER_LOW + 0xb;
    this.#high = (this.#high * MULTIPLIER_LOW + this.#low * MULTIPLIER_HIGH + Math.floor(low / TWO_24)) % TWO_24;
    this.#low = low % TWO_24;
  }

  nextDouble() {
    this.#step();
    const upper = this.#high * 4 + (this.#low >>> 22);
    this.#step();
    const lower = this.#high * 8 + (this.#low >>> 21);
    return (upper * 2 ** 27 + lower) * 2 ** -53;
  }

  nextGaussian() {
    if (this.#nextGaussian !== null) {
      const next = this.#nextGaussian;
      this.#nextGaussian = null;
      return next;
    }
    let v1, v2, s;
    do {
      v1 = 2 * this.nextDouble() - 1;
      v2 = 2 * this.nextDouble() - 1;
      s = v1 * v1 + v2 * v2;
    } while (s >= 1 || s === 0);
    const multiplier = Math.sqrt(-2 * Math.log(s) / s);
    this.#nextGaussian = v2 * multiplier;
    return v1 * multiplier;
  }
}
