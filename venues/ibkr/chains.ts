/** Which options of an underlying are watched: of the next expiries, strikes from the money outwards. Pure. */
import type { Instant } from '#trading/model/instrument.ts';
import { optionSymbol } from './contracts.ts';

export interface ChainRow {
  readonly exchange: string;
  readonly tradingClass: string;
  /** yyyymmdd. */
  readonly expirations: readonly string[];
  readonly strikes: readonly number[];
}

export interface WatchRules {
  /** Expiries with at least and at most so many days to go. */
  readonly dteMin: number;
  readonly dteMax: number;
  readonly expiries: number;
  /** Of each right, on the side out of the money, the money itself included. */
  readonly strikes: number;
  /** How far out of the money, a fraction of the underlying's price. */
  readonly reach: number;
}

const DAY_MS = 86_400_000;

/**
 * Symbols, nearest expiry first. The grid of expiries and strikes is a superset of the contracts that exist (venues/ibkr), so each must be asked for.
 * Where more strikes lie within reach than are wanted they are thinned evenly, so that near and far ones are both there.
 */
export function watchedOptions(underlying: string, rows: readonly ChainRow[], spot: number, now: Instant, rules: WatchRules): readonly string[] {
  const expiries = [...new Set(rows.flatMap(({ expirations }) => expirations))]
    .filter((date) => /^\d{8}$/.test(date) && within(daysTo(date, now), rules))
    .sort()
    .slice(0, rules.expiries);
  return expiries.flatMap((date) => {
    const strikes = [...new Set(rows.filter((row) => row.expirations.includes(date)).flatMap((row) => row.strikes))].sort(
      (left, right) => left - right,
    );
    const calls = thinned(strikes, (strike) => strike >= spot && strike <= spot * (1 + rules.reach), rules.strikes);
    const puts = thinned(strikes, (strike) => strike <= spot && strike >= spot * (1 - rules.reach), rules.strikes).reverse();
    const expiry = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
    const named = (right: 'C' | 'P') => (strike: number) => optionSymbol({ underlying, expiry, strike: String(strike), right });
    return [...calls.map(named('C')), ...puts.map(named('P'))];
  });
}

/** Whole days between now and the date's midnight UTC: 0 on the day itself. */
function daysTo(date: string, now: Instant): number {
  const at = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)));
  return Math.ceil((at - now) / DAY_MS);
}

const within = (days: number, { dteMin, dteMax }: WatchRules): boolean => days >= dteMin && days <= dteMax;

/** Every so many-th of all strikes, counted from the lowest: the same ones wherever the money stands, so that lines are not spent on neighbours. */
function thinned(strikes: readonly number[], isWithin: (strike: number) => boolean, wanted: number): number[] {
  const every = Math.max(1, Math.ceil(strikes.filter(isWithin).length / wanted));
  return strikes.filter((strike, index) => index % every === 0 && isWithin(strike));
}
