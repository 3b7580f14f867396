/** RK-2: the approved orders that the controls look back on. */
import type { Price, Qty } from '../money/decimal.ts';
import type { Instant } from '../model/instrument.ts';
import type { OrderIntent, Side } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';

/** The window of the message throttle, and of the drift of our own prices. */
export const MINUTE_MS = 60_000;
const MS_A_SECOND = 1000;

export interface RecentOrder {
  /** Market time of its intent. */
  readonly at: Instant;
  readonly kind: 'entry' | 'exit';
  readonly strategyId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Qty;
  /** The touch of its snapshot. */
  readonly price: Price;
}

/**
 * The list of one asset and mode with an order more, and without what no control looks at any longer: entries are kept for the longest window
 * that is configured, exits for the minute that counts every order. `repeatedEntriesMax` bounds the entries.
 */
export function withOrder(recent: readonly RecentOrder[], intent: OrderIntent, settings: Settings | null): readonly RecentOrder[] {
  const { intendedAt, kind, strategyId, symbol, side, qty, snapshot } = intent;
  const { repeatedEntriesWindowSeconds = 0, duplicateWindowMs = 0 } = settings?.risk ?? {};
  const entryMs = Math.max(MINUTE_MS, repeatedEntriesWindowSeconds * MS_A_SECOND, duplicateWindowMs);
  const kept = recent.filter((order) => order.at > intendedAt - (order.kind === 'entry' ? entryMs : MINUTE_MS));
  return [...kept, { at: intendedAt, kind, strategyId, symbol, side, qty, price: touch(side, snapshot) }];
}
