/** Named counts. What the venue says becomes part of some names, so their number is bounded. */
const NAMES_MAX = 100;
const REST = 'others';

export class Counters {
  readonly #counts = new Map<string, number>();

  count(name: string): void {
    const known = this.#counts.has(name) || this.#counts.size < NAMES_MAX ? name : REST;
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
  }

  view(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}
