/** What was refused and why, for `ask dashboard counters`. */
export const COUNTED = ['host', 'origin', 'session', 'login', 'method', 'pages', 'schema', 'event', 'rate', 'slow', 'pending'] as const;
export type Counted = (typeof COUNTED)[number];

export class Counters {
  readonly #counts = new Map<Counted, number>(COUNTED.map((name) => [name, 0]));

  add(name: Counted): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
