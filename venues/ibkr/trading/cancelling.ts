/** Cancels that wait for their answer, which is a status or a code. TWS may take minutes over one (mode 36): then nobody knows, and it is asked again. */
import type { ChangeOutcome } from '#trading/model/live.ts';
import type { Line } from '../line.ts';
import type { IbkrSession } from '../session.ts';
import { cancelAnswer } from './codes.ts';
import type { OrderClient } from './order-client.ts';

const CODES_KEPT_MAX = 1000;
const OVER: Readonly<Record<string, ChangeOutcome>> = {
  Cancelled: { kind: 'done' },
  ApiCancelled: { kind: 'done' },
  Filled: { kind: 'gone' },
};

export class Cancelling {
  readonly #waitMs: number;
  readonly #session: Pick<IbkrSession<OrderClient>, 'usable' | 'state'>;
  readonly #pending = new Map<number, Set<(outcome: ChangeOutcome) => void>>();
  readonly #codes = new Map<number, number>();

  /** Wall milliseconds. */
  constructor(waitMs: number, session: Pick<IbkrSession<OrderClient>, 'usable' | 'state'>) {
    this.#waitMs = waitMs;
    this.#session = session;
  }

  /** Asks for each. Where the line or its servers went while something else was asked nothing is sent: nobody would answer. */
  all(line: Line<OrderClient>, ids: readonly number[]): Promise<readonly ChangeOutcome[]> {
    const { usable, state } = this.#session;
    if (usable !== line) return Promise.resolve(ids.map(() => ({ kind: 'unknown', reason: `TWS cannot be used now: ${state.reason}` })));
    return Promise.all(ids.map((id) => this.#begin(id, () => void line.client.cancelOrder(id))));
  }

  status(orderId: number, status: string): void {
    const outcome = OVER[status];
    if (outcome !== undefined) this.#settle(orderId, outcome);
  }

  code(orderId: number, code: number, text: string): void {
    const outcome = this.#pending.has(orderId) ? cancelAnswer(code, text) : null;
    if (outcome === null) return;
    this.#codes.set(orderId, code);
    if (this.#codes.size > CODES_KEPT_MAX) for (const oldest of [...this.#codes.keys()].slice(0, 1)) this.#codes.delete(oldest);
    this.#settle(orderId, outcome);
  }

  /** The code that answered the newest cancel of the id; undefined where a status did, or nothing. */
  lastCode(orderId: number): number | undefined {
    return this.#codes.get(orderId);
  }

  /** The connection ended, or TWS has lost its servers: no answer comes. */
  lost(reason: string): void {
    for (const orderId of [...this.#pending.keys()]) this.#settle(orderId, { kind: 'unknown', reason });
  }

  #begin(orderId: number, send: () => void): Promise<ChangeOutcome> {
    this.#codes.delete(orderId);
    return new Promise((resolve) => {
      const waiting = this.#pending.get(orderId) ?? new Set();
      this.#pending.set(orderId, waiting);
      const settle = (outcome: ChangeOutcome): void => {
        clearTimeout(timer);
        waiting.delete(settle);
        if (waiting.size === 0) this.#pending.delete(orderId);
        resolve(outcome);
      };
      const timer = setTimeout(() => settle({ kind: 'unknown', reason: `TWS has not said that ${orderId} is cancelled` }), this.#waitMs);
      waiting.add(settle);
      send();
    });
  }

  #settle(orderId: number, outcome: ChangeOutcome): void {
    for (const settle of [...(this.#pending.get(orderId) ?? [])]) settle(outcome);
  }
}
