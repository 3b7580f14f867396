/** What the journal says that the page shows: trades, positions, markers, equity, refusals, the kill. Plain JSON, and every list has an end. */
import { add, isDecimalText, isPositive, negate, ONE, price, toNumber, ZERO_MONEY, type Money, type Ratio } from '#trading/money/decimal.ts';
import { bookAdjusted } from '#trading/ledger/adjustment.ts';
import { bookFill, bookFunding, positionKey, type BookedPosition } from '#trading/ledger/positions.ts';
import { walletKey } from '#trading/ledger/wallet.ts';
import type { DomainEvent, EventBody, Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Bracket, Clamp, Fill } from '#trading/model/order.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import {
  EQUITY_POINTS_MAX,
  MARKERS_MAX,
  REFUSALS_SHOWN_MAX,
  TRADES_SHOWN_MAX,
  type EquityPoint,
  type KillView,
  type MarkerView,
  type RefusalView,
  type TotalsView,
} from '#protocol/view.ts';

/** Entry orders on their way whose brackets are remembered; the oldest is forgotten first. */
const BRACKETS_KEPT_MAX = 1000;
const SECOND_MS = 1000;

export interface PageFacts {
  readonly kill: Pick<KillView, 'scopes' | 'reason' | 'source' | 'at'>;
  /** By asset and symbol. */
  readonly multipliers: Readonly<Record<string, Ratio>>;
  /** By client order id. */
  readonly brackets: Readonly<Record<string, Bracket>>;
  /** By `positionKey`. */
  readonly positions: Readonly<Record<string, BookedPosition>>;
  /** By `walletKey`, as `bases`: the budget before the first trade. */
  readonly totals: Readonly<Record<string, TotalsView>>;
  readonly bases: Readonly<Record<string, Money>>;
  readonly trades: readonly ClosedTrade[];
  readonly refusals: readonly RefusalView[];
  readonly markers: readonly MarkerView[];
  readonly equity: readonly EquityPoint[];
}

const NO_KILL: PageFacts['kill'] = { scopes: [], reason: null, source: null, at: null };

export const BLANK_FACTS: PageFacts = {
  kill: NO_KILL,
  multipliers: {},
  brackets: {},
  positions: {},
  totals: {},
  bases: {},
  trades: [],
  refusals: [],
  markers: [],
  equity: [],
};

/** Total: what the page does not show changes nothing. */
export function evolvePage(state: PageFacts, fact: Fact): PageFacts {
  switch (fact.type) {
    case 'instrument.changed':
      return withMultiplier(state, fact.body.instrument);
    case 'order.intended':
      return intended(state, fact.body.intent);
    case 'order.clamped':
      return clamped(state, fact.body);
    case 'order.refused':
      return refused(state, fact.body, fact.at);
    case 'order.ended':
      return { ...state, brackets: without(state.brackets, fact.body.clientOrderId) };
    case 'fill.recorded':
      return filled(state, fact.body.fill);
    case 'stop.trailed':
    case 'stop.stands':
      return trailed(state, fact.body);
    case 'funding.booked':
      return funded(state, fact.body);
    case 'fee.adjusted':
      return moved(state, fact.body, negate(fact.body.amount));
    case 'dust.set_aside':
    case 'position.settled':
      return { ...state, positions: without(state.positions, positionKey(fact.body)) };
    case 'reconcile.adjusted':
      return adjusted(state, fact.body);
    case 'trade.closed':
      return closed(state, fact.body.trade);
    case 'kill.tripped':
      return killed(state, fact.body, fact.at);
    case 'kill.rearmed':
      return { ...state, kill: NO_KILL };
    default:
      return state;
  }
}

type Of<T extends DomainEvent['type']> = EventBody<T>;

function withMultiplier(state: PageFacts, { asset, symbol, multiplier }: Of<'instrument.changed'>['instrument']): PageFacts {
  return { ...state, multipliers: { ...state.multipliers, [`${asset}|${symbol}`]: multiplier } };
}

function intended(state: PageFacts, { clientOrderId, bracket }: Of<'order.intended'>['intent']): PageFacts {
  if (bracket === null) return state;
  const oldest = Object.keys(state.brackets).length >= BRACKETS_KEPT_MAX ? Object.keys(state.brackets)[0] : undefined;
  const kept = oldest === undefined ? state.brackets : without(state.brackets, oldest);
  return { ...state, brackets: { ...kept, [clientOrderId]: bracket } };
}

/** What rests at the venue or in the simulator is the bracket after the clamp (RT-3). */
function clamped(state: PageFacts, { clientOrderId, clamps }: Of<'order.clamped'>): PageFacts {
  const bracket = Object.hasOwn(state.brackets, clientOrderId) ? state.brackets[clientOrderId] : undefined;
  return bracket === undefined ? state : { ...state, brackets: { ...state.brackets, [clientOrderId]: clamps.reduce(afterClamp, bracket) } };
}

function afterClamp(bracket: Bracket, { field, after }: Clamp): Bracket {
  const isShown = field === 'takeProfit' || field === 'stopLoss';
  return isShown && isDecimalText(after) ? { ...bracket, [field]: price(after) } : bracket;
}

function refused(state: PageFacts, { clientOrderId, asset, mode, symbol, refusal }: Of<'order.refused'>, at: Instant): PageFacts {
  const refusals = [{ asset, mode, symbol, at, refusal }, ...state.refusals].slice(0, REFUSALS_SHOWN_MAX);
  return { ...state, brackets: without(state.brackets, clientOrderId), refusals };
}

function filled(state: PageFacts, fill: Fill): PageFacts {
  if (!isPositive(fill.qty)) return state;
  const key = positionKey(fill);
  // As verify and the governor do: what the fill was made with, before what the catalog says today.
  const multiplier = fill.paper?.multiplier ?? state.multipliers[`${fill.asset}|${fill.symbol}`] ?? ONE;
  const { position } = bookFill(state.positions[key] ?? null, fill, multiplier, state.brackets[fill.clientOrderId] ?? null);
  const { symbol, side, reason, price: at, filledAt } = fill;
  return {
    ...state,
    positions: position === null ? without(state.positions, key) : { ...state.positions, [key]: position },
    markers: newest([...state.markers, { symbol, time: seconds(filledAt), side, reason, price: at }], MARKERS_MAX),
  };
}

/** The page shows the stop where it is, not where it began. */
function trailed(state: PageFacts, moved: Of<'stop.trailed'> | Of<'stop.stands'>): PageFacts {
  const key = positionKey(moved);
  const position = state.positions[key];
  if (position === undefined || position.bracket === null || position.entryOrderId !== moved.entryOrderId) return state;
  const bracket = { ...position.bracket, stopLoss: moved.stopLoss };
  return { ...state, positions: { ...state.positions, [key]: { ...position, bracket } } };
}

/** On an open position it shows with its trade; what came later moves the account's total as it moves its budget. */
function funded(state: PageFacts, booked: Of<'funding.booked'>): PageFacts {
  const key = positionKey(booked);
  const position = bookFunding(state.positions[key] ?? null, booked);
  if (position !== null) return { ...state, positions: { ...state.positions, [key]: position } };
  return moved(state, booked, negate(booked.amount));
}

function adjusted(state: PageFacts, adjustment: Of<'reconcile.adjusted'>): PageFacts {
  const key = positionKey(adjustment);
  const multiplier = state.multipliers[`${adjustment.asset}|${adjustment.symbol}`] ?? ONE;
  const { position, settled } = bookAdjusted(state.positions[key] ?? null, adjustment, multiplier);
  const positions = position === null ? without(state.positions, key) : { ...state.positions, [key]: position };
  return moved({ ...state, positions }, adjustment, settled);
}

/** A total that moves by no trade. */
function moved(state: PageFacts, of: Pick<ClosedTrade, 'asset' | 'mode'>, pnl: Money): PageFacts {
  const account = walletKey(of);
  const totals = state.totals[account];
  if (totals === undefined) return state;
  return { ...state, totals: { ...state.totals, [account]: { ...totals, pnl: add(moneyOf(totals.pnl), pnl) } } };
}

function closed(state: PageFacts, trade: ClosedTrade): PageFacts {
  const { asset, mode, pnl, fees, budgetBefore, budgetAfter, openedAt, closedAt } = trade;
  const key = walletKey(trade);
  const before = state.totals[key];
  const base = state.bases[key] ?? budgetBefore;
  const totals: TotalsView = {
    asset,
    mode,
    closed: (before?.closed ?? 0) + 1,
    won: (before?.won ?? 0) + (isPositive(pnl) ? 1 : 0),
    pnl: add(moneyOf(before?.pnl), pnl),
    fees: add(moneyOf(before?.fees), fees),
  };
  const point = { asset, mode, time: seconds(closedAt), value: toNumber(add(base, moneyOf(totals.pnl))), budget: toNumber(budgetAfter) };
  const opening = { asset, mode, time: seconds(openedAt), value: toNumber(budgetBefore), budget: toNumber(budgetBefore) };
  return {
    ...state,
    totals: { ...state.totals, [key]: totals },
    bases: { ...state.bases, [key]: base },
    trades: [trade, ...state.trades].slice(0, TRADES_SHOWN_MAX),
    equity: newest([...state.equity, ...(before === undefined ? [opening] : []), point], EQUITY_POINTS_MAX),
  };
}

function killed(state: PageFacts, { scope, reason, source }: Of<'kill.tripped'>, at: Instant): PageFacts {
  return { ...state, kill: { scopes: [...new Set([...state.kill.scopes, scope])], reason, source, at } };
}

/** Totals are text on the wire; here they are the money that `closed` put there. */
const moneyOf = (text: string | undefined): Money => (text === undefined ? ZERO_MONEY : (text as Money));
const seconds = (at: Instant): number => Math.floor(at / SECOND_MS);
const newest = <T>(list: readonly T[], max: number): readonly T[] => (list.length > max ? list.slice(-max) : list);

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, key)) return record;
  const { [key]: _gone, ...rest } = record;
  return rest;
}
