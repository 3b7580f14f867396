/**
 * Which entry a leg protects, where the venue's row does not name it: the newest of the house's own entries of the symbol that was sent before the
 * leg was made, from the other side, with the leg's very trigger in its bracket. Nothing else: a leg that fits no entry is nobody's, and whoever
 * compares the account says so.
 */
import type { Instant } from '#trading/model/instrument.ts';
import type { VenueOrder } from '#trading/model/live.ts';
import type { Bracket, Side } from '#trading/model/order.ts';
import type { Price } from '#trading/money/decimal.ts';

/** Which entry a leg belongs to; the venue says it in the order's row only, if at all. */
export interface LegOf {
  readonly parentId: string;
  readonly leg: 'stop_loss' | 'take_profit';
}

/** An order of ours that carries a bracket. A leg that was amended away stays known: the venue may still tell of it. */
export interface Entry {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly bracket: Readonly<Record<'takeProfit' | 'stopLoss', Price | null>>;
  readonly sentAt: Instant;
}

interface Known extends Omit<Entry, 'bracket'> {
  readonly triggers: Readonly<Record<LegOf['leg'], ReadonlySet<Price>>>;
}

/** Bybit takes no stamp that is further ahead of its clock: so much later than a leg its entry may seem to have been sent. */
const AHEAD_MS_MAX = 1000;
const ENTRIES_KEPT_MAX = 64;
const LEGS_KEPT_MAX = 5000;

export class Legs {
  /** By the leg's own id: executions do not say it. */
  readonly #known = new Map<string, LegOf>();
  /** By symbol and client order id. */
  readonly #entries = new Map<string, Map<string, Known>>();

  of(venueOrderId: string): LegOf | undefined {
    return this.#known.get(venueOrderId);
  }

  /** One more bracket of an entry: as it was sent, as the venue tells it, as it was amended. */
  learn({ bracket, ...entry }: Entry): void {
    const entries = this.#entries.get(entry.symbol) ?? new Map<string, Known>();
    const before = entries.get(entry.clientOrderId);
    const joined = (leg: LegOf['leg'], trigger: Price | null): ReadonlySet<Price> =>
      new Set([...(before?.triggers[leg] ?? []), ...(trigger === null ? [] : [trigger])]);
    const triggers = { take_profit: joined('take_profit', bracket.takeProfit), stop_loss: joined('stop_loss', bracket.stopLoss) };
    entries.set(entry.clientOrderId, { ...entry, sentAt: before?.sentAt ?? entry.sentAt, triggers });
    this.#entries.set(entry.symbol, newest(entries, ENTRIES_KEPT_MAX));
  }

  amended(symbol: string, clientOrderId: string, bracket: Bracket): void {
    const entry = this.#entries.get(symbol)?.get(clientOrderId);
    if (entry !== undefined) this.learn({ ...entry, bracket });
  }

  /** The venue did not take it. */
  forget(symbol: string, clientOrderId: string): void {
    this.#entries.get(symbol)?.delete(clientOrderId);
  }

  /** The leg with its entry, where that is known; what the venue names counts before everything else. */
  named(order: VenueOrder, { trigger, madeAt }: { readonly trigger: Price | null; readonly madeAt: Instant }): VenueOrder {
    const { leg, venueOrderId } = order;
    if (leg === null) return order;
    const parentId = order.parentId ?? this.#known.get(venueOrderId)?.parentId ?? this.#parentOf(order, leg, trigger, madeAt);
    if (parentId === null) return order;
    this.#known.set(venueOrderId, { parentId, leg });
    const [oldest] = this.#known.keys();
    if (this.#known.size > LEGS_KEPT_MAX && oldest !== undefined) this.#known.delete(oldest);
    return { ...order, parentId };
  }

  #parentOf({ symbol, side }: VenueOrder, leg: LegOf['leg'], trigger: Price | null, madeAt: Instant): string | null {
    if (trigger === null) return null;
    let found: Known | null = null;
    for (const entry of this.#entries.get(symbol)?.values() ?? []) {
      if (entry.side === side || entry.sentAt > madeAt + AHEAD_MS_MAX || !entry.triggers[leg].has(trigger)) continue;
      if (found === null || entry.sentAt >= found.sentAt) found = entry;
    }
    return found?.clientOrderId ?? null;
  }
}

function newest(entries: ReadonlyMap<string, Known>, most: number): Map<string, Known> {
  if (entries.size <= most) return new Map(entries);
  return new Map([...entries].sort(([, left], [, right]) => left.sentAt - right.sentAt).slice(-most));
}
