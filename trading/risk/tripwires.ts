/** RK-1, RK-2, BR-2: what trips a wire. A tripped wire means close-only for its asset and mode. */
import { atLeast, ZERO_MONEY, type Money, type Ratio } from '../money/decimal.ts';
import { EXTERNAL } from '../ledger/adjustment.ts';
import { allotted, DAY_MS, dayLoss, dayOf, drawdown, type Loss } from '../ledger/wallet.ts';
import type { ClosedPart } from '../ledger/positions.ts';
import type { DomainEvent, EventOf, Refusal } from '../model/events.ts';
import type { Asset, Instant, Mode } from '../model/instrument.ts';
import type { Settings } from '../model/settings.ts';
import { losingStreak } from './fat-finger.ts';
import { refuse, shown } from './refuse.ts';
import { isStanding, walletOf, wiresOf, type GovernorState } from './state.ts';

/** BR-2: how long a position may be without a bracket. On paper it never is: entry and bracket are one order. */
export const NAKED_MS_MAX = 5000;

type TrippedWire = EventOf<'tripwire.tripped'>;

interface Account {
  readonly asset: Asset;
  readonly mode: Mode;
}

/** Loss of the UTC day, realised and `openLoss` of what is held, against the equity it opened with: `DAILY_LOSS_CAP`, or null. */
export function dayLossRefusal(
  state: GovernorState,
  settings: Settings,
  account: Account,
  now: Instant,
  openLoss: Money = ZERO_MONEY,
): Refusal | null {
  const lost = dayLoss(allotted(settings, account, state.bases), walletOf(state, account), now, openLoss);
  return isAtCap(lost, settings.risk.dailyLossCap) ? lossRefusal('DAILY_LOSS_CAP', account, lost, settings.risk.dailyLossCap, 'lost today') : null;
}

/** Fall of the equity, realised and `openLoss` of what is held, from its peak: `MAX_DRAWDOWN`, or null. */
export function drawdownRefusal(state: GovernorState, settings: Settings, account: Account, openLoss: Money = ZERO_MONEY): Refusal | null {
  const lost = drawdown(allotted(settings, account, state.bases), walletOf(state, account), openLoss);
  return isAtCap(lost, settings.risk.maxDrawdown) ? lossRefusal('MAX_DRAWDOWN', account, lost, settings.risk.maxDrawdown, 'below the peak') : null;
}

/** The wires that a closed trade trips: the day's until its midnight, those of the drawdown and of a losing streak until re-armed. */
export function wiresOfTrade(state: GovernorState, trade: ClosedPart, now: Instant): readonly TrippedWire[] {
  const { settings } = state;
  if (settings === null) return [];
  const { asset, mode, closedAt } = trade;
  const account = { asset, mode };
  const midnight = dayOf(closedAt) + DAY_MS;
  const wires = [
    { refusal: midnight > now ? dayLossRefusal(state, settings, account, closedAt) : null, until: midnight },
    { refusal: drawdownRefusal(state, settings, account), until: null },
    { refusal: losingStreak(state, settings, trade), until: null },
  ];
  return wires.flatMap(({ refusal, until }) => newWire(state, account, refusal, until, now));
}

/** RK-1: the same where a wallet moved by no trade (funding that came late). */
export function wiresOfWallet(state: GovernorState, { asset, mode }: Account, now: Instant): readonly TrippedWire[] {
  const { settings } = state;
  const account = { asset, mode };
  if (settings === null) return [];
  const wires = [
    { refusal: dayLossRefusal(state, settings, account, now), until: dayOf(now) + DAY_MS },
    { refusal: drawdownRefusal(state, settings, account), until: null },
  ];
  return wires.flatMap(({ refusal, until }) => newWire(state, account, refusal, until, now));
}

/** RK-2: an entry too many disables its strategy, for its asset and mode, until re-armed. Every other refusal is of its order alone. */
export function wiresOfVerdict(state: GovernorState, verdict: DomainEvent, now: Instant): readonly TrippedWire[] {
  if (verdict.type !== 'order.refused' || verdict.body.refusal.code !== 'REPEATED_EXECUTION') return [];
  const { asset, mode, refusal } = verdict.body;
  return newWire(state, { asset, mode }, refusal, null, now);
}

/** BR-2: own positions without a bracket for longer than `NAKED_MS_MAX`: close-only and an alarm, until re-armed. */
export function wiresOfNaked(state: GovernorState, now: Instant): readonly TrippedWire[] {
  const wires: TrippedWire[] = [];
  for (const { asset, mode, symbol, qty, bracket, openedAt, strategyId } of Object.values(state.positions)) {
    const nakedMs = now - openedAt;
    if (bracket !== null || strategyId === EXTERNAL || nakedMs <= NAKED_MS_MAX) continue;
    const isSaid = wires.some(({ body }) => body.asset === asset && body.mode === mode);
    const sentence = `${asset} ${mode}: ${symbol} ${qty} has had no stop and no take-profit for ${nakedMs} ms, at most ${NAKED_MS_MAX}: close-only`;
    const refusal = refuse('NAKED_POSITION', 'BR-2', { symbol, qty, nakedMs, maxMs: NAKED_MS_MAX }, sentence);
    if (!isSaid) wires.push(...newWire(state, { asset, mode }, refusal, null, now));
  }
  return wires;
}

/** When the next position will have been naked for too long, or null. */
export function nakedReviewAt(state: GovernorState, now: Instant): Instant | null {
  const dues = Object.values(state.positions).flatMap(({ bracket, openedAt, strategyId }) =>
    bracket === null && strategyId !== EXTERNAL ? [openedAt + NAKED_MS_MAX + 1] : [],
  );
  const next = Math.min(...dues.filter((at) => at > now));
  return Number.isFinite(next) ? next : null;
}

/** A wire that is tripped is not tripped again by the same thing. */
function newWire(state: GovernorState, account: Account, refusal: Refusal | null, until: Instant | null, now: Instant): readonly TrippedWire[] {
  const isActive = wiresOf(state, account).some((wire) => wire.refusal.code === refusal?.code && isStanding(wire, now));
  return refusal === null || isActive ? [] : [{ type: 'tripwire.tripped', body: { ...account, refusal, until } }];
}

function isAtCap({ fraction, loss }: Loss, cap: Ratio): boolean {
  return loss !== '0' && atLeast(fraction, cap);
}

function lossRefusal(code: 'DAILY_LOSS_CAP' | 'MAX_DRAWDOWN', { asset, mode }: Account, lost: Loss, cap: Ratio, what: string): Refusal {
  const numbers = { loss: shown(lost.loss), equity: shown(lost.equity), fraction: shown(lost.fraction), cap };
  return refuse(code, 'RK-1', numbers, `${asset} ${mode}: ${numbers.loss} of ${numbers.equity} USD ${what}, the cap is ${cap} of it: close-only`);
}
