/** The account's executions. Of them reqExecutions answers those of the day, a correction adds to one, and a restart of TWS forgets all: the exchange does not. */
import { add, averagePrice, ZERO_MONEY, type Money, type Price } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { RequestRow } from '../codec/client-messages.ts';
import type { Fill } from '../exchange.ts';
import { newYork, newYorkInstant } from '../hours.ts';
import type { ExecutionRecord, OrderRecord } from './record.ts';

/** The oldest go first: nobody asks for them any more. */
const EXECUTIONS_MAX = 100_000;
const FIRST_REVISION = '.01';

export class Executions {
  readonly #boot: string;
  #records: ExecutionRecord[] = [];
  /** Ever, those with them that are not kept any more. */
  #count = 0;
  /** Of them TWS knows those from here on. */
  #forgotten = 0;

  /** `boot` makes ids of this run unlike those of another. */
  constructor(boot: string) {
    this.#boot = boot;
  }

  /** Books the fill on its order. */
  book(order: OrderRecord, fill: Fill, account: string): ExecutionRecord {
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
    const known = this.#known().filter((execution) => execution.execId.startsWith(`${stem}.`)).at(-1);
    if (known === undefined) throw new RangeError(`no execution ${JSON.stringify(execId.slice(0, 40))}`);
    const revision = Number(known.execId.slice(stem.length + 1)) + 1;
    const corrected = { ...known, execId: `${stem}.${String(revision).padStart(2, '0')}`, price: at, average: at };
    return this.#push(corrected);
  }

  /** Of the day in New York, the newest revision of each, as the filter says; oldest first. */
  matching(filter: RequestRow<'reqExecutions'>, now: Instant): readonly ExecutionRecord[] {
    const since = Math.max(newYorkInstant(newYork(now).date, 0, 0), sinceOf(filter.time));
    const side = filter.side.toUpperCase();
    return newestRevisions(this.#known()).filter(
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
    return newestRevisions(this.#known()).reduce(
      (sum, execution) => (execution.at < at || execution.realised === null ? sum : add(sum, execution.realised)),
      ZERO_MONEY,
    );
  }

  /** The exchange's own, whatever TWS has forgotten. */
  all(): readonly ExecutionRecord[] {
    return this.#records;
  }

  /** All but the first so many. */
  since(count: number): readonly ExecutionRecord[] {
    return this.#records.slice(Math.max(0, count - this.#first));
  }

  get count(): number {
    return this.#count;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  /** A restart of TWS. */
  clear(): void {
    this.#forgotten = this.#count;
  }

  recall(records: readonly ExecutionRecord[], forgotten: number): void {
    this.#records = records.slice(-EXECUTIONS_MAX);
    this.#count = records.length;
    this.#forgotten = forgotten;
  }

  get #first(): number {
    return this.#count - this.#records.length;
  }

  #known(): readonly ExecutionRecord[] {
    return this.since(this.#forgotten);
  }

  #add(execution: Omit<ExecutionRecord, 'execId'>): ExecutionRecord {
    const number = (this.#count + 1).toString(16).padStart(4, '0');
    return this.#push({ ...execution, execId: `0000e0d5.${this.#boot}.${number}${FIRST_REVISION}` });
  }

  #push(record: ExecutionRecord): ExecutionRecord {
    this.#count++;
    this.#records.push(record);
    if (this.#records.length > EXECUTIONS_MAX) this.#records.shift();
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
