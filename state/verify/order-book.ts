/** Every order of the journal, from its intent on: what the rules about orders, fills and trades look things up in. */
import { add, ZERO_QTY, type Price, type Qty } from '#trading/money/decimal.ts';
import type { EventOf, KillScope } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Purpose } from '#trading/model/live.ts';
import type { Fill, OrderIntent } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';

/** What one order came to; the numbers are those of its records. */
export interface OrderStory {
  readonly intent: OrderIntent;
  approved: EventOf<'order.approved'>['body'] | null;
  refused: boolean;
  accepted: EventOf<'order.accepted'>['body'] | null;
  /** The instrument and the settings in force at the acceptance. */
  acceptedUnder: { readonly instrument: Instrument | undefined; readonly settings: Settings | null } | null;
  ended: boolean;
  readonly fills: Fill[];
}

/** What was sent to a venue; `killed`: the scope that an entry was sent against. */
interface Sent {
  readonly body: EventOf<'order.sending'>['body'];
  readonly killed: KillScope | null;
}

/** An order of the house's own: a leg, or a close at market. */
export interface LiveChild {
  readonly parentId: string;
  readonly purpose: Purpose;
  readonly qty: Qty;
  ended: boolean;
  filled: Qty;
}

interface Named {
  readonly asset: string;
  readonly mode: string;
  readonly symbol: string;
}

export const sameOrder = (left: Named, right: Named): boolean =>
  left.asset === right.asset && left.mode === right.mode && left.symbol === right.symbol;

/** False for the fills of the bracket that protects an entry, and of a flatten: they carry the entry's id. */
export const isOwnFill = (fill: Fill, intent: OrderIntent): boolean => fill.reason === intent.kind;

/** Of an order: what reached the position, and what a fee in base units took on the way. */
export const executedQty = ({ qty, feeQty = ZERO_QTY }: Fill): Qty => add(qty, feeQty);

export const filledQty = (fills: readonly Fill[]): Qty => add(ZERO_QTY, ...fills.map(executedQty));

export const instrumentKey = (of: { readonly asset: string; readonly symbol: string }): string => `${of.asset}|${of.symbol}`;
export const positionKey = (of: { readonly asset: string; readonly mode: string; readonly symbol: string }): string =>
  `${of.asset}|${of.mode}|${of.symbol}`;

/** What the journal has said so far. */
export class OrderBook {
  readonly orders = new Map<string, OrderStory>();
  /** Everything that was sent, by client order id. */
  readonly sendings = new Map<string, Sent>();
  readonly children = new Map<string, LiveChild>();
  readonly instruments = new Map<string, Instrument>();
  /** By entry order: where its trailing stop was moved to last. */
  readonly trailedStops = new Map<string, Price>();
  settings: Settings | null = null;
  /** The seed of the run at hand. */
  seed: string | null = null;
}
