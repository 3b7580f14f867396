/** The day's executions: what reqExecutions answers, what a correction changes, and what a restart forgets. */
import { add, averagePrice, ZERO_MONEY, type Money, type Price } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { RequestRow } from '../codec/client-messages.ts';
import type { Fill } from '../exchange.ts';
import { newYork, newYorkInstant } from '../hours.ts';
import type { ExecutionRecord, OrderRecord } from './record.ts';

/** A day's worth. */
const EXECUTIONS_MAX = 100_000;
const FIRST_REVISION = '.01';

export class Executions {
  readonly #boot: string;
  #records: ExecutionRecord[] = [];
  #sequence = 0;

  /** `boot` makes ids of this run unlike those of another. */
  constructor(boot: string) {
    this.#boot = boot;
  }

  /** Books the fill on its order. @throws Error where the day has too many. */
  book(order: OrderRecord, fill: Fill, account: string): ExecutionRecord {
    if (this.#records.length >= EXECUTIONS_MAX) throw new Error(`more than ${EXECUTIONS_MAX} executions in a day`);
    order.fills.push({ price: fill.price, qty: fill.qty });
    order.filled = add(order.filled, fill.qty);
    order.average = averagePrice(order.fills);
    order.lastPrice = fill.price;
    order.commission = order.commission === null ? fill.commission : add(order.commission, fill.commission);
    return this.#add({
      orderId: order.orderId,
      clientId: order.clientId,
      permId: order.permId,
      orderRef: order.placed.orderRef,
      contract: order.contract,
      account,
      side: order.side,
      qty: fill.qty,
      price: fill.price,
      cumulative: order.filled,
      average: order.average,
      at: fill.at,
      maker: fill.maker,
      liquidation: 0,
      commission: fill.commission,
      realised: fill.realised,
    });
  }

  /** One without an order of ours: a liquidation by the broker, or an assignment that shows as a trade. */
  add(execution: Omit<ExecutionRecord, 'execId'>): ExecutionRecord {
    return this.#add(execution);
  }

  /** The same execution at another price, under the next revision of its id. @throws RangeError where there is none. */
  correct(execId: string, at: Price): ExecutionRecord {
    const stem = execId.slice(0, execId.lastIndexOf('.'));
    const known = this.#records.filter((execution) => execution.execId.startsWith(`${stem}.`)).at(-1);
    if (known === undefined) throw new RangeError(`no execution ${JSON.stringify(execId.slice(0, 40))}`);
    const revision = Number(known.execId.slice(stem.length + 1)) + 1;
    const corrected = { ...known, execId: `${stem}.${String(revision).padStart(2, '0')}`, price: at, average: at };
    this.#records.push(corrected);
    return corrected;
  }

  /** Of the day in New York, the newest revision of each, as the filter says; oldest first. */
  matching(filter: RequestRow<'reqExecutions'>, now: Instant): readonly ExecutionRecord[] {
    const since = Math.max(newYorkInstant(newYork(now).date, 0, 0), sinceOf(filter.time));
    const side = filter.side.toUpperCase();
    return newestRevisions(this.#records).filter(
      (execution) =>
        execution.at >= since &&
        (filter.clientId === 0 || execution.clientId === filter.clientId) &&
        (filter.account === '' || execution.account === filter.account) &&
        (filter.symbol === '' || execution.contract.symbol === filter.symbol) &&
        (filter.secType === '' || execution.contract.secType === filter.secType) &&
        (filter.exchange === '' || execution.contract.exchange === filter.exchange) &&
        (side === '' || side === execution.side || side === (execution.side === 'BUY' ? 'BOT' : 'SLD')),
    );
  }

  realisedSince(at: Instant): Money {
    return newestRevisions(this.#records).reduce(
      (sum, execution) => (execution.at < at || execution.realised === null ? sum : add(sum, execution.realised)),
      ZERO_MONEY,
    );
  }

  all(): readonly ExecutionRecord[] {
    return this.#records;
  }

  /** A restart of TWS. */
  clear(): void {
    this.#records = [];
  }

  /** What is older than the day is gone from TWS, too. */
  forgetBefore(at: Instant): void {
    if ((this.#records[0]?.at ?? at) < at) this.#records = this.#records.filter((execution) => execution.at >= at);
  }

  #add(execution: Omit<ExecutionRecord, 'execId'>): ExecutionRecord {
    this.#sequence++;
    const execId = `0000e0d5.${this.#boot}.${this.#sequence.toString(16).padStart(4, '0')}${FIRST_REVISION}`;
    const record = { ...execution, execId };
    this.#records.push(record);
    return record;
  }
}

function newestRevisions(records: readonly ExecutionRecord[]): readonly ExecutionRecord[] {
  return [...new Map(records.map((execution) => [execution.execId.slice(0, execution.execId.lastIndexOf('.')), execution])).values()];
}

/** `yyyymmdd-hh:mm:ss` or with a blank, in New York; 0 where it says nothing. */
function sinceOf(time: string): Instant {
  const match = /^(\d{8})[- ](\d{2}):(\d{2})/.exec(time);
  return match === null ? 0 : newYorkInstant(match[1] ?? '', Number(match[2]), Number(match[3]));
}
