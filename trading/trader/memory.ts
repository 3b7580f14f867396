/** What a trader may lose in a crash: quotes, bars, indicators, what it may use now, and why it did not trade. */
import type { Suspect } from '../market/freshness.ts';
import { BAR_MS, barOpen, closedBy, nextBar } from '../market/bars.ts';
import type { Refusal } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { Allowance } from '../model/messages.ts';
import type { Bar, QuoteSnapshot } from '../model/quote.ts';
import type { Prepared, Running, Signal } from '../strategy/port.ts';
import type { Moment } from './moment.ts';
import type { Contracts } from './contracts.ts';

/** One symbol. A quote replaces its slot and nothing else of the memory. */
export interface Slot {
  readonly instrument: Instrument | null;
  readonly lastGood: QuoteSnapshot | null;
  readonly suspect: Suspect | null;
  /** Why the newest quote was not used; null where it was. */
  readonly quoteGate: Refusal | null;
  readonly open: Bar | null;
  /** The newest closed bars that the strategy saw, oldest first, at most its warm-up. */
  readonly recent: readonly Bar[];
  readonly running: Running;
  readonly history: 'unasked' | 'asked' | 'loaded';
  readonly askedAt: Instant;
  readonly last: LastSignal | null;
}

/** The last signal and what became of it: an order, or the gate that stopped it. */
export interface LastSignal {
  readonly at: Instant;
  readonly signal: Signal;
  readonly clientOrderId: string | null;
  readonly gate: Refusal | null;
  /** How often its exit was asked for again. */
  readonly retries: number;
  /** What was decided on: nothing is copied, and `why` reads the numbers from it when somebody asks. */
  readonly moment: Moment;
}

export interface TraderMemory {
  readonly slots: Readonly<Record<string, Slot>>;
  /** Options only: what the catalog lists on the shares that are watched, by symbol. */
  readonly contracts: Contracts;
  readonly allowance: Allowance | null;
}

export function blankMemory(symbols: readonly string[], prepared: Prepared): TraderMemory {
  const slot: Slot = {
    instrument: null,
    lastGood: null,
    suspect: null,
    quoteGate: null,
    open: null,
    recent: [],
    running: prepared.blank,
    history: 'unasked',
    askedAt: 0,
    last: null,
  };
  return { slots: Object.fromEntries(symbols.map((symbol) => [symbol, slot])), contracts: {}, allowance: null };
}

export function withSlot(memory: TraderMemory, symbol: string, slot: Slot): TraderMemory {
  return { allowance: memory.allowance, contracts: memory.contracts, slots: { ...memory.slots, [symbol]: slot } };
}

/** The slot after a good quote, and the signal of the bar that it closed. */
export interface QuoteStep {
  readonly slot: Slot;
  readonly bar: Bar | null;
  readonly signal: Signal | null;
}

export function takeQuote(slot: Slot, quote: QuoteSnapshot, barsKept: number): QuoteStep {
  const newest = slot.recent.at(-1);
  const isLate = slot.open === null && newest !== undefined && barOpen(quote.exchangeAt) <= newest.at;
  const open = isLate ? null : nextBar(slot.open, quote);
  const good = { ...slot, lastGood: quote, suspect: null, quoteGate: null, open };
  const bar = open === null ? null : closedBy(slot.open, open);
  if (bar === null) return { slot: good, bar, signal: null };
  const { running, signal } = slot.running.onBar(bar);
  return { slot: { ...good, running, recent: [...slot.recent, bar].slice(-barsKept) }, bar, signal };
}

/**
 * The slot warmed by history: its closed bars and ours, merged by time (ours win), through a strategy that has seen nothing. Signals of the
 * past are dropped. Ignored are the minute that is still open, bars older than what is kept, and bars that are none. Where history
 * brings nothing new the strategy stays as it is.
 */
export function takeHistory(slot: Slot, history: readonly Bar[], now: Instant, prepared: Prepared): Slot {
  const loaded: Slot = { ...slot, history: 'loaded' };
  const closed = history.filter((bar) => bar.at + BAR_MS <= now && isBar(bar));
  const isOver = slot.open !== null && slot.open.at + BAR_MS <= now;
  const open = isOver && closed.some((bar) => bar.at >= (slot.open?.at ?? 0)) ? null : slot.open;
  const byTime = new Map<Instant, Bar>();
  for (const bar of closed) if (open === null || bar.at < open.at) byTime.set(bar.at, bar);
  for (const bar of slot.recent) byTime.set(bar.at, bar);
  const recent = [...byTime.values()].sort((left, right) => left.at - right.at).slice(-prepared.warmUpBars);
  const isSame = recent.length === slot.recent.length && recent.every((bar, index) => bar === slot.recent[index]);
  if (isSame) return loaded;
  let running = prepared.blank;
  for (const bar of recent) ({ running } = running.onBar(bar));
  return { ...loaded, open, recent, running };
}

function isBar(bar: Bar): boolean {
  return bar.at % BAR_MS === 0 && bar.low > 0 && bar.low <= Math.min(bar.open, bar.close) && bar.high >= Math.max(bar.open, bar.close);
}
