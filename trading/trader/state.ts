/** What the journal says a trader has: only `evolve` changes it, so replay and running are one path. Plain JSON. */
import { without } from '../model/without.ts';
import { absolute, add, atLeast, isNegative, isZero, negate, qty, ZERO_QTY, type Qty } from '../money/decimal.ts';
import type { EventBody, EventType, Fact, KillScope } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { Fill, OrderIntent, Side } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import type { TraderConfig } from './config.ts';

/** An order of ours that is not over: from its intent until a refusal, an end or its last fill. */
interface PendingOrder {
  readonly symbol: string;
  readonly kind: 'entry' | 'exit';
  readonly side: Side;
  readonly qty: Qty;
  readonly filledQty: Qty;
}

export interface TraderState {
  /** The nonce of the next intent: one more than the highest in the journal. */
  readonly nonce: number;
  /** By client order id; at most an entry and an exit a symbol. */
  readonly pending: Readonly<Record<string, PendingOrder>>;
  /** By symbol: the sum of fills, sales negative; flat symbols are absent. */
  readonly positions: Readonly<Record<string, Qty>>;
  /** By symbol: when the position last came to zero. */
  readonly closedAt: Readonly<Record<string, Instant>>;
  /** By symbol: when the last intent was made. */
  readonly intendedAt: Readonly<Record<string, Instant>>;
  /** By symbol, where the catalog's facts are subscribed to. */
  readonly instruments: Readonly<Record<string, Instrument>>;
  readonly settings: Settings | null;
  /** Scopes killed and not yet re-armed. */
  readonly killed: readonly KillScope[];
}

/** The facts of others that a trader needs; without `instrument.changed` it learns instruments by message only. */
export const TRADER_SUBSCRIPTIONS: readonly EventType[] = [
  'settings.loaded',
  'instrument.changed',
  'order.accepted',
  'order.refused',
  'order.ended',
  'fill.recorded',
  'dust.set_aside',
  'position.settled',
  'reconcile.adjusted',
  'kill.tripped',
  'kill.rearmed',
];

export const BLANK_STATE: TraderState = {
  nonce: 0,
  pending: {},
  positions: {},
  closedAt: {},
  intendedAt: {},
  instruments: {},
  settings: null,
  killed: [],
};

/** Total: a fact of another asset or mode, or of a type that a trader does not read, changes nothing. */
export function evolveTrader(config: TraderConfig, state: TraderState, fact: Fact): TraderState {
  switch (fact.type) {
    case 'settings.loaded':
      return { ...state, settings: fact.body.settings };
    case 'kill.tripped':
      return state.killed.includes(fact.body.scope) ? state : { ...state, killed: [...state.killed, fact.body.scope] };
    case 'kill.rearmed':
      return { ...state, killed: [] };
    case 'instrument.changed':
      return isOurSymbol(config, fact.body.instrument) ? withInstrument(state, fact.body.instrument) : state;
    case 'order.intended':
      return isOurs(config, fact.body.intent) ? intended(state, fact.body.intent) : state;
    case 'order.accepted':
      return isOurs(config, fact.body) ? accepted(state, fact.body.clientOrderId, fact.body.qty) : state;
    case 'order.refused':
    case 'order.ended':
      return isOurs(config, fact.body) ? over(state, fact.body.clientOrderId) : state;
    case 'fill.recorded':
      return isOurs(config, fact.body.fill) ? filled(state, fact.body.fill) : state;
    case 'dust.set_aside':
      return isOurs(config, fact.body) ? closedAt(state, fact.body.symbol, fact.body.exitedAt) : state;
    case 'position.settled':
      return isOurs(config, fact.body) ? closedAt(state, fact.body.symbol, fact.body.expiredAt) : state;
    case 'reconcile.adjusted':
      return isOurs(config, fact.body) ? adjusted(state, fact.body) : state;
    default:
      return state;
  }
}

export const isOurs = (config: TraderConfig, of: { readonly asset: string; readonly mode: string }): boolean =>
  of.asset === config.asset && of.mode === config.mode;

const isOurSymbol = (config: TraderConfig, instrument: Instrument): boolean =>
  instrument.asset === config.asset && config.symbols.includes(watchedBy(config, instrument));

/** The symbol whose slot an instrument belongs to: an option is its underlying's. */
export const watchedBy = ({ contract }: TraderConfig, { symbol, underlying }: Instrument): string => (contract === undefined ? symbol : underlying);

function withInstrument(state: TraderState, instrument: Instrument): TraderState {
  return { ...state, instruments: { ...state.instruments, [instrument.symbol]: instrument } };
}

function intended(state: TraderState, intent: OrderIntent): TraderState {
  const { symbol, kind, side, qty: asked, clientOrderId, nonce, intendedAt } = intent;
  return {
    ...state,
    nonce: Math.max(state.nonce, nonce + 1),
    pending: { ...state.pending, [clientOrderId]: { symbol, kind, side, qty: asked, filledQty: ZERO_QTY } },
    intendedAt: { ...state.intendedAt, [symbol]: intendedAt },
  };
}

/** What execution accepted may be less than what was asked: the clamp had its say. */
function accepted(state: TraderState, clientOrderId: string, acceptedQty: Qty): TraderState {
  const order = state.pending[clientOrderId];
  return order === undefined ? state : { ...state, pending: { ...state.pending, [clientOrderId]: { ...order, qty: acceptedQty } } };
}

function over(state: TraderState, clientOrderId: string): TraderState {
  return clientOrderId in state.pending ? { ...state, pending: without(state.pending, clientOrderId) } : state;
}

function filled(state: TraderState, fill: Fill): TraderState {
  const before = state.positions[fill.symbol] ?? ZERO_QTY;
  const after = add(before, fill.side === 'buy' ? fill.qty : negate(fill.qty));
  const moved = { ...state, pending: pendingAfter(state.pending, fill) };
  if (!isZero(after)) return { ...moved, positions: { ...state.positions, [fill.symbol]: after } };
  return closedAt(moved, fill.symbol, fill.filledAt);
}

function closedAt(state: TraderState, symbol: string, at: Instant): TraderState {
  return { ...state, positions: without(state.positions, symbol), closedAt: { ...state.closedAt, [symbol]: at } };
}

/** ST-3: a trader manages what it entered, as much of it as there is; what somebody else holds there is none of its business. */
function adjusted(state: TraderState, { symbol, to }: EventBody<'reconcile.adjusted'>): TraderState {
  const position = state.positions[symbol];
  if (position === undefined) return state;
  const side = isNegative(position) ? 'sell' : 'buy';
  if (to === null || to.side !== side) return { ...state, positions: without(state.positions, symbol) };
  return { ...state, positions: { ...state.positions, [symbol]: side === 'buy' ? to.qty : negate(to.qty) } };
}

/** A stop or a take-profit may carry its entry's id: it fills the bracket, not the order. */
function pendingAfter(pending: TraderState['pending'], fill: Fill): TraderState['pending'] {
  const order = pending[fill.clientOrderId];
  if (order === undefined || fill.reason !== order.kind) return pending;
  const filledQty = qty(add(order.filledQty, absolute(fill.qty), fill.feeQty ?? ZERO_QTY));
  return atLeast(filledQty, order.qty) ? without(pending, fill.clientOrderId) : { ...pending, [fill.clientOrderId]: { ...order, filledQty } };
}
