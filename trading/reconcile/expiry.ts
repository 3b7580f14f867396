/**
 * LC-5, ST-3: what became of options at their expiry. The venue tells it by no message (venues/ibkr, "US options"): in the night after a position is
 * gone, and shares are there or not. Pure.
 */
import { EXTERNAL } from '../ledger/adjustment.ts';
import { EXERCISE_RULE, liveKey } from '../execution/live-book.ts';
import { expiresAt, isExpired } from '../lifecycle/expiry.ts';
import type { DomainEvent } from '../model/events.ts';
import type { Broker, Instant, Instrument } from '../model/instrument.ts';
import type { AccountView, VenuePosition } from '../model/live.ts';
import { price } from '../money/decimal.ts';
import { refuse } from '../risk/refuse.ts';
import { differenceId, heldText, type Difference } from './diff.ts';
import type { BrokerBooks } from './state.ts';

/** An option that is gone counts as worth nothing once no share of it has come for so long: both are the night's work of the same broker. */
export const VANISHED_MS = 1_800_000;

export interface Expiries {
  readonly events: readonly DomainEvent[];
  /** What no expiry explains. */
  readonly left: readonly Difference[];
  /** By difference: since when an option that expired is gone. */
  readonly vanishedAt: Readonly<Record<string, Instant>>;
}

export interface Reading {
  readonly broker: Broker;
  readonly books: BrokerBooks;
  readonly view: AccountView;
  /** Everything that differs, also what was only seen once. */
  readonly all: readonly Difference[];
  readonly vanishedAt: Readonly<Record<string, Instant>>;
}

const NOTHING = price('0');

type Moved = Extract<Difference, { readonly journal: unknown }>;

export function explainExpiries(stands: readonly Difference[], reading: Reading): Expiries {
  const events: DomainEvent[] = [];
  const left: Difference[] = [];
  const vanishedAt: Record<string, Instant> = {};
  for (const difference of stands) {
    const instrument = reading.books.live.instruments[liveKey(difference)];
    if (isStop(difference, instrument, reading)) continue;
    if (difference.kind === 'position_quantity' && isShares(difference, reading)) {
      events.push(...exercised(difference, sharesText(difference), reading));
    } else if (difference.kind === 'position_quantity' && isVanished(difference, instrument, reading)) {
      const id = differenceId(reading.broker, difference);
      const since = reading.vanishedAt[id] ?? reading.view.askedAt;
      vanishedAt[id] = since;
      events.push(...vanished(difference, instrument, since, reading));
    } else left.push(difference);
  }
  return { events, left, vanishedAt };
}

/** Legs of what has expired went with it. */
const isStop = ({ kind }: Difference, instrument: Instrument | undefined, { books, view }: Reading): boolean =>
  kind === 'leg_missing' && isExpired(instrument, books.live.settings, view.askedAt);

/** Nothing of this house trades shares: they come of an option, or of a person's hand. */
const isShares = ({ asset, symbol, journal, venue }: Moved, { books }: Reading): boolean =>
  asset === 'options' &&
  journal === null &&
  venue !== null &&
  books.live.instruments[liveKey({ asset, symbol })] === undefined &&
  Object.values(books.live.instruments).some(({ underlying, option }) => option !== undefined && underlying === symbol);

/** Ours, expired, and gone without an execution that says how. */
function isVanished({ asset, symbol, journal, venue }: Moved, instrument: Instrument | undefined, reading: Reading): instrument is Instrument {
  if (instrument?.option === undefined || journal === null || venue !== null) return false;
  if (!isExpired(instrument, reading.books.live.settings, reading.view.askedAt)) return false;
  const isSame = (of: Difference): boolean => of.asset === asset && of.symbol === symbol;
  return !reading.all.some((other) => isSame(other) && (other.kind === 'missing_execution' || other.kind === 'foreign_execution'));
}

function vanished(difference: Moved, instrument: Instrument, since: Instant, reading: Reading): readonly DomainEvent[] {
  const { books, view } = reading;
  const { asset, symbol, journal } = difference;
  const shares = view.positions.find((position) => position.asset === asset && position.symbol === instrument.underlying);
  if (shares !== undefined) return exercised(difference, becameText(difference, shares), reading);
  const position = Object.values(books.positions).find((held) => held.asset === asset && held.symbol === symbol);
  // What a person brought is a person's to end.
  if (position === undefined || journal === null || position.strategyId === EXTERNAL) return exercised(difference, goneText(difference), reading);
  if (view.askedAt - since < VANISHED_MS) return [];
  const { entryOrderId, side, qty } = position;
  const expiredAt = expiresAt(instrument, books.live.settings ?? {}) ?? view.askedAt;
  const evidence = `the venue has held none of it since ${since}, and no ${instrument.underlying} came of it`;
  const of = { asset, mode: 'live', symbol, entryOrderId, side, qty } as const;
  return [{ type: 'position.settled', body: { ...of, outcome: 'worthless', price: NOTHING, expiredAt, pricedOn: null, evidence } }];
}

/** For a person: no new option before somebody has taken the venue's word for it. Said once. */
function exercised(difference: Moved, evidence: string, { broker, books }: Reading): readonly DomainEvent[] {
  const { asset, symbol, kind } = difference;
  const id = differenceId(broker, difference);
  if (books.said.includes(id)) return [];
  const place = { asset, mode: 'live', symbol, clientOrderId: null } as const;
  const sentence = `${symbol}: ${evidence}; no new option until a person takes the venue's word`;
  const refusal = refuse('CLOSE_ONLY', EXERCISE_RULE, { symbol }, sentence);
  return [
    { type: 'reconcile.differed', body: { ...place, differenceId: id, kind, evidence, refusal } },
    { type: 'alarm.raised', body: { ...place, code: 'EXERCISED', sentence } },
  ];
}

const sharesText = ({ venue }: Moved): string =>
  `the venue holds shares (${heldText(venue)}): an option was exercised or assigned, or a person traded`;
const goneText = ({ journal }: Moved): string => `the journal holds ${heldText(journal)}, which expired and is gone`;
const becameText = ({ journal }: Moved, { symbol, side, qty }: VenuePosition): string =>
  `the journal holds ${heldText(journal)}, which expired; the venue holds ${side} ${qty} ${symbol} instead`;
