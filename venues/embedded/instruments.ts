/** Tick, lot and minimum of each listed instrument, as decimal text. Snapshot values of Bybit's own instruments-info (spring 2025). */
import type { Instant } from '#trading/model/instrument.ts';
import { listingKey, type Category, type Listing, type ListingKey } from './listing.ts';

export interface Instrument extends Listing {
  readonly base: string;
  readonly quote: string;
  /** Decimal text, quote currency; a power of ten. */
  readonly tick: string;
  /** Decimal text, base units; a power of ten. */
  readonly lot: string;
  readonly minQty: string;
  /** Quote currency: minOrderAmt of spot, minNotionalValue of linear. */
  readonly minNotional: string;
  readonly maxQty: string;
  /** Linear only. */
  readonly maxMarketQty: string;
  readonly maxLeverage: string;
  readonly fundingCap: string;
  /** Between two settlements; absent: `FUNDING_MS`. */
  readonly fundingMs?: number;
}

/** Most perpetuals of Bybit settle at 00, 08 and 16 UTC. */
export const FUNDING_MS = 8 * 3_600_000;

/** When a perpetual settles next: strictly after `now`, at a multiple of its interval. */
export function nextFunding({ fundingMs = FUNDING_MS }: Pick<Instrument, 'fundingMs'>, now: Instant): Instant {
  return now - (now % fundingMs) + fundingMs;
}

const QUOTES = ['USDT', 'USDC', 'USD'] as const;
const MIN_NOTIONAL = '5';
/** A step of a derived instrument is worth about this much, in quote units. */
const DERIVED_STEP_VALUE = 0.1;
const DERIVED_DECIMALS_MAX = 8;
/** The largest order of a derived instrument: so many units, and never worth less than as many quote units. */
const DERIVED_QTY_MAX = 1_000_000;
const DERIVED_MARKET_QTY_MAX = 100_000;

/** Every instrument the venue knows by itself. */
export const INSTRUMENTS: readonly Instrument[] = [
  spot('BTC', '0.1', '0.000001', '0.000011', '83'),
  spot('ETH', '0.01', '0.00001', '0.00029', '4616'),
  spot('SOL', '0.01', '0.001', '0.006', '50000'),
  linear('BTC', '0.1', '0.001', '1190', '119', '100', '0.005'),
  linear('ETH', '0.01', '0.01', '7240', '724', '100', '0.005'),
  linear('SOL', '0.01', '0.1', '79770', '7977', '100', '0.005'),
  linear('ADA', '0.0001', '1', '6315500', '1109600', '75', '0.0058'),
  linear('DOGE', '0.00001', '1', '43678900', '5991100', '75', '0.0058'),
  linear('XRP', '0.0001', '1', '10965300', '2467800', '75', '0.0058'),
  linear('WIF', '0.0001', '1', '2000000', '400000', '50', '0.01'),
];

const BY_KEY: ReadonlyMap<ListingKey, Instrument> = new Map(INSTRUMENTS.map((row) => [listingKey(row.category, row.symbol), row]));

export function knownInstrument(category: Category, symbol: string): Instrument | undefined {
  return BY_KEY.get(listingKey(category, symbol));
}

/**
 * An instrument for a recorded symbol that the venue does not know: the tick is the file's own grid, the lot about 0.1 quote units' worth, and
 * the largest orders leave room above the smallest whatever the price.
 * @throws RangeError where the symbol does not end in a quote currency.
 */
export function derivedInstrument(category: Category, symbol: string, priceDecimals: number, price: number): Instrument {
  const quote = QUOTES.find((end) => symbol.endsWith(end) && symbol.length > end.length);
  if (quote === undefined) throw new RangeError(`${symbol} is no pair: it must end in one of ${QUOTES.join(', ')}`);
  const lotDecimals = Math.min(DERIVED_DECIMALS_MAX, Math.max(0, Math.ceil(Math.log10(price / DERIVED_STEP_VALUE))));
  const lot = powerOfTen(lotDecimals);
  const common = { category, symbol, base: symbol.slice(0, -quote.length), quote, tick: powerOfTen(priceDecimals), lot, minQty: lot };
  const most = { maxQty: worthAtLeast(DERIVED_QTY_MAX, price), maxMarketQty: worthAtLeast(DERIVED_MARKET_QTY_MAX, price) };
  return { ...common, ...most, minNotional: MIN_NOTIONAL, maxLeverage: '10', fundingCap: '0.005' };
}

/** A power of ten of units: `value` of them, or more where a unit is worth less than one quote unit. */
function worthAtLeast(value: number, price: number): string {
  return `1${'0'.repeat(Math.ceil(Math.log10(value / Math.min(price, 1))))}`;
}

/** Digits after the decimal point of decimal text without an exponent. */
export function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function powerOfTen(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`;
}

function spot(base: string, tick: string, lot: string, minQty: string, maxQty: string): Instrument {
  const common = { category: 'spot', symbol: `${base}USDT`, base, quote: 'USDT', tick, lot, minQty, maxQty } as const;
  return { ...common, minNotional: MIN_NOTIONAL, maxMarketQty: maxQty, maxLeverage: '1', fundingCap: '0' };
}

function linear(base: string, tick: string, lot: string, maxQty: string, maxMarketQty: string, maxLeverage: string, fundingCap: string): Instrument {
  const common = { category: 'linear', symbol: `${base}USDT`, base, quote: 'USDT', tick, lot, minQty: lot, maxQty } as const;
  return { ...common, minNotional: MIN_NOTIONAL, maxMarketQty, maxLeverage, fundingCap };
}
