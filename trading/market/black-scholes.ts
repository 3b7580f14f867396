/**
 * European options in float64. Price and Greeks: F. Black, M. Scholes, "The Pricing of Options and Corporate Liabilities", Journal of Political
 * Economy 81 (1973), without dividends. Pure.
 */

export interface OptionTerms {
  readonly right: 'C' | 'P';
  readonly spot: number;
  readonly strike: number;
  /** Years to expiry. */
  readonly years: number;
  /** A year, as a fraction. */
  readonly volatility: number;
  /** Continuously compounded, a year, as a fraction. */
  readonly rate: number;
}

export interface OptionValue {
  readonly price: number;
  readonly delta: number;
  readonly gamma: number;
  /** For one percentage point of volatility, as TWS reports it. */
  readonly vega: number;
  /** For one day, as TWS reports it. */
  readonly theta: number;
}

const DAYS_A_YEAR = 365;
const SQRT_2PI = Math.sqrt(2 * Math.PI);

/** At expiry, or without volatility, the intrinsic value. */
export function valueOf(terms: OptionTerms): OptionValue {
  const { spot, strike, years, volatility, rate } = terms;
  const sign = terms.right === 'C' ? 1 : -1;
  const discounted = strike * Math.exp(-rate * Math.max(0, years));
  if (years <= 0 || volatility <= 0) {
    const price = Math.max(0, sign * (spot - discounted));
    return { price, delta: price > 0 ? sign : 0, gamma: 0, vega: 0, theta: 0 };
  }
  const deviation = volatility * Math.sqrt(years);
  const d1 = (Math.log(spot / strike) + (rate + (volatility * volatility) / 2) * years) / deviation;
  const d2 = d1 - deviation;
  const density = Math.exp((-d1 * d1) / 2) / SQRT_2PI;
  const price = sign * (spot * normalCumulative(sign * d1) - discounted * normalCumulative(sign * d2));
  const decay = (-spot * density * volatility) / (2 * Math.sqrt(years)) - sign * rate * discounted * normalCumulative(sign * d2);
  return {
    price: Math.max(0, price),
    delta: sign * normalCumulative(sign * d1),
    gamma: density / (spot * deviation),
    vega: (spot * density * Math.sqrt(years)) / 100,
    theta: decay / DAYS_A_YEAR,
  };
}

/**
 * Standard normal distribution function, absolute error below 1e-14: J. F. Hart's rational approximation (Computer Approximations, 1968) in the
 * form of G. West, "Better approximations to cumulative normal functions", Wilmott (2005).
 */
export function normalCumulative(x: number): number {
  const size = Math.abs(x);
  if (size > 37) return x > 0 ? 1 : 0;
  const exponential = Math.exp((-size * size) / 2);
  let tail: number;
  if (size < 7.07106781186547) {
    const above = [0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376];
    const below = [
      0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752,
    ];
    tail = (exponential * horner(above, size)) / horner(below, size);
  } else {
    const fraction = size + 1 / (size + 2 / (size + 3 / (size + 4 / (size + 0.65))));
    tail = exponential / (fraction * 2.506628274631);
  }
  return x > 0 ? 1 - tail : tail;
}

/** Highest power first. */
function horner(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
