/** A small true journal, record by record, and the ways to falsify it. Every number was worked out by hand from PX-1 and SZ-8. */
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { DomainEvent, EventBody } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Fill, OrderIntent } from '#trading/model/order.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import { EVENT_VERSION } from '#protocol/events.ts';
import { GENESIS, seal, type Link } from '#state/chain.ts';
import { keyOf, type RawRecord } from '#state/store.ts';

export interface Entry {
  readonly actor: string;
  readonly at: number;
  readonly event: DomainEvent;
}

export const START = 1_700_000_000_000;
const ASSET = 'crypto_spot';
const SYMBOL = 'BTC/USDT';
const SEED = '1';
/** Fixed by configuration in this story, so that no draw is left to chance. */
const LATENCY_MS = 100;

const perAsset = <T>(value: T) => ({ crypto_spot: value, crypto_futures: value, forex: value, options: value });

export const storySettings: Settings = {
  allocMode: 'absolute',
  alloc: perAsset(money('1000')),
  perTradeRisk: perAsset(ratio('0.02')),
  percentSizingThreshold: money('1000'),
  percentSizingAboveThreshold: perAsset(ratio('0.0075')),
  profitRollover: true,
  enforceWalletAvailable: true,
  maxConcurrent: 5,
  maxPositions: perAsset(5),
  cooldownSeconds: 0,
  scale: { enabled: false, windowDays: 7, ladder: [] },
  leverageCaps: perAsset(ratio('1')),
  risk: {
    maxLossPerOrder: ratio('0.01'),
    dailyLossCap: ratio('0.03'),
    maxDrawdown: ratio('0.1'),
    quoteCollar: ratio('0.05'),
    quoteAgeMsMax: 2000,
    maxOrderNotional: money('2000'),
    ordersPerMinuteMax: 30,
    repeatedEntriesMax: 30,
    repeatedEntriesWindowSeconds: 3600,
    losingTradesMax: 0,
    duplicateWindowMs: 10_000,
    clockSkewMsMax: 1000,
  },
  paper: { harsh: true, slippageBps: 8, partialProbability: 0, latencyMsMin: LATENCY_MS, latencyMsMax: LATENCY_MS },
  strictBrackets: true,
  rateLimit: ratio('0.9'),
};

const instrument: Instrument = {
  id: `bybit:${SYMBOL}`,
  asset: ASSET,
  broker: 'bybit',
  symbol: SYMBOL,
  venueSymbol: 'BTCUSDT',
  type: 'spot',
  base: 'BTC',
  quote: 'USDT',
  underlying: 'BTC',
  expiry: null,
  multiplier: ratio('1'),
  tickSize: price('0.1'),
  lotSize: qty('0.01'),
  minQty: qty('0.01'),
  maxQty: qty('100'),
  minNotional: money('1'),
  takerFee: ratio('0.001'),
  makerFee: ratio('0.001'),
  settlement: 'none',
  exerciseStyle: 'none',
  fundingSchedule: null,
  sessionCalendar: 'always',
};

function quote(id: string, bid: string, ask: string, at: number): QuoteSnapshot {
  const sides = { bid: price(bid), ask: price(ask), bidQty: null, askQty: null, last: null, volume: null };
  return { id, broker: 'bybit', asset: ASSET, symbol: SYMBOL, ...sides, exchangeAt: at, receivedAt: at };
}

interface OrderSpec {
  readonly id: string;
  readonly mode: 'paper' | 'live';
  readonly kind: 'entry' | 'exit';
  readonly quote: QuoteSnapshot;
}

const QTY = qty('0.19');

/** Intended, approved and accepted on the quote given. */
function ordered({ id, mode, kind, quote: snapshot }: OrderSpec): Entry[] {
  const at = snapshot.exchangeAt;
  const key = { clientOrderId: id, asset: ASSET, mode, symbol: SYMBOL } as const;
  const bracket = kind === 'entry' ? { takeProfit: price('104'), stopLoss: price('98') } : null;
  const shape = { side: kind === 'entry' ? 'buy' : 'sell', kind, qty: QTY, snapshot, bracket, sizing: null } as const;
  const intent: OrderIntent = { ...key, strategyId: 'ema-cross', ...shape, signal: kind, nonce: 0, intendedAt: at };
  const draws = { seed: SEED, latencyMs: LATENCY_MS, fillFraction: ratio('1') };
  const accepted = { ...key, qty: QTY, draws, acceptedAt: at, dueAt: at + LATENCY_MS };
  const sending: EventBody<'order.sending'> = {
    ...{ ...key, purpose: kind, parentId: null, side: shape.side, qty: QTY, pricing: { type: 'market', worst: null }, bracket },
    ...{ payloadHash: 'ab'.repeat(32), sentAt: at, deadlineAt: at + 2000 },
  };
  const approved = { ...key, intent, notional: money('19.038'), margin: money('19.038'), maxLoss: money('0.5') };
  return [
    { actor: `trader.${ASSET}.${mode}`, at, event: { type: 'order.intended', body: { intent } } },
    { actor: 'governor', at, event: { type: 'order.approved', body: approved } },
    mode === 'paper'
      ? { actor: 'gateway.paper', at, event: { type: 'order.accepted', body: accepted } }
      : { actor: 'gateway.bybit.orders', at, event: { type: 'order.sending', body: sending } },
  ];
}

interface FillSpec {
  readonly order: OrderSpec;
  readonly fillId: string;
  readonly reason: Fill['reason'];
  readonly pricedOn: QuoteSnapshot;
  readonly price: string;
  readonly fee: string;
  readonly at: number;
  readonly triggerPrice?: string;
}

function filled({ order, fillId, reason, pricedOn, price: at, fee, at: filledAt, triggerPrice }: FillSpec): Entry {
  const isPaper = order.mode === 'paper';
  const draws = { seed: SEED, latencyMs: triggerPrice === undefined ? LATENCY_MS : 0, fillFraction: ratio('1') };
  const { tickSize, lotSize, takerFee, multiplier } = instrument;
  const trigger = triggerPrice === undefined ? null : price(triggerPrice);
  const fill: Fill = {
    ...{ fillId, clientOrderId: order.id, asset: ASSET, mode: order.mode, symbol: SYMBOL, strategyId: 'ema-cross' },
    ...{ side: reason === 'entry' ? 'buy' : 'sell', reason, price: price(at), qty: QTY, fee: money(fee), filledAt },
    paper: isPaper ? { pricedOn, draws, slippageBps: 8, takerFee, tickSize, lotSize, multiplier, triggerPrice: trigger } : null,
    venueExecutionId: isPaper ? null : `execution-${fillId}`,
  };
  return { actor: isPaper ? 'gateway.paper' : 'gateway.bybit', at: filledAt, event: { type: 'fill.recorded', body: { fill } } };
}

function ended(order: OrderSpec, at: number): Entry {
  const key = { clientOrderId: order.id, asset: ASSET, mode: order.mode, symbol: SYMBOL } as const;
  const body: EventBody<'order.ended'> = { ...key, status: 'filled', filledQty: QTY, reason: 'filled' };
  return { actor: order.mode === 'paper' ? 'gateway.paper' : 'gateway.bybit', at, event: { type: 'order.ended', body } };
}

type TradeSpec = Pick<ClosedTrade, 'tradeId' | 'mode' | 'exitReason' | 'openedAt' | 'closedAt'> & {
  readonly numbers: Readonly<Record<string, string>>;
};

function closed({ numbers, ...spec }: TradeSpec): Entry {
  // The decimal texts given are canonical.
  const trade = { asset: ASSET, symbol: SYMBOL, strategyId: 'ema-cross', side: 'buy', qty: QTY, ...spec, ...numbers } as unknown as ClosedTrade;
  return { actor: 'governor', at: spec.closedAt, event: { type: 'trade.closed', body: { trade } } };
}

const first: OrderSpec = { id: 'p-first', mode: 'paper', kind: 'entry', quote: quote('q1', '100.1', '100.2', START + 1000) };
const second: OrderSpec = { id: 'p-second', mode: 'paper', kind: 'entry', quote: quote('q3', '101.1', '101.2', START + 60_000) };
const exit: OrderSpec = { id: 'p-exit', mode: 'paper', kind: 'exit', quote: quote('q4', '100.5', '100.6', START + 90_000) };
const live: OrderSpec = { id: 'l-first', mode: 'live', kind: 'entry', quote: quote('q5', '100.1', '100.2', START + 120_000) };
const liveExit: OrderSpec = { id: 'l-exit', mode: 'live', kind: 'exit', quote: quote('q6', '100.5', '100.6', START + 150_000) };
const target = quote('q2', '104.1', '104.2', START + 30_000);
const fillOf = (order: OrderSpec): string => `${order.id}-f1`;

export function modeChanged(mode: 'paper' | 'live', on: boolean, at: number): Entry {
  return { actor: 'mode-switch', at, event: { type: 'mode.changed', body: { asset: ASSET, mode, on, source: 'test', reason: '' } } };
}

/** Two paper round trips, one by take-profit and one by exit, and a live one. */
export const story: readonly Entry[] = [
  {
    actor: 'system',
    at: START,
    event: { type: 'system.started', body: { version: '0.1.0', market: 'embedded', seed: SEED, epoch: 1, configHash: 'c0ffee', play: 'synthetic' } },
  },
  { actor: 'system', at: START, event: { type: 'settings.loaded', body: { settings: storySettings, source: 'config/budgets.json' } } },
  { actor: 'catalog', at: START, event: { type: 'instrument.changed', body: { instrument } } },
  ...ordered(first),
  // 100.2 × 1.0008 = 100.28016, up to the tick 100.3; 100.3 × 0.19 × 0.001 = 0.019057
  filled({ order: first, fillId: fillOf(first), reason: 'entry', pricedOn: first.quote, price: '100.3', fee: '0.019057', at: START + 1100 }),
  ended(first, START + 1100),
  // 104.1 × 0.9992 = 104.01672, down to 104, which is the take-profit; 104 × 0.19 × 0.001 = 0.01976
  filled({
    order: first,
    fillId: 'p-first-x1',
    reason: 'take_profit',
    pricedOn: target,
    price: '104',
    fee: '0.01976',
    at: START + 30_000,
    triggerPrice: '104',
  }),
  // (104 − 100.3) × 0.19 = 0.703, less fees of 0.038817
  closed({
    ...{ tradeId: first.id, mode: 'paper', exitReason: 'take_profit', openedAt: START + 1100, closedAt: START + 30_000 },
    numbers: { entryPrice: '100.3', exitPrice: '104', fees: '0.038817', pnl: '0.664183', budgetBefore: '1000', budgetAfter: '1000.664183' },
  }),
  ...ordered(second),
  // 101.2 × 1.0008 = 101.28096, up to 101.3
  filled({ order: second, fillId: fillOf(second), reason: 'entry', pricedOn: second.quote, price: '101.3', fee: '0.019247', at: START + 60_100 }),
  ended(second, START + 60_100),
  ...ordered(exit),
  // 100.5 × 0.9992 = 100.4196, down to 100.4
  filled({ order: exit, fillId: fillOf(exit), reason: 'exit', pricedOn: exit.quote, price: '100.4', fee: '0.019076', at: START + 90_100 }),
  ended(exit, START + 90_100),
  // (100.4 − 101.3) × 0.19 = −0.171, less fees of 0.038323
  closed({
    ...{ tradeId: second.id, mode: 'paper', exitReason: 'exit', openedAt: START + 60_100, closedAt: START + 90_100 },
    numbers: {
      ...{ entryPrice: '101.3', exitPrice: '100.4', fees: '0.038323', pnl: '-0.209323' },
      ...{ budgetBefore: '1000.664183', budgetAfter: '1000.45486' },
    },
  }),
  modeChanged('live', true, START + 119_000),
  ...ordered(live),
  filled({ order: live, fillId: fillOf(live), reason: 'entry', pricedOn: live.quote, price: '100.2', fee: '0.019038', at: START + 120_050 }),
  ended(live, START + 120_050),
  ...ordered(liveExit),
  filled({
    order: liveExit,
    fillId: fillOf(liveExit),
    reason: 'exit',
    pricedOn: liveExit.quote,
    price: '100.5',
    fee: '0.019095',
    at: START + 150_050,
  }),
  ended(liveExit, START + 150_050),
  closed({
    ...{ tradeId: live.id, mode: 'live', exitReason: 'exit', openedAt: START + 120_050, closedAt: START + 150_050 },
    numbers: { entryPrice: '100.2', exitPrice: '100.5', fees: '0.038133', pnl: '0.018867', budgetBefore: '1000', budgetAfter: '1000.018867' },
  }),
];

/** The number of the first record that `is`, from 1. */
export function seqWhere(is: (entry: Entry) => boolean): number {
  const index = story.findIndex(is);
  if (index < 0) throw new Error('the story has no such record');
  return index + 1;
}

/** The records as stored, sealed from first to last, and their end. */
export function sealedStory(entries: readonly Entry[]): { readonly records: RawRecord[]; readonly head: Link } {
  const records: RawRecord[] = [];
  let head: Link = GENESIS;
  for (const { actor, at, event } of entries) {
    const { type, body } = event;
    const { record, text } = seal({ seq: head.seq + 1, prevHash: head.hash, at, actor, type, version: EVENT_VERSION[type], cause: null, body });
    records.push({ key: keyOf(record.seq), value: text });
    head = { seq: record.seq, hash: record.hash };
  }
  return { records, head };
}
