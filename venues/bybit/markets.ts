/** Instruments from the venue's own decimal text: ccxt's unified markets are floats, and map filters that Bybit has deprecated. */
import { money, price, qty, ratio, type Money, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Asset, Instrument } from '#trading/model/instrument.ts';
import { z } from 'zod';
import type { Category } from './endpoints.ts';

/** Bybit, fee schedule of a non-VIP account: spot 0.1 % both ways, linear perpetuals 0.055 % taker and 0.02 % maker. */
const FEES = {
  spot: { taker: ratio('0.001'), maker: ratio('0.001') },
  linear: { taker: ratio('0.00055'), maker: ratio('0.0002') },
} as const;
const NAMED_MAX = 8;

const price_ = z.string().transform((text, context) => positive<Price>(price, text, context));
const quantity = z.string().transform((text, context) => positive<Qty>(qty, text, context));
const usd = z.string().transform((text, context) => positive<Money>(money, text, context));

const common = { symbol: z.string().min(1), baseCoin: z.string().min(1), quoteCoin: z.string().min(1), status: z.string() };
const spotInfo = z.object({
  ...common,
  priceFilter: z.object({ tickSize: price_ }),
  lotSizeFilter: z.object({
    basePrecision: quantity,
    minOrderQty: quantity.optional(),
    maxMarketOrderQty: quantity.optional(),
    minOrderAmt: usd,
  }),
});
const linearInfo = z.object({
  ...common,
  contractType: z.literal('LinearPerpetual'),
  fundingInterval: z.int().positive(),
  priceFilter: z.object({ tickSize: price_ }),
  lotSizeFilter: z.object({ qtyStep: quantity, minOrderQty: quantity, maxMktOrderQty: quantity.optional(), minNotionalValue: usd }),
});

export const ASSET_OF: Readonly<Record<Category, Asset>> = Object.freeze({ spot: 'crypto_spot', linear: 'crypto_futures' });

/** `BTC/USDT` is spot, `ADA/USDT:USDT` a linear perpetual. Bybit's own `BTCUSDT` is both. */
export const categoryOf = (symbol: string): Category => (symbol.includes(':') ? 'linear' : 'spot');

/**
 * The instrument of a unified symbol. Entries are taken at market, so the largest quantity is that of a market order.
 * @param markets what ccxt's loadMarkets answers; only `info`, the venue's own row, is read
 * @throws Error where the venue does not list it, does not trade it now, or describes it in a way we cannot use
 */
export function instrumentOf(symbol: string, markets: Readonly<Record<string, { readonly info: unknown }>>): Instrument {
  const market = markets[symbol];
  if (market === undefined) {
    const listed = Object.keys(markets).filter((other) => categoryOf(other) === categoryOf(symbol));
    throw new Error(`${symbol}: Bybit does not list it; it lists ${listed.slice(0, NAMED_MAX).join(', ')}${listed.length > NAMED_MAX ? ', …' : ''}`);
  }
  return categoryOf(symbol) === 'spot' ? spotInstrument(symbol, market.info) : linearInstrument(symbol, market.info);
}

function spotInstrument(symbol: string, raw: unknown): Instrument {
  const info = parsed(symbol, spotInfo, raw);
  const { basePrecision, minOrderQty, maxMarketOrderQty, minOrderAmt } = info.lotSizeFilter;
  return {
    ...shared(symbol, 'spot', info),
    type: 'spot',
    tickSize: info.priceFilter.tickSize,
    lotSize: basePrecision,
    minQty: minOrderQty ?? basePrecision,
    maxQty: maxMarketOrderQty ?? null,
    minNotional: minOrderAmt,
    settlement: 'none',
    fundingSchedule: null,
  };
}

function linearInstrument(symbol: string, raw: unknown): Instrument {
  const info = parsed(symbol, linearInfo, raw);
  const { qtyStep, minOrderQty, maxMktOrderQty, minNotionalValue } = info.lotSizeFilter;
  return {
    ...shared(symbol, 'linear', info),
    type: 'perp',
    tickSize: info.priceFilter.tickSize,
    lotSize: qtyStep,
    minQty: minOrderQty,
    maxQty: maxMktOrderQty ?? null,
    minNotional: minNotionalValue,
    settlement: 'cash',
    fundingSchedule: { intervalMinutes: info.fundingInterval },
  };
}

function shared(symbol: string, category: Category, { symbol: venueSymbol, baseCoin, quoteCoin }: z.infer<typeof spotInfo | typeof linearInfo>) {
  return {
    id: `bybit:${category}:${venueSymbol}`,
    asset: ASSET_OF[category],
    broker: 'bybit',
    symbol,
    venueSymbol,
    base: baseCoin,
    quote: quoteCoin,
    underlying: baseCoin,
    expiry: null,
    multiplier: ratio('1'),
    takerFee: FEES[category].taker,
    makerFee: FEES[category].maker,
    exerciseStyle: 'none',
    sessionCalendar: 'always',
  } as const;
}

function parsed<T extends { readonly status: string }>(symbol: string, schema: z.ZodType<T>, raw: unknown): T {
  const result = schema.safeParse(raw);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Error(`${symbol}: Bybit's description cannot be used: ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? 'does not fit'}`);
  }
  if (result.data.status !== 'Trading') throw new Error(`${symbol}: Bybit does not trade it now (status ${result.data.status})`);
  return result.data;
}

function positive<A extends string>(make: (text: string) => A, text: string, context: z.RefinementCtx): A {
  try {
    if (Number(text) > 0) return make(text);
  } catch {
    // Said below.
  }
  context.addIssue({ code: 'custom', message: `must be a positive decimal, got ${JSON.stringify(text.slice(0, 40))}` });
  return z.NEVER;
}
