/** The embedded venue's wallet, and what the journal's live facts make of it: by cash in and out, with no trade and no position of ours between. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventBody, Fact } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import {
  absolute,
  add,
  amount,
  atMost,
  isZero,
  money,
  negate,
  notional,
  quotient,
  scale,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Qty,
} from '#trading/money/decimal.ts';

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly fee: string;
}
interface Memory {
  readonly executions: readonly Row[];
  readonly wallet: Readonly<Record<string, string>>;
}

export interface VenueCash {
  readonly usdt: Money;
  /** Of funding: the execution's id and what was paid, sorted. */
  readonly funding: readonly string[];
  /** Ids of executions that stand twice. */
  readonly twice: readonly string[];
}

export function venueCash(dataDir: string): VenueCash {
  let usdt = ZERO_MONEY;
  const rows: Row[] = [];
  for (const line of readFileSync(join(dataDir, 'embedded', 'venue-account.jsonl'), 'utf8')
    .trim()
    .split('\n')) {
    const memory = JSON.parse(line) as Memory;
    rows.push(...memory.executions);
    usdt = amount<'money'>(memory.wallet['USDT'] ?? usdt);
  }
  const ids = rows.map(({ id }) => id);
  return {
    usdt,
    funding: rows.flatMap(({ id, kind, fee }) => (kind === 'funding' ? [`${id} ${money(fee)}`] : [])).sort(),
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
  };
}

export const liveFunding = (facts: readonly Fact[]): readonly EventBody<'funding.booked'>[] =>
  facts.flatMap((fact) => (fact.type === 'funding.booked' && fact.body.mode === 'live' ? [fact.body] : []));

/** As `VenueCash.funding`. */
export const fundingRows = (facts: readonly Fact[]): readonly string[] =>
  liveFunding(facts)
    .map(({ venueExecutionId, amount: paid }) => `${venueExecutionId ?? ''} ${paid}`)
    .sort();

interface Book {
  readonly qty: Qty;
  /** What the open position cost; of a short what it brought, negative. */
  readonly cost: Money;
}

/**
 * What the live facts moved the wallet's USDT by. Spot swaps coins for money; a perpetual realises against its average cost. Fees that were taken
 * in coins cost no money.
 */
export function cashOf(facts: readonly Fact[]): Money {
  const books = new Map<string, Book>();
  let cash = ZERO_MONEY;
  for (const fact of facts) {
    if (fact.type === 'funding.booked' && fact.body.mode === 'live') cash = subtract(cash, fact.body.amount);
    if (fact.type !== 'fill.recorded' || fact.body.fill.mode !== 'live') continue;
    const { fill } = fact.body;
    if (fill.feeQty === undefined) cash = subtract(cash, fill.fee);
    if (fill.asset === 'crypto_spot') cash = add(cash, spotCash(fill));
    else {
      const [book, realised] = moved(books.get(fill.symbol) ?? { qty: ZERO_QTY, cost: ZERO_MONEY }, fill);
      books.set(fill.symbol, book);
      cash = add(cash, realised);
    }
  }
  return cash;
}

function spotCash({ side, price, qty, feeQty }: Fill): Money {
  const value = notional(price, add(qty, feeQty ?? ZERO_QTY));
  return side === 'buy' ? negate(value) : value;
}

/** The position after the fill, and what the fill realised. A fill that turns a position closes it first. */
function moved({ qty, cost }: Book, { side, price, qty: size }: Fill): readonly [Book, Money] {
  const signed = side === 'buy' ? size : negate(size);
  const value = notional(price, signed);
  if (isZero(qty) || qty.startsWith('-') === signed.startsWith('-')) return [{ qty: add(qty, signed), cost: add(cost, value) }, ZERO_MONEY];
  if (atMost(size, absolute(qty))) {
    const released = scale(cost, quotient(size, absolute(qty)));
    return [{ qty: add(qty, signed), cost: subtract(cost, released) }, negate(add(value, released))];
  }
  const left = add(qty, signed);
  const opening = notional(price, left);
  return [{ qty: left, cost: opening }, negate(add(subtract(value, opening), cost))];
}
