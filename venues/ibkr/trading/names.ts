/** orderRef is the one text that IBKR brings back with an order, its executions and its completed row: it says whose order it is. */
import type { VenueOrder } from '#trading/model/live.ts';

export type Leg = Exclude<VenueOrder['leg'], null>;

/** An order's own id, or whose leg it is; both null where somebody placed it without a name. */
export interface Named {
  readonly clientOrderId: string | null;
  readonly parentId: string | null;
  readonly leg: Leg | null;
}

const SUFFIX: Readonly<Record<Leg, string>> = { take_profit: 'tp', stop_loss: 'sl' };
const LEG_REF = /^(l[0-9a-z]{26}(?:-[stx][1-9][0-9]{0,6})?)\.(tp|sl)$/;
const NOBODY: Named = { clientOrderId: null, parentId: null, leg: null };

/** Of a leg that goes with its entry. A dot is in no id of ours, so a leg is never taken for an order. */
export const legRef = (entryId: string, leg: Leg): string => `${entryId}.${SUFFIX[leg]}`;

export function namedBy(orderRef: string): Named {
  if (orderRef === '') return NOBODY;
  const match = LEG_REF.exec(orderRef);
  if (match === null) return { ...NOBODY, clientOrderId: orderRef };
  return { clientOrderId: null, parentId: match[1] ?? null, leg: match[2] === 'tp' ? 'take_profit' : 'stop_loss' };
}

/** The group of an entry's legs, and of the order that closes the position before they do. */
export const groupOf = (entryId: string): string => `oca.${entryId}`;
