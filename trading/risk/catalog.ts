/** LC-1: the contract catalog. A listing that says something new is a fact; one that says the same again is not. */
import stringify from 'safe-stable-stringify';
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import type { EventType, Fact } from '../model/events.ts';
import type { Instrument } from '../model/instrument.ts';
import type { Message } from '../model/messages.ts';

export const CATALOG_FACTS: readonly EventType[] = ['instrument.changed'];

/** Entries; a venue lists fewer by an order of magnitude. Further ones are not taken. */
export const CATALOG_ENTRIES_MAX = 20_000;

export interface CatalogState {
  /** By asset and symbol. */
  readonly instruments: Readonly<Record<string, Instrument>>;
}

export function createCatalog(): Behavior<CatalogState, null> {
  return { initial: { instruments: {} }, blank: null, decide: (state, _memory, message) => decide(state, message), evolve, resume: () => NOTHING };
}

function decide(state: CatalogState, message: Message): Decision<null> {
  if (message.type === 'actor.asked') return { ...NOTHING, reply: answer(state, message.body.query) };
  if (message.type !== 'instrument.listed') return NOTHING;
  const { instrument } = message.body;
  const known = state.instruments[keyOf(instrument)];
  if (known === undefined && Object.keys(state.instruments).length >= CATALOG_ENTRIES_MAX) return NOTHING;
  if (known !== undefined && stringify(known) === stringify(instrument)) return NOTHING;
  return { events: [{ type: 'instrument.changed', body: { instrument } }], effects: [] };
}

function evolve(state: CatalogState, fact: Fact): CatalogState {
  if (fact.type !== 'instrument.changed') return state;
  const { instrument } = fact.body;
  return { instruments: { ...state.instruments, [keyOf(instrument)]: instrument } };
}

function answer(state: CatalogState, query: string): unknown {
  if (query === 'instruments') return Object.values(state.instruments);
  return query === 'state' ? state : { error: `the catalog answers instruments and state, not ${JSON.stringify(query)}` };
}

const keyOf = ({ asset, symbol }: Instrument): string => `${asset}|${symbol}`;
