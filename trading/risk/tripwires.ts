/** RK-1: the daily loss cap and the drawdown. A tripped wire means close-only for its asset and mode. */
import { atLeast, type Ratio } from '../money/decimal.ts';
import { DAY_MS, dayLoss, dayOf, drawdown, type Loss } from '../ledger/wallet.ts';
import type { EventOf, Refusal } from '../model/events.ts';
import type { Asset, Instant, Mode } from '../model/instrument.ts';
import type { Settings } from '../model/settings.ts';
import { refuse, shown } from './refuse.ts';
import { walletOf, wiresOf, type GovernorState } from './state.ts';

interface Account {
  readonly asset: Asset;
  readonly mode: Mode;
}

/** Realised loss of the UTC day, against the equity it opened with: `DAILY_LOSS_CAP`, or null. */
export function dayLossRefusal(state: GovernorState, settings: Settings, account: Account, now: Instant): Refusal | null {
  const lost = dayLoss(settings, account.asset, walletOf(state, account), now);
  return isAtCap(lost, settings.risk.dailyLossCap) ? lossRefusal('DAILY_LOSS_CAP', account, lost, settings.risk.dailyLossCap, 'lost today') : null;
}

/** Fall of the realised equity from its peak: `MAX_DRAWDOWN`, or null. */
export function drawdownRefusal(state: GovernorState, settings: Settings, account: Account): Refusal | null {
  const lost = drawdown(settings, account.asset, walletOf(state, account));
  return isAtCap(lost, settings.risk.maxDrawdown) ? lossRefusal('MAX_DRAWDOWN', account, lost, settings.risk.maxDrawdown, 'below the peak') : null;
}

/** The wires that a trade has just tripped: the day's until its midnight, the drawdown's until re-armed. */
export function trippedWires(state: GovernorState, account: Account, closedAt: Instant, now: Instant): readonly EventOf<'tripwire.tripped'>[] {
  const { settings } = state;
  if (settings === null) return [];
  const midnight = dayOf(closedAt) + DAY_MS;
  const wires = [
    { refusal: midnight > now ? dayLossRefusal(state, settings, account, closedAt) : null, until: midnight },
    { refusal: drawdownRefusal(state, settings, account), until: null },
  ];
  const active = new Set(wiresOf(state, account).flatMap(({ refusal, until }) => (until === null || until > now ? [refusal.code] : [])));
  return wires.flatMap(({ refusal, until }) =>
    refusal === null || active.has(refusal.code) ? [] : [{ type: 'tripwire.tripped', body: { ...account, refusal, until } } as const],
  );
}

function isAtCap({ fraction, loss }: Loss, cap: Ratio): boolean {
  return loss !== '0' && atLeast(fraction, cap);
}

function lossRefusal(code: 'DAILY_LOSS_CAP' | 'MAX_DRAWDOWN', { asset, mode }: Account, lost: Loss, cap: Ratio, what: string): Refusal {
  const numbers = { loss: shown(lost.loss), equity: shown(lost.equity), fraction: shown(lost.fraction), cap };
  return refuse(code, 'RK-1', numbers, `${asset} ${mode}: ${numbers.loss} of ${numbers.equity} USD ${what}, the cap is ${cap} of it: close-only`);
}
