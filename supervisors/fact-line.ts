/** Facts of other actors on their way to one actor, so that it applies all facts in the order of the journal and each exactly once. */
import type { Fact } from '#trading/model/events.ts';
import { Deque } from './deque.ts';

export class FactLine {
  readonly #waiting = new Deque<Fact>();
  /** The newest fact that was applied or replayed. */
  #through = 0;

  get length(): number {
    return this.#waiting.length;
  }

  /** The replay holds every fact up to `head`; nothing before it will be applied again. */
  restart(head: number): void {
    this.#through = head;
    this.#waiting.remove(() => true);
  }

  /** False where it comes too late: a later fact was applied before it, which a journal that tells in order rules out. */
  add(fact: Fact): boolean {
    if (fact.seq <= this.#through) return false;
    this.#waiting.push(fact);
    return true;
  }

  /** Takes the waiting facts up to `seq`. */
  takeThrough(seq: number): readonly Fact[] {
    const facts: Fact[] = [];
    for (let next = this.#waiting.peek(); next !== undefined && next.seq <= seq; next = this.#waiting.peek()) {
      facts.push(next);
      this.#waiting.shift();
    }
    this.#through = Math.max(this.#through, facts.at(-1)?.seq ?? 0);
    return facts;
  }

  /** The actor's own new facts, with the waiting ones that come before or between them. */
  takeAround(own: readonly Fact[]): readonly Fact[] {
    const last = own.at(-1)?.seq ?? 0;
    const facts = [...this.takeThrough(last), ...own].sort((left, right) => left.seq - right.seq);
    this.#through = Math.max(this.#through, last);
    return facts;
  }
}
