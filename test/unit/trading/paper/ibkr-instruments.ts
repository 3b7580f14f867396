/** IBKR's contracts as its venue will list them: EUR.USD at IDEALPRO and US equity options, with the commissions of its table. */
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import { spot } from '../trader/fixtures.ts';

/** 0.2 basis points, at least 2 USD an order; below 20,000 EUR an odd lot. */
export const eurUsd: Instrument = {
  ...spot,
  id: 'ibkr:12087792',
  asset: 'forex',
  broker: 'ibkr',
  symbol: 'EUR/USD',
  venueSymbol: 'EUR.USD',
  type: 'fx',
  base: 'EUR',
  quote: 'USD',
  underlying: 'EUR',
  tickSize: price('0.00005'),
  lotSize: qty('1'),
  minQty: qty('1'),
  maxQty: qty('6000000'),
  minNotional: money('0'),
  takerFee: ratio('0'),
  makerFee: ratio('0'),
  commission: { bps: ratio('0.2'), min: money('2') },
  oddLotBelow: qty('20000'),
  sessionCalendar: 'IDEALPRO',
};

/** 0.65 USD a contract, at least 1 USD an order. */
export const option = (underlying: string, expiry: string, strike: string, right: string): Instrument => ({
  ...eurUsd,
  id: `ibkr:${underlying}-${expiry}-${strike}-${right}`,
  asset: 'options',
  symbol: `${underlying} ${expiry} ${strike} ${right}`,
  venueSymbol: `${underlying}-${expiry}-${strike}-${right}`,
  type: 'option',
  base: underlying,
  underlying,
  expiry: Date.parse(`${expiry}T20:00:00Z`),
  multiplier: ratio('100'),
  tickSize: price('0.01'),
  maxQty: null,
  commission: { perUnit: money('0.65'), min: money('1') },
  oddLotBelow: qty('1'),
  settlement: 'physical',
  exerciseStyle: 'american',
  sessionCalendar: 'US_EQUITY_OPTIONS',
});
