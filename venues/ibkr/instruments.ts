/** From TWS's contract details to instruments of the catalog (LC-1). Sizes and commissions: venues/ibkr "Contracts, sessions, costs". Pure. */
import type { ContractDetails } from '@stoqey/ib';
import { compare, money, price, qty, ratio, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instrument, TickStep } from '#trading/model/instrument.ts';
import { optionSymbol } from './contracts.ts';
import { zonedInstant } from './hours.ts';

/** The smallest and the largest order of IDEALPRO, by base currency. Smaller ones are taken as odd lots (399); larger ones are not. */
const IDEALPRO_SIZES: Readonly<Record<string, readonly [min: string, max: string]>> = {
  USD: ['25000', '7000000'],
  EUR: ['20000', '6000000'],
  GBP: ['20000', '5000000'],
  AUD: ['25000', '6000000'],
  CAD: ['25000', '6000000'],
  CHF: ['25000', '6000000'],
  JPY: ['2500000', '550000000'],
  NZD: ['35000', '8000000'],
  SGD: ['35000', '8000000'],
};
/** Of a currency that the table does not have: the largest of the small minima, and the smallest of the maxima. */
const UNKNOWN_SIZES = ['35000', '5000000'] as const;
/** 0.2 basis points, at least 2 USD an order. */
const FOREX_COMMISSION = { bps: ratio('0.2'), min: money('2') };
/** 0.65 USD a contract, at least 1 USD an order: the highest step of the table, since the premium is not known yet. */
const OPTION_COMMISSION = { perUnit: money('0.65'), min: money('1') };
const CLOSE = { hour: 16, minute: 0 };

/** @throws Error where TWS describes the pair in a way we cannot use. */
export function pairInstrument({ contract, minTick, minSize, sizeIncrement }: ContractDetails, ladder: readonly TickStep[]): Instrument {
  const { conId, symbol: base, currency: quote } = contract;
  if (conId === undefined || base === undefined || quote === undefined) throw unusable(contract, 'has no id, symbol or currency');
  const [min, max] = IDEALPRO_SIZES[base] ?? UNKNOWN_SIZES;
  const lotSize = stepOf(sizeIncrement);
  return {
    ...COMMON,
    id: `ibkr:${conId}`,
    asset: 'forex',
    symbol: `${base}/${quote}`,
    venueSymbol: `${base}.${quote}`,
    type: 'fx',
    base,
    quote,
    underlying: base,
    expiry: null,
    multiplier: ratio('1'),
    ...gridOf(ladder, contract, minTick),
    lotSize,
    minQty: minSize === undefined || !(minSize > 0) ? lotSize : qty(minSize),
    maxQty: qty(max),
    commission: FOREX_COMMISSION,
    oddLotBelow: qty(min),
    settlement: 'none',
    exerciseStyle: 'none',
    sessionCalendar: 'IDEALPRO',
  };
}

/** @throws Error where TWS describes the option in a way we cannot use. */
export function optionInstrument(details: ContractDetails, ladder: readonly TickStep[]): Instrument {
  const { contract, minTick, realExpirationDate, timeZoneId } = details;
  const { conId, symbol: underlying, strike, right, multiplier, localSymbol } = contract;
  // The library leaves the date as TWS writes it, time and zone behind it: "20261218 15:00 US/Central".
  const date = (realExpirationDate ?? contract.lastTradeDateOrContractMonth ?? '').slice(0, 8);
  if (conId === undefined || underlying === undefined || strike === undefined || right === undefined || !/^\d{8}$/.test(date)) {
    throw unusable(contract, 'has no id, underlying, strike, right or expiry');
  }
  if (!(Number(multiplier) > 0)) throw unusable(contract, `has a multiplier of ${String(multiplier)}`);
  const expiry = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  return {
    ...COMMON,
    id: `ibkr:${conId}`,
    asset: 'options',
    symbol: optionSymbol({ underlying, expiry, strike: price(strike), right: right.startsWith('C') ? 'C' : 'P' }),
    venueSymbol: localSymbol ?? String(conId),
    type: 'option',
    base: underlying,
    quote: contract.currency ?? 'USD',
    underlying,
    expiry: zonedInstant(date, CLOSE.hour, CLOSE.minute, timeZoneId ?? 'America/New_York'),
    multiplier: ratio(String(multiplier)),
    ...gridOf(ladder, contract, minTick),
    lotSize: qty('1'),
    minQty: qty('1'),
    maxQty: null,
    commission: OPTION_COMMISSION,
    option: { strike: price(strike), right: right.startsWith('C') ? 'C' : 'P' },
    settlement: 'physical',
    exerciseStyle: 'american',
    sessionCalendar: 'US_EQUITY_OPTIONS',
  };
}

/** The rule of the exchange that orders go to: the ids stand in the order of `validExchanges`. Null where there is none. */
export function marketRuleOf({ contract, validExchanges = '', marketRuleIds = '' }: ContractDetails): number | null {
  const at = validExchanges.split(',').indexOf(contract.exchange ?? '');
  const id = Number(marketRuleIds.split(',')[Math.max(at, 0)]);
  return Number.isInteger(id) && id > 0 ? id : null;
}

/** Lowest step first. Steps that are no numbers are left out. */
export function ladderOf(increments: readonly { readonly lowEdge?: number; readonly increment?: number }[]): readonly TickStep[] {
  return increments
    .filter(({ lowEdge, increment }) => lowEdge !== undefined && lowEdge >= 0 && increment !== undefined && increment > 0)
    .map(({ lowEdge, increment }) => ({ from: price(lowEdge ?? 0), tick: price(increment ?? 0) }))
    .sort((left, right) => compare(left.from, right.from));
}

/** A rule of one step is no ladder. */
function gridOf(
  ladder: readonly TickStep[],
  contract: ContractDetails['contract'],
  minTick: number | undefined,
): Pick<Instrument, 'tickSize' | 'tickLadder'> {
  const tickSize = ladder[0]?.tick ?? tickOf(contract, minTick);
  return ladder.length > 1 ? { tickSize, tickLadder: ladder } : { tickSize };
}

const COMMON = {
  broker: 'ibkr',
  minNotional: money('0'),
  takerFee: ratio('0'),
  makerFee: ratio('0'),
  fundingSchedule: null,
} as const;

function tickOf(contract: ContractDetails['contract'], minTick: number | undefined): Price {
  if (minTick === undefined || !(minTick > 0)) throw unusable(contract, `has a smallest price step of ${String(minTick)}`);
  return price(minTick);
}

const stepOf = (increment: number | undefined): Qty => (increment !== undefined && increment > 0 ? qty(increment) : qty('1'));

function unusable({ localSymbol, symbol, conId }: ContractDetails['contract'], why: string): Error {
  return new Error(`${localSymbol ?? symbol ?? String(conId)}: TWS's description cannot be used: it ${why}`);
}
