/** What became of the approved orders, by the journal, and what the gate answered to the gateway. */
import { sendGate } from '#actors/send-gate.ts';
import type { Fact } from '#trading/model/events.ts';
import { stampNs } from './kill-stamps.ts';

export class QueueTally {
  approved = 0;
  refused = 0;
  /** Of every entry accepted since `begin`: when the gate was last read before it was known to be. */
  acceptedReads: number[] = [];
  #pressed = false;
  #closedReadAt: number | null = null;
  #lastReadAt = 0;
  readonly #answered = new Set<string>();
  readonly #live = new Set<string>();
  #waiting: { readonly reached: () => boolean; readonly resolve: () => void }[] = [];

  /** Listens at the one gate of this process that `latchPath` has. */
  constructor(latchPath: string) {
    const gate = sendGate(latchPath);
    const read = gate.closed.bind(gate);
    gate.closed = () => {
      const at = stampNs();
      const scopes = read();
      this.#lastReadAt = at;
      if (scopes.length > 0) this.#closedReadAt ??= at;
      return scopes;
    };
  }

  get unanswered(): number {
    return this.approved - this.#answered.size;
  }

  /** Accepted and not over: after a kill there is none. */
  get live(): number {
    return this.#live.size;
  }

  /** When the gateway first read the gate as closed. */
  get closedReadAt(): number | null {
    return this.#closedReadAt;
  }

  take(fact: Fact): void {
    if (fact.type === 'order.accepted') {
      this.acceptedReads.push(this.#lastReadAt);
      this.#live.add(fact.body.clientOrderId);
    } else if (fact.type === 'order.ended') {
      if (!this.#live.delete(fact.body.clientOrderId) && this.#pressed) this.refused++;
    } else return;
    this.#answered.add(fact.body.clientOrderId);
    this.#waiting = this.#waiting.filter(({ reached, resolve }) => {
      if (!reached()) return true;
      resolve();
      return false;
    });
  }

  begin(): void {
    this.acceptedReads = [];
    this.#pressed = false;
    this.#closedReadAt = null;
  }

  press(): void {
    this.#pressed = true;
  }

  answers(more: number): Promise<void> {
    const goal = this.#answered.size + more;
    return new Promise((resolve) => this.#waiting.push({ reached: () => this.#answered.size >= goal, resolve }));
  }
}
