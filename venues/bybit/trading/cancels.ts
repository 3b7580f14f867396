/**
 * Cancels of perpetuals, as fast as Bybit takes them (KS-1): by themselves while their endpoint has room, and what is beyond in batches, which have a
 * limit of their own. Only orders that were asked for are named: cancel-all would take a person's orders of the symbol as well.
 */
import type { ChangeOutcome } from '#trading/model/live.ts';
import { z } from 'zod';
import { changeFailure, type Answer } from './outcome.ts';
import type { Body } from './request.ts';
import { WAITING_MAX, type Turns } from './turns.ts';

/** Bybit takes 20 of a perpetual, 10 on spot; its limit counts every one. */
export const BATCH_MAX = 10;
const SINGLE = 'privatePostV5OrderCancel';
const BATCH = 'privatePostV5OrderCancelBatch';
const CATEGORY = 'linear';

const told = z.object({ retExtInfo: z.object({ list: z.array(z.object({ code: z.int(), msg: z.string().default('') })) }) });

/** Symbol and one id, as `order/cancel` takes them. */
type Named = Readonly<Record<string, string>>;

interface Waiting {
  readonly named: Named;
  readonly tell: (outcome: ChangeOutcome) => void;
}

export interface CancelCalls {
  /** One request, once; the whole answer. */
  one(body: Body): Promise<unknown>;
  many(batch: CancelBatch): Promise<unknown>;
  answerOf(thrown: unknown): Answer;
}

export interface CancelBatch {
  readonly category: typeof CATEGORY;
  readonly request: readonly Named[];
}

export class Cancels {
  readonly #turns: Turns;
  readonly #calls: CancelCalls;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(turns: Turns, calls: CancelCalls) {
    this.#turns = turns;
    this.#calls = calls;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** May be repeated by who asks: a cancel can do nothing twice. */
  cancel(named: Named): Promise<ChangeOutcome> {
    if (this.#closed) return Promise.resolve({ kind: 'unknown', reason: 'the session was closed' });
    if (this.#waiting.length >= WAITING_MAX) return Promise.resolve({ kind: 'unknown', reason: `${WAITING_MAX} cancels wait already` });
    return new Promise((tell) => {
      this.#waiting.push({ named, tell });
      this.#leave();
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { tell } of this.#waiting.splice(0)) tell({ kind: 'unknown', reason: 'the session was closed' });
  }

  #leave(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const one of this.#waiting.splice(0, this.#turns.take(SINGLE, CATEGORY, this.#waiting.length))) void this.#single(one);
    for (;;) {
      const granted = this.#turns.take(BATCH, CATEGORY, Math.min(BATCH_MAX, this.#waiting.length));
      if (granted === 0) break;
      void this.#batch(this.#waiting.splice(0, granted));
    }
    if (this.#waiting.length === 0) return;
    const waitMs = Math.min(this.#turns.waitMs(SINGLE, CATEGORY), this.#turns.waitMs(BATCH, CATEGORY));
    this.#timer = setTimeout(() => this.#leave(), Math.max(1, Math.ceil(waitMs)));
  }

  async #single({ named, tell }: Waiting): Promise<void> {
    try {
      await this.#calls.one({ category: CATEGORY, ...named });
      tell({ kind: 'done' });
    } catch (error) {
      tell(changeFailure(this.#calls.answerOf(error)));
    }
  }

  /** Each order has an outcome of its own; where the answer tells none, nobody knows. */
  async #batch(batch: readonly Waiting[]): Promise<void> {
    let outcomes: readonly ChangeOutcome[] = [];
    let otherwise: ChangeOutcome = { kind: 'unknown', reason: 'Bybit did not say what became of it in its batch' };
    try {
      const answer = told.safeParse(await this.#calls.many({ category: CATEGORY, request: batch.map(({ named }) => named) }));
      if (answer.success) outcomes = answer.data.retExtInfo.list.map(({ code, msg }) => outcomeOf(code, msg));
    } catch (error) {
      otherwise = changeFailure(this.#calls.answerOf(error));
    }
    // A list of another length says nothing about any of them.
    const isWhole = outcomes.length === batch.length;
    for (const [index, { tell }] of batch.entries()) tell((isWhole ? outcomes[index] : undefined) ?? otherwise);
  }
}

const outcomeOf = (retCode: number, text: string): ChangeOutcome =>
  retCode === 0 ? { kind: 'done' } : changeFailure({ retCode, httpStatus: 200, text });
