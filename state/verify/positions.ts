/** Positions and results by the shortest way there is: sums of signed quantities and of cash. Shares no code with trading/ledger on purpose. */
import { add, isZero, notional, subtract, ZERO_MONEY, ZERO_QTY, lessThan, type Money, type Qty, type Ratio } from '#trading/money/decimal.ts';
import type { Fill, Side } from '#trading/model/order.ts';

/** From the first fill of a position to the one that brought it to zero. */
export interface RoundTrip {
  readonly side: Side;
  readonly fills: readonly Fill[];
  readonly multiplier: Ratio;
}

export interface Cash {
  readonly qty: Qty;
  readonly fees: Money;
  readonly pnl: Money;
}

/** pnl = Σ value sold − Σ value bought − Σ fees; qty = what was bought on the opening side. */
export function cashOf({ side, fills, multiplier }: RoundTrip): Cash {
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
  return { qty, fees, pnl: subtract(subtract(sold, bought), fees) };
}

/** One position: what is held, and the fills since it was last nothing. */
export class Position {
  #side: Side = 'buy';
  #held: Qty = ZERO_QTY;
  #fills: Fill[] = [];
  #multiplier: Ratio;

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

  /** Applies a fill; returns the round trip where it brought the position to zero. @throws RangeError where it would go through zero. */
  apply(fill: Fill, multiplier: Ratio): RoundTrip | null {
    if (isZero(this.#held)) {
      this.#side = fill.side;
      this.#multiplier = multiplier;
      this.#fills = [];
    }
    if (fill.side === this.#side) {
      this.#fills.push(fill);
      this.#held = add(this.#held, fill.qty);
      return null;
    }
    if (lessThan(this.#held, fill.qty)) throw new RangeError(`${fill.fillId} takes ${fill.qty} out of a position of ${this.#held}`);
    this.#fills.push(fill);
    this.#held = subtract(this.#held, fill.qty);
    if (fill.dustQty !== undefined) {
      if (this.#held !== fill.dustQty) throw new RangeError(`${fill.fillId} calls ${fill.dustQty} dust of a position of ${this.#held}`);
      this.#held = ZERO_QTY;
    }
    return isZero(this.#held) ? { side: this.#side, fills: this.#fills, multiplier: this.#multiplier } : null;
  }
}
