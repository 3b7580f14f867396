/** Which assets have a live venue behind them, and whose account that is: the one place that says so. */
import { brokerOf, type Asset } from '#trading/model/instrument.ts';
import type { Market } from '#trading/model/market.ts';
import type { LiveVenue } from '#trading/model/messages.ts';
import type { SystemOptions } from './system-options.ts';

/** Of a system. */
export const venuesOf = ({ market, hasBybitKeys, liveVenue }: SystemOptions): ((asset: Asset) => LiveVenue) =>
  liveVenue ?? ((asset) => liveVenueOf(market, asset, hasBybitKeys === true));

/**
 * `hasKeys`: the environment holds a key pair of Bybit. The embedded venue hands out its own, which open nothing else. TWS needs none: it is logged
 * in already, and what it may do is set there.
 */
export function liveVenueOf(market: Market, asset: Asset, hasKeys: boolean): LiveVenue {
  if (market === 'embedded') return { account: 'test account of the embedded venue: no money', unavailable: null };
  if (brokerOf(asset) === 'ibkr') return { account: 'the account that TWS is logged in to', unavailable: null };
  if (hasKeys) return { account: `the account of BYBIT_API_KEY on ${market}`, unavailable: null };
  return { account: 'no account at bybit is connected', unavailable: `live orders on ${market} need BYBIT_API_KEY and BYBIT_API_SECRET` };
}
