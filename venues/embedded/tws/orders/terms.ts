/** An order as the book keeps it when it comes, as the exchange gets it, and when its time is over. Pure. */
import { price, ratio, ZERO_QTY } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Contract } from '../contracts.ts';
import type { ExchangeOrder } from '../exchange.ts';
import { addDays, newYork, newYorkInstant } from '../hours.ts';
import type { Terms } from './admit.ts';
import type { OrderRecord, Placed } from './record.ts';

/** Both legs of a bracket give up what the other fills, without a block. */
const OCA_REDUCE = 3;
/** Day orders end at 17:00 in New York, where IDEALPRO's day does. */
const DAY_END_HOUR = 17;

export interface Identity {
  readonly key: string;
  readonly clientId: number;
  readonly permId: number;
}

export function newRecord(identity: Identity, placed: Placed, terms: Terms, contract: Contract, now: Instant): OrderRecord {
  return {
    ...identity,
    orderId: placed.orderId,
    contract,
    side: terms.side,
    placed,
    qty: terms.qty,
    limit: terms.limit,
    stop: terms.stop,
    endsAt: endOf(placed, now),
    transmitted: placed.transmit,
    ocaGroup: placed.ocaGroup,
    ocaType: placed.ocaType === 0 ? OCA_REDUCE : placed.ocaType,
    status: 'ApiPending',
    whyHeld: '',
    working: false,
    filled: ZERO_QTY,
    average: price('0'),
    lastPrice: price('0'),
    commission: null,
    fills: [],
    marketCapPrice: '0',
    parentPermId: null,
    endedAt: '',
    endedAs: '',
  };
}

export const isStop = (order: OrderRecord): boolean => order.placed.orderType.startsWith('STP') || order.placed.orderType === 'TRAIL';

export function exchangeOrderOf(order: OrderRecord): ExchangeOrder {
  const { placed, key, contract, side, limit, stop } = order;
  const kind = placed.orderType as ExchangeOrder['kind']; // admitted
  const immediate = placed.timeInForce === 'IOC' || placed.timeInForce === 'FOK' ? placed.timeInForce : 'no';
  return { key, contract, side, qty: order.qty, kind, limit, stop, trail: trailOf(placed), immediate };
}

function trailOf(placed: Placed): ExchangeOrder['trail'] {
  if (placed.orderType !== 'TRAIL') return null;
  if (placed.trailingPercent !== null) return { percent: ratio(placed.trailingPercent) };
  return placed.auxPrice === null ? null : { amount: price(placed.auxPrice) };
}

/** When TWS cancels it by itself; null for never. A date with a hyphen is UTC, with a blank New York's. */
function endOf(placed: Placed, now: Instant): Instant | null {
  if (placed.timeInForce === 'GTD') {
    const match = /^(\d{4})(\d{2})(\d{2})([- ])(\d{2}):(\d{2})/.exec(placed.goodTillDate);
    if (match === null) return null;
    const [, year = '', month = '', day = '', mark = ' ', hour = '', minute = ''] = match;
    if (mark === '-') return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
    return newYorkInstant(year + month + day, Number(hour), Number(minute));
  }
  if (placed.timeInForce !== '' && placed.timeInForce !== 'DAY') return null;
  const today = newYork(now).date;
  const end = newYorkInstant(today, DAY_END_HOUR, 0);
  return end > now ? end : newYorkInstant(addDays(today, 1), DAY_END_HOUR, 0);
}
