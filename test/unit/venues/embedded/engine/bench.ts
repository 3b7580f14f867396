/** A small exchange to test against: BTC on an exchange contract and as a perpetual. */
import { price, qty, money, ratio } from '#trading/money/decimal.ts';
import { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import { tiersOf } from '#venues/embedded/engine/tiers.ts';
import type { Memory } from '#venues/embedded/engine/memory.ts';
import type { ContractTerms, ExchangeEvent, Leverage, OrderRequest, Outcome, Quote } from '#venues/embedded/engine/types.ts';

/** The same for longs and shorts. */
export const both = (leverage: string): Leverage => ({ long: ratio(leverage), short: ratio(leverage) });
export const SPOT = 'spot:BTCUSDT';
export const PERP = 'linear:BTCUSDT';
export const T0 = 1_700_000_000_000;

const common = {
  base: 'BTC',
  quote: 'USDT',
  multiplier: ratio('1'),
  tick: price('0.1'),
  minNotional: money('5'),
  maxLimitQty: qty('100'),
  maxMarketQty: qty('50'),
  trading: true,
} as const;

export const spotTerms: ContractTerms = {
  ...common,
  key: SPOT,
  kind: 'exchange',
  step: qty('0.000001'),
  minQty: qty('0.000011'),
  fees: { kind: 'rate', taker: ratio('0.001'), maker: ratio('0.001'), paidIn: 'received' },
  maxLeverage: ratio('1'),
  tiers: [],
  priceLimit: ratio('0.05'),
  funding: null,
};

export const perpTerms: ContractTerms = {
  ...common,
  key: PERP,
  kind: 'margin',
  step: qty('0.001'),
  minQty: qty('0.001'),
  fees: { kind: 'rate', taker: ratio('0.00055'), maker: ratio('0.0002'), paidIn: 'quote' },
  maxLeverage: ratio('100'),
  tiers: tiersOf({ maxLeverage: ratio('100'), step: money('2000000'), count: 10 }),
  priceLimit: ratio('0.05'),
  funding: { intervalMs: 8 * 3_600_000, rateAt: () => ratio('0.0001') },
};

export function newExchange(
  wallet: Readonly<Record<string, string>> = { USDT: '100000' },
  seed = 'test',
  memories: readonly Memory[] = [],
): MatchingExchange {
  const exchange = new MatchingExchange(
    {
      seed,
      contracts: [spotTerms, perpTerms],
      ids: { order: (_kind, count) => `o${count}`, execution: (_kind, count) => `e${count}`, link: () => '' },
      openedAt: T0,
      wallet,
      leverage: ratio('10'),
      marketSlippage: ratio('0.01'),
      openOrdersMax: 500,
      conditionalsMax: { exchange: 30, margin: 10 },
      partialExitsMax: { exchange: 30, margin: 20 },
    },
    memories,
  );
  // One that recalls waits for its own market.
  if (memories.length === 0) for (const contract of [SPOT, PERP]) exchange.onQuote(quote({ contract }), T0);
  return exchange;
}

interface QuoteText {
  readonly contract?: string;
  readonly bid?: string;
  readonly bidSize?: string;
  readonly ask?: string;
  readonly askSize?: string;
  readonly mark?: string;
  readonly index?: string;
  readonly trade?: { readonly price: string; readonly size: string; readonly aggressor: 'buy' | 'sell' };
}

export function quote({ contract = PERP, bid = '50000', bidSize = '1', ask = '50000.1', askSize = '1', trade, mark, index }: QuoteText): Quote {
  const traded = trade === undefined ? null : { ...trade, price: price(trade.price), size: qty(trade.size) };
  const own = { mark: mark === undefined ? null : price(mark), index: index === undefined ? null : price(index) };
  return { contract, bid: price(bid), bidSize: qty(bidSize), ask: price(ask), askSize: qty(askSize), trade: traded, ...own };
}

export function request(given: Partial<OrderRequest> & { readonly at?: string; readonly size?: string }): OrderRequest {
  const { at, size = '0.01', ...rest } = given;
  return {
    contract: PERP,
    linkId: '',
    side: 'buy',
    type: at === undefined ? 'market' : 'limit',
    qty: qty(size),
    qtyUnit: 'base',
    price: at === undefined ? null : price(at),
    timeInForce: at === undefined ? 'ioc' : 'gtc',
    slippage: null,
    reduceOnly: false,
    closeOnTrigger: false,
    slot: 'one-way',
    trigger: null,
    stopKind: 'none',
    protection: null,
    parent: null,
    group: null,
    ...rest,
  };
}

export function taken<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.refusal.code} ${outcome.refusal.what}`);
  return outcome.value;
}

export const refused = <T>(outcome: Outcome<T>): string => (outcome.ok ? 'taken' : outcome.refusal.code);

export const states = (events: readonly ExchangeEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === 'order' ? [event.order.state] : []));

export const executionsOf = (events: readonly ExchangeEvent[]) => events.flatMap((event) => (event.kind === 'execution' ? [event.execution] : []));
