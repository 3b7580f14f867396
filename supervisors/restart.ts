/** One restart of some children: stop right to left, wait, start left to right. It can be cancelled at any point. */
export interface RestartSteps {
  /** Also aborts a start under way. Never rejects. */
  readonly stop: (index: number) => Promise<void>;
  readonly start: (index: number) => Promise<void>;
  /** A child did not start; `rest` are those after it. */
  readonly failed: (index: number, error: Error, rest: readonly number[]) => void;
  readonly ended: () => void;
}

export class Restart {
  readonly #pending: Set<number>;
  readonly #before: readonly Restart[];
  readonly #delayMs: number;
  readonly #steps: RestartSteps;
  #done: Promise<void> = Promise.resolve();
  #cancelled = false;
  #wake: (() => void) | null = null;

  /** @param indexes in start order @param before cancelled ones that must be out of the way first */
  constructor(indexes: readonly number[], before: readonly Restart[], delayMs: number, steps: RestartSteps) {
    this.#pending = new Set(indexes);
    this.#before = before;
    this.#delayMs = delayMs;
    this.#steps = steps;
  }

  /** Resolves when nothing of it goes on any more. */
  get done(): Promise<void> {
    return this.#done;
  }

  run(): void {
    this.#done = this.#run();
  }

  shares(indexes: ReadonlySet<number>): boolean {
    return [...this.#pending].some((index) => indexes.has(index));
  }

  /** Gives back what it had still to start. */
  cancel(): readonly number[] {
    this.#cancelled = true;
    this.#wake?.();
    return [...this.#pending];
  }

  async #run(): Promise<void> {
    for (const index of [...this.#pending].reverse()) await this.#steps.stop(index);
    await Promise.all(this.#before.map((restart) => restart.done));
    await this.#sleep();
    for (const index of [...this.#pending]) {
      if (this.#cancelled) return;
      try {
        await this.#steps.start(index);
      } catch (error) {
        this.#pending.delete(index);
        if (!this.#cancelled) this.#steps.failed(index, error instanceof Error ? error : new Error(String(error)), [...this.#pending]);
        return;
      }
      this.#pending.delete(index);
    }
    if (!this.#cancelled) this.#steps.ended();
  }

  #sleep(): Promise<void> {
    if (this.#cancelled || this.#delayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
