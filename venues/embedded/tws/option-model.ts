/** What an option is quoted at: Black–Scholes over the played underlying, under a smile, with a spread around it. Float64 until it meets the grid. */
import { price, qty, toStep, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { valueOf, type OptionValue } from '#trading/market/black-scholes.ts';
import type { Contract } from './contracts.ts';
import type { Quote } from './exchange.ts';
import { newYorkInstant } from './hours.ts';
import { incrementAt } from './market-rules.ts';

/**
 * The smile is quadratic in standardised log-moneyness m = ln(K/S)/√T, σ(m) = atTheMoney + skew·m + curvature·m² (the first terms of the expansion
 * in D. Backus, S. Foresi, L. Wu, "Accounting for Biases in Black–Scholes", 2004).
 */
export interface VolatilityModel {
  readonly atTheMoney: number;
  readonly skew: number;
  readonly curvature: number;
  /** A year, continuously compounded. */
  readonly rate: number;
  /** Half the spread as a fraction of the price; at least one tick. */
  readonly halfSpread: number;
  /** Contracts at each side. */
  readonly size: Qty;
}

export const DEFAULT_VOLATILITY: VolatilityModel = {
  atTheMoney: 0.2,
  skew: -0.08,
  curvature: 0.06,
  rate: 0.04,
  halfSpread: 0.01,
  size: qty('50'),
};

export interface ModelledOption {
  readonly quote: Quote;
  readonly value: OptionValue;
  readonly volatility: number;
  readonly spot: number;
}

const YEAR_MS = 365 * 86_400_000;
const VOLATILITY_MIN = 0.03;
const VOLATILITY_MAX = 3;
/** Moneyness beyond which the smile is flat. */
const MONEYNESS_MAX = 2;
const DIGITS = 10;
const CLOSE_HOUR = 16;

/** When the option dies: the close of its last day in New York. */
export const expiryOf = (contract: Contract): Instant => newYorkInstant(contract.expiry, CLOSE_HOUR, 0);

/** `spot` is the middle of the underlying's quote. Null for what is no option, or has expired. */
export function modelOption(contract: Contract, spot: number, now: Instant, model: VolatilityModel): ModelledOption | null {
  if (contract.right === '' || spot <= 0) return null;
  const years = (expiryOf(contract) - now) / YEAR_MS;
  if (years <= 0) return null;
  const strike = Number(contract.strike);
  const volatility = volatilityAt(strike, spot, years, model);
  const value = valueOf({ right: contract.right, spot, strike, years, volatility, rate: model.rate });
  return { quote: quoteAround(contract, value.price, now, model), value, volatility, spot };
}

export function volatilityAt(strike: number, spot: number, years: number, model: VolatilityModel): number {
  const raw = Math.log(strike / spot) / Math.sqrt(years);
  const moneyness = Math.max(-MONEYNESS_MAX, Math.min(MONEYNESS_MAX, raw));
  const volatility = model.atTheMoney + model.skew * moneyness + model.curvature * moneyness * moneyness;
  return Math.max(VOLATILITY_MIN, Math.min(VOLATILITY_MAX, volatility));
}

/** Bid down and ask up to the grid; an option worth less than a tick has no bid. */
function quoteAround(contract: Contract, fair: number, at: Instant, model: VolatilityModel): Quote {
  const middle = price(fair.toFixed(DIGITS));
  const half = Math.max(Number(incrementAt(contract, middle)), fair * model.halfSpread);
  const bid = snap(contract, fair - half, 'down');
  const ask = snap(contract, fair + half, 'up');
  const none = Number(bid) <= 0;
  return { bid: none ? null : bid, ask, bidSize: none ? qty('0') : model.size, askSize: model.size, at };
}

function snap(contract: Contract, value: number, direction: 'down' | 'up'): Price {
  const exact = price(Math.max(0, value).toFixed(DIGITS));
  return toStep(exact, incrementAt(contract, exact), direction);
}
