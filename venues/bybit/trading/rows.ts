/** Private rows of Bybit v5, parsed: what we need strictly, the rest not at all (a venue adds fields, and sends some as ''). */
import {
  absolute,
  add,
  amount,
  isDecimalText,
  isPositive,
  notional,
  scale,
  subtract,
  ZERO_MONEY,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import type { Instant, Instrument } from '#trading/model/instrument.ts';
import type { VenueBalance, VenueExecution, VenueFunding, VenueOrder, VenuePosition, VenueStatus } from '#trading/model/live.ts';
import { z } from 'zod';
import type { Entry, LegOf } from './legs.ts';

const decimal = <U extends string>() =>
  z
    .string()
    .refine(isDecimalText, 'must be a decimal')
    .transform((text) => amount<U>(text));
const stamp = z
  .union([z.string(), z.number()])
  .transform(Number)
  .refine((at) => Number.isSafeInteger(at) && at >= 0, 'must be UTC milliseconds');
const side = z.enum(['Buy', 'Sell']).transform((text) => (text === 'Buy' ? 'buy' : 'sell'));
const text = z.string().default('');

const orderRow = z.object({
  orderId: z.string().min(1),
  orderLinkId: text,
  parentOrderLinkId: text,
  symbol: z.string().min(1),
  side,
  orderStatus: z.string(),
  cancelType: text,
  rejectReason: text,
  createType: text,
  stopOrderType: text,
  qty: decimal<'qty'>(),
  cumExecQty: decimal<'qty'>(),
});
const bracketRow = z.object({ takeProfit: text, stopLoss: text, triggerPrice: text, createdTime: stamp });
const executionRow = z.object({
  execId: z.string().min(1),
  orderId: z.string().min(1),
  orderLinkId: text,
  symbol: z.string().min(1),
  side,
  execType: z.string(),
  stopOrderType: text,
  createType: text,
  execPrice: decimal<'price'>(),
  execQty: decimal<'qty'>(),
  execValue: decimal<'money'>(),
  execFee: decimal<'money'>(),
  feeRate: text,
  feeCurrency: text,
  execTime: stamp,
});
const fundingRow = executionRow.pick({ symbol: true, execId: true, execPrice: true, execQty: true, execFee: true, execTime: true }).extend({
  feeRate: decimal<'ratio'>(),
});
const positionRow = z.object({ symbol: z.string().min(1), side: z.enum(['Buy', 'Sell', '', 'None']), size: decimal<'qty'>(), avgPrice: text });
const coinRow = z.object({ coin: z.string().min(1), walletBalance: decimal<'money'>(), locked: text, totalOrderIM: text, totalPositionIM: text });

/** Unknown states are not ends: a lookup asks again. */
const ENDS: Readonly<Record<string, VenueStatus>> = {
  Filled: 'filled',
  Cancelled: 'cancelled',
  PartiallyFilledCanceled: 'cancelled',
  Deactivated: 'cancelled',
  Rejected: 'rejected',
};
/** Executions that change a position. Funding carries the whole position as its quantity, and must never be one. */
const TRADES = new Set(['Trade', 'AdlTrade', 'BustTrade', 'Delivery', 'Settle', 'BlockTrade', 'MovePosition']);

export type InstrumentOf = (venueSymbol: string) => Instrument | undefined;

/** @throws z.ZodError; null where the symbol is not one of ours. */
export function orderOf(raw: unknown, instrumentOf: InstrumentOf): VenueOrder | null {
  const row = orderRow.parse(raw);
  const instrument = instrumentOf(row.symbol);
  if (instrument === undefined) return null;
  const leg = legOf(row);
  const { trigger } = triggersOf(raw);
  return {
    // Spot legs have a number of the venue's where a client's id would be.
    clientOrderId: row.orderLinkId === '' || leg !== null ? null : row.orderLinkId,
    parentId: row.parentOrderLinkId === '' ? null : row.parentOrderLinkId,
    venueOrderId: row.orderId,
    asset: instrument.asset,
    symbol: instrument.symbol,
    side: row.side,
    leg,
    status: ENDS[row.orderStatus] ?? 'open',
    qty: row.qty,
    cumQty: row.cumExecQty,
    ...(trigger === null ? {} : { trigger }),
    reason: [row.orderStatus, row.cancelType, row.rejectReason]
      .filter((part) => part !== '' && part !== 'UNKNOWN' && part !== 'EC_NoError')
      .join(' '),
  };
}

/** What hangs on an order's row: the triggers of its own bracket, or its trigger where it is a leg. Empty where the venue does not say them. */
export function triggersOf(raw: unknown): { readonly bracket: Entry['bracket']; readonly trigger: Price | null; readonly madeAt: Instant } {
  const { data } = bracketRow.safeParse(raw);
  const at = (price: string | undefined): Price | null =>
    price !== undefined && isDecimalText(price) && Number(price) > 0 ? amount<'price'>(price) : null;
  return {
    bracket: { takeProfit: at(data?.takeProfit), stopLoss: at(data?.stopLoss) },
    trigger: at(data?.triggerPrice),
    madeAt: data?.createdTime ?? 0,
  };
}

/** @throws z.ZodError; null where it is no trade, or of no symbol of ours. */
export function executionOf(raw: unknown, instrumentOf: InstrumentOf, legsOf: (orderId: string) => LegOf | undefined): VenueExecution | null {
  const row = executionRow.parse(raw);
  const instrument = instrumentOf(row.symbol);
  if (instrument === undefined || !TRADES.has(row.execType)) return null;
  const known = legsOf(row.orderId);
  const leg = known?.leg ?? legOf(row);
  const fee = feeOf(row, instrument);
  return {
    executionId: row.execId,
    clientOrderId: row.orderLinkId === '' || leg !== null ? null : row.orderLinkId,
    parentId: known?.parentId ?? null,
    venueOrderId: row.orderId,
    asset: instrument.asset,
    symbol: instrument.symbol,
    side: row.side,
    leg,
    price: row.execPrice,
    qty: row.execQty,
    ...fee,
    executedAt: row.execTime,
  };
}

/**
 * LC-6: a row of funding; null for every other row. Its quantity is the whole position and its fee is what the position pays, negative where it
 * receives (venues/bybit.md §6.8). Only perpetuals have one. @throws z.ZodError
 */
export function fundingOf(raw: unknown, perpetualOf: InstrumentOf): VenueFunding | null {
  if (typeof raw !== 'object' || raw === null || !('execType' in raw) || raw.execType !== 'Funding') return null;
  const { symbol: venueSymbol, execId: executionId, execPrice: price, execQty: qty, execFee: amount, feeRate, execTime } = fundingRow.parse(raw);
  const instrument = perpetualOf(venueSymbol);
  if (instrument === undefined) return null;
  const { asset, symbol } = instrument;
  return { executionId, asset, symbol, qty: absolute(qty), price, rate: feeRate, amount, executedAt: execTime };
}

/** Null where flat or of no symbol of ours. @throws z.ZodError */
export function positionOf(raw: unknown, instrumentOf: InstrumentOf): VenuePosition | null {
  const row = positionRow.parse(raw);
  const instrument = instrumentOf(row.symbol);
  if (instrument === undefined || row.size === '0' || row.side === '' || row.side === 'None') return null;
  const { asset, symbol } = instrument;
  return { asset, symbol, side: row.side === 'Buy' ? 'buy' : 'sell', qty: row.size, averagePrice: amount<'price'>(row.avgPrice) };
}

export interface CoinBalance extends VenueBalance {
  /** What lies locked in open spot orders is still held. */
  readonly held: Qty;
}

/** @throws z.ZodError */
export function balanceOf(raw: unknown): CoinBalance {
  const row = coinRow.parse(raw);
  const bound = [row.locked, row.totalOrderIM, row.totalPositionIM].filter(isDecimalText).map((part) => amount<'money'>(part));
  const available = subtract(row.walletBalance, add(ZERO_MONEY, ...bound));
  // Shown and clamped by, never booked: the ledger's own amounts come from executions.
  return {
    currency: row.coin,
    total: row.walletBalance,
    available: isPositive(available) ? available : ZERO_MONEY,
    held: amount<'qty'>(row.walletBalance),
  };
}

function legOf({ createType, stopOrderType }: { readonly createType: string; readonly stopOrderType: string }): LegOf['leg'] | null {
  const what = `${createType} ${stopOrderType}`;
  if (/StopLoss/.test(what)) return 'stop_loss';
  return /TakeProfit/.test(what) ? 'take_profit' : null;
}

/**
 * Spot buys pay in base: the position is smaller by it (`feeQty`). Another currency (MNT) is taken at the rate that the venue states.
 */
function feeOf(row: z.infer<typeof executionRow>, { asset, base }: Instrument): { readonly fee: Money; readonly feeQty: Qty | null } {
  const { feeCurrency, execFee, execPrice, execValue, feeRate } = row;
  if (asset === 'crypto_spot' && feeCurrency === base) {
    const feeQty = amount<'qty'>(execFee);
    return { fee: notional(execPrice, feeQty), feeQty };
  }
  if (feeCurrency === '' || feeCurrency === 'USDT' || feeCurrency === 'USDC' || feeCurrency === 'USD') return { fee: execFee, feeQty: null };
  return { fee: isDecimalText(feeRate) ? scale(execValue, amount<'ratio'>(feeRate) as Ratio) : execFee, feeQty: null };
}
