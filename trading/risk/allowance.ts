/** SZ-5, SZ-7: what an asset in a mode may use now. */
import { coveringScope } from '../model/kill-scope.ts';
import { absolute, add, atMost, divide, notional, ONE, smaller, subtract, ZERO_MONEY, type Money } from '../money/decimal.ts';
import { heldNotional } from '../ledger/positions.ts';
import { budgetOf, windowChangesAt, windowResult } from '../ledger/wallet.ts';
import type { Refusal } from '../model/events.ts';
import { ASSETS, type Asset, type Instant, type Mode } from '../model/instrument.ts';
import type { Allowance } from '../model/messages.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';
import { ladderMultiplier } from '../sizing/ladder.ts';
import { modeRefusal } from './modes.ts';
import { refuse } from './refuse.ts';
import { nakedReviewAt } from './tripwires.ts';
import { instrumentKey, walletOf, wiresOf, type GovernedOrder, type GovernorState } from './state.ts';

interface Account {
  readonly asset: Asset;
  readonly mode: Mode;
}

/** Live trading has no wallet and no gateway in this version: it is refused, not guessed. */
export const GOVERNED_MODES: readonly Mode[] = ['paper'];
export const ACCOUNTS: readonly Account[] = GOVERNED_MODES.flatMap((mode) => ASSETS.map((asset) => ({ asset, mode })));

const isOf =
  ({ asset, mode }: Account) =>
  (other: Account): boolean =>
    other.asset === asset && other.mode === mode;

/** USD notional of open positions at their average price and of what live entries may still fill. */
export function exposureOf(state: GovernorState, account: Account): Money {
  const positions = Object.values(state.positions).filter(isOf(account)).map(heldNotional);
  const entries = liveEntries(state, account).map((order) => restNotional(state, order));
  return add(ZERO_MONEY, ...positions, ...entries);
}

/** SZ-5: the margin that exposure holds: notional ÷ leverage. Spot and options are paid in full, whatever leverage is configured. */
export function marginOf(settings: Settings, asset: Asset, exposure: Money): Money {
  return asset === 'crypto_spot' || asset === 'options' ? exposure : divide(exposure, settings.leverageCaps[asset]);
}

/** Entries that were approved and are not over. */
export function liveEntries(state: GovernorState, account: Account): readonly GovernedOrder[] {
  return Object.values(state.orders).filter(({ intent, approval }) => approval !== null && intent.kind === 'entry' && isOf(account)(intent));
}

/** Positions, and live entries that have no position yet: what max_positions and max_concurrent count. */
export function occupied(state: GovernorState, account: Account): { readonly positions: number; readonly entries: number } {
  const open = Object.values(state.positions).filter(isOf(account));
  const symbols = new Set(open.map(({ symbol }) => symbol));
  return { positions: open.length, entries: liveEntries(state, account).filter(({ intent }) => !symbols.has(intent.symbol)).length };
}

/** KS-3, RT-2, RK-1: why this asset and mode may only close, or null. */
export function closeOnlyOf(state: GovernorState, { asset, mode }: Account, now: Instant): Refusal | null {
  const scope = coveringScope(state.killed, asset);
  if (scope !== undefined) return refuse('CLOSE_ONLY', 'KS-3', { scope }, `${asset} ${mode}: close-only, the kill-switch is tripped for ${scope}`);
  const off = modeRefusal(state.modes ?? {}, { asset, mode });
  if (off !== null) return off;
  return wiresOf(state, { asset, mode }).find(({ until }) => until === null || until > now)?.refusal ?? null;
}

/** Null before settings are loaded. */
export function allowanceOf(state: GovernorState, account: Account, now: Instant): Allowance | null {
  const { settings } = state;
  if (settings === null) return null;
  const { asset, mode } = account;
  const wallet = walletOf(state, account);
  const budget = settings.allocMode === 'absolute' ? budgetOf(settings, asset, wallet) : ZERO_MONEY;
  const committed = marginOf(settings, asset, exposureOf(state, account));
  const remaining = atMost(budget, committed) ? ZERO_MONEY : subtract(budget, committed);
  // A paper wallet is the budget and nothing else: what is not committed is there.
  const walletAvailable = remaining;
  const { positions, entries } = occupied(state, account);
  return {
    asset,
    mode,
    budget,
    multiplier: ladderMultiplier(settings.scale, windowResult(wallet, settings.scale.windowDays, now)),
    remaining,
    walletAvailable,
    usable: smaller(remaining, walletAvailable),
    openPositions: positions,
    liveEntries: entries,
    closeOnly: closeOnlyOf(state, account, now),
  };
}

/** When time alone changes something next: a wire ends, an hour leaves the ladder's window, a position was naked too long. Null for never. */
export function nextReview(state: GovernorState, now: Instant): Instant | null {
  const { settings } = state;
  if (settings === null) return null;
  let next = nakedReviewAt(state, now);
  for (const account of ACCOUNTS) {
    const ends = wiresOf(state, account).map(({ until }) => until);
    const window = settings.scale.enabled ? windowChangesAt(walletOf(state, account), settings.scale.windowDays, now) : null;
    for (const at of [...ends, window]) if (at !== null && at > now && (next === null || at < next)) next = at;
  }
  return next;
}

function restNotional(state: GovernorState, { intent, filledQty }: GovernedOrder): Money {
  const rest = absolute(subtract(intent.qty, filledQty));
  return notional(touch(intent.side, intent.snapshot), rest, state.instruments[instrumentKey(intent)]?.multiplier ?? ONE);
}
