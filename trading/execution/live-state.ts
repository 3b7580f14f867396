/** How facts change what the journal says of live orders and positions. */
import type { EventBody, Fact, KillScope } from '../model/events.ts';
import { brokerOf, type Asset, type Broker, type Instant } from '../model/instrument.ts';
import type { Placement } from '../model/live.ts';
import type { Fill, OrderEnd, OrderIntent } from '../model/order.ts';
import { allShelved, EMPTY_SHELF, shelve, unshelve } from '../model/shelf.ts';
import { evolveSwitches } from '../risk/modes.ts';
import { without } from '../model/without.ts';
import { add, atMost, isPositive, subtract, type Money, type Qty } from '../money/decimal.ts';
import { evolveStop } from './live-stops.ts';
import { orderOfFill } from './order-names.ts';
import { executedOf, isOpen, NEW_ORDER, transition, type OrderInput } from './order-state.ts';
import { type LiveOrder, type LiveHolding, type LiveState, liveKey, orderOf, sellable, protectedQty } from './live-book.ts';

/** Orders that are over, kept so that a late or repeated report of them is known for what it is. */
export const ENDED_KEPT_MAX = 2048;
/** Children of an entry that came to nothing: more than any back-off counts, of all the rungs that a bracket may have. */
const CHILDREN_KEPT_MAX = 64;
/** Closed positions remembered of a symbol: a row of funding may come after its position is gone. */
const PAST_KEPT_MAX = 16;
/** Ids of funding rows are kept this long behind the newest fill: longer than what a reading of the account goes back. */
const FUNDINGS_KEPT_MS = 86_400_000;
/** Executions whose fee may be told anew: the newest. */
const FEES_KEPT_MAX = 256;

/** Total: paper, other brokers and what means nothing here change nothing. */
export function evolveLive(broker: Broker, state: LiveState, fact: Fact): LiveState {
  switch (fact.type) {
    case 'settings.loaded':
      return { ...state, settings: fact.body.settings };
    case 'system.started':
    case 'mode.changed':
      return { ...state, switches: evolveSwitches(state.switches, fact) };
    case 'instrument.changed':
      return fact.body.instrument.broker === broker
        ? { ...state, instruments: { ...state.instruments, [liveKey(fact.body.instrument)]: fact.body.instrument } }
        : state;
    case 'kill.tripped':
      return killed(state, fact.body.scope, fact.body.flatten);
    case 'kill.rearmed':
      return { ...state, killed: [], flattening: [], blocked: {} };
    case 'reconcile.differed':
      return fact.body.refusal === null ? state : { ...state, blocked: { ...state.blocked, [liveKey(fact.body)]: fact.body.refusal } };
    case 'reconcile.adjusted':
      return watched(adjusted(state, fact.body), fact.at);
    case 'funding.booked':
      return isOurs(broker, fact.body) ? withFunding(state, fact.body) : state;
    case 'fee.adjusted':
      return isOurs(broker, fact.body) ? withFee(state, fact.body.venueExecutionId, fact.body.fee) : state;
    case 'dust.set_aside':
      return isOurs(broker, fact.body) ? gone(state, liveKey(fact.body), fact.body.exitedAt) : state;
    case 'position.settled':
      return isOurs(broker, fact.body) ? gone(state, liveKey(fact.body), fact.body.expiredAt) : state;
    case 'stop.amending':
    case 'stop.trailed':
    case 'stop.stands':
      return isOurs(broker, fact.body) ? evolveStop(state, fact) : state;
    default:
      return evolveOrder(broker, state, fact);
  }
}

function evolveOrder(broker: Broker, state: LiveState, fact: Fact): LiveState {
  switch (fact.type) {
    case 'order.approved':
      return isOurs(broker, fact.body) ? approved(state, fact.body.intent) : state;
    case 'order.sending':
      return isOurs(broker, fact.body) ? watched(sending(state, fact.body), fact.at) : state;
    case 'order.acknowledged':
      return watched(moved(state, fact.body.clientOrderId, { is: 'ACK', venueOrderId: fact.body.venueOrderId }), fact.at);
    case 'order.unknown':
      return moved(state, fact.body.clientOrderId, { is: 'LOSE', reason: fact.body.reason, resolveAfter: fact.body.resolveAfter });
    case 'order.ended':
      return watched(moved(state, fact.body.clientOrderId, endInput(fact.body.status, fact.body.reason)), fact.at);
    case 'fill.recorded':
      return isOurs(broker, fact.body.fill) ? watched(filled(state, fact.body.fill), fact.at) : state;
    case 'alarm.raised':
      return fact.body.code === 'NAKED_POSITION' ? watched(unprotected(state, fact.body.clientOrderId), fact.at) : state;
    default:
      return state;
  }
}

const isOurs = (broker: Broker, { mode, asset }: { readonly mode: string; readonly asset: Asset }): boolean =>
  mode === 'live' && brokerOf(asset) === broker;

export function placementOf({
  clientOrderId,
  asset,
  symbol,
  side,
  purpose,
  qty,
  pricing,
  bracket,
  deadlineAt,
}: EventBody<'order.sending'>): Placement {
  return { clientOrderId, asset, symbol, side, purpose, qty, pricing, bracket, reduceOnly: purpose !== 'entry', deadlineAt };
}

function approved(state: LiveState, intent: OrderIntent): LiveState {
  const { clientOrderId, asset, symbol, strategyId, side, kind } = intent;
  if (orderOf(state, clientOrderId) !== undefined) return state;
  const order: LiveOrder = {
    ...{ clientOrderId, asset, symbol, strategyId, side, purpose: kind, parentId: null, intent },
    ...{ pricing: null, bracket: null, order: NEW_ORDER, legExecutions: [], children: [], placed: 0 },
  };
  return withOrder(state, order);
}

function sending(state: LiveState, body: EventBody<'order.sending'>): LiveState {
  const { clientOrderId, asset, symbol, side, purpose, parentId, pricing, bracket, qty, sentAt, deadlineAt } = body;
  const parent = orderOf(state, parentId);
  const strategyId = parent?.strategyId ?? state.holdings[liveKey(body)]?.strategyId ?? 'external';
  const blank: LiveOrder = {
    ...{ clientOrderId, asset, symbol, strategyId, side, purpose, parentId, intent: null },
    ...{ pricing: null, bracket: null, order: NEW_ORDER, legExecutions: [], children: [], placed: 0 },
  };
  const known = orderOf(state, clientOrderId) ?? blank;
  const { order } = transition(known.order, { is: 'SEND', qty, sentAt, deadlineAt });
  const sent = withOrder(state, { ...known, pricing, bracket, order });
  if (parent === undefined || parent.children.includes(clientOrderId)) return sent;
  return withOrder(sent, { ...parent, children: [...countingChildren(sent, parent), clientOrderId], placed: parent.placed + 1 });
}

/** A venue may reject a close for hours: of what came to nothing only the newest count, or every look at a position would be at all of them. */
function countingChildren(state: LiveState, { children }: LiveOrder): readonly string[] {
  if (children.length < CHILDREN_KEPT_MAX) return children;
  const counts = (id: string): boolean => {
    const order = orderOf(state, id)?.order;
    return order !== undefined && (isOpen(order) || isPositive(executedOf(order).filledQty));
  };
  return children.filter((id, index) => index > children.length - CHILDREN_KEPT_MAX || counts(id));
}

function moved(state: LiveState, clientOrderId: string, input: OrderInput | null): LiveState {
  const known = orderOf(state, clientOrderId);
  if (known === undefined || input === null) return state;
  const { order } = transition(known.order, input);
  return order === known.order ? state : withOrder(state, { ...known, order });
}

function endInput(status: OrderEnd, reason: string): OrderInput | null {
  switch (status) {
    case 'filled':
      // Its fills said so.
      return null;
    case 'partially_filled':
    case 'cancelled':
      return { is: 'CANCEL', reason };
    case 'expired':
      return { is: 'EXPIRE', reason };
    case 'rejected':
      return { is: 'REJECT', reason };
    case 'not_sent':
      return { is: 'NOT_SEND', reason };
  }
}

/** The oldest of what is over goes where there is too much of it; an entry and its children that count stay as long as its position. */
function pruned(state: LiveState): LiveState {
  if (state.ended.size <= ENDED_KEPT_MAX) return state;
  const held = new Set(
    Object.values(state.holdings).flatMap(({ entryOrderId }) => [entryOrderId, ...(orderOf(state, entryOrderId)?.children ?? [])]),
  );
  for (const [id] of allShelved(state.ended)) {
    if (!held.has(id)) return { ...state, ended: unshelve(state.ended, id) };
  }
  return state;
}

function filled(before: LiveState, fill: Fill): LiveState {
  const executed = orderOfFill(fill.fillId);
  const executionId = fill.venueExecutionId ?? fill.fillId;
  const state = { ...withFee(before, executionId, fill.fee), newestFillAt: Math.max(before.newestFillAt ?? 0, fill.filledAt) };
  const isLeg = executed === fill.clientOrderId && fill.reason !== 'entry' && fill.reason !== 'exit';
  const after = isLeg
    ? legFilled(state, executed, executionId)
    : moved(state, executed, { is: 'FILL', executionId, qty: executedQty(fill), venueOrderId: executed });
  const key = liveKey(fill);
  const holding = state.holdings[key];
  if (holding === undefined) return fill.reason === 'entry' ? opened(after, fill) : after;
  if (fill.side === holding.side) {
    const entered = { price: fill.price, at: fill.filledAt };
    return { ...after, holdings: { ...after.holdings, [key]: { ...holding, qty: add(holding.qty, fill.qty), entered } } };
  }
  if (atMost(holding.qty, fill.qty)) return gone(after, key, fill.filledAt);
  const reduced = { price: fill.price, reason: fill.reason, at: fill.filledAt };
  return { ...after, holdings: { ...after.holdings, [key]: { ...holding, qty: subtract(holding.qty, fill.qty), reduced } } };
}

function withFunding(state: LiveState, { fundingId, venueExecutionId, at }: EventBody<'funding.booked'>): LiveState {
  const oldest = Math.min(state.newestFillAt ?? at, at) - FUNDINGS_KEPT_MS;
  const kept = Object.entries(state.fundings ?? {}).filter(([, known]) => known.at >= oldest);
  return { ...state, fundings: { ...Object.fromEntries(kept), [fundingId]: { executionId: venueExecutionId ?? fundingId, at } } };
}

function withFee(state: LiveState, executionId: string, fee: Money): LiveState {
  const feesBooked = shelve(state.feesBooked ?? EMPTY_SHELF, executionId, fee);
  if (feesBooked.size <= FEES_KEPT_MAX) return { ...state, feesBooked };
  const [oldest = executionId] = feesBooked.pages[0]?.keys ?? [];
  return { ...state, feesBooked: unshelve(feesBooked, oldest) };
}

function gone(state: LiveState, key: string, closedAt: Instant): LiveState {
  const holding = state.holdings[key];
  if (holding === undefined) return state;
  const { side, openedAt } = holding;
  const past = [...(state.past?.[key] ?? []).slice(1 - PAST_KEPT_MAX), { side, openedAt, closedAt }];
  return { ...state, holdings: without(state.holdings, key), past: { ...state.past, [key]: past } };
}

/** Of the order: what reached the position, and what the fee took on the way. */
const executedQty = ({ qty, feeQty }: Fill): Qty => (feeQty === undefined ? qty : add(qty, feeQty));

function legFilled(state: LiveState, entryId: string, executionId: string): LiveState {
  const entry = orderOf(state, entryId);
  if (entry === undefined) return state;
  return withOrder(state, { ...entry, legExecutions: [...entry.legExecutions, executionId] });
}

function opened(state: LiveState, fill: Fill): LiveState {
  const entry = orderOf(state, fill.clientOrderId);
  const { asset, symbol, strategyId, side, qty, clientOrderId: entryOrderId, filledAt: openedAt } = fill;
  // Native legs go with the order; where the venue takes none, the intent's are placed by the house.
  const isNative = (entry?.bracket ?? null) !== null;
  const bracket = entry?.bracket ?? entry?.intent?.bracket ?? null;
  const holding: LiveHolding = {
    asset,
    symbol,
    strategyId,
    side,
    qty,
    bracket,
    entryOrderId,
    openedAt,
    isNative,
    nakedSince: null,
    isAlarmed: false,
    entered: { price: fill.price, at: openedAt },
  };
  return { ...state, holdings: { ...state.holdings, [liveKey(fill)]: holding } };
}

function unprotected(state: LiveState, entryOrderId: string | null): LiveState {
  const found = Object.entries(state.holdings).find(([, holding]) => holding.entryOrderId === entryOrderId);
  return found === undefined ? state : { ...state, holdings: { ...state.holdings, [found[0]]: { ...found[1], isNative: false, isAlarmed: true } } };
}

function adjusted(state: LiveState, body: EventBody<'reconcile.adjusted'>): LiveState {
  const key = liveKey(body);
  const freed = { ...state, blocked: without(state.blocked, key) };
  if (body.mode !== 'live') return state;
  const holding = state.holdings[key];
  // What nobody of this house entered is not managed here: it has no entry, no strategy and no bracket.
  if (holding === undefined || body.to === null || holding.side !== body.to.side) return { ...freed, holdings: without(freed.holdings, key) };
  return { ...freed, holdings: { ...freed.holdings, [key]: { ...holding, qty: body.to.qty } } };
}

/** Keeps `nakedSince`, as of the fact that changed it. */
function watched(state: LiveState, at: Instant): LiveState {
  let { holdings } = state;
  for (const [key, holding] of Object.entries(holdings)) {
    const isNaked = isPositive(sellable(state, holding, subtract(holding.qty, protectedQty(state, holding))));
    const nakedSince = isNaked ? (holding.nakedSince ?? at) : null;
    if (nakedSince !== holding.nakedSince) holdings = { ...holdings, [key]: { ...holding, nakedSince, isAlarmed: isNaked && holding.isAlarmed } };
  }
  return holdings === state.holdings ? state : { ...state, holdings };
}

function killed(state: LiveState, scope: KillScope, flatten: boolean): LiveState {
  const flattening = flatten ? [...new Set([...state.flattening, scope])] : state.flattening;
  return { ...state, killed: [...new Set([...state.killed, scope])], flattening };
}

/** In the books that fit its state. */
function withOrder(state: LiveState, order: LiveOrder): LiveState {
  const { clientOrderId } = order;
  if (isOpen(order.order) || order.order.at === 'ORPHAN') {
    return { ...state, orders: { ...state.orders, [clientOrderId]: order }, ended: unshelve(state.ended, clientOrderId) };
  }
  return pruned({ ...state, orders: without(state.orders, clientOrderId), ended: shelve(state.ended, clientOrderId, order) });
}
