/** What the journal says the paper simulator has: orders on their way and positions with their brackets. Plain JSON. */
import { without } from '../model/without.ts';
import { clampBracket } from '../execution/clamp.ts';
import { add, atMost, subtract, ZERO_QTY, type Qty } from '../money/decimal.ts';
import type { DomainEvent, EventBody, KillScope } from '../model/events.ts';
import type { Asset, Instant, Instrument } from '../model/instrument.ts';
import type { Bracket, Fill, OrderIntent, PaperDraws } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { PaperRules, Settings } from '../model/settings.ts';
import { rulesInForce } from './draws.ts';
import { isRungFill, type Protection } from './legs.ts';
import type { PaperTerms } from './price.ts';

/** An approved order that is not over. */
export interface PaperOrder {
  readonly intent: OrderIntent;
  /** Once accepted, as clamped (RT-3). */
  readonly bracket: Bracket | null;
  /** Null until it was accepted. */
  readonly accepted: Acceptance | null;
}

export interface Acceptance {
  readonly qty: Qty;
  readonly draws: PaperDraws;
  readonly acceptedAt: Instant;
  readonly dueAt: Instant;
  readonly rules: PaperRules;
  readonly terms: PaperTerms;
}

/** An open paper position under its bracket; null where it has none, which no order of this house leads to (BR-2). */
export interface Holding extends Omit<Protection, 'bracket'> {
  readonly bracket: Bracket | null;
  readonly asset: Asset;
  readonly symbol: string;
  readonly strategyId: string;
  readonly entryOrderId: string;
  readonly openedAt: Instant;
  readonly rules: PaperRules;
  /** Fills of the bracket (or of a flatten) so far: they number the next one. */
  readonly exits: number;
  /** The newest quote that facts hold of it: after a restart quotes are held against this one (QS-2). */
  readonly pricedOn: QuoteSnapshot | null;
  /** The newest funding time that was booked on it; absent before the first. */
  readonly fundedAt?: Instant;
}

export const isProtected = (holding: Holding): holding is Holding & Protection => holding.bracket !== null;

export interface PaperState {
  readonly settings: Settings | null;
  readonly instruments: Readonly<Record<string, Instrument>>;
  /** By client order id. */
  readonly orders: Readonly<Record<string, PaperOrder>>;
  /** By `paperKey`: one position a symbol. */
  readonly holdings: Readonly<Record<string, Holding>>;
  readonly killed: readonly KillScope[];
  /** Scopes killed with flatten. */
  readonly flattening: readonly KillScope[];
}

export const BLANK_PAPER: PaperState = { settings: null, instruments: {}, orders: {}, holdings: {}, killed: [], flattening: [] };

export const paperKey = (of: { readonly asset: Asset; readonly symbol: string }): string => `${of.asset}|${of.symbol}`;

export function termsOf(instrument: Instrument, rules: PaperRules): PaperTerms {
  const { takerFee, tickSize, tickLadder, lotSize, multiplier, minQty, minNotional, commission = null, oddLotBelow = null } = instrument;
  const grid = { tickSize, ...(tickLadder !== undefined && { tickLadder }) };
  const { slippageBps, fillDepth = 'touch' } = rulesInForce(rules);
  return { slippageBps, fillDepth, takerFee, commission, oddLotBelow, ...grid, lotSize, multiplier, minQty, minNotional };
}

/** Total: live orders and facts that mean nothing here change nothing. */
export function evolvePaper(state: PaperState, event: DomainEvent): PaperState {
  switch (event.type) {
    case 'settings.loaded':
      return { ...state, settings: event.body.settings };
    case 'instrument.changed':
      return { ...state, instruments: { ...state.instruments, [paperKey(event.body.instrument)]: event.body.instrument } };
    case 'order.approved':
      return approved(state, event.body.intent);
    case 'order.accepted':
      return accepted(state, event.body);
    case 'order.ended':
      return Object.hasOwn(state.orders, event.body.clientOrderId) ? { ...state, orders: without(state.orders, event.body.clientOrderId) } : state;
    case 'fill.recorded':
      return event.body.fill.mode === 'paper' ? filled(state, event.body.fill) : state;
    case 'stop.trailed':
      return event.body.mode === 'paper' ? trailed(state, event.body) : state;
    case 'funding.booked':
      return event.body.mode === 'paper' ? funded(state, event.body) : state;
    case 'position.settled':
      return event.body.mode === 'paper' ? { ...state, holdings: without(state.holdings, paperKey(event.body)) } : state;
    case 'kill.tripped':
      return killed(state, event.body.scope, event.body.flatten);
    case 'kill.rearmed':
      return { ...state, killed: [], flattening: [] };
    default:
      return state;
  }
}

function approved(state: PaperState, intent: OrderIntent): PaperState {
  if (intent.mode !== 'paper' || Object.hasOwn(state.orders, intent.clientOrderId)) return state;
  return { ...state, orders: { ...state.orders, [intent.clientOrderId]: { intent, bracket: intent.bracket, accepted: null } } };
}

function accepted(state: PaperState, { clientOrderId, qty, draws, acceptedAt, dueAt }: EventBody<'order.accepted'>): PaperState {
  return onOrder(state, clientOrderId, (order) => {
    const instrument = state.instruments[paperKey(order.intent)];
    if (state.settings === null || instrument === undefined) return order;
    const rules = state.settings.paper;
    const bracket = order.bracket === null ? null : clampBracket(order.intent.side, order.bracket, instrument, qty).value;
    return { ...order, bracket, accepted: { qty, draws, acceptedAt, dueAt, rules, terms: termsOf(instrument, rules) } };
  });
}

function filled(state: PaperState, fill: Fill): PaperState {
  const key = paperKey(fill);
  const holding = state.holdings[key];
  if (fill.reason === 'entry') return entered(state, key, holding, fill);
  if (holding === undefined) return state;
  if (atMost(holding.qty, fill.qty)) return { ...state, holdings: without(state.holdings, key) };
  const exits = holding.exits + (fill.reason === 'exit' ? 0 : 1);
  const rungsQty = holding.bracket !== null && isRungFill(fill, holding.bracket) ? add(holding.rungsQty, fill.qty) : holding.rungsQty;
  return {
    ...state,
    holdings: { ...state.holdings, [key]: { ...holding, qty: subtract(holding.qty, fill.qty), rungsQty, exits, pricedOn: quoteOf(fill) } },
  };
}

const quoteOf = ({ paper }: Fill): QuoteSnapshot | null => paper?.pricedOn ?? null;

function trailed(state: PaperState, moved: EventBody<'stop.trailed'>): PaperState {
  const key = paperKey(moved);
  const holding = state.holdings[key];
  if (holding?.entryOrderId !== moved.entryOrderId || holding.bracket === null) return state;
  const bracket = { ...holding.bracket, stopLoss: moved.stopLoss };
  return { ...state, holdings: { ...state.holdings, [key]: { ...holding, bracket, pricedOn: moved.pricedOn } } };
}

function funded(state: PaperState, { asset, symbol, at }: EventBody<'funding.booked'>): PaperState {
  const key = paperKey({ asset, symbol });
  const holding = state.holdings[key];
  if (holding === undefined) return state;
  return { ...state, holdings: { ...state.holdings, [key]: { ...holding, fundedAt: Math.max(holding.fundedAt ?? 0, at) } } };
}

function entered(state: PaperState, key: string, holding: Holding | undefined, fill: Fill): PaperState {
  if (holding !== undefined) {
    const more = { ...holding, qty: add(holding.qty, fill.qty), entryQty: add(holding.entryQty, fill.qty) };
    return { ...state, holdings: { ...state.holdings, [key]: more } };
  }
  const order = state.orders[fill.clientOrderId];
  const bracket = order?.bracket ?? null;
  const acceptance = order?.accepted ?? null;
  const rules = acceptance?.rules ?? state.settings?.paper;
  const instrument = state.instruments[key];
  const terms = acceptance?.terms ?? (rules === undefined || instrument === undefined ? undefined : termsOf(instrument, rules));
  if (rules === undefined || terms === undefined) return state;
  const { asset, symbol, strategyId, side, qty, clientOrderId: entryOrderId, filledAt: openedAt } = fill;
  const protection = { side, qty, bracket, entryQty: qty, rungsQty: ZERO_QTY, terms };
  const opened: Holding = { ...protection, asset, symbol, strategyId, entryOrderId, openedAt, rules, exits: 0, pricedOn: quoteOf(fill) };
  return { ...state, holdings: { ...state.holdings, [key]: opened } };
}

function killed(state: PaperState, scope: KillScope, flatten: boolean): PaperState {
  return {
    ...state,
    killed: [...new Set([...state.killed, scope])],
    flattening: flatten ? [...new Set([...state.flattening, scope])] : state.flattening,
  };
}

function onOrder(state: PaperState, clientOrderId: string, change: (order: PaperOrder) => PaperOrder): PaperState {
  const order = state.orders[clientOrderId];
  return order === undefined ? state : { ...state, orders: { ...state.orders, [clientOrderId]: change(order) } };
}
