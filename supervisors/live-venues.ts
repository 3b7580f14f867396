/** Which assets have a live venue behind them: the one place that says so. A live gateway that is wired becomes a line here. */
import type { Asset } from '#trading/model/instrument.ts';
import { brokerOf } from '#trading/model/instrument.ts';
import type { Market } from '#trading/model/market.ts';
import type { LiveVenue } from '#trading/model/messages.ts';

export function liveVenueOf(market: Market, asset: Asset): LiveVenue {
  const broker = brokerOf(asset);
  return { account: `no account at ${broker} is connected`, unavailable: `no gateway of ${broker} sends live orders on the ${market} market yet` };
}
