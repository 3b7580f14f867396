/** The orders that work and those that have ended, under their ids: what the book is kept in, over the end of the process too. */
import type { Instant } from '#trading/model/instrument.ts';
import { stampOf } from '../hours.ts';
import { Executions } from './executions.ts';
import type { ExecutionRecord, OrderRecord } from './record.ts';

/** What it counts on. */
export interface Counters {
  readonly permIds: number;
  readonly keys: number;
  /** Next order ids by client. */
  readonly nextIds: readonly (readonly [number, number])[];
  /** Orders that ever ended, and how many of them TWS has forgotten. */
  readonly ended: number;
  readonly endedForgotten: number;
  readonly executionsForgotten: number;
}

export interface KeptRegister {
  readonly counters: Counters;
  readonly live: readonly OrderRecord[];
  /** All that ever were. */
  readonly ended: readonly OrderRecord[];
  readonly executions: readonly ExecutionRecord[];
}

const FIRST_PERM_ID = 1_500_000_000;
/** A day's worth, as TWS keeps them. */
const ENDED_MAX = 10_000;

export class Register {
  readonly executions: Executions;
  readonly #nextIds = new Map<number, number>();
  readonly #firstId: number;
  #live: OrderRecord[] = [];
  #ended: OrderRecord[] = [];
  #endedEver = 0;
  #permIds = FIRST_PERM_ID;
  #keys = 0;

  constructor(firstId: number, boot: string) {
    this.#firstId = firstId;
    this.executions = new Executions(boot);
  }

  nextId(clientId: number): number {
    return this.#nextIds.get(clientId) ?? this.#firstId;
  }

  used(clientId: number, orderId: number): void {
    this.#nextIds.set(clientId, Math.max(this.nextId(clientId), orderId + 1));
  }

  /** The counter of a client falls back, as TWS does when it loses its settings. */
  rollBack(clientId: number, to: number): void {
    this.#nextIds.set(clientId, to);
  }

  /** The counters of all clients. */
  rollBackAll(by: number): void {
    for (const [clientId, next] of this.#nextIds) this.rollBack(clientId, Math.max(1, next - by));
  }

  nextPermId(): number {
    return ++this.#permIds;
  }

  nextKey(): number {
    return ++this.#keys;
  }

  live(): readonly OrderRecord[] {
    return this.#live;
  }

  ended(): readonly OrderRecord[] {
    return this.#ended;
  }

  /** Of all that ever ended, those after the first so many that are still known. */
  endedSince(count: number): readonly OrderRecord[] {
    return this.#ended.slice(Math.max(0, count - (this.#endedEver - this.#ended.length)));
  }

  find(clientId: number, orderId: number): OrderRecord | undefined {
    return orderId === 0 ? undefined : this.#live.find((order) => order.clientId === clientId && order.orderId === orderId);
  }

  isLive(order: OrderRecord): boolean {
    return this.#live.includes(order);
  }

  /** In the place of another, where it has one. */
  add(order: OrderRecord, instead?: OrderRecord): void {
    this.#live = [...this.#live.filter((other) => other !== instead), order];
  }

  /** As if it had never been. */
  discard(order: OrderRecord): void {
    this.#live = this.#live.filter((other) => other !== order);
  }

  retire(order: OrderRecord, endedAs: string, at: Instant): void {
    this.discard(order);
    order.endedAt = stampOf(at);
    order.endedAs = endedAs;
    this.#ended.push(order);
    this.#endedEver++;
    if (this.#ended.length > ENDED_MAX) this.#ended.shift();
  }

  /** A restart of TWS: what has ended is forgotten; what works, works on. */
  forget(): void {
    this.#ended = [];
    this.executions.clear();
  }

  counters(): Counters {
    const ended = this.#endedEver;
    const forgotten = { endedForgotten: ended - this.#ended.length, executionsForgotten: this.executions.forgotten };
    return { permIds: this.#permIds, keys: this.#keys, nextIds: [...this.#nextIds], ended, ...forgotten };
  }

  /** In the place of what is here. */
  recall({ counters, live, ended, executions }: KeptRegister): void {
    this.#live = [...live];
    this.#ended = ended.slice(counters.endedForgotten);
    this.#endedEver = counters.ended;
    this.#permIds = counters.permIds;
    this.#keys = counters.keys;
    for (const [clientId, next] of counters.nextIds) this.#nextIds.set(clientId, next);
    this.executions.recall(executions, counters.executionsForgotten);
  }
}
