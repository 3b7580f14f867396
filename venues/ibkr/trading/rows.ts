/** Messages of TWS about orders, parsed: what is needed strictly, the rest not at all. Its numbers are the shortest text of what was on the wire. */
import type { CommissionReport, Contract, Execution, Order, OrderState } from '@stoqey/ib';
import { absolute, divide, isZero, negate, price, qty, ratio, type Price, type Qty, type Ratio } from '#trading/money/decimal.ts';
import type { Instant, Instrument } from '#trading/model/instrument.ts';
import type { VenueOrder, VenuePosition } from '#trading/model/live.ts';
import type { ExecutionRow } from './fills.ts';
import type { OrderRow, StatusRow } from './mirror.ts';
import { namedBy } from './names.ts';

/** Null where the contract is nothing that is traded here. */
export type InstrumentOf = (contract: Contract) => Instrument | null;
/** What a position is of. */
export type Holding = Pick<Instrument, 'asset' | 'symbol' | 'multiplier'>;

/** TWS says what it does not have as the largest of its kind. */
const UNSET = 1.7e308;
const STAMP = /^(\d{4})(\d{2})(\d{2})([- ]+)(\d{2}):(\d{2}):(\d{2})(?: (.+))?$/;
const COMPLETED: Readonly<Record<string, string>> = { Filled: 'Filled', Cancelled: 'Cancelled', ApiCancelled: 'Cancelled' };

const whole = (value: number | undefined): number => (value === undefined || !Number.isFinite(value) ? 0 : value);
const quantityOf = (value: number | undefined): Qty => qty(value === undefined || Math.abs(value) > UNSET ? '0' : String(value));

/** Null where it is of nothing of ours, or TWS has given it no permId yet. */
export function openRow(orderId: number, contract: Contract, order: Order, state: OrderState, instrumentOf: InstrumentOf): OrderRow | null {
  const row = orderRow(contract, order, instrumentOf);
  if (row === null) return null;
  return { ...row, orderId, clientId: whole(order.clientId), status: state.status, filled: null, said: state.warningText ?? '' };
}

/** The last word of TWS about an order that is over: without its id and its client. */
export function completedRow(contract: Contract, order: Order, state: OrderState, instrumentOf: InstrumentOf): OrderRow | null {
  const row = orderRow(contract, order, instrumentOf);
  if (row === null) return null;
  const said = state.completedStatus ?? '';
  // A completed row is over in any case; what TWS calls Inactive there was not taken.
  const status = COMPLETED[state.status] ?? 'Cancelled';
  return { ...row, orderId: null, clientId: null, status, filled: quantityOf(order.filledQuantity), said };
}

function orderRow(
  contract: Contract,
  order: Order,
  instrumentOf: InstrumentOf,
): Omit<OrderRow, 'orderId' | 'clientId' | 'status' | 'filled' | 'said'> | null {
  const instrument = instrumentOf(contract);
  const permId = whole(order.permId);
  if (instrument === null || permId === 0 || order.whatIf === true) return null;
  const { asset, symbol } = instrument;
  return {
    ...{ permId, orderRef: order.orderRef ?? '', parentOrderId: whole(order.parentId), ocaGroup: order.ocaGroup ?? '', conId: whole(contract.conId) },
    order: {
      ...{ asset, symbol, side: String(order.action) === 'BUY' ? 'buy' : 'sell', qty: quantityOf(order.totalQuantity) },
      ...triggerOf(order),
    },
  };
}

/** Of a stop: TWS keeps it where other orders have an offset. */
function triggerOf({ orderType, auxPrice }: Order): Pick<VenueOrder, 'trigger'> {
  if (String(orderType) !== 'STP' || auxPrice === undefined || !(auxPrice > 0 && auxPrice < UNSET)) return {};
  return { trigger: price(String(auxPrice)) };
}

export function statusRow(
  status: string,
  filled: number,
  permId: number | undefined,
  whyHeld: string | undefined,
  marketCapPrice: number | undefined,
): StatusRow {
  const cap = whole(marketCapPrice);
  return { permId: whole(permId), status, filled: quantityOf(filled), whyHeld: whyHeld ?? '', marketCapPrice: Math.abs(cap) > UNSET ? 0 : cap };
}

/**
 * Null where it is of nothing of ours. An execution whose time cannot be read (a zone with a name of Windows) is of `now`.
 * @throws RangeError where its price or quantity cannot be read: money must not be guessed.
 */
export function executionRow(
  contract: Contract,
  execution: Execution,
  instrumentOf: InstrumentOf,
  now: Instant,
): { readonly row: ExecutionRow; readonly cumulative: Qty } | null {
  const instrument = instrumentOf(contract);
  const { execId = '', permId, price: paid, shares, side, time = '' } = execution;
  if (instrument === null) return null;
  if (execId === '' || paid === undefined || shares === undefined)
    throw new RangeError(`an execution without an id, a price or a quantity: ${execId}`);
  const named = namedBy(execution.orderRef ?? '');
  const { asset, symbol } = instrument;
  const row: ExecutionRow = {
    ...{ execId, orderId: whole(execution.orderId), clientId: whole(execution.clientId), permId: whole(permId), conId: whole(contract.conId) },
    ...{ isLiquidation: execution.liquidation === 1, instrument },
    execution: {
      ...{ ...named, venueOrderId: String(whole(permId)), asset, symbol, side: side === 'BOT' ? 'buy' : 'sell' },
      ...{ price: price(String(paid)), qty: qty(String(shares)), feeQty: null, executedAt: instantOf(time) ?? now },
    },
  };
  return { row, cumulative: quantityOf(execution.cumQty) };
}

/** Null where it says nothing: TWS sends an unset number while it does not know. */
export function commissionOf({
  execId = '',
  commission,
  currency = '',
}: CommissionReport): { execId: string; paid: string; currency: string } | null {
  if (execId === '' || commission === undefined || Math.abs(commission) > UNSET) return null;
  return { execId, paid: String(commission), currency };
}

/**
 * Null where flat or nothing of ours. Of options the average is not told: IBKR's has the commission in it, and a price that is another one by what was paid
 * for it would look like a difference (decision 32).
 */
export function positionRow(
  contract: Contract,
  quantity: number,
  averageCost: number | undefined,
  holdingOf: (contract: Contract) => Holding | null,
): VenuePosition | null {
  const instrument = holdingOf(contract);
  const held = quantityOf(quantity);
  if (instrument === null || isZero(held)) return null;
  const { asset, symbol, multiplier } = instrument;
  const averagePrice = asset === 'forex' ? averageOf(averageCost, multiplier) : null;
  return { asset, symbol, side: quantity > 0 ? 'buy' : 'sell', qty: absolute(held), averagePrice };
}

function averageOf(cost: number | undefined, multiplier: Ratio): Price | null {
  if (cost === undefined || !Number.isFinite(cost) || Math.abs(cost) > UNSET) return null;
  return divide(price(String(cost)), isZero(multiplier) ? ratio('1') : multiplier);
}

export const signed = (side: 'buy' | 'sell', quantity: Qty): Qty => (side === 'buy' ? quantity : negate(quantity));

/** `20261123 09:30:00 US/Eastern`; with a hyphen and no zone it is UTC. Null where it cannot be read. */
export function instantOf(stamp: string): Instant | null {
  const match = STAMP.exec(stamp);
  if (match === null) return null;
  const [, year, month, day, mark = '', hour, minute, second, zone] = match;
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (zone === undefined) return mark === '-' ? wall : null;
  const format = formatOf(zone);
  if (format === null) return null;
  // Around a change of the clock the offset that the instant itself has is the right one.
  return wall - offsetAt(wall - offsetAt(wall, format), format);
}

const ZONES_MAX = 32;
const formats = new Map<string, Intl.DateTimeFormat | null>();

/** Milliseconds that the zone's clock is ahead of UTC at that instant. */
function offsetAt(at: Instant, format: Intl.DateTimeFormat): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** Null for a zone that nobody knows. */
function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = madeFormat(timeZone);
  if (formats.size < ZONES_MAX) formats.set(timeZone, made);
  return made;
}

function madeFormat(timeZone: string): Intl.DateTimeFormat | null {
  const numeric = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...numeric });
  } catch {
    return null;
  }
}
