/**
 * What TWS and its exchange must remember to go on after their process was lost: of every change the rows that are other than before, and what was added
 * to the lists that only grow. Plain JSON.
 */
import type { Money } from '#trading/money/decimal.ts';
import type { Contracts } from './contracts.ts';
import type { HeldPosition, TwsExchange, Working } from './exchange.ts';
import type { OrderBook } from './orders/book.ts';
import { keepContract, keepOrder, recallOrder, type Kept, type KeptOrder, type Listed } from './orders/kept.ts';
import type { ExecutionRecord } from './orders/record.ts';
import type { Counters } from './orders/register.ts';
import type { Settlement, Settling } from './settlement.ts';

type Row =
  | { readonly of: 'counters'; readonly counters: Counters }
  | { readonly of: 'cash'; readonly currency: string; readonly amount: Money }
  | { readonly of: 'position'; readonly position: Kept<HeldPosition> }
  | { readonly of: 'order'; readonly order: KeptOrder }
  | { readonly of: 'working'; readonly working: KeptWorking }
  | { readonly of: 'settling'; readonly settling: Settling<string> };
type KeptWorking = Omit<Working, 'order'> & { readonly order: Kept<Working['order']> };

export interface TwsMemory {
  /** By name; null for what is no more. */
  readonly rows: Readonly<Record<string, Row | null>>;
  /** Orders that ended and executions, each once, in their order. */
  readonly ended: readonly KeptOrder[];
  readonly executions: readonly Kept<ExecutionRecord>[];
}

export interface Remembered {
  readonly contracts: Contracts;
  readonly exchange: TwsExchange;
  readonly book: OrderBook;
  readonly settlement: Settlement;
}

/** Requests that change the account. */
const CHANGING: ReadonlySet<string> = new Set(['placeOrder', 'cancelOrder', 'reqGlobalCancel', 'exerciseOptions']);

interface Held {
  hold(): void;
  release(): void;
}

export class MemoryKeeper {
  /** Takes what changed before anybody is told of it. */
  keep: ((memory: TwsMemory) => void) | null = null;
  /** Something may have changed in this turn. */
  touched = false;
  #turns = 0;
  readonly #of: Remembered;
  /** As they were kept last. */
  readonly #rows = new Map<string, string>();
  #ended = 0;
  #executions = 0;

  constructor(of: Remembered) {
    this.#of = of;
  }

  heard(request: string): void {
    if (CHANGING.has(request)) this.touched = true;
  }

  /** All of what follows from one request, quote or moment is kept at once, and only then told to the sessions. */
  turn<T>(sessions: Iterable<Held>, work: () => T): T {
    const { keep } = this;
    if (keep === null || this.#turns > 0) return work();
    this.#turns++;
    for (const session of sessions) session.hold();
    try {
      return work();
    } finally {
      this.#turns--;
      const memory = this.touched || this.#trails() ? this.#changes() : null;
      this.touched = false;
      if (memory !== null) keep(memory);
      for (const session of sessions) session.release();
    }
  }

  #trails(): boolean {
    for (const { order } of this.#of.exchange.working()) if (order.trail !== null) return true;
    return false;
  }

  /** What changed since it was asked last; null where nothing did. */
  #changes(): TwsMemory | null {
    const { book } = this.#of;
    const rows: Record<string, Row | null> = {};
    const now = new Map<string, string>();
    for (const [name, row] of rowsOf(this.#of)) {
      const text = JSON.stringify(row);
      now.set(name, text);
      if (this.#rows.get(name) !== text) rows[name] = row;
    }
    for (const name of this.#rows.keys()) if (!now.has(name)) rows[name] = null;
    for (const [name, row] of Object.entries(rows)) {
      if (row === null) this.#rows.delete(name);
      else this.#rows.set(name, now.get(name) ?? '');
    }
    const ended = book.register.endedSince(this.#ended).map(keepOrder);
    const executions = book.executions.since(this.#executions).map(keepContract);
    this.#ended = book.register.counters().ended;
    this.#executions = book.executions.count;
    return Object.keys(rows).length + ended.length + executions.length === 0 ? null : { rows, ended, executions };
  }

  /** Memories in the order in which they were made, into a TWS that nothing was asked of yet. @throws RangeError for a contract that is gone. */
  recall(memories: readonly TwsMemory[]): void {
    // The first memory of an account has all of it.
    if (memories.length === 0) return;
    const { book, exchange, settlement, contracts } = this.#of;
    const listed: Listed = (name) => {
      const contract = contracts.byLocalSymbol(name);
      if (contract === undefined) throw new RangeError(`the account remembers ${name}, which is not listed any more`);
      return contract;
    };
    const rows = newest(memories);
    const found = <K extends Row['of']>(of: K) => rows.filter((row): row is Extract<Row, { of: K }> => row.of === of);
    exchange.recall({
      cash: found('cash').map(({ currency, amount }) => [currency, amount]),
      positions: found('position').map(({ position }) => ({ ...position, contract: listed(position.contract) })),
      working: found('working').map(({ working }) => ({ ...working, order: { ...working.order, contract: listed(working.order.contract) } })),
    });
    settlement.recall(found('settling').map(({ settling }) => ({ ...settling, contract: listed(settling.contract) })));
    const [counters] = found('counters');
    if (counters === undefined) throw new RangeError('the account remembers no counters');
    book.recall({
      counters: counters.counters,
      live: found('order').map(({ order }) => recallOrder(order, listed)),
      ended: memories.flatMap(({ ended }) => ended.map((order) => recallOrder(order, listed))),
      executions: memories.flatMap(({ executions }) => executions.map((execution) => ({ ...execution, contract: listed(execution.contract) }))),
    });
    this.#changes();
  }
}

/** Rows as they stand after all of them. */
function newest(memories: readonly TwsMemory[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const memory of memories) {
    for (const [name, row] of Object.entries(memory.rows)) {
      if (row === null) rows.delete(name);
      else rows.set(name, row);
    }
  }
  return [...rows.values()];
}

function* rowsOf({ exchange, book, settlement }: Remembered): Iterable<readonly [string, Row]> {
  yield ['counters', { of: 'counters', counters: book.register.counters() }];
  for (const [currency, amount] of exchange.cash()) yield [`cash ${currency}`, { of: 'cash', currency, amount }];
  for (const position of exchange.positions()) {
    yield [`position ${position.contract.localSymbol}`, { of: 'position', position: keepContract(position) }];
  }
  for (const order of book.register.live()) yield [`order ${order.key}`, { of: 'order', order: keepOrder(order) }];
  for (const working of exchange.working()) {
    yield [`working ${working.order.key}`, { of: 'working', working: { ...working, order: keepContract(working.order) } }];
  }
  let place = 0;
  for (const settling of settlement.waiting()) {
    yield [`settling ${place++}`, { of: 'settling', settling: { ...settling, contract: settling.contract.localSymbol } }];
  }
}
