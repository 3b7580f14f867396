/** Chance that can be entered anywhere: a stream is named, and each minute of it has draws of its own, whatever was drawn before. */
import { createHash } from 'node:crypto';

const WARM_UP_ROUNDS = 12;
const UINT32 = 4_294_967_296;

/**
 * sfc32 (C. Doty-Humphrey, PractRand), keyed by sha256(seed, name), the minute and a lane. Entering a minute costs a dozen additions, so a
 * market can be resumed at any minute without drawing everything before it.
 */
export class Draws {
  readonly #first: number;
  readonly #second: number;
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 0;
  #spare: number | null = null;

  constructor(seed: string, name: string) {
    const key = createHash('sha256').update(`${seed}\0${name}`).digest();
    this.#first = key.readUInt32LE(0);
    this.#second = key.readUInt32LE(4);
  }

  /** Enters a minute. Lanes keep draws of different purposes apart. */
  at(minute: number, lane: number): this {
    this.#a = this.#first | 0;
    this.#b = (this.#second ^ Math.imul(lane + 1, 0x9e3779b1)) | 0;
    this.#c = minute | 0;
    this.#counter = 1;
    this.#spare = null;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#next();
    return this;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#next() / UINT32;
  }

  /** Standard normal: Marsaglia's polar method. */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
