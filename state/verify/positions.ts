/** Positions and results by the shortest way there is: sums of signed quantities and of cash. Shares no code with trading/ledger on purpose. */
import {
  add,
  divide,
  isZero,
  lessThan,
  notional,
  price,
  ratio,
  rounded,
  scale,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import type { Adjustment, DustSetAside, Settled } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Fill, Side } from '#trading/model/order.ts';

/** From the first fill of a position to the one that brought it to zero. */
export interface RoundTrip {
  readonly side: Side;
  readonly fills: readonly Fill[];
  readonly multiplier: Ratio;
  /** Paid less received; absent where none was booked. */
  readonly funding?: Money;
  /** What was set aside of it in the end. */
  readonly dust?: DustSetAside;
  /** How it ended at its expiry; absent where a fill ended it. */
  readonly settled?: Settled;
  /** What a person made of it between its fills; absent where nobody did. */
  readonly adjustments?: readonly Adjusted[];
}

/** An adjustment after so many of the fills: what it added to what was entered, without the multiplier. */
export interface Adjusted {
  readonly afterFills: number;
  readonly by: Adjustment;
  readonly qty: Qty;
  readonly value: Money;
}

export interface Cash {
  readonly qty: Qty;
  readonly fees: Money;
  readonly pnl: Money;
  readonly funding: Money | undefined;
  readonly dust: Money | undefined;
}

/** pnl = Σ value sold − Σ value bought − Σ fees − Σ funding; qty = what was bought on the opening side. Adjustments move what was entered. */
export function cashOf({ side, fills, multiplier, funding, dust, settled, adjustments = [] }: RoundTrip): Cash {
  let bought = ZERO_MONEY;
  let sold = ZERO_MONEY;
  let fees = ZERO_MONEY;
  let qty = ZERO_QTY;
  for (const fill of fills) {
    const value = notional(fill.price, fill.qty, multiplier);
    if (fill.side === 'buy') bought = add(bought, value);
    else sold = add(sold, value);
    fees = add(fees, fill.fee);
    if (fill.side === side) qty = add(qty, fill.qty);
  }
  for (const adjusted of adjustments) {
    const value = scale(adjusted.value, multiplier);
    if (side === 'buy') bought = add(bought, value);
    else sold = add(sold, value);
    qty = add(qty, adjusted.qty);
  }
  if (settled !== undefined) {
    const value = notional(settled.price, settled.qty, multiplier);
    if (side === 'buy') sold = add(sold, value);
    else bought = add(bought, value);
  }
  const pnl = subtract(subtract(subtract(sold, bought), fees), funding ?? ZERO_MONEY);
  return { qty, fees, pnl, funding, dust: dust?.value };
}

/** Of a mean price, which may have forty digits. Said again, not shared. */
const costOf = (mean: Price, quantity: Qty): Money => rounded(notional(mean, quantity), 12);

/** One position: what is held, and the fills since it was last nothing. */
export class Position {
  #side: Side = 'buy';
  #held: Qty = ZERO_QTY;
  #fills: Fill[] = [];
  #multiplier: Ratio;
  #funding: Money | undefined;
  #adjustments: Adjusted[] = [];
  /** Of what is held: the mean of what was entered, or what a person took for it. */
  #average: Price | null = null;

  constructor(multiplier: Ratio) {
    this.#multiplier = multiplier;
  }

  get held(): Qty {
    return this.#held;
  }

  get side(): Side | null {
    return isZero(this.#held) ? null : this.#side;
  }

  /** The order that opened it; null where nothing is held. */
  get openedBy(): string | null {
    return isZero(this.#held) ? null : (this.#fills[0]?.clientOrderId ?? null);
  }

  /** When it was opened; null where nothing is held. */
  get openedAt(): Instant | null {
    return isZero(this.#held) ? null : (this.#fills[0]?.filledAt ?? null);
  }

  /** The newest fill that took from it; where none did, the newest of its entry. */
  get lastFill(): Fill | null {
    return this.#fills.findLast(({ side }) => side !== this.#side) ?? this.#fills.at(-1) ?? null;
  }

  fund(amount: Money): void {
    this.#funding = add(this.#funding ?? ZERO_MONEY, amount);
  }

  /**
   * What is held is what the venue says: its own side goes on, anything else ends it without a trade. Then the money that its fills made is
   * returned: exits at the average price, less fees and funding.
   */
  adjust(by: Adjustment): Money | null {
    const { to } = by;
    if (isZero(this.#held)) return null;
    const exits = this.#sum((fill) => fill.side !== this.#side);
    const cost = costOf(this.#averagePrice(), exits.qty);
    if (to === null || to.side !== this.#side) {
      this.#held = ZERO_QTY;
      const gain = this.#side === 'buy' ? subtract(exits.value, cost) : subtract(cost, exits.value);
      const fees = add(ZERO_MONEY, ...this.#fills.map(({ fee }) => fee));
      return subtract(scale(gain, this.#multiplier), add(fees, this.#funding ?? ZERO_MONEY));
    }
    const before = this.#entered();
    const average = to.averagePrice ?? this.#averagePrice();
    const after = { qty: add(exits.qty, to.qty), value: add(cost, costOf(average, to.qty)) };
    const added = { qty: subtract(after.qty, before.qty), value: subtract(after.value, before.value) };
    this.#adjustments.push({ afterFills: this.#fills.length, by, ...added });
    this.#held = to.qty;
    this.#average = average;
    return null;
  }

  /** What is held cannot be sold: the round trip is over without it. */
  setAside(dust: DustSetAside): RoundTrip {
    this.#held = ZERO_QTY;
    return { ...this.#trip(), dust };
  }

  /** It was held to its expiry: what is left of it goes at the settlement's price. */
  settle(settled: Settled): RoundTrip {
    this.#held = ZERO_QTY;
    return { ...this.#trip(), settled };
  }

  /** Applies a fill; returns the round trip where it brought the position to zero. @throws RangeError where it would go through zero. */
  apply(fill: Fill, multiplier: Ratio): RoundTrip | null {
    if (isZero(this.#held)) {
      this.#side = fill.side;
      this.#multiplier = multiplier;
      this.#fills = [];
      this.#funding = undefined;
      this.#adjustments = [];
    }
    if (fill.side === this.#side) {
      this.#fills.push(fill);
      this.#held = add(this.#held, fill.qty);
      this.#average = null;
      return null;
    }
    if (lessThan(this.#held, fill.qty)) throw new RangeError(`${fill.fillId} takes ${fill.qty} out of a position of ${this.#held}`);
    this.#fills.push(fill);
    this.#held = subtract(this.#held, fill.qty);
    return isZero(this.#held) ? this.#trip() : null;
  }

  #trip(): RoundTrip {
    const trip = { side: this.#side, fills: this.#fills, multiplier: this.#multiplier };
    const adjustments = this.#adjustments.length === 0 ? {} : { adjustments: this.#adjustments };
    return this.#funding === undefined ? { ...trip, ...adjustments } : { ...trip, ...adjustments, funding: this.#funding };
  }

  #sum(which: (fill: Fill) => boolean): { readonly qty: Qty; readonly value: Money } {
    const fills = this.#fills.filter(which);
    return { qty: add(ZERO_QTY, ...fills.map(({ qty }) => qty)), value: add(ZERO_MONEY, ...fills.map(({ price: at, qty }) => notional(at, qty))) };
  }

  #entered(): { readonly qty: Qty; readonly value: Money } {
    const fills = this.#sum((fill) => fill.side === this.#side);
    return {
      qty: add(fills.qty, ...this.#adjustments.map(({ qty }) => qty)),
      value: add(fills.value, ...this.#adjustments.map(({ value }) => value)),
    };
  }

  #averagePrice(): Price {
    const { qty, value } = this.#entered();
    return this.#average ?? price(divide(value, ratio(qty)));
  }
}
