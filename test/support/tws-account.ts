/** The embedded TWS's account as its file tells it, and what of the journal it must be equal to: read from the disk, with no code of ours between. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import { add, isZero, money, negate, notional, qty, ZERO_MONEY, ZERO_QTY, price, type Money, type Qty } from '#trading/money/decimal.ts';

interface Execution {
  readonly execId: string;
  readonly contract: string;
  readonly side: string;
  readonly qty: string;
  readonly price: string;
  readonly commission: string;
}
interface Row {
  readonly of: string;
  readonly currency?: string;
  readonly amount?: string;
  readonly position?: { readonly contract: string; readonly qty: string };
  readonly order?: { readonly contract: string; readonly placed: { readonly orderRef?: string; readonly orderType?: string } };
}
interface Memory {
  readonly rows: Readonly<Record<string, Row | null>>;
  readonly executions: readonly Execution[];
}

export interface TwsAccount {
  readonly executions: readonly Execution[];
  /** By TWS's local symbol, signed; flat ones are absent. */
  readonly positions: Readonly<Record<string, string>>;
  readonly cash: Readonly<Record<string, string>>;
  /** `contract type reference` of what works. */
  readonly open: readonly string[];
}

/** What it was opened with. */
const OPENED_WITH = money('1000000');

export function twsAccount(dataDir: string): TwsAccount {
  const rows = new Map<string, Row>();
  const executions: Execution[] = [];
  for (const line of readFileSync(join(dataDir, 'embedded', 'tws-account.jsonl'), 'utf8')
    .trim()
    .split('\n')) {
    const memory = JSON.parse(line) as Memory;
    executions.push(...memory.executions);
    for (const [name, row] of Object.entries(memory.rows)) {
      if (row === null) rows.delete(name);
      else rows.set(name, row);
    }
  }
  const all = [...rows.values()];
  return {
    executions,
    positions: sorted(all.flatMap(({ position }) => (position === undefined ? [] : [[position.contract, position.qty] as const]))),
    cash: sorted(all.flatMap(({ of, currency = '', amount = '' }) => (of === 'cash' ? [[currency, money(amount)] as const] : []))),
    open: all
      .flatMap(({ order }) => (order === undefined ? [] : [`${order.contract} ${order.placed.orderType ?? ''} ${order.placed.orderRef ?? ''}`]))
      .sort(),
  };
}

/** The same by our journal. Whether each order that works is one of ours is for the reconciler. */
export function ourTwsAccount(facts: readonly Fact[], fills: readonly Fill[]): Pick<TwsAccount, 'positions' | 'cash'> {
  const instruments = instrumentsOf(facts);
  const held = new Map<string, Qty>();
  const cash = new Map<string, Money>([['USD', OPENED_WITH]]);
  const move = (currency: string, amount: Money): void => void cash.set(currency, add(cash.get(currency) ?? ZERO_MONEY, amount));
  for (const fill of fills) {
    const { venueSymbol, multiplier, quote } = named(instruments, fill.symbol);
    const change = fill.side === 'buy' ? fill.qty : negate(fill.qty);
    held.set(venueSymbol, add(held.get(venueSymbol) ?? ZERO_QTY, change));
    move(quote, negate(notional(price(fill.price), change, multiplier)));
    if (fill.asset === 'forex') move(fill.symbol.slice(0, 3), money(change));
    move('USD', negate(feeOf(facts, fill)));
  }
  const positions = [...held].filter(([, amount]) => !isZero(amount)).map(([symbol, amount]) => [symbol, String(amount)] as const);
  return { positions: sorted(positions), cash: sorted([...cash].map(([currency, amount]) => [currency, String(amount)] as const)) };
}

/** One line an execution, sorted: what both sides must say alike. The last part of TWS's id counts corrections. */
export function ourTwsRows(facts: readonly Fact[], fills: readonly Fill[]): readonly string[] {
  const instruments = instrumentsOf(facts);
  return fills
    .map((fill) => {
      const side = fill.side === 'buy' ? 'BUY' : 'SELL';
      return [fill.venueExecutionId, named(instruments, fill.symbol).venueSymbol, side, fill.qty, fill.price, feeOf(facts, fill)].join(' ');
    })
    .sort();
}

export const twsRows = ({ executions }: TwsAccount): readonly string[] =>
  executions
    .map(({ execId, contract, side, qty: amount, price: at, commission }) =>
      [execId.slice(0, execId.lastIndexOf('.')), contract, side, qty(amount), at, money(commission)].join(' '),
    )
    .sort();

/** As it was told last. */
const feeOf = (facts: readonly Fact[], { venueExecutionId, fee }: Fill): Money =>
  facts.reduce((last, fact) => (fact.type === 'fee.adjusted' && fact.body.venueExecutionId === venueExecutionId ? fact.body.fee : last), fee);

function instrumentsOf(facts: readonly Fact[]): ReadonlyMap<string, Instrument> {
  return new Map(facts.flatMap((fact) => (fact.type === 'instrument.changed' ? [[fact.body.instrument.symbol, fact.body.instrument] as const] : [])));
}

function named(instruments: ReadonlyMap<string, Instrument>, symbol: string): Instrument {
  const found = instruments.get(symbol);
  if (found === undefined) throw new Error(`the journal has a fill of ${symbol}, and no such instrument`);
  return found;
}

const sorted = (entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> =>
  Object.fromEntries([...entries].sort(([left], [right]) => (left < right ? -1 : 1)));
