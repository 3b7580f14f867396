/** What the journal says the governor answers for: orders on their way, positions, wallets, wires. Plain JSON. */
import { without } from '../model/without.ts';
import { add, isNegative, isPositive, isZero, negate, ONE, ZERO_QTY, type Qty } from '../money/decimal.ts';
import { bookDust, bookFill, bookFunding, bookSettlement, positionKey, type BookedPosition, type ClosedPart } from '../ledger/positions.ts';
import { bookAdjusted } from '../ledger/adjustment.ts';
import { baseKey, bookTrade, EMPTY_WALLET, rebased, walletKey, type Bases, type Wallet } from '../ledger/wallet.ts';
import type {
  Approval,
  DomainEvent,
  DustSetAside,
  EventBody,
  Fact,
  FeeAdjusted,
  FundingBooked,
  KillScope,
  Refusal,
  Settled,
} from '../model/events.ts';
import type { Asset, Instant, Instrument, Mode } from '../model/instrument.ts';
import type { Fill, OrderIntent } from '../model/order.ts';
import type { ClosedTrade } from '../model/position.ts';
import type { Settings } from '../model/settings.ts';
import { wasDecided, withDecided, type DecidedIds } from './decided.ts';
import { evolveSwitches, type Switches } from './modes.ts';
import { withOrder, type RecentOrder } from './recent.ts';

export interface GovernedOrder {
  readonly intent: OrderIntent;
  /** Null until there is a verdict. */
  readonly approval: Approval | null;
  readonly filledQty: Qty;
}

/** A tripped wire: close-only for its asset and mode until `until`, or until re-armed where null. */
export interface Wire {
  readonly refusal: Refusal;
  readonly until: Instant | null;
}

export const isStanding = ({ until }: Pick<Wire, 'until'>, now: Instant): boolean => until === null || until > now;

/** The newest verdict of an asset and mode, for `why`. */
export interface Verdict {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly kind: 'entry' | 'exit';
  readonly intendedAt: Instant | null;
  readonly refusal: Refusal | null;
  readonly approved: Pick<Approval, 'notional' | 'margin' | 'maxLoss'> | null;
}

export interface GovernorState {
  readonly settings: Settings | null;
  /** By `instrumentKey`. */
  readonly instruments: Readonly<Record<string, Instrument>>;
  /** By client order id: intended or approved, not over. */
  readonly orders: Readonly<Record<string, GovernedOrder>>;
  /** To know a repeated order; older ones are caught by their snapshot's age. Absent in snapshots of before it existed. */
  readonly decidedIds?: DecidedIds;
  /** By `positionKey`. */
  readonly positions: Readonly<Record<string, BookedPosition>>;
  /** Closed by fills, not booked as trades yet. */
  readonly closing: readonly ClosedPart[];
  /** By `positionKey`: when it was last closed. */
  readonly closedAt: Readonly<Record<string, Instant>>;
  /** By `walletKey`, as all that follow up to the verdicts. */
  readonly wallets: Readonly<Record<string, Wallet>>;
  /** Of live wallets in percent mode: written once, never moved. */
  readonly bases: Bases;
  readonly wires: Readonly<Record<string, readonly Wire[]>>;
  readonly recent: Readonly<Record<string, readonly RecentOrder[]>>;
  /** By `walletKey`, then by strategy: losing round trips since the last that did not lose. */
  readonly losses: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly killed: readonly KillScope[];
  /** Absent in snapshots of before it existed: then nothing was ever switched. */
  readonly modes?: Switches;
}

export const BLANK_GOVERNOR: GovernorState = {
  settings: null,
  instruments: {},
  orders: {},
  positions: {},
  closing: [],
  closedAt: {},
  wallets: {},
  bases: {},
  wires: {},
  recent: {},
  losses: {},
  verdicts: {},
  killed: [],
};

interface Account {
  readonly asset: Asset;
  readonly mode: Mode;
}

export const instrumentKey = (of: { readonly asset: Asset; readonly symbol: string }): string => `${of.asset}|${of.symbol}`;
export const walletOf = (state: GovernorState, account: Account): Wallet => state.wallets[walletKey(account)] ?? EMPTY_WALLET;
export const wiresOf = (state: GovernorState, account: Account): readonly Wire[] => state.wires[walletKey(account)] ?? [];

/** Total: what does not concern the governor, or came before, changes nothing. */
export function evolveGovernor(state: GovernorState, event: DomainEvent | Fact): GovernorState {
  switch (event.type) {
    case 'settings.loaded':
      return { ...state, settings: event.body.settings };
    case 'instrument.changed':
      return { ...state, instruments: { ...state.instruments, [instrumentKey(event.body.instrument)]: event.body.instrument } };
    case 'order.intended':
      return intended(state, event.body.intent);
    case 'order.approved':
      return approved(state, event.body);
    case 'order.refused':
      return refused(state, event.body);
    case 'order.ended':
      return { ...state, orders: without(state.orders, event.body.clientOrderId) };
    case 'fill.recorded':
      return filled(state, event.body.fill);
    case 'funding.booked':
      return funded(state, event.body);
    case 'fee.adjusted':
      return charged(state, event.body);
    case 'dust.set_aside':
      return setAside(state, event.body);
    case 'position.settled':
      return settled(state, event.body);
    case 'reconcile.adjusted':
      return adjusted(state, event.body, 'at' in event ? event.at : 0);
    case 'trade.closed':
      return closed(state, event.body.trade);
    case 'wallet.based':
      return { ...state, bases: { [baseKey(event.body.broker, event.body.mode)]: event.body.base, ...state.bases } };
    case 'tripwire.tripped':
      return tripped(state, event.body);
    case 'kill.tripped':
      return state.killed.includes(event.body.scope) ? state : { ...state, killed: [...state.killed, event.body.scope] };
    case 'kill.rearmed':
      return rearmed(state, 'at' in event ? event.at : 0);
    case 'system.started':
    case 'mode.changed':
      return { ...state, modes: evolveSwitches(state.modes ?? {}, event) };
    default:
      return state;
  }
}

/** The same id again is the same order: it changes nothing, whatever it says now. */
function intended(state: GovernorState, intent: OrderIntent): GovernorState {
  const { clientOrderId } = intent;
  if (Object.hasOwn(state.orders, clientOrderId) || wasDecided(state.decidedIds ?? [], clientOrderId)) return state;
  return { ...state, orders: { ...state.orders, [clientOrderId]: { intent, approval: null, filledQty: ZERO_QTY } } };
}

function approved(state: GovernorState, approval: Approval): GovernorState {
  const { clientOrderId, symbol, intent, notional, margin, maxLoss } = approval;
  const key = walletKey(approval);
  const verdict = { clientOrderId, symbol, kind: intent.kind, intendedAt: intent.intendedAt, refusal: null, approved: { notional, margin, maxLoss } };
  return {
    ...decidedOn(state, clientOrderId, key, verdict),
    orders: { ...state.orders, [clientOrderId]: { intent, approval, filledQty: ZERO_QTY } },
    recent: { ...state.recent, [key]: withOrder(state.recent[key] ?? [], intent, state.settings) },
  };
}

function refused(state: GovernorState, { clientOrderId, symbol, kind, refusal, asset, mode }: EventBody<'order.refused'>): GovernorState {
  const intendedAt = state.orders[clientOrderId]?.intent.intendedAt ?? null;
  const verdict = { clientOrderId, symbol, kind, intendedAt, refusal, approved: null };
  return { ...decidedOn(state, clientOrderId, walletKey({ asset, mode }), verdict), orders: without(state.orders, clientOrderId) };
}

function decidedOn(state: GovernorState, clientOrderId: string, key: string, verdict: Verdict): GovernorState {
  const decidedIds = withDecided(state.decidedIds ?? [], clientOrderId);
  return { ...state, decidedIds, verdicts: { ...state.verdicts, [key]: verdict } };
}

function filled(state: GovernorState, fill: Fill): GovernorState {
  if (!isPositive(fill.qty)) return state;
  const key = positionKey(fill);
  const order = state.orders[fill.clientOrderId];
  // As in verify: what the fill was made with, before what the catalog says today.
  const multiplier = fill.paper?.multiplier ?? state.instruments[instrumentKey(fill)]?.multiplier ?? ONE;
  const { position, closed: part } = bookFill(state.positions[key] ?? null, fill, multiplier, order?.intent.bracket ?? null);
  const isOwn = order !== undefined && order.intent.kind === fill.reason;
  const orders = isOwn
    ? { ...state.orders, [fill.clientOrderId]: { ...order, filledQty: add(order.filledQty, fill.qty, fill.feeQty ?? ZERO_QTY) } }
    : state.orders;
  return {
    ...state,
    orders,
    positions: position === null ? without(state.positions, key) : { ...state.positions, [key]: position },
    closing: part === null ? state.closing : [...state.closing, part],
    closedAt: part === null ? state.closedAt : { ...state.closedAt, [key]: part.closedAt },
  };
}

/** Of a position that is closed already: its trade stands, so the wallet is moved without one. */
function funded(state: GovernorState, booked: FundingBooked): GovernorState {
  const key = positionKey(booked);
  const position = bookFunding(state.positions[key] ?? null, booked);
  if (position !== null) return { ...state, positions: { ...state.positions, [key]: position } };
  const wallet = bookTrade(walletOf(state, booked), { pnl: negate(booked.amount), closedAt: booked.at });
  return { ...state, wallets: { ...state.wallets, [walletKey(booked)]: wallet } };
}

/** Its fill may be of a trade that is booked: the wallet is moved without one, whatever is still open. */
function charged(state: GovernorState, fee: FeeAdjusted): GovernorState {
  const wallet = bookTrade(walletOf(state, fee), { pnl: negate(fee.amount), closedAt: fee.at });
  return { ...state, wallets: { ...state.wallets, [walletKey(fee)]: wallet } };
}

function setAside(state: GovernorState, dust: DustSetAside): GovernorState {
  const key = positionKey(dust);
  const position = state.positions[key];
  if (position === undefined) return state;
  return closing(state, key, bookDust(position, dust));
}

function closing(state: GovernorState, key: string, part: ClosedPart): GovernorState {
  const closedAt = { ...state.closedAt, [key]: part.closedAt };
  return { ...state, positions: without(state.positions, key), closing: [...state.closing, part], closedAt };
}

function settled(state: GovernorState, body: Settled): GovernorState {
  const key = positionKey(body);
  const position = state.positions[key];
  if (position === undefined) return state;
  return closing(state, key, bookSettlement(position, body));
}

/** What its fills realised moves the wallet without a trade, as there will be none. `at`: of the fact. */
function adjusted(state: GovernorState, adjustment: EventBody<'reconcile.adjusted'>, at: Instant): GovernorState {
  const key = positionKey(adjustment);
  const multiplier = state.instruments[instrumentKey(adjustment)]?.multiplier ?? ONE;
  const { position, settled } = bookAdjusted(state.positions[key] ?? null, adjustment, multiplier);
  const positions = position === null ? without(state.positions, key) : { ...state.positions, [key]: position };
  if (isZero(settled)) return { ...state, positions };
  const wallet = bookTrade(walletOf(state, adjustment), { pnl: settled, closedAt: at });
  return { ...state, positions, wallets: { ...state.wallets, [walletKey(adjustment)]: wallet } };
}

function closed(state: GovernorState, trade: ClosedTrade): GovernorState {
  const wallet = bookTrade(walletOf(state, trade), trade);
  const closing = state.closing.filter(({ tradeId }) => tradeId !== trade.tradeId);
  const key = walletKey(trade);
  const lost = isNegative(trade.pnl) ? (state.losses[key]?.[trade.strategyId] ?? 0) + 1 : 0;
  const losses = { ...state.losses, [key]: { ...state.losses[key], [trade.strategyId]: lost } };
  return { ...state, closing, losses, wallets: { ...state.wallets, [key]: wallet } };
}

function tripped(state: GovernorState, { asset, mode, refusal, until }: EventBody<'tripwire.tripped'>): GovernorState {
  const others = wiresOf(state, { asset, mode }).filter((wire) => wire.refusal.code !== refusal.code);
  return { ...state, wires: { ...state.wires, [walletKey({ asset, mode })]: [...others, { refusal, until }] } };
}

/** Re-arming is one act for switch and wires. Each wire that stands at `at` is forgiven what tripped it, and nothing else counts anew. */
function rearmed(state: GovernorState, at: Instant): GovernorState {
  const wallets = { ...state.wallets };
  const losses = { ...state.losses };
  const recent = { ...state.recent };
  for (const [key, wires] of Object.entries(state.wires)) {
    const codes = new Set(wires.filter((wire) => isStanding(wire, at)).map(({ refusal: { code } }) => code));
    const wallet = wallets[key];
    if (wallet !== undefined) wallets[key] = rebased(wallet, { day: codes.has('DAILY_LOSS_CAP'), peak: codes.has('MAX_DRAWDOWN') });
    if (!codes.has('REPEATED_EXECUTION')) continue;
    losses[key] = {};
    recent[key] = [];
  }
  return { ...state, killed: [], wires: {}, wallets, losses, recent };
}
