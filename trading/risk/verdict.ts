/** One intent, one verdict: approved whole with its numbers, or refused with a code. */
import { exitSessionRefusal } from '../calendar/gate.ts';
import { add, atMost, isPositive, notional, subtract, ZERO_MONEY, ZERO_QTY, type Qty } from '../money/decimal.ts';
import { positionKey, type BookedPosition } from '../ledger/positions.ts';
import type { DomainEvent, Refusal } from '../model/events.ts';
import { brokerOf, type Instant } from '../model/instrument.ts';
import type { OrderIntent } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';
import { currencyRefusal } from '../sizing/in-usd.ts';
import { allowanceOf, closeOnlyOf, marginOf } from './allowance.ts';
import { ENTRY_CHECKS, lossAtStop, quoteRefusal } from './checks.ts';
import { selfCross } from './fat-finger.ts';
import type { GovernorMemory } from './memory.ts';
import { openLossOf } from './open-loss.ts';
import { refuse } from './refuse.ts';
import { instrumentKey, type GovernorState } from './state.ts';
import { walletRefusal } from './wallets.ts';

export function verdictOn(state: GovernorState, memory: GovernorMemory, intent: OrderIntent, now: Instant): DomainEvent {
  return intent.kind === 'exit' ? onExit(state, memory, intent, now) : onEntry(state, memory, intent, now);
}

export function refusedEvent({ clientOrderId, asset, mode, symbol, kind }: OrderIntent, refusal: Refusal): DomainEvent {
  return { type: 'order.refused', body: { clientOrderId, asset, mode, symbol, kind, refusal } };
}

/** An exit needs a position, a market that is open and a fresh quote. No kill, wire, budget or throttle keeps anyone in a position. */
function onExit(state: GovernorState, memory: GovernorMemory, intent: OrderIntent, now: Instant): DomainEvent {
  const { settings } = state;
  if (settings === null) return refusedEvent(intent, notConfigured(intent, 'no settings were loaded'));
  const position = state.positions[positionKey(intent)];
  const refusal =
    closable(state, position, intent) ??
    shut(state, settings, intent, now) ??
    quoteRefusal(intent, memory.lastGood[instrumentKey(intent)] ?? null, settings, now);
  if (refusal !== null || position === undefined) return refusedEvent(intent, refusal ?? nothingToClose(intent, ZERO_QTY, ZERO_QTY));
  const value = notional(touch(intent.side, intent.snapshot), intent.qty, position.multiplier);
  return { type: 'order.approved', body: { ...keyOf(intent), intent, notional: value, margin: ZERO_MONEY, maxLoss: ZERO_MONEY } };
}

/** SS-1: where the venue itself is closed an exit waits: the bracket stays, and the trader asks again at the open. */
function shut({ instruments }: GovernorState, settings: Settings, intent: OrderIntent, now: Instant): Refusal | null {
  const instrument = instruments[instrumentKey(intent)];
  return instrument === undefined ? null : exitSessionRefusal(instrument, settings, now);
}

function closable(state: GovernorState, position: BookedPosition | undefined, intent: OrderIntent): Refusal | null {
  if (position === undefined || position.side === intent.side) return nothingToClose(intent, ZERO_QTY, ZERO_QTY);
  const leaving = Object.values(state.orders)
    .filter(({ intent: live, approval }) => approval !== null && live.kind === 'exit' && positionKey(live) === positionKey(intent))
    .map(({ intent: live, filledQty }) => subtract(live.qty, filledQty));
  const onTheWay = add(ZERO_QTY, ...leaving);
  const fits = isPositive(intent.qty) && atMost(add(intent.qty, onTheWay), position.qty);
  return fits ? null : nothingToClose(intent, position.qty, onTheWay);
}

function onEntry(state: GovernorState, memory: GovernorMemory, intent: OrderIntent, now: Instant): DomainEvent {
  const gate = gateOf(state, memory, intent, now);
  if (gate !== null) return refusedEvent(intent, gate);
  const { settings } = state;
  const instrument = state.instruments[instrumentKey(intent)];
  const allowance = allowanceOf(state, intent, now, memory.reports);
  if (instrument === undefined) {
    return refusedEvent(intent, refuse('UNKNOWN_INSTRUMENT', 'LC-1', {}, `${intent.symbol}: the catalog does not list it`));
  }
  const foreign = currencyRefusal(instrument);
  if (foreign !== null) return refusedEvent(intent, foreign);
  if (settings === null || allowance === null) return refusedEvent(intent, notConfigured(intent, 'no settings were loaded'));
  const value = notional(touch(intent.side, intent.snapshot), intent.qty, instrument.multiplier);
  const lastGood = memory.lastGood[instrumentKey(intent)] ?? null;
  const openLoss = openLossOf(state, memory.lastGood, intent);
  const entry = { state, settings, instrument, allowance, lastGood, openLoss, intent, notional: value, now };
  for (const check of ENTRY_CHECKS) {
    const refusal = check(entry);
    if (refusal !== null) return refusedEvent(intent, refusal);
  }
  const margin = marginOf(settings, intent.asset, value);
  return { type: 'order.approved', body: { ...keyOf(intent), intent, notional: value, margin, maxLoss: lossAtStop(entry) } };
}

/** What stops an entry before its numbers are looked at. */
function gateOf(state: GovernorState, memory: GovernorMemory, intent: OrderIntent, now: Instant): Refusal | null {
  const { asset, symbol } = intent;
  const closeOnly = closeOnlyOf(state, intent, now);
  if (closeOnly !== null) return closeOnly;
  const wallet = walletRefusal(intent, memory.reports, now);
  if (wallet !== null) return wallet;
  const down = memory.down[brokerOf(asset)];
  if (down !== undefined) return refuse('BROKER_DOWN', 'RT-5', { broker: brokerOf(asset) }, `${symbol}: no quotes from ${brokerOf(asset)}: ${down}`);
  const crossing = selfCross(state, intent);
  if (crossing !== null) return crossing;
  const live = Object.values(state.orders).find(
    ({ intent: other, approval }) => approval !== null && other.kind === 'entry' && positionKey(other) === positionKey(intent),
  );
  if (live === undefined) return null;
  const sentence = `${symbol}: an entry is on its way already`;
  return refuse('DUPLICATE_INTENT', 'RK-2', { other: live.intent.clientOrderId, intendedAt: live.intent.intendedAt }, sentence);
}

const notConfigured = ({ symbol }: OrderIntent, why: string): Refusal => refuse('NOT_CONFIGURED', 'CF-1', {}, `${symbol}: ${why}`);

function nothingToClose({ symbol, side, qty }: OrderIntent, position: Qty, onTheWay: Qty): Refusal {
  const sentence = `${symbol}: a ${side} of ${qty} closes nothing; ${position} is open on the other side and ${onTheWay} of it is being closed`;
  return refuse('NOTHING_TO_CLOSE', 'RK-1', { qty, position, onTheWay }, sentence);
}

const keyOf = ({ clientOrderId, asset, mode, symbol }: OrderIntent) => ({ clientOrderId, asset, mode, symbol });
