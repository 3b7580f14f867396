/** Schemas of the values that events and messages share. Unknown keys are refused everywhere. */
import { isCanonical, type Amount } from '#trading/money/decimal.ts';
import { ASSETS, BROKERS, MODES, type Commission, type Instrument } from '#trading/model/instrument.ts';
import type { SessionCalendar, Sessions } from '#trading/model/calendar.ts';
import type { Bar, QuoteSnapshot } from '#trading/model/quote.ts';
import {
  RUNGS_MAX,
  type Bracket,
  type Clamp,
  type Fill,
  type OrderIntent,
  type PaperDraws,
  type PaperProof,
  type SizingBasis,
} from '#trading/model/order.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import { REFUSAL_CODES, type KillScope, type LiveSummary, type Refusal } from '#trading/model/events.ts';
import { z } from 'zod';

const NAME_LENGTH_MAX = 64;
const TEXT_LENGTH_MAX = 500;
const NUMBERS_MAX = 24;

/** Canonical decimal text of one unit: `1.50` and `1e2` are refused, since equal values must have equal text. */
const decimal = <U extends string>(): z.ZodType<Amount<U>> =>
  z.custom<Amount<U>>((value) => typeof value === 'string' && isCanonical(value), 'must be canonical decimal text');

export const price = decimal<'price'>();
export const qty = decimal<'qty'>();
export const money = decimal<'money'>();
export const ratio = decimal<'ratio'>();
export const instant = z.int().nonnegative();
export const name = z.string().min(1).max(NAME_LENGTH_MAX);
export const text = z.string().max(TEXT_LENGTH_MAX);
export const asset = z.enum(ASSETS);
export const mode = z.enum(MODES);
export const broker = z.enum(BROKERS);
export const side = z.enum(['buy', 'sell']);
export const killScope: z.ZodType<KillScope> = z.enum(['all', ...broker.options, ...asset.options]);
/** Also what Bybit allows as orderLinkId. */
export const clientOrderId = z.string().regex(/^[A-Za-z0-9_-]{1,36}$/, 'must be 1 to 36 of A-Z a-z 0-9 _ -');

const commission: z.ZodType<Commission> = z.union([z.strictObject({ perUnit: money, min: money }), z.strictObject({ bps: ratio, min: money })]);

export const instrument = z.strictObject({
  id: name,
  asset,
  broker,
  symbol: name,
  venueSymbol: name,
  type: z.enum(['spot', 'perp', 'future', 'option', 'fx']),
  base: name,
  quote: name,
  underlying: name,
  expiry: instant.nullable(),
  multiplier: ratio,
  tickSize: price,
  tickLadder: z
    .array(z.strictObject({ from: price, tick: price }))
    .max(16)
    .exactOptional(),
  lotSize: qty,
  minQty: qty,
  maxQty: qty.nullable(),
  minNotional: money,
  takerFee: ratio,
  makerFee: ratio,
  commission: commission.exactOptional(),
  oddLotBelow: qty.exactOptional(),
  option: z.strictObject({ strike: price, right: z.enum(['C', 'P']) }).exactOptional(),
  settlement: z.enum(['none', 'cash', 'physical']),
  exerciseStyle: z.enum(['none', 'american', 'european']),
  fundingSchedule: z.strictObject({ intervalMinutes: z.int().positive() }).nullable(),
  sessionCalendar: name,
}) satisfies z.ZodType<Instrument>;

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be yyyy-mm-dd');
const minute = z.int().nonnegative();
const DATES_MAX = 1000;
const sessionCalendar = z.strictObject({
  name,
  weekly: z.array(z.array(z.tuple([minute, minute])).max(4)).length(7),
  holidays: z.array(date).max(DATES_MAX),
  earlyCloses: z.record(date, minute),
  knownFrom: date,
  knownTo: date,
}) satisfies z.ZodType<SessionCalendar>;
export const resetWindows = z
  .array(z.strictObject({ name, days: z.array(z.int().min(0).max(6)).max(7), from: minute, minutes: z.int().min(1), guardMinutes: minute }))
  .max(20);
export const sessions = z.strictObject({
  calendars: z.record(name, sessionCalendar),
  resets: z.strictObject({ bybit: resetWindows.exactOptional(), ibkr: resetWindows.exactOptional() }),
}) satisfies z.ZodType<Sessions>;

export const quoteSnapshot = z.strictObject({
  id: name,
  broker,
  asset,
  symbol: name,
  bid: price,
  ask: price,
  bidQty: qty.nullable(),
  askQty: qty.nullable(),
  last: price.nullable(),
  volume: qty.nullable(),
  delta: z.number().min(-1).max(1).exactOptional(),
  exchangeAt: instant,
  receivedAt: instant,
}) satisfies z.ZodType<QuoteSnapshot>;

export const bar = z.strictObject({
  at: instant,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
}) satisfies z.ZodType<Bar>;

const trailing = z.strictObject({ distance: price, activation: price.nullable() });
const rung = z.strictObject({ price, fraction: ratio });
export const bracket = z.strictObject({
  takeProfit: price,
  stopLoss: price,
  trailing: trailing.exactOptional(),
  partialTakeProfits: z.array(rung).min(1).max(RUNGS_MAX).exactOptional(),
}) satisfies z.ZodType<Bracket>;

export const sizingBasis = z.strictObject({
  budget: money,
  multiplier: ratio,
  baseCap: money,
  notionalCap: money,
  usable: money,
}) satisfies z.ZodType<SizingBasis>;

export const orderIntent = z.strictObject({
  clientOrderId,
  strategyId: name,
  asset,
  mode,
  symbol: name,
  side,
  kind: z.enum(['entry', 'exit']),
  qty,
  snapshot: quoteSnapshot,
  bracket: bracket.nullable(),
  sizing: sizingBasis.nullable(),
  signal: text,
  nonce: z.int().nonnegative(),
  intendedAt: instant,
}) satisfies z.ZodType<OrderIntent>;

export const clamp = z.strictObject({
  field: z.enum(['qty', 'takeProfit', 'stopLoss', 'trailingDistance', 'trailingActivation', 'partialTakeProfit']),
  before: name,
  after: name,
  filter: z.enum(['tick_size', 'lot_size', 'max_qty', 'minimum']),
}) satisfies z.ZodType<Clamp>;

export const paperDraws = z.strictObject({ seed: name, latencyMs: z.int().nonnegative(), fillFraction: ratio }) satisfies z.ZodType<PaperDraws>;

export const paperProof = z.strictObject({
  pricedOn: quoteSnapshot,
  draws: paperDraws,
  slippageBps: z.number().nonnegative(),
  takerFee: ratio,
  tickSize: price,
  lotSize: qty,
  multiplier: ratio,
  triggerPrice: price.nullable(),
  commission: commission.exactOptional(),
}) satisfies z.ZodType<PaperProof>;

export const fillReason = z.enum(['entry', 'exit', 'stop_loss', 'take_profit', 'flatten']);

export const fill = z.strictObject({
  fillId: name,
  clientOrderId,
  asset,
  mode,
  symbol: name,
  strategyId: name,
  side,
  reason: fillReason,
  price,
  qty,
  fee: money,
  feeQty: qty.exactOptional(),
  filledAt: instant,
  paper: paperProof.nullable(),
  venueExecutionId: name.nullable(),
}) satisfies z.ZodType<Fill>;

export const closedTrade = z.strictObject({
  tradeId: name,
  asset,
  mode,
  symbol: name,
  strategyId: name,
  side,
  qty,
  entryPrice: price,
  exitPrice: price,
  fees: money,
  funding: money.exactOptional(),
  dust: money.exactOptional(),
  pnl: money,
  exitReason: z.enum([...fillReason.options, 'settlement']),
  openedAt: instant,
  closedAt: instant,
  budgetBefore: money,
  budgetAfter: money,
}) satisfies z.ZodType<ClosedTrade>;

export const refusal = z.strictObject({
  code: z.enum(REFUSAL_CODES),
  rule: name,
  numbers: z
    .record(name, z.union([z.string().max(NAME_LENGTH_MAX), z.number()]))
    .refine((value) => Object.keys(value).length <= NUMBERS_MAX, 'too many numbers'),
  sentence: text,
}) satisfies z.ZodType<Refusal>;

export const liveSummary = z.strictObject({
  budget: money,
  allocMode: z.enum(['absolute', 'percent']),
  leverageCap: ratio,
  maxPositions: z.int().positive(),
  maxLossPerOrder: ratio,
  dailyLossCap: ratio,
  maxDrawdown: ratio,
  market: name,
  broker,
  account: text,
  unavailable: text.nullable(),
  type: name,
}) satisfies z.ZodType<LiveSummary>;
