/**
 * The price of one coin, minute by minute: stochastic volatility with a slow and a fast part (clusters), jumps, a daily pattern, a common
 * market factor, and short trends. Within the minute the second-by-second path is a bridge between its two ends.
 */
import { Draws } from './random.ts';

export interface CoinModel {
  readonly coin: string;
  /** Quote units at the first minute. */
  readonly startPrice: number;
  /** Annualised volatility of a calm average, a fraction. */
  readonly annualVolatility: number;
  /** Correlation of its minute returns with the market factor. */
  readonly correlation: number;
}

export const SECONDS = 60;
const MINUTES_A_YEAR = 525_600;
const MINUTES_A_DAY = 1440;

const SLOW = { keep: 0.995, deviation: 0.4 };
const FAST = { keep: 0.9, deviation: 0.25 };
const MARKET = { keep: 0.997, deviation: 0.3 };
/** A trend decays to half in about 23 minutes; its deviation is in units of the minute's volatility. */
const TREND = { keep: 0.97, deviation: 0.1 };
const JUMPS_A_MINUTE = 1 / 360;
const JUMP_SIZE_MIN = 5;
const JUMP_SIZE_MORE = 6;
/** Pull of the log price towards its start: half in thirty days, so that a long run neither vanishes nor explodes. */
const PULL_A_MINUTE = Math.LN2 / (30 * MINUTES_A_DAY);
/** The busiest minute of the day, UTC, and how much wider its moves are than the daily mean. */
const BUSIEST_MINUTE = 15 * 60;
const BUSY_SHARE = 0.35;

const LANE_MINUTE = 0;
const LANE_SECONDS = 1;

/** Walks forward only; the same minute has the same prices whenever and however it was reached. */
export class CoinPath {
  readonly #model: CoinModel;
  readonly #own: Draws;
  readonly #market: Draws;
  readonly #prices = new Float64Array(SECONDS);
  readonly #base: number;
  #minute: number;
  #logPrice: number;
  #slow = 0;
  #fast = 0;
  #common = 0;
  #trend = 0;
  /** Of the minute it stands at. */
  #volatility = 0;
  #return = 0;
  #jump = 0;
  #jumpSecond = 0;
  #bridged = false;

  constructor(seed: string, model: CoinModel, firstMinute: number) {
    this.#model = model;
    this.#own = new Draws(seed, `path:${model.coin}`);
    this.#market = new Draws(seed, 'path:market');
    this.#base = model.annualVolatility / Math.sqrt(MINUTES_A_YEAR);
    this.#minute = firstMinute;
    this.#logPrice = Math.log(model.startPrice);
    this.#draw();
  }

  /** Volatility of the minute relative to the coin's calm average. */
  get unrest(): number {
    return this.#volatility / this.#base;
  }

  /** Mid prices of the minute's seconds; the array is reused by the next minute. @throws RangeError backwards. */
  seconds(minute: number): Float64Array {
    this.advance(minute);
    if (!this.#bridged) this.#bridge();
    return this.#prices;
  }

  /** @throws RangeError backwards. */
  advance(minute: number): void {
    if (minute < this.#minute) throw new RangeError(`the path of ${this.#model.coin} only goes forward: at ${this.#minute}, asked for ${minute}`);
    while (this.#minute < minute) {
      this.#logPrice += this.#return + this.#jump;
      this.#minute++;
      this.#draw();
    }
  }

  #draw(): void {
    const { correlation, startPrice } = this.#model;
    const own = this.#own.at(this.#minute, LANE_MINUTE);
    const market = this.#market.at(this.#minute, LANE_MINUTE);
    this.#slow = autoregress(this.#slow, SLOW, own.normal());
    this.#fast = autoregress(this.#fast, FAST, own.normal());
    this.#common = autoregress(this.#common, MARKET, market.normal());
    this.#trend = autoregress(this.#trend, TREND, own.normal());
    this.#volatility = this.#base * Math.exp(this.#slow + this.#fast + this.#common) * timeOfDay(this.#minute);
    const noise = correlation * market.normal() + Math.sqrt(1 - correlation * correlation) * own.normal();
    const pull = PULL_A_MINUTE * (Math.log(startPrice) - this.#logPrice);
    this.#return = this.#volatility * (noise + this.#trend) + pull;
    const jumps = own.uniform() < JUMPS_A_MINUTE;
    const size = (JUMP_SIZE_MIN + JUMP_SIZE_MORE * own.uniform()) * this.#base;
    this.#jump = jumps ? (own.uniform() < 0.5 ? -size : size) : 0;
    this.#jumpSecond = Math.floor(own.uniform() * SECONDS);
    this.#bridged = false;
  }

  #bridge(): void {
    const draws = this.#own.at(this.#minute, LANE_SECONDS);
    const step = this.#volatility / Math.sqrt(SECONDS);
    const walk = this.#prices;
    let sum = 0;
    for (let second = 0; second < SECONDS; second++) {
      walk[second] = sum;
      sum += step * draws.normal();
    }
    const correction = (this.#return - sum) / SECONDS;
    for (let second = 0; second < SECONDS; second++) {
      const jumped = second >= this.#jumpSecond ? this.#jump : 0;
      walk[second] = Math.exp(this.#logPrice + (walk[second] ?? 0) + correction * second + jumped);
    }
    this.#bridged = true;
  }
}

function autoregress(state: number, { keep, deviation }: { keep: number; deviation: number }, normal: number): number {
  return keep * state + deviation * Math.sqrt(1 - keep * keep) * normal;
}

function timeOfDay(minute: number): number {
  return 1 + BUSY_SHARE * Math.cos((2 * Math.PI * ((minute % MINUTES_A_DAY) - BUSIEST_MINUTE)) / MINUTES_A_DAY);
}
