/** Cash by currency, and positions at their average price. A currency pair moves both currencies and a virtual position, as at IBKR. */
import {
  absolute,
  add,
  averagePrice,
  isNegative,
  isZero,
  money,
  negate,
  notional,
  price,
  qty,
  ratio,
  smaller,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import type { Contract } from './contracts.ts';
import type { HeldPosition } from './exchange.ts';

export class Wallet {
  readonly #cash = new Map<string, Money>();
  readonly #positions = new Map<number, HeldPosition>();

  constructor(usd: Money) {
    this.#cash.set('USD', usd);
  }

  cash(): ReadonlyMap<string, Money> {
    return this.#cash;
  }

  positions(): readonly HeldPosition[] {
    return [...this.#positions.values()];
  }

  position(conId: number): HeldPosition | undefined {
    return this.#positions.get(conId);
  }

  pay(currency: string, amount: Money): void {
    this.#cash.set(currency, subtract(this.#cash.get(currency) ?? ZERO_MONEY, amount));
  }

  recall(cash: readonly (readonly [string, Money])[], positions: readonly HeldPosition[]): void {
    this.#cash.clear();
    this.#positions.clear();
    for (const [currency, amount] of cash) this.#cash.set(currency, amount);
    for (const position of positions) this.#positions.set(position.contract.conId, position);
  }

  /** `change` is negative for sales. Returns the profit of what it closed, in the contract's currency; null where it closed nothing. */
  book(contract: Contract, change: Qty, at: Price): Money | null {
    this.pay(contract.currency, valueOf(contract, change, at));
    if (contract.secType === 'CASH') this.pay(contract.symbol, negate(money(change)));
    const held = this.#positions.get(contract.conId) ?? { contract, qty: ZERO_QTY, averagePrice: price('0') };
    const left = add(held.qty, change);
    const opposite = !isZero(held.qty) && isNegative(held.qty) !== isNegative(change);
    if (isZero(left)) this.#positions.delete(contract.conId);
    else this.#positions.set(contract.conId, { contract, qty: left, averagePrice: this.#average(held, change, at, opposite, left) });
    if (!opposite) return null;
    const closed = smaller(absolute(held.qty), absolute(change));
    const gain = subtract(valueOf(contract, closed, at), valueOf(contract, closed, held.averagePrice));
    return isNegative(held.qty) ? negate(gain) : gain;
  }

  #average(held: HeldPosition, change: Qty, at: Price, opposite: boolean, left: Qty): Price {
    if (!opposite)
      return averagePrice([
        { price: held.averagePrice, qty: absolute(held.qty) },
        { price: at, qty: absolute(change) },
      ]);
    return isNegative(left) === isNegative(held.qty) ? held.averagePrice : at;
  }
}

/** What a quantity of the contract is worth at a price, in its currency. */
export function valueOf(contract: Contract, quantity: Qty, at: Price): Money {
  return notional(at, qty(quantity), ratio(contract.multiplier === '' ? '1' : contract.multiplier));
}
