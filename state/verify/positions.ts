/** Positions and results by the shortest way there is: sums of signed quantities and of cash. Shares no code with trading/ledger on purpose. */
import { add, isZero, notional, subtract, ZERO_MONEY, ZERO_QTY, lessThan, type Money, type Qty, type Ratio } from '#trading/money/decimal.ts';
import type { DustSetAside } from '#trading/model/events.ts';
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
}

export interface Cash {
  readonly qty: Qty;
  readonly fees: Money;
  readonly pnl: Money;
  readonly funding: Money | undefined;
  readonly dust: Money | undefined;
}

/** pnl = Σ value sold − Σ value bought − Σ fees − Σ funding; qty = what was bought on the opening side. */
export function cashOf({ side, fills, multiplier, funding, dust }: RoundTrip): Cash {
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
  const pnl = subtract(subtract(subtract(sold, bought), fees), funding ?? ZERO_MONEY);
  return { qty, fees, pnl, funding, dust: dust?.value };
}

/** One position: what is held, and the fills since it was last nothing. */
export class Position {
  #side: Side = 'buy';
  #held: Qty = ZERO_QTY;
  #fills: Fill[] = [];
  #multiplier: Ratio;
  #funding: Money | undefined;

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

  /** The newest fill that took from it. */
  get lastExit(): Fill | null {
    return this.#fills.findLast(({ side }) => side !== this.#side) ?? null;
  }

  fund(amount: Money): void {
    this.#funding = add(this.#funding ?? ZERO_MONEY, amount);
  }

  /** What is held cannot be sold: the round trip is over without it. */
  setAside(dust: DustSetAside): RoundTrip {
    this.#held = ZERO_QTY;
    return { ...this.#trip(), dust };
  }

  /** Applies a fill; returns the round trip where it brought the position to zero. @throws RangeError where it would go through zero. */
  apply(fill: Fill, multiplier: Ratio): RoundTrip | null {
    if (isZero(this.#held)) {
      this.#side = fill.side;
      this.#multiplier = multiplier;
      this.#fills = [];
      this.#funding = undefined;
    }
    if (fill.side === this.#side) {
      this.#fills.push(fill);
      this.#held = add(this.#held, fill.qty);
      return null;
    }
    if (lessThan(this.#held, fill.qty)) throw new RangeError(`${fill.fillId} takes ${fill.qty} out of a position of ${this.#held}`);
    this.#fills.push(fill);
    this.#held = subtract(this.#held, fill.qty);
    return isZero(this.#held) ? this.#trip() : null;
  }

  #trip(): RoundTrip {
    const trip = { side: this.#side, fills: this.#fills, multiplier: this.#multiplier };
    return this.#funding === undefined ? trip : { ...trip, funding: this.#funding };
  }
}
