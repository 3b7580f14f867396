/** SZ-5, SZ-7: what an asset in a mode may use now. */
import { coveringScope } from '../model/kill-scope.ts';
import { absolute, add, divide, isNegative, notional, ONE, smaller, subtract, ZERO_MONEY, type Money } from '../money/decimal.ts';
import { heldNotional } from '../ledger/positions.ts';
import { allotted, budgetOf, windowChangesAt, windowResult } from '../ledger/wallet.ts';
import type { Refusal } from '../model/events.ts';
import { ASSETS, brokerOf, MODES, type Asset, type Instant, type Mode } from '../model/instrument.ts';
import type { Allowance } from '../model/messages.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';
import { ladderMultiplier } from '../sizing/ladder.ts';
import { modeRefusal } from './modes.ts';
import { refuse } from './refuse.ts';
import { nakedReviewAt } from './tripwires.ts';
import { instrumentKey, isStanding, walletOf, wiresOf, type GovernedOrder, type GovernorState } from './state.ts';
import { WALLET_REPORT_AGE_MS_MAX, walletRefusal, type WalletReports } from './wallets.ts';

export interface Account {
  readonly asset: Asset;
  readonly mode: Mode;
}

/** Paper and live of an asset share nothing: budget, wallet, positions and wires are each one's own. */
export const ACCOUNTS: readonly Account[] = MODES.flatMap((mode) => ASSETS.map((asset) => ({ asset, mode })));

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
  return wiresOf(state, { asset, mode }).find((wire) => isStanding(wire, now))?.refusal ?? null;
}

/** Null before settings are loaded. */
export function allowanceOf(state: GovernorState, account: Account, now: Instant, reports: WalletReports): Allowance | null {
  const { settings } = state;
  if (settings === null) return null;
  const { asset, mode } = account;
  const wallet = walletOf(state, account);
  const budget = budgetOf(settings, allotted(settings, account, state.bases), wallet);
  const remaining = notBelowZero(subtract(budget, committedOf(state, settings, account)));
  const walletAvailable = walletFree(state, settings, account, reports) ?? remaining;
  const { positions, entries } = occupied(state, account);
  return {
    asset,
    mode,
    budget,
    multiplier: ladderMultiplier(settings.scale, windowResult(wallet, settings.scale.windowDays, now)),
    remaining,
    walletAvailable,
    usable: settings.enforceWalletAvailable ? smaller(remaining, walletAvailable) : remaining,
    openPositions: positions,
    liveEntries: entries,
    closeOnly: closeOnlyOf(state, account, now) ?? walletRefusal(account, reports, now),
  };
}

/** When time alone changes something next: a wire ends, an hour leaves the ladder's window, a position was naked too long, a live wallet is old. Null for never. */
export function nextReview(state: GovernorState, now: Instant, reports: WalletReports): Instant | null {
  const { settings } = state;
  if (settings === null) return null;
  let next = nakedReviewAt(state, now);
  for (const account of ACCOUNTS) {
    const ends = wiresOf(state, account).map(({ until }) => until);
    const window = settings.scale.enabled ? windowChangesAt(walletOf(state, account), settings.scale.windowDays, now) : null;
    const report = account.mode === 'live' ? reports[brokerOf(account.asset)] : undefined;
    const old = report === undefined ? null : report.at + WALLET_REPORT_AGE_MS_MAX + 1;
    for (const at of [...ends, window, old]) if (at !== null && at > now && (next === null || at < next)) next = at;
  }
  return next;
}

/** USD that positions and live entries of an account hold. */
const committedOf = (state: GovernorState, settings: Settings, account: Account): Money =>
  marginOf(settings, account.asset, exposureOf(state, account));

/**
 * What is free in the wallet that the account shares with the other assets of its broker and mode, USD; null where the paper wallet is the
 * budget and nothing else. A live report knows nothing of what was bought since, and may not know of what is on its way: both are taken off.
 */
function walletFree(state: GovernorState, settings: Settings, { asset, mode }: Account, reports: WalletReports): Money | null {
  const broker = brokerOf(asset);
  const sharing = ACCOUNTS.filter((other) => other.mode === mode && brokerOf(other.asset) === broker);
  if (mode === 'live') {
    const report = reports[broker];
    if (report === undefined) return ZERO_MONEY;
    const since = sharing.map((account) => committedSince(state, settings, account, report.at));
    return notBelowZero(subtract(report.available, add(ZERO_MONEY, ...since)));
  }
  const wallet = settings.allocMode === 'percent' ? settings.paperWallet?.[broker] : undefined;
  if (wallet === undefined) return null;
  const realised = sharing.map((account) => walletOf(state, account).realised);
  const committed = sharing.map((account) => committedOf(state, settings, account));
  return notBelowZero(subtract(add(wallet, ...realised), add(ZERO_MONEY, ...committed)));
}

function committedSince(state: GovernorState, settings: Settings, account: Account, at: Instant): Money {
  const opened = Object.values(state.positions).filter((position) => isOf(account)(position) && position.openedAt >= at);
  const entries = liveEntries(state, account).map((order) => restNotional(state, order));
  return marginOf(settings, account.asset, add(ZERO_MONEY, ...opened.map(heldNotional), ...entries));
}

const notBelowZero = (value: Money): Money => (isNegative(value) ? ZERO_MONEY : value);

function restNotional(state: GovernorState, { intent, filledQty }: GovernedOrder): Money {
  const rest = absolute(subtract(intent.qty, filledQty));
  return notional(touch(intent.side, intent.snapshot), rest, state.instruments[instrumentKey(intent)]?.multiplier ?? ONE);
}
