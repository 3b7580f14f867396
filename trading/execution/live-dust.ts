/**
 * Dust: a spot buy pays its fee in coins, so what is sold on the lot grid may leave less than one lot; and an entry that filled in part may have bought less than
 * the venue's smallest order (decision 55). Left open such a position would block its symbol for ever, and every attempt to close it be refused.
 */
import { isUnsellable } from '../lifecycle/dust.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { FillReason } from '../model/order.ts';
import { isPositive, money, notional, type Price } from '../money/decimal.ts';
import { isOpen } from './order-state.ts';
import { childrenOf, liveKey, orderOf, sellable, type LiveHolding, type LiveOrder, type LiveState } from './live-book.ts';
import type { LiveTurn } from './live-turn.ts';

/** After the last fill: rows of the same execution may still come. */
const REST_MS = 2000;
const NO_MINIMUM = money('0');

interface LastFill {
  readonly price: Price;
  readonly reason: FillReason;
  readonly at: Instant;
}

/** True where an exit, a leg or an entry that filled in part has left less than the venue's smallest order, at the price of that fill. */
export const isDust = (state: LiveState, holding: LiveHolding): boolean => leaving(state, holding) !== null;

/** The fill that left dust, or null where it is none. */
function leaving(state: LiveState, holding: LiveHolding): LastFill | null {
  const instrument = state.instruments[liveKey(holding)];
  const last = instrument === undefined ? null : lastFillOf(state, holding, instrument);
  return last !== null && instrument !== undefined && isUnsellable(holding.qty, last.price, closable(instrument)) ? last : null;
}

/** The last exit. Where nothing was sold, the entry's last fill: of coins, once no more of them come and the venue has taken no leg that might sell them. */
function lastFillOf(state: LiveState, { reduced, entered, entryOrderId, isNative }: LiveHolding, { type }: Instrument): LastFill | null {
  if (reduced !== undefined) return reduced;
  const entry = orderOf(state, entryOrderId);
  if (type !== 'spot' || isNative || entry === undefined || isOpen(entry.order)) return null;
  return childrenOf(state, entryOrderId).some(({ order }) => isOpen(order)) ? null : { ...entered, reason: 'entry' };
}

/** What only reduces a contract may be of any value: a position that is left open at the venue is no dust, it wins and loses. */
const closable = (instrument: Instrument): Instrument =>
  instrument.type === 'perp' || instrument.type === 'future' ? { ...instrument, minNotional: NO_MINIMUM } : instrument;

/** A leg of what is dust is in its way: executed after the dust was set aside, it would open a position the other way. */
export const isOfDust = (turn: LiveTurn, holding: LiveHolding): boolean => atRest(turn, holding) !== null;

/** As `leaving`, once no more rows of it come. */
function atRest({ state, now }: LiveTurn, holding: LiveHolding): LastFill | null {
  const last = leaving(state, holding);
  return last !== null && now - last.at >= REST_MS ? last : null;
}

/** Closes what is dust in every book, once nothing that sells it is on its way. */
export function setDustAside(turn: LiveTurn): void {
  for (const holding of Object.values(turn.state.holdings)) {
    const last = atRest(turn, holding);
    if (last === null || mayBeSold(turn.state, holding)) continue;
    const { asset, symbol, qty, entryOrderId } = holding;
    const { price, reason: exitReason, at: exitedAt } = last;
    const value = notional(price, qty, turn.state.instruments[liveKey(holding)]?.multiplier);
    turn.record({ type: 'dust.set_aside', body: { asset, mode: 'live', symbol, entryOrderId, qty, price, value, exitReason, exitedAt } });
  }
}

/** Legs that the venue holds sell whole lots of any value: a book that had closed already would be contradicted by them. */
const mayBeSold = (state: LiveState, holding: LiveHolding): boolean =>
  isBeingSold(state, holding) || (holding.isNative && isPositive(sellable(state, holding, holding.qty)));

const isBeingSold = ({ orders }: LiveState, holding: LiveHolding): boolean =>
  Object.values(orders).some((order) => isOpen(order.order) && liveKey(order) === liveKey(holding) && sells(order));

/** An exit that waits for a token counts; the entry and what was never sent of the house's own do not. */
const sells = ({ purpose, order }: LiveOrder): boolean =>
  purpose === 'exit' || purpose === 'flatten' || (purpose !== 'entry' && order.at !== 'INTENT');
