/** The venue's instruments as the engine's contracts, and ids as Bybit writes them. */
import { createHash } from 'node:crypto';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { IdMaker, Kind } from '../../engine/state.ts';
import { tiersOf } from '../../engine/tiers.ts';
import type { ContractTerms } from '../../engine/types.ts';
import { FUNDING_MS, type Instrument } from '../../instruments.ts';
import { listingKey, type Category } from '../../listing.ts';

/** Bybit's rates for an account without a VIP level (2025). */
const SPOT_FEE = ratio('0.001');
const LINEAR_TAKER = ratio('0.00055');
const LINEAR_MAKER = ratio('0.0002');
const TIERS = 10;
/** Quote units by which the limit of a tier rises; the others' are a tenth of Bitcoin's. */
const TIER_STEPS: Readonly<Record<string, string>> = { BTC: '2000000', ETH: '1000000' };
const TIER_STEP = '200000';
/** `priceLimitRatioY` of instruments-info. */
const PRICE_LIMIT = ratio('0.02');

export function termsOf(instrument: Instrument, fundingRate: (at: Instant) => string): ContractTerms {
  const { category, symbol, base, quote, tick, lot, minQty, maxQty, maxMarketQty, minNotional, maxLeverage } = instrument;
  const { fundingMs: intervalMs = FUNDING_MS } = instrument;
  const spot = category === 'spot';
  return {
    key: listingKey(category, symbol),
    kind: spot ? 'exchange' : 'margin',
    base,
    quote,
    multiplier: ratio('1'),
    tick: price(tick),
    step: qty(lot),
    minQty: qty(minQty),
    maxLimitQty: qty(maxQty),
    maxMarketQty: qty(maxMarketQty),
    minNotional: money(minNotional),
    fees: {
      kind: 'rate',
      taker: spot ? SPOT_FEE : LINEAR_TAKER,
      maker: spot ? SPOT_FEE : LINEAR_MAKER,
      paidIn: spot ? 'received' : 'quote',
    },
    maxLeverage: ratio(maxLeverage),
    tiers: spot ? [] : tiersOf({ maxLeverage: ratio(maxLeverage), step: money(TIER_STEPS[base] ?? TIER_STEP), count: TIERS }),
    priceLimit: PRICE_LIMIT,
    funding: spot ? null : { intervalMs, rateAt: (at) => ratio(fundingRate(at)) },
    trading: true,
  };
}

export const categoryOf = (kind: Kind): Category => (kind === 'exchange' ? 'spot' : 'linear');

/** Ids that one millisecond of market time has room for: a venue that resumes later starts beyond those of before. */
const IDS_A_MS = 50_000;

/** Spot ids have nineteen digits and every second one is a client id, linear ones are UUIDs: so the real venue writes them. */
export function idMaker(seed: string, start: Instant): IdMaker {
  const digits = (count: number): string =>
    `1${String(start + Math.floor(count / IDS_A_MS)).padStart(13, '0')}${String((count % IDS_A_MS) * 2).padStart(5, '0')}`;
  const uuid = (what: string, count: number): string => {
    const hex = createHash('sha256').update(`${seed}\0${start}\0${what}\0${count}`).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  return {
    order: (kind, count) => (kind === 'exchange' ? digits(count) : uuid('order', count)),
    execution: (kind, count) => (kind === 'exchange' ? `2${digits(count)}` : uuid('execution', count)),
    link: (kind, id) => (kind === 'exchange' ? String(BigInt(id) + 1n) : ''),
  };
}
