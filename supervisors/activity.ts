/** How much is queued or being handled over all counted actors: the market's next step waits until it is nothing. */
export class Activity {
  #busy = 0;
  #waiting: (() => void)[] = [];

  /** Messages queued or in handling, turns being journaled, and actors that are down with work to finish. */
  get busy(): number {
    return this.#busy;
  }

  /** @throws where more is taken away than was added: the count would be wrong for ever. */
  change(delta: number): void {
    if (delta === 0) return;
    this.#busy += delta;
    if (this.#busy < 0) throw new RangeError(`activity fell to ${this.#busy}`);
    if (this.#busy > 0 || this.#waiting.length === 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves at once where nothing is going on, else when the count next reaches zero. */
  settled(): Promise<void> {
    if (this.#busy === 0) return IDLE;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

const IDLE: Promise<void> = Promise.resolve();
