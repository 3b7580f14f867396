/** Where the stops of live positions are, as facts say it. */
import type { EventOf, Fact, StopAmending } from '../model/events.ts';
import type { KnownProtection } from '../model/live.ts';
import type { Price } from '../money/decimal.ts';
import { without } from '../model/without.ts';
import { childrenOf, liveKey, orderOf, type LiveHolding, type LiveOrder, type LiveState } from './live-book.ts';
import { isOpen } from './order-state.ts';

type StopFact = Fact<EventOf<'stop.amending'> | EventOf<'stop.trailed'> | EventOf<'stop.stands'>>;

export const amendingOf = (
  { amending = {} }: LiveState,
  of: { readonly asset: LiveHolding['asset']; readonly symbol: string },
): StopAmending | undefined => amending[liveKey(of)];

/** Total. What is said of a position that is gone ends its move and nothing else. */
export function evolveStop(state: LiveState, fact: StopFact): LiveState {
  const key = liveKey(fact.body);
  const { amending = {}, holdings } = state;
  const holding = holdings[key]?.entryOrderId === fact.body.entryOrderId ? holdings[key] : undefined;
  if (fact.type === 'stop.amending') {
    const begun = { ...state, amending: { ...amending, [key]: fact.body } };
    return holding === undefined ? begun : { ...begun, holdings: { ...holdings, [key]: { ...holding, trailedOn: fact.body.pricedOn } } };
  }
  const ended = amending[key]?.entryOrderId === fact.body.entryOrderId ? { ...state, amending: without(amending, key) } : state;
  if (holding === undefined || holding.bracket === null) return ended;
  const { stopLoss } = fact.body;
  const bracket = { ...holding.bracket, stopLoss };
  const moved = { ...ended, holdings: { ...holdings, [key]: { ...holding, bracket, stopAt: fact.at } } };
  const own = ownStopOf(moved, holding);
  return own === null
    ? moved
    : { ...moved, orders: { ...moved.orders, [own.clientOrderId]: { ...own, pricing: { type: 'stop', trigger: stopLoss } } } };
}

/** The only open stop order of the house's own for a position; null where there is none or more than one. */
export function ownStopOf(state: LiveState, { entryOrderId, isNative }: LiveHolding): LiveOrder | null {
  if (isNative) return null;
  const [stop, ...more] = childrenOf(state, entryOrderId).filter(({ purpose, order }) => purpose === 'stop_loss' && isOpen(order));
  return stop === undefined || more.length > 0 ? null : stop;
}

/** Of a question about the account: what the legs of open positions are known by, for venues whose rows do not name the entry. */
export function recalled(state: LiveState): { readonly protections?: readonly KnownProtection[] } {
  const protections = knownProtections(state);
  return protections.length === 0 ? {} : { protections };
}

function knownProtections(state: LiveState): readonly KnownProtection[] {
  return Object.values(state.holdings).flatMap((holding): readonly KnownProtection[] => {
    const { entryOrderId: clientOrderId, symbol, side, bracket, openedAt } = holding;
    const entry = orderOf(state, clientOrderId);
    if (bracket === null || entry === undefined) return [];
    const amending = amendingOf(state, holding);
    const under = amending?.entryOrderId === clientOrderId ? [amending.from, amending.to] : [];
    const stops: readonly Price[] = [...new Set([bracket.stopLoss, ...under])];
    const sentAt = 'sentAt' in entry.order ? entry.order.sentAt : openedAt;
    return [{ clientOrderId, symbol, side, takeProfit: bracket.takeProfit, stops, sentAt }];
  });
}
