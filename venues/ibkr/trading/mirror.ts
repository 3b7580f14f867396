/**
 * The account's orders as TWS has told of them, by permId, which is the one id that every message and every client shares. Whatever comes twice,
 * late or in another order leaves the same picture.
 */
import type { VenueOrder, VenueStatus } from '#trading/model/live.ts';
import { larger, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import { meaningOf } from './codes.ts';
import { legRef, namedBy, type Named } from './names.ts';

/** One openOrder or completedOrder. */
export interface OrderRow {
  readonly permId: number;
  /** 0 or below: made by hand. Null in completed rows, which do not say it. */
  readonly orderId: number | null;
  readonly clientId: number | null;
  readonly orderRef: string;
  readonly parentOrderId: number;
  readonly ocaGroup: string;
  readonly conId: number;
  readonly order: Pick<VenueOrder, 'asset' | 'symbol' | 'side' | 'qty' | 'trigger'>;
  readonly status: string;
  /** Of completed rows. */
  readonly filled: Qty | null;
  readonly said: string;
}

export interface StatusRow {
  readonly permId: number;
  readonly status: string;
  readonly filled: Qty;
  readonly whyHeld: string;
  /** Not zero: it works at this price instead of its own limit. */
  readonly marketCapPrice: number;
}

export interface Mirrored extends Named {
  readonly permId: number;
  readonly orderId: number | null;
  readonly clientId: number | null;
  readonly parentOrderId: number;
  readonly ocaGroup: string;
  readonly conId: number;
  readonly order: VenueOrder;
  /** Another order has the same name: TWS made a second one of it, and this is it (mode 3). */
  readonly isTwin: boolean;
}

interface Entry {
  row: OrderRow;
  readonly named: Named;
  status: string;
  filled: Qty;
  reason: string;
  /** The code that refused or ended it. */
  code: number | null;
  told: string;
}

/** Open ones are never forgotten. */
const ENDED_KEPT_MAX = 5000;
const REASON_LENGTH_MAX = 300;
const ENDS: Readonly<Record<string, VenueStatus>> = { Filled: 'filled', Cancelled: 'cancelled', ApiCancelled: 'cancelled' };

export class Mirror {
  readonly #entries = new Map<number, Entry>();
  readonly #clientId: number;
  readonly #onCapped: (order: Mirrored, at: number) => void;
  /** By what it is called (orderRef): the permIds that have it. The first is the order that we placed: of our client, and the oldest of them. */
  readonly #byRef = new Map<string, number[]>();
  /** By client and order id. */
  readonly #byId = new Map<string, number>();
  readonly #open = new Set<number>();
  /** By order id of this client: codes that came before any row. */
  readonly #codes = new Map<number, { readonly code: number; readonly text: string }>();
  twins = 0;
  capped = 0;

  /** `onCapped`: an order began to work at another price than its own. */
  constructor(clientId: number, onCapped: (order: Mirrored, at: number) => void = () => undefined) {
    this.#clientId = clientId;
    this.#onCapped = onCapped;
  }

  /** The order where that is news, null where it was said before. */
  row(row: OrderRow): Mirrored | null {
    const known = this.#entries.get(row.permId);
    const entry: Entry = known ?? {
      ...{ row, named: namedBy(row.orderRef), status: row.status, filled: ZERO_QTY, reason: '', code: null, told: '' },
    };
    // A completed row says neither id, and no later row takes away what an earlier one said.
    entry.row = { ...row, orderId: row.orderId ?? entry.row.orderId, clientId: row.clientId ?? entry.row.clientId };
    entry.filled = larger(entry.filled, row.filled ?? ZERO_QTY);
    entry.reason = row.said === '' ? entry.reason : row.said;
    // What is over stays over: an old row may come after the end.
    if (statusOf(entry) === 'open') entry.status = row.status;
    const early = row.orderId === null || row.clientId !== this.#clientId ? undefined : this.#codes.get(row.orderId);
    if (early !== undefined) this.#blame(entry, early.code, early.text);
    if (known === undefined) this.#add(entry);
    return this.#news(entry);
  }

  status(row: StatusRow): Mirrored | null {
    const entry = this.#entries.get(row.permId);
    if (entry === undefined) return null;
    entry.filled = larger(entry.filled, row.filled);
    if (statusOf(entry) === 'open') {
      entry.status = row.status;
      if (row.whyHeld !== '') entry.reason = `held: ${row.whyHeld}`;
    }
    if (row.marketCapPrice !== 0) {
      const reason = `capped at ${row.marketCapPrice}, away from its limit`;
      const isNews = entry.reason !== reason;
      entry.reason = reason;
      if (isNews) {
        this.capped++;
        this.#onCapped(this.#view(entry), row.marketCapPrice);
      }
    }
    return this.#news(entry);
  }

  /** `cumulative` of the order after an execution: no status may follow it (mode 5). */
  executed(permId: number, cumulative: Qty): Mirrored | null {
    const entry = this.#entries.get(permId);
    if (entry === undefined) return null;
    entry.filled = larger(entry.filled, cumulative);
    return this.#news(entry);
  }

  /** A code for an order of this client; null where no row has told of the order yet. */
  code(orderId: number, code: number, text: string): Mirrored | null {
    if (meaningOf(code) === 'warning') return null;
    this.#codes.set(orderId, { code, text });
    if (this.#codes.size > ENDED_KEPT_MAX) for (const oldest of [...this.#codes.keys()].slice(0, 1)) this.#codes.delete(oldest);
    const entry = this.#entries.get(this.#byId.get(idKey(this.#clientId, orderId)) ?? 0);
    if (entry === undefined) return null;
    this.#blame(entry, code, text);
    return this.#news(entry);
  }

  of(permId: number): Mirrored | undefined {
    const entry = this.#entries.get(permId);
    return entry === undefined ? undefined : this.#view(entry);
  }

  /** All of the name, the original first. */
  named(orderRef: string): readonly Mirrored[] {
    return (this.#byRef.get(orderRef) ?? []).flatMap((permId) => this.of(permId) ?? []);
  }

  legsOf(entryId: string): readonly Mirrored[] {
    return LEGS.flatMap((leg) => this.named(legRef(entryId, leg)));
  }

  inGroup(group: string): readonly Mirrored[] {
    return [...this.#entries].flatMap(([permId, { row }]) => (row.ocaGroup === group ? (this.of(permId) ?? []) : []));
  }

  open(): readonly Mirrored[] {
    return [...this.#open].flatMap((permId) => this.of(permId) ?? []);
  }

  /** Of this client. */
  withId(orderId: number): Mirrored | undefined {
    return this.of(this.#byId.get(idKey(this.#clientId, orderId)) ?? 0);
  }

  #add(entry: Entry): void {
    const { permId, orderRef } = entry.row;
    this.#entries.set(permId, entry);
    if (orderRef !== '') {
      const known = this.#byRef.get(orderRef) ?? [];
      if (known.length > 0) this.twins++;
      const rank = (of: number): number => (this.#isOthers(of) ? of + OTHERS : of);
      this.#byRef.set(
        orderRef,
        [...known, permId].sort((left, right) => rank(left) - rank(right)),
      );
    }
    if (this.#entries.size <= ENDED_KEPT_MAX) return;
    for (const [oldest, { row }] of this.#entries) {
      if (this.#open.has(oldest)) continue;
      this.#entries.delete(oldest);
      this.#byRef.delete(row.orderRef);
      this.#byId.delete(idKey(row.clientId, row.orderId));
      return;
    }
  }

  #isOthers(permId: number): boolean {
    const clientId = this.#entries.get(permId)?.row.clientId ?? null;
    return clientId !== null && clientId !== this.#clientId;
  }

  #blame(entry: Entry, code: number, text: string): void {
    entry.code = code;
    entry.reason = `${code} ${text}`.slice(0, REASON_LENGTH_MAX);
  }

  #news(entry: Entry): Mirrored | null {
    const { row } = entry;
    if (row.orderId !== null && row.clientId !== null) this.#byId.set(idKey(row.clientId, row.orderId), row.permId);
    const view = this.#view(entry);
    const { status, qty, cumQty, trigger = '' } = view.order;
    if (status === 'open') this.#open.add(row.permId);
    else this.#open.delete(row.permId);
    const told = [status, qty, cumQty, trigger, view.isTwin].join(' ');
    if (told === entry.told) return null;
    entry.told = told;
    return view;
  }

  #view(entry: Entry): Mirrored {
    const { row, named, filled, reason, status } = entry;
    const isTwin = row.orderRef !== '' && this.#byRef.get(row.orderRef)?.[0] !== row.permId;
    // A twin is nobody's: it closes its symbol until a person has looked, and what it executes is still booked by its name.
    const who: Named = isTwin ? { clientOrderId: null, parentId: null, leg: null } : named;
    const said = [status, reason, isTwin ? `a second order of ${row.orderRef}` : ''].filter((part) => part !== '').join(', ');
    const order: VenueOrder = {
      ...{ ...row.order, ...who, venueOrderId: String(row.permId), status: statusOf(entry), cumQty: filled },
      reason: said.slice(0, REASON_LENGTH_MAX),
    };
    const { permId, orderId, clientId, parentOrderId, ocaGroup, conId } = row;
    return { ...named, permId, orderId, clientId, parentOrderId, ocaGroup, conId, order, isTwin };
  }
}

/** Above every permId. */
const OTHERS = 2 ** 40;
const LEGS = ['take_profit', 'stop_loss'] as const;
const idKey = (clientId: number | null, orderId: number | null): string => `${clientId ?? ''}:${orderId ?? ''}`;

/** Inactive is an end only where a code has said why: TWS wakes others up again (mode 34). */
function statusOf({ status, code, row, filled }: Pick<Entry, 'status' | 'code' | 'row' | 'filled'>): VenueStatus {
  const isRefused = code !== null && meaningOf(code) === 'rejected' && filled === ZERO_QTY;
  if (status === 'Inactive') return isRefused ? 'rejected' : 'open';
  const end = ENDS[status];
  // Filled by its executions, before any status says it.
  if (end === undefined) return filled === row.order.qty ? 'filled' : 'open';
  return end === 'cancelled' && isRefused ? 'rejected' : end;
}
