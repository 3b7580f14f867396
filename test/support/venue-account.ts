/** The embedded venue's account as its file tells it, and what of the journal it must be equal to: read from the disk, with no code of ours between. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '#state/journal.ts';
import { paths } from '#state/data-dir.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import { absolute, add, isZero, lessThan, money, notional, price, qty, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';

interface Execution {
  readonly id: string;
  readonly kind: string;
  readonly contract: string;
  readonly side: string;
  readonly price: string;
  readonly qty: string;
  readonly fee: string;
  readonly feeCurrency: string;
}
interface Order {
  readonly id: string;
  readonly state: string;
  readonly request: { readonly contract: string; readonly linkId: string; readonly side: string; readonly stopKind: string };
}
interface Memory {
  readonly lives: readonly { readonly order: Order }[];
  readonly executions: readonly Execution[];
  readonly wallet: Readonly<Record<string, string>>;
  readonly rooms: readonly { readonly contract: string; readonly holdings: readonly { readonly size: string }[] }[];
}

export interface VenueAccount {
  readonly executions: readonly Execution[];
  readonly orders: readonly Order[];
  /** By contract, as `linear:ADAUSDT`; flat ones are absent. Coins count as spot positions against USDT. */
  readonly held: ReadonlyMap<string, Qty>;
}

const OPEN = new Set(['untriggered', 'triggered', 'new', 'partially-filled']);

export function venueAccount(dataDir: string): VenueAccount {
  const text = readFileSync(join(dataDir, 'embedded', 'venue-account.jsonl'), 'utf8').trim();
  const orders = new Map<string, Order>();
  const executions: Execution[] = [];
  const held = new Map<string, Qty>();
  for (const line of text.split('\n')) {
    const memory = JSON.parse(line) as Memory;
    for (const { order } of memory.lives) orders.set(order.id, order);
    executions.push(...memory.executions.filter(({ kind }) => kind !== 'funding'));
    for (const { contract, holdings } of memory.rooms) held.set(contract, add(ZERO_QTY, ...holdings.map(({ size }) => qty(size))));
    for (const [coin, amount] of Object.entries(memory.wallet)) if (coin !== 'USDT') held.set(`spot:${coin}USDT`, qty(amount));
  }
  return { executions, orders: [...orders.values()], held: withoutFlat(held) };
}

export async function factsOf(dataDir: string): Promise<readonly Fact[]> {
  const places = paths(dataDir, 'embedded');
  const journal = await openJournal({ dir: places.leveldb, anchorPath: places.anchor });
  const facts: Fact[] = [];
  for await (const fact of journal.read(0)) facts.push(fact);
  await journal.close();
  return facts;
}

export const liveFills = (facts: readonly Fact[]): readonly Fill[] =>
  facts.flatMap((fact) => (fact.type === 'fill.recorded' && fact.body.fill.mode === 'live' ? [fact.body.fill] : []));

const contractOf = ({ asset, symbol }: Pick<Fill, 'asset' | 'symbol'>): string =>
  `${asset === 'crypto_spot' ? 'spot' : 'linear'}:${symbol.split(':')[0]?.replace('/', '') ?? ''}`;

/** One line an execution, sorted: what both sides must say alike. The venue's own price and quantity make the fee of what it took in coins. */
export const ourRows = (fills: readonly Fill[]): readonly string[] =>
  fills
    .map((fill) =>
      [fill.venueExecutionId, contractOf(fill), fill.side, add(fill.qty, fill.feeQty ?? ZERO_QTY), fill.price, fill.fee, fill.feeQty ?? '-'].join(
        ' ',
      ),
    )
    .sort();

export const venueRows = ({ executions }: VenueAccount): readonly string[] =>
  executions
    .map(({ id, contract, side, qty: amount, price: at, fee, feeCurrency }) => {
      const inCoins = feeCurrency !== 'USDT';
      return [id, contract, side, amount, at, inCoins ? notional(price(at), qty(fee)) : money(fee), inCoins ? fee : '-'].join(' ');
    })
    .sort();

/** Everything that the account holds by our fills; `dust` counts, as it is there. */
export function ourHeld(fills: readonly Fill[]): ReadonlyMap<string, Qty> {
  const held = new Map<string, Qty>();
  for (const fill of fills) {
    const before = held.get(contractOf(fill)) ?? ZERO_QTY;
    held.set(contractOf(fill), fill.side === 'buy' ? add(before, fill.qty) : subtract(before, fill.qty));
  }
  return withoutFlat(held);
}

/** Contracts with a position that can be sold: dust set aside is apart, and so is what is below a lot and will be in a moment. */
export function ourOpen(facts: readonly Fact[]): readonly string[] {
  const held = new Map(ourHeld(liveFills(facts)));
  for (const fact of facts) {
    if (fact.type !== 'dust.set_aside' || fact.body.mode !== 'live') continue;
    const contract = contractOf(fact.body);
    held.set(contract, subtract(held.get(contract) ?? ZERO_QTY, fact.body.qty));
  }
  const lots = new Map(
    facts.flatMap((fact) => (fact.type === 'instrument.changed' ? [[contractOf(fact.body.instrument), fact.body.instrument.lotSize]] : [])),
  );
  return [...withoutFlat(held)].flatMap(([contract, left]) => (lessThan(absolute(left), lots.get(contract) ?? ZERO_QTY) ? [] : [contract]));
}

/** Open positions of ours without an open stop and an open take-profit at the venue. */
export function naked(account: VenueAccount, facts: readonly Fact[]): readonly string[] {
  const has = (contract: string, leg: RegExp): boolean =>
    account.orders.some(({ state, request }) => OPEN.has(state) && request.contract === contract && leg.test(request.stopKind));
  return ourOpen(facts).filter((contract) => !has(contract, /stop-loss|^stop$|tpsl/) || !has(contract, /take-profit/));
}

/** Of each client order id: at most one order at the venue, and none that the journal did not send. */
export function strangeOrders({ orders }: VenueAccount, facts: readonly Fact[]): readonly string[] {
  const sent = new Set(facts.flatMap((fact) => (fact.type === 'order.sending' ? [fact.body.clientOrderId] : [])));
  const seen = new Set<string>();
  return orders.flatMap(({ request: { linkId, stopKind } }) => {
    // Legs that the venue made have no id, or one of the venue's own.
    if (linkId === '' || (/^\d+$/.test(linkId) && stopKind !== 'none')) return [];
    const isStrange = seen.has(linkId) || !sent.has(linkId);
    seen.add(linkId);
    return isStrange ? [linkId] : [];
  });
}

const withoutFlat = (held: ReadonlyMap<string, Qty>): ReadonlyMap<string, Qty> =>
  new Map([...held].filter(([, amount]) => !isZero(amount)).sort(([left], [right]) => (left < right ? -1 : 1)));
