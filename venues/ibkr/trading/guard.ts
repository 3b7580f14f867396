/**
 * Keeps an entry's legs and its position together. TWS ties legs to their entry and to each other, and to no position: what closes the position otherwise
 * joins their group, legs that are larger than what was filled go, and a position whose stop is gone is told of at once (BR-2).
 */
import type { Contract } from '@stoqey/ib';
import type { Placement, VenueOrder } from '#trading/model/live.ts';
import { opposite, type Bracket } from '#trading/model/order.ts';
import { add, isPositive, lessThan, subtract, ZERO_QTY } from '#trading/money/decimal.ts';
import type { Line } from '../line.ts';
import { meaningOf, NO_SUCH_PARENT } from './codes.ts';
import { legOrder } from './family.ts';
import type { Mirror, Mirrored } from './mirror.ts';
import { groupOf } from './names.ts';
import type { OrderClient } from './order-client.ts';

export interface GuardPorts {
  readonly mirror: Mirror;
  readonly clientId: number;
  /** Whether the entry went with legs. */
  readonly hasLegs: (entryId: string) => boolean;
  /** Resolves when what TWS sent before is here. */
  readonly arrived: () => Promise<void>;
  readonly discard: (ids: readonly number[]) => void;
  /** A stop that is gone, as the order that it was. */
  readonly unprotected: (order: VenueOrder) => void;
}

export interface Refusal {
  readonly code: number;
  readonly text: string;
}

export interface Amendment {
  readonly contract: Contract;
  readonly bracketOf: (leg: Mirrored) => Bracket;
  readonly account: string;
  /** Resolves when what TWS has to say against it is here. */
  readonly arrived: () => Promise<void>;
}

/** TWS tells of one fill in several messages, and of a group in any order. */
const GRACE_MS = 200;
const REMEMBERED_MAX = 1000;

export class Guard {
  readonly #ports: GuardPorts;
  readonly #checks = new Map<string, Promise<void>>();
  readonly #told = new Set<string>();
  /** By order id: what TWS said against its newest amendment. */
  readonly #amended = new Map<number, Refusal | null>();

  constructor(ports: GuardPorts) {
    this.#ports = ports;
  }

  /** The group of the legs that an order of this kind would close the position before; null where there are none. */
  groupFor({ purpose, side }: Placement, conId: number): string | null {
    if (purpose !== 'exit' && purpose !== 'flatten') return null;
    const legs = this.#ports.mirror.open().filter((order) => order.leg !== null && order.conId === conId && order.order.side === side);
    return legs.reduce<Mirrored | null>((newest, leg) => (newest === null || leg.permId > newest.permId ? leg : newest), null)?.ocaGroup ?? null;
  }

  /** After every change of an order. */
  saw(order: Mirrored): void {
    if (order.isTwin || order.order.status === 'open') return;
    const entryId = order.parentId ?? order.clientOrderId;
    if (entryId === null || (order.parentId === null && !this.#ports.hasLegs(entryId))) return;
    if (this.#checks.has(entryId) || this.#isWell(entryId)) return;
    const check = this.#recheck(entryId).finally(() => this.#checks.delete(entryId));
    this.#checks.set(entryId, check);
  }

  /** Resolves when nothing is being looked at. */
  async rest(): Promise<void> {
    while (this.#checks.size > 0) await Promise.all(this.#checks.values());
  }

  /**
   * Sends legs again under their ids. One that TWS finds no parent of is sent once more without: the entry's fill may not have been told yet (mode 26).
   * What TWS refused, or null. @throws Error where it did not say in time
   */
  async amend(line: Line<OrderClient>, legs: readonly Mirrored[], amendment: Amendment): Promise<Refusal | null> {
    for (const leg of legs) this.#resend(line, leg, amendment, this.#parentOf(leg));
    await amendment.arrived();
    const orphans = legs.filter((leg) => this.#refusalOf(leg)?.code === NO_SUCH_PARENT);
    if (orphans.length > 0) {
      for (const leg of orphans) this.#resend(line, leg, amendment, 0);
      await amendment.arrived();
    }
    const refused = legs.reduce<Refusal | null>((first, leg) => first ?? this.#refusalOf(leg), null);
    return refused ?? this.#fit(line, legs, amendment);
  }

  /** The other leg may have filled a part while this one was sent again with what it had: larger than what is left, it would turn the position. */
  async #fit(line: Line<OrderClient>, sent: readonly Mirrored[], amendment: Amendment): Promise<Refusal | null> {
    const { mirror } = this.#ports;
    const large = sent.flatMap(({ permId, parentId }) => {
      const [leg, [entry]] = [mirror.of(permId), mirror.named(parentId ?? '')];
      if (leg === undefined || entry === undefined || leg.order.status !== 'open' || entry.order.status === 'open') return [];
      const fitting = add(leg.order.cumQty, this.#left(entry));
      return isPositive(this.#left(entry)) && lessThan(fitting, leg.order.qty) ? [{ ...leg, order: { ...leg.order, qty: fitting } }] : [];
    });
    if (large.length === 0) return null;
    for (const leg of large) this.#resend(line, leg, amendment, this.#parentOf(leg));
    await amendment.arrived();
    return large.reduce<Refusal | null>((first, leg) => first ?? this.#refusalOf(leg), null);
  }

  code(orderId: number, code: number, text: string): void {
    if (this.#amended.has(orderId) && meaningOf(code) !== 'warning') this.#amended.set(orderId, { code, text });
  }

  /** 0 once the entry is over: TWS finds no parent that is. */
  #parentOf({ parentId, parentOrderId }: Mirrored): number {
    const [entry] = this.#ports.mirror.named(parentId ?? '');
    return entry?.order.status === 'open' ? parentOrderId : 0;
  }

  #resend(line: Line<OrderClient>, of: Mirrored, { contract, bracketOf, account }: Amendment, parent: number): void {
    const { orderId, order, leg, parentId } = of;
    if (orderId === null || leg === null || parentId === null) return;
    const sent = legOrder({ entryId: parentId, side: opposite(order.side), qty: order.qty, bracket: bracketOf(of), account }, leg, parent, true);
    this.#amended.set(orderId, null);
    if (this.#amended.size > REMEMBERED_MAX) for (const oldest of [...this.#amended.keys()].slice(0, 1)) this.#amended.delete(oldest);
    line.client.placeOrder(orderId, contract, sent as Parameters<OrderClient['placeOrder']>[2]);
  }

  #refusalOf = ({ orderId }: Mirrored): Refusal | null => this.#amended.get(orderId ?? 0) ?? null;

  async #recheck(entryId: string): Promise<void> {
    await this.#ports.arrived().catch(() => undefined);
    if (this.#isWell(entryId)) return;
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    if (this.#isWell(entryId)) return;
    const [entry] = this.#ports.mirror.named(entryId);
    if (entry === undefined) return;
    const open = this.#ports.mirror.legsOf(entryId).filter(({ order }) => order.status === 'open');
    const ids = open.flatMap(({ clientId, orderId }) => (clientId === this.#ports.clientId && orderId !== null ? [orderId] : []));
    // Their ends come here again; by then the position has none.
    if (ids.length > 0) return this.#ports.discard(ids);
    if (!isPositive(this.#left(entry)) || this.#told.has(entryId)) return;
    this.#told.add(entryId);
    if (this.#told.size > REMEMBERED_MAX) for (const oldest of [...this.#told].slice(0, 1)) this.#told.delete(oldest);
    this.#ports.unprotected(this.#lostStop(entryId, entry));
  }

  /** Nothing to do: it goes on, it is closed, or both legs are as large as what is left. */
  #isWell(entryId: string): boolean {
    const [entry] = this.#ports.mirror.named(entryId);
    // Filled on another day: what its legs should be, the reconciler finds.
    if (entry === undefined || entry.order.status === 'open') return true;
    const legs = this.#ports.mirror.legsOf(entryId);
    const open = legs.filter(({ order }) => order.status === 'open');
    const left = this.#left(entry);
    if (!isPositive(left)) return open.length === 0 || legs.some(({ order }) => isPositive(order.cumQty));
    const covers = (leg: Mirrored): boolean => subtract(leg.order.qty, leg.order.cumQty) === left;
    return open.some((leg) => leg.leg === 'stop_loss' && covers(leg)) && open.some((leg) => leg.leg === 'take_profit' && covers(leg));
  }

  /** What of the entry's fill neither a leg nor another order of the group has closed. */
  #left(entry: Mirrored) {
    const id = entry.clientOrderId ?? '';
    const closing = this.#ports.mirror.inGroup(groupOf(id)).filter(({ permId }) => permId !== entry.permId);
    return subtract(entry.order.cumQty, add(ZERO_QTY, ...closing.map(({ order }) => order.cumQty)));
  }

  #lostStop(entryId: string, entry: Mirrored): VenueOrder {
    const stop = this.#ports.mirror.legsOf(entryId).find(({ leg }) => leg === 'stop_loss')?.order;
    const missing: VenueOrder = {
      ...{ ...entry.order, clientOrderId: null, parentId: entryId, leg: 'stop_loss', side: opposite(entry.order.side), cumQty: ZERO_QTY },
      ...{ venueOrderId: `${entry.order.venueOrderId}.sl`, reason: 'TWS never told of it' },
    };
    return {
      ...(stop ?? missing),
      status: 'rejected',
      reason: `the legs of ${entryId} are gone, and its position is not: ${(stop ?? missing).reason}`,
    };
  }
}
