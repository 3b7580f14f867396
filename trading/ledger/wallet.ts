/** SZ-8, RK-1: what one asset in one mode has realised, and since when it counts. A wallet never sees a trade of another. */
import { add, larger, quotient, ratio, scale, smaller, subtract, ZERO_MONEY, type Money, type Ratio } from '../money/decimal.ts';
import { brokerOf, type Asset, type Broker, type Instant, type Mode } from '../model/instrument.ts';
import type { ClosedTrade } from '../model/position.ts';
import type { Settings } from '../model/settings.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Hours of results kept for the ladder: the longest window that can be configured (365 days), and the hour it began in. */
const WINDOW_HOURS_MAX = 365 * 24 + 1;

export interface HourResult {
  /** UTC milliseconds of the hour's begin. */
  readonly at: Instant;
  readonly pnl: Money;
}

export interface Wallet {
  /** Σ pnl of all closed trades, less funding that came after its trade, USD. */
  readonly realised: Money;
  /** The highest `realised` ever, at least 0, or since the last re-arm. */
  readonly peakRealised: Money;
  /** UTC midnight of the day of the newest trade, and `realised` when that day opened. */
  readonly day: { readonly at: Instant; readonly opened: Money };
  /** Results by the hour, oldest first; hours without a trade are absent. */
  readonly hours: readonly HourResult[];
}

export const EMPTY_WALLET: Wallet = { realised: ZERO_MONEY, peakRealised: ZERO_MONEY, day: { at: 0, opened: ZERO_MONEY }, hours: [] };

export const walletKey = (of: { readonly asset: Asset; readonly mode: Mode }): string => `${of.asset}|${of.mode}`;
export const dayOf = (at: Instant): Instant => at - (at % DAY_MS);

export const baseKey = (broker: Broker, mode: Mode): string => `${broker}|${mode}`;

/**
 * CF-1: what an asset in a mode starts with, USD. In percent mode its share of a base that results never move (of paper the configured
 * wallet, of live what `bases` holds by `baseKey`): a share of the equity of the day would carry one asset's losses into another's budget
 * (SZ-8). Nothing where no base is known.
 */
export function allotted(settings: Settings, { asset, mode }: { readonly asset: Asset; readonly mode: Mode }, bases: Bases): Money {
  const alloc = settings.alloc[asset];
  if (settings.allocMode === 'absolute') return alloc;
  const broker = brokerOf(asset);
  const base = mode === 'paper' ? settings.paperWallet?.[broker] : bases[baseKey(broker, mode)];
  // The share stands in the field of an amount.
  return base === undefined ? ZERO_MONEY : scale(base, ratio(alloc));
}

/** By `baseKey`: what the shares of a live wallet are taken of, USD. */
export type Bases = Readonly<Record<string, Money>>;

/** B: what is allotted, plus what was realised where profits roll over. */
export function budgetOf({ profitRollover }: Pick<Settings, 'profitRollover'>, allotment: Money, { realised }: Wallet): Money {
  return profitRollover ? add(allotment, realised) : allotment;
}

export function bookTrade(wallet: Wallet, { pnl, closedAt }: Pick<ClosedTrade, 'pnl' | 'closedAt'>): Wallet {
  const realised = add(wallet.realised, pnl);
  const today = dayOf(closedAt);
  return {
    realised,
    peakRealised: larger(wallet.peakRealised, realised),
    day: today > wallet.day.at ? { at: today, opened: wallet.realised } : wallet.day,
    hours: withResult(wallet.hours, closedAt - (closedAt % HOUR_MS), pnl),
  };
}

/** What a person re-armed counts from here, or the next trade would trip the same wire again: the loss of the day, the fall from the peak. */
export function rebased(wallet: Wallet, { day, peak }: { readonly day: boolean; readonly peak: boolean }): Wallet {
  const { realised } = wallet;
  return {
    ...wallet,
    peakRealised: peak ? realised : wallet.peakRealised,
    day: day ? { ...wallet.day, opened: realised } : wallet.day,
  };
}

/** SZ-7: Σ pnl of the last `days` days. Kept by the hour: an hour counts while any of it lies inside the window. */
export function windowResult({ hours }: Wallet, days: number, now: Instant): Money {
  const from = now - days * DAY_MS;
  const first = hours.findIndex(({ at }) => at + HOUR_MS > from);
  if (first === -1) return ZERO_MONEY;
  const known = sums.get(hours);
  if (known?.first === first) return known.sum;
  const sum = add(ZERO_MONEY, ...hours.slice(first).map(({ pnl }) => pnl));
  sums.set(hours, { first, sum });
  return sum;
}

/** When the next hour leaves the window of `days`, or null. */
export function windowChangesAt({ hours }: Wallet, days: number, now: Instant): Instant | null {
  const next = hours.find(({ at }) => at + HOUR_MS + days * DAY_MS > now);
  return next === undefined ? null : next.at + HOUR_MS + days * DAY_MS;
}

export interface Loss {
  /** USD, 0 or above. */
  readonly loss: Money;
  /** The equity it is measured by, USD. */
  readonly equity: Money;
  /** loss ÷ equity; above 1 for any loss where the equity is nothing. */
  readonly fraction: Ratio;
}

/** RK-1: realised loss of the UTC day of `now`, with `openLoss` (USD, 0 or above) of what is still held, against the equity the day opened with. */
export function dayLoss(allotment: Money, wallet: Wallet, now: Instant, openLoss: Money = ZERO_MONEY): Loss {
  const opened = dayOf(now) > wallet.day.at ? wallet.realised : wallet.day.opened;
  return lossOf(add(allotment, opened), subtract(subtract(wallet.realised, opened), openLoss));
}

/** RK-1: fall of the realised equity, with `openLoss` as above, from its peak. */
export function drawdown(allotment: Money, wallet: Wallet, openLoss: Money = ZERO_MONEY): Loss {
  return lossOf(add(allotment, wallet.peakRealised), subtract(subtract(wallet.realised, wallet.peakRealised), openLoss));
}

function lossOf(equity: Money, result: Money): Loss {
  const loss = subtract(ZERO_MONEY, smaller(result, ZERO_MONEY));
  if (larger(equity, ZERO_MONEY) === ZERO_MONEY) return { loss, equity, fraction: loss === ZERO_MONEY ? ZERO_FRACTION : ALL_LOST };
  return { loss, equity, fraction: quotient(loss, equity) };
}

const ZERO_FRACTION = ratio('0');
/** Above any cap. */
const ALL_LOST = ratio('2');

/** Every order asks for the ladder, only a trade or an hour changes it. A function of what it is keyed by, so nobody sees the difference. */
const sums = new WeakMap<readonly HourResult[], { readonly first: number; readonly sum: Money }>();

function withResult(hours: readonly HourResult[], at: Instant, pnl: Money): readonly HourResult[] {
  const newest = hours.at(-1);
  if (newest !== undefined && newest.at >= at) return [...hours.slice(0, -1), { at: newest.at, pnl: add(newest.pnl, pnl) }];
  const from = at - WINDOW_HOURS_MAX * HOUR_MS;
  return [...hours.filter((hour) => hour.at > from), { at, pnl }];
}
