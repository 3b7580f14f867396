/** How much is queued or being handled over all counted actors, and what waits for the disk: the market's next step waits for both. */
export class Activity {
  #busy = 0;
  #deciding = 0;
  #held = 0;
  #forQuiet: (() => void)[] = [];
  #forSettled: (() => void)[] = [];

  /** Messages queued or in handling, and actors that are down with work to finish. */
  get busy(): number {
    return this.#busy;
  }

  /** Somebody is deciding something that the disk waits for. */
  get isDeciding(): boolean {
    return this.#deciding > 0;
  }

  /** @throws where more is taken away than was added: the count would be wrong for ever. */
  change(delta: number): void {
    if (delta === 0) return;
    this.#busy = counted(this.#busy, delta, 'activity');
    this.#tell();
  }

  /** Of these, what may still put facts in line: messages queued, and turns that have not ended with theirs. @throws as `change`. */
  decide(delta: number): void {
    if (delta === 0) return;
    this.#deciding = counted(this.#deciding, delta, 'what is being decided');
    if (this.#deciding === 0 && this.#forQuiet.length > 0) for (const resolve of this.#forQuiet.splice(0)) resolve();
  }

  /** Facts and effects that wait for the disk. @throws as `change`. */
  hold(delta: number): void {
    if (delta === 0) return;
    this.#held = counted(this.#held, delta, 'what waits for the disk');
    this.#tell();
  }

  /** Resolves when no counted actor is deciding anything, whatever is still being applied or waits for the disk. */
  quiet(): Promise<void> {
    if (this.#deciding === 0) return IDLE;
    return new Promise((resolve) => this.#forQuiet.push(resolve));
  }

  /** Resolves when no counted actor has anything to do and everything is on disk. */
  settled(): Promise<void> {
    if (this.#busy === 0 && this.#held === 0) return IDLE;
    return new Promise((resolve) => this.#forSettled.push(resolve));
  }

  #tell(): void {
    if (this.#busy > 0) return;
    if (this.#held === 0 && this.#forSettled.length > 0) for (const resolve of this.#forSettled.splice(0)) resolve();
  }
}

const IDLE: Promise<void> = Promise.resolve();

function counted(count: number, delta: number, what: string): number {
  if (count + delta < 0) throw new RangeError(`${what} fell to ${count + delta}`);
  return count + delta;
}
