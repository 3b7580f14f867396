/**
 * Picks the option that a wish describes out of a chain, or says with numbers why there is none. Delta and cost are the market's where it quotes
 * the contract; elsewhere they are estimated at a volatility, if one is given (decision 21). Nothing here prices an order. Pure.
 */
import { atMost, isPositive, notional, price, qty, smaller, toNumber, type Money, type Price } from '../money/decimal.ts';
import { valueOf } from '../market/black-scholes.ts';
import type { Refusal } from '../model/events.ts';
import type { Instant } from '../model/instrument.ts';
import type { OptionContract, OptionSeen, OptionWish } from '../model/option.ts';

export interface OptionMoment {
  readonly now: Instant;
  /** Of the underlying; a middle, or its last price. */
  readonly spot: Price;
  /** LC-2: no opening closer to expiry than this many days (OPTIONS_OPEN_DTE_MIN). */
  readonly openDteMin: number;
  /** By the contract's symbol. */
  readonly seen: ReadonlyMap<string, OptionSeen>;
  /** What contracts nobody has quoted yet are estimated at; null estimates nothing. */
  readonly estimate: { readonly volatility: number; readonly rate: number } | null;
}

/** What the choice rests on. */
export interface OptionFigures {
  readonly dte: number;
  /** Out of the money, as a fraction of the underlying's price. */
  readonly moneyness: number;
  /** Its size; null where it is neither quoted nor estimated. */
  readonly delta: number | null;
  /** One contract at the ask, USD; null where it is neither quoted nor estimated. */
  readonly premium: Money | null;
  /** Neither delta nor premium is the market's. */
  readonly estimated: boolean;
}

export type OptionChoice<C extends OptionContract> =
  { readonly ok: true; readonly contract: C; readonly figures: OptionFigures } | { readonly ok: false; readonly refusal: Refusal };

/** A chain of one underlying; SPY's, all exchanges together, has some 10,000 contracts. */
export const OPTION_CHAIN_MAX = 50_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const ONE_CONTRACT = qty('1');
const DTE_MAX = 3650;
const SHOWN_DIGITS = 6;
/** An estimate is cut here: it decides between contracts, and never what one is worth. */
const ESTIMATE_DIGITS = 8;

interface Candidate<C> {
  readonly contract: C;
  readonly figures: OptionFigures;
  readonly distance: number;
}

/** The same chain in another order gives the same contract. @throws RangeError for a wish that `checkOptionWish` refuses, or a chain that is too long. */
export function chooseOption<C extends OptionContract>(wish: OptionWish, chain: readonly C[], moment: OptionMoment): OptionChoice<C> {
  checkOptionWish(wish);
  if (chain.length > OPTION_CHAIN_MAX) throw new RangeError(`a chain of ${chain.length} options; at most ${OPTION_CHAIN_MAX}`);
  if (!isPositive(moment.spot)) return refused(wish, 'QS-2', { spot: moment.spot }, `has no price to choose by (${moment.spot})`);
  const right = wish.view === 'buy' ? 'C' : 'P';
  const listed = chain.filter((contract) => contract.underlying === wish.underlying && contract.right === right && isPositive(contract.strike));
  const dteMin = Math.max(wish.dteMin, moment.openDteMin);
  const inTime = listed.filter((contract) => isBetween(dteOf(contract, moment.now), dteMin, wish.dteMax));
  const counts = { chain: chain.length, listed: listed.length, inTime: inTime.length, dteMin, dteMax: wish.dteMax };
  if (listed.length === 0) return refused(wish, 'LC-1', counts, `none of ${chain.length} contracts of the chain is a ${wordOf(right)} on it`);
  if (inTime.length === 0) return refused(wish, 'LC-2', { ...counts, ...nearestDte(listed, dteMin, moment) }, sentenceOfTime(wish, dteMin, moment));
  const measured = inTime.map((contract) => measure(wish, contract, moment)).filter((candidate) => candidate !== null);
  const near = measured.filter(({ distance }) => distance <= wish.target.within);
  const { kind, value, within } = wish.target;
  const targeted = { ...counts, measured: measured.length, near: near.length, target: `${kind} ${value}`, within };
  if (near.length === 0) return refused(wish, 'LC-1', { ...targeted, ...closest(measured) }, sentenceOfTarget(wish, measured));
  const fitting = near.filter(({ figures }) => fits(wish, figures));
  if (fitting.length === 0) return refused(wish, 'SZ-4', { ...targeted, ...cheapest(wish, near) }, sentenceOfCost(wish, near));
  const best = fitting.reduce((first, second) => (isBetter(wish, second, first) ? second : first));
  return { ok: true, contract: best.contract, figures: best.figures };
}

/** @throws RangeError naming the field, its value and what would be right. */
export function checkOptionWish({ underlying, dteMin, dteMax, target, premiumMax }: OptionWish): void {
  const wrong = (field: string, value: unknown, right: string): never => {
    throw new RangeError(`option wish: ${field} must be ${right}, got ${String(value)}`);
  };
  if (underlying === '') wrong('underlying', '""', 'a symbol');
  if (!Number.isInteger(dteMin) || !isBetween(dteMin, 0, DTE_MAX)) wrong('dteMin', dteMin, `a whole number, 0 to ${DTE_MAX}`);
  if (!Number.isInteger(dteMax) || !isBetween(dteMax, dteMin, DTE_MAX)) wrong('dteMax', dteMax, `a whole number, dteMin (${dteMin}) to ${DTE_MAX}`);
  if (target.kind === 'delta' && !(target.value > 0 && target.value < 1)) wrong('delta', target.value, 'between 0 and 1');
  if (target.kind === 'moneyness' && !(target.value > -1 && target.value < 1)) wrong('moneyness', target.value, 'between -1 and 1');
  if (!(target.within > 0 && target.within <= 1)) wrong('within', target.within, 'above 0 and at most 1');
  if (premiumMax !== null && !isPositive(premiumMax)) wrong('premiumMax', premiumMax, 'above 0, or null');
}

/** Whole days that are left: a day that has begun to run out does not count. */
export const dteOf = ({ expiry }: Pick<OptionContract, 'expiry'>, now: Instant): number => Math.floor((expiry - now) / DAY_MS);

function measure<C extends OptionContract>(wish: OptionWish, contract: C, moment: OptionMoment): Candidate<C> | null {
  const [spot, strike] = [toNumber(moment.spot), toNumber(contract.strike)];
  const moneyness = (contract.right === 'C' ? strike - spot : spot - strike) / spot;
  const seen = moment.seen.get(contract.symbol);
  // No estimate stands in for a market that nobody can buy in.
  if (seen !== undefined && !isBuyable(seen)) return null;
  const { estimate } = moment;
  const years = (contract.expiry - moment.now) / YEAR_MS;
  const modelled = estimate === null ? null : valueOf({ right: contract.right, spot, strike, years, ...estimate });
  const delta = seen?.delta ?? modelled?.delta ?? null;
  const ask = seen === undefined ? askAt(modelled?.price) : seen.ask;
  const figures: OptionFigures = {
    dte: dteOf(contract, moment.now),
    moneyness,
    delta: delta === null ? null : Math.abs(delta),
    premium: ask === null ? null : notional(ask, ONE_CONTRACT, contract.multiplier),
    estimated: seen === undefined && modelled !== null,
  };
  const at = wish.target.kind === 'delta' ? figures.delta : moneyness;
  return at === null ? null : { contract, figures, distance: Math.abs(at - wish.target.value) };
}

const askAt = (modelled: number | undefined): Price | null => (modelled === undefined ? null : price(modelled.toFixed(ESTIMATE_DIGITS)));

const isBuyable = ({ bid, ask }: OptionSeen): boolean => ask !== null && isPositive(ask) && (bid === null || atMost(bid, ask));

/** What costs nothing that is known does not fit a limit. */
const fits = ({ premiumMax }: OptionWish, { premium }: OptionFigures): boolean =>
  premiumMax === null || (premium !== null && atMost(premium, premiumMax));

/** The expiry nearest the middle of the range (the later of two), then the strike nearest the target, then the cheaper, then by name. */
function isBetter<C extends OptionContract>(wish: OptionWish, one: Candidate<C>, other: Candidate<C>): boolean {
  const middle = (wish.dteMin + wish.dteMax) / 2;
  const order =
    Math.abs(one.figures.dte - middle) - Math.abs(other.figures.dte - middle) ||
    other.contract.expiry - one.contract.expiry ||
    one.distance - other.distance ||
    other.figures.moneyness - one.figures.moneyness;
  return order === 0 ? one.contract.symbol < other.contract.symbol : order < 0;
}

function nearestDte<C extends OptionContract>(listed: readonly C[], dteMin: number, { now }: OptionMoment) {
  const days = listed.map((contract) => dteOf(contract, now));
  const after = days.filter((dte) => dte >= dteMin);
  const before = days.filter((dte) => dte < dteMin);
  return {
    ...(before.length > 0 && { latestBefore: largest(before) }),
    ...(after.length > 0 && { earliestAfter: -largest(after.map((dte) => -dte)) }),
  };
}

function closest<C>(measured: readonly Candidate<C>[]): Refusal['numbers'] {
  return measured.length === 0 ? {} : { nearestDistance: shown(-largest(measured.map(({ distance }) => -distance))) };
}

function cheapest<C>({ premiumMax }: OptionWish, near: readonly Candidate<C>[]): Refusal['numbers'] {
  const least = leastPremium(near);
  return { premiumMax: premiumMax ?? '', ...(least !== null && { cheapest: least }) };
}

function leastPremium<C>(near: readonly Candidate<C>[]): Money | null {
  return near
    .map(({ figures }) => figures.premium)
    .reduce((least, next) => (least === null || next === null ? (least ?? next) : smaller(least, next)), null);
}

function sentenceOfTime(wish: OptionWish, dteMin: number, { openDteMin }: OptionMoment): string {
  const why = dteMin > wish.dteMin ? ` (OPTIONS_OPEN_DTE_MIN is ${openDteMin})` : '';
  return `no ${wordOf(wish.view === 'buy' ? 'C' : 'P')} expires in ${dteMin} to ${wish.dteMax} days${why}`;
}

function sentenceOfTarget<C>({ target }: OptionWish, measured: readonly Candidate<C>[]): string {
  if (measured.length === 0) return `no contract of the range is quoted, or has a ${target.kind} that is known or can be estimated`;
  return `no contract of the range is within ${target.within} of a ${target.kind} of ${target.value}`;
}

function sentenceOfCost<C>({ premiumMax }: OptionWish, near: readonly Candidate<C>[]): string {
  const least = leastPremium(near);
  const known = least === null ? 'what the contracts that are right cost is not known' : `the cheapest contract that is right costs ${least} USD`;
  return `${known}; one may cost ${premiumMax ?? 'anything'}${premiumMax === null ? '' : ' USD'}`;
}

function refused(wish: OptionWish, rule: string, numbers: Refusal['numbers'], sentence: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code: 'NO_OPTION', rule, numbers, sentence: `${wish.underlying}: ${sentence}` } };
}

const wordOf = (right: 'C' | 'P'): string => (right === 'C' ? 'call' : 'put');
const isBetween = (value: number, least: number, most: number): boolean => value >= least && value <= most;
/** Of a list that may be too long to be spread. */
const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
const shown = (value: number): number => Number(value.toFixed(SHOWN_DIGITS));
