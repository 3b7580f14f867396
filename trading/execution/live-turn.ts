/** One turn of a live gateway: what it decided so far, seen by what it decides next. */
import type { Decision } from '../behavior.ts';
import type { Suspect } from '../market/freshness.ts';
import type { AlarmCode, DomainEvent, KillScope } from '../model/events.ts';
import type { Instant } from '../model/instrument.ts';
import type { OrderTerms } from '../model/live.ts';
import type { Message, Tell } from '../model/messages.ts';
import type { OrderEnd } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import { executedOf } from './order-state.ts';
import { type LiveOrder, type LiveState } from './live-book.ts';
import { evolveLive } from './live-state.ts';
import type { Bucket } from './token-bucket.ts';

export interface LiveConfig {
  readonly name: string;
  /** The cell that holds the order port: requests to the venue go there. */
  readonly port: string;
  readonly terms: OrderTerms;
}

/** What a crash may lose. */
export interface LiveMemory {
  /** What the send gate said last. */
  readonly gate: readonly KillScope[];
  /** Null until the first order: then empty, since a restart may not bring a second burst. */
  readonly bucket: Bucket | null;
  /** What the venue told of its limit of placements; null before it did. */
  readonly limit: OrderTerms['placements'] | null;
  /** By client order id: not before when it is looked up again, cancelled again. */
  readonly lookups: Readonly<Record<string, Instant>>;
  readonly cancels: Readonly<Record<string, Instant>>;
  /** By client order id: lookups behind the fence that found nothing, one after another. */
  readonly absences: Readonly<Record<string, number>>;
  /** By `liveKey`: not before when its stop is moved again. */
  readonly trails: Readonly<Record<string, Instant>>;
  /** By `liveKey`: the newest good quote of a position whose stop trails, and those that are doubted. */
  readonly quotes: Readonly<Record<string, { readonly lastGood: QuoteSnapshot | null; readonly suspect: Suspect | null }>>;
  /** Of moves of stops. Null until the first. */
  readonly amendments: Bucket | null;
  /** Alarms raised, so that one state of affairs is one alarm. */
  readonly alarms: readonly string[];
  /** By client order id of an entry and purpose, or rung: not before when the house places another such order for it. */
  readonly children: Readonly<Record<string, Instant>>;
  /** By execution id: since when it waits for the rows of the entry that it closes. */
  readonly deferred: Readonly<Record<string, Instant>>;
  /** Closes whose fate nobody knows, and which took the legs with them: the account showed the coins whole and nothing on them. */
  readonly bare: readonly string[];
  /** True once the venue's side of the account was read: no entry before that. */
  readonly isReconciled: boolean;
  /** Why no entry may go to the venue, whatever was read of the account; null where it may. */
  readonly closedBy: string | null;
}

/** Alarms remembered. */
const ALARMS_KEPT_MAX = 256;

export const BLANK_LIVE_MEMORY: LiveMemory = {
  gate: [],
  bucket: null,
  limit: null,
  lookups: {},
  cancels: {},
  absences: {},
  alarms: [],
  children: {},
  trails: {},
  quotes: {},
  amendments: null,
  deferred: {},
  bare: [],
  isReconciled: false,
  closedBy: null,
};

export class LiveTurn {
  readonly config: LiveConfig;
  readonly now: Instant;
  readonly events: DomainEvent[] = [];
  readonly effects: Tell[] = [];
  state: LiveState;
  memory: LiveMemory;

  constructor(config: LiveConfig, state: LiveState, memory: LiveMemory, now: Instant) {
    this.config = config;
    this.state = state;
    this.memory = memory;
    this.now = now;
  }

  record(event: DomainEvent): void {
    this.events.push(event);
    // The number the fact will have is not known yet; the state depends on none.
    this.state = evolveLive(this.config.terms.broker, this.state, {
      ...event,
      ...{ seq: 0, at: this.now, actor: this.config.name, version: 1, cause: null },
    });
  }

  /** Ends an order with what it has executed, once. */
  end(order: LiveOrder, status: OrderEnd, reason: string): void {
    const { filledQty } = executedOf(order.order);
    this.record({ type: 'order.ended', body: { ...keyOf(order), status, filledQty, reason } });
    this.forget(order.clientOrderId);
  }

  /** To the order port: after the facts of the turn are durable. */
  ask(message: Message): void {
    this.effects.push({ to: this.config.port, ...message });
  }

  alarm(of: Pick<LiveOrder, 'asset' | 'symbol'>, clientOrderId: string | null, code: AlarmCode, sentence: string): void {
    const said = `${code}|${of.asset}|${of.symbol}|${clientOrderId ?? ''}|${sentence}`;
    if (this.memory.alarms.includes(said)) return;
    this.memory = { ...this.memory, alarms: [...this.memory.alarms.slice(1 - ALARMS_KEPT_MAX), said] };
    const { asset, symbol } = of;
    this.record({ type: 'alarm.raised', body: { asset, mode: 'live', symbol, clientOrderId, code, sentence } });
  }

  remember(what: 'lookups' | 'cancels' | 'absences' | 'deferred' | 'trails', key: string, value: number): void {
    this.memory = { ...this.memory, [what]: { ...this.memory[what], [key]: value } };
  }

  /** Not before `until` again. What has waited long enough is as if it never had to. */
  waitsForChild(key: string, until: Instant): void {
    const waiting = Object.entries(this.memory.children).filter(([, notBefore]) => notBefore > this.now);
    this.memory = { ...this.memory, children: { ...Object.fromEntries(waiting), [key]: until } };
  }

  forget(clientOrderId: string): void {
    const { lookups, cancels, absences, bare } = this.memory;
    const { [clientOrderId]: _lookup, ...otherLookups } = lookups;
    const { [clientOrderId]: _cancel, ...otherCancels } = cancels;
    const { [clientOrderId]: _absence, ...otherAbsences } = absences;
    this.memory = {
      ...this.memory,
      lookups: otherLookups,
      cancels: otherCancels,
      absences: otherAbsences,
      bare: bare.filter((id) => id !== clientOrderId),
    };
  }

  /** It waits no longer. */
  recorded(executionId: string): void {
    if (!Object.hasOwn(this.memory.deferred, executionId)) return;
    const { [executionId]: _waited, ...deferred } = this.memory.deferred;
    this.memory = { ...this.memory, deferred };
  }

  decided(): Decision<LiveMemory> {
    return { events: this.events, effects: this.effects, memory: this.memory };
  }
}

export const keyOf = ({ clientOrderId, asset, symbol }: Pick<LiveOrder, 'clientOrderId' | 'asset' | 'symbol'>) => {
  return { clientOrderId, asset, mode: 'live', symbol } as const;
};
