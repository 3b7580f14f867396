/**
 * Placements that wait for their acknowledgement. A family counts as taken when each of its orders was heard of; where one of them is refused the others
 * must not live without it, so they are discarded. What is not certain at the deadline is `unknown` (modes 16, 35).
 */
import type { PlaceOutcome } from '#trading/model/live.ts';
import { meaningOf } from './codes.ts';

interface Pending {
  readonly ids: readonly number[];
  readonly parent: number;
  /** permId by order id. */
  readonly heard: Map<number, number>;
  readonly timer: NodeJS.Timeout;
  readonly settle: (outcome: PlaceOutcome) => void;
  /** The refusal of one of them. */
  refused: { readonly orderId: number; readonly code: number; readonly text: string } | null;
  /** What was said besides, for the reason. */
  said: string | null;
}

export interface PlacingPorts {
  /** Cancels them; whatever TWS says to it is heard here again. */
  readonly discard: (ids: readonly number[]) => void;
}

export class Placing {
  readonly #ports: PlacingPorts;
  readonly #pending = new Map<number, Pending>();

  constructor(ports: PlacingPorts) {
    this.#ports = ports;
  }

  /** From before the first byte leaves. `ids`: parent first. */
  begin(ids: readonly number[], waitMs: number): Promise<PlaceOutcome> {
    const [parent = 0] = ids;
    return new Promise((resolve) => {
      const settle = (outcome: PlaceOutcome): void => {
        clearTimeout(pending.timer);
        for (const id of ids) this.#pending.delete(id);
        resolve(outcome);
      };
      const timer = setTimeout(() => settle(withoutAnswer(pending, 'TWS has said nothing by the deadline')), waitMs);
      const pending: Pending = { ids, parent, heard: new Map(), timer, settle, refused: null, said: null };
      for (const id of ids) this.#pending.set(id, pending);
    });
  }

  /** TWS told of the order: it has it. */
  heard(orderId: number, permId: number): void {
    const pending = this.#pending.get(orderId);
    if (pending === undefined || permId === 0) return;
    pending.heard.set(orderId, permId);
    // Told of, the parent is not held back: it works without the one that was refused, until it is cancelled.
    const isTaken = pending.refused === null ? pending.heard.size === pending.ids.length : pending.heard.has(pending.parent);
    if (isTaken) pending.settle(acknowledged(pending));
  }

  /** True where it was of a placement that waits. */
  code(orderId: number, code: number, text: string): boolean {
    const pending = this.#pending.get(orderId);
    if (pending === undefined) return false;
    switch (meaningOf(code)) {
      case 'warning':
        break;
      case 'rejected':
        this.#refused(pending, orderId, code, text);
        break;
      case 'cancelled':
        this.#cancelled(pending, orderId, code, text);
        break;
      case 'duplicate':
        pending.settle({ kind: 'unknown', reason: `${code} ${text}: the id was used before`, answered: true });
        break;
      case 'unclear':
        pending.said = `${code} ${text}`;
    }
    return true;
  }

  /** The connection ended, or TWS has lost its servers: no answer comes by the deadline, and whether they have the orders, nobody here knows. */
  lost(reason: string): void {
    for (const pending of new Set(this.#pending.values())) pending.settle(withoutAnswer(pending, reason));
  }

  get waiting(): number {
    return new Set(this.#pending.values()).size;
  }

  #refused(pending: Pending, orderId: number, code: number, text: string): void {
    // Legs that their parent's refusal leaves without one are refused as a matter of course.
    if (pending.refused !== null) return;
    pending.refused = { orderId, code, text };
    const others = pending.ids.filter((id) => id !== orderId);
    if (others.length > 0) this.#ports.discard(others);
    if (orderId === pending.parent) return pending.settle({ kind: 'rejected', code: String(code), text });
    // Taken already, it is reported as what becomes of it now; held back, TWS says that it is discarded.
    if (pending.heard.has(pending.parent)) pending.settle(acknowledged(pending));
  }

  #cancelled(pending: Pending, orderId: number, code: number, text: string): void {
    if (orderId !== pending.parent) return;
    if (pending.refused !== null) return pending.settle({ kind: 'rejected', code: String(pending.refused.code), text: pending.refused.text });
    pending.said = `${code} ${text}`;
  }
}

const acknowledged = (pending: Pending): PlaceOutcome => ({ kind: 'acknowledged', venueOrderId: String(pending.heard.get(pending.parent) ?? '') });

function withoutAnswer(pending: Pending, why: string): PlaceOutcome {
  if (pending.heard.has(pending.parent)) return acknowledged(pending);
  const { refused, said, heard } = pending;
  const what = refused === null ? said : `${refused.code} ${refused.text}, and no word of the orders of its family`;
  return { kind: 'unknown', reason: what ?? why, answered: what !== null || heard.size > 0 };
}
