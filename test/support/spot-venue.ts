/** A venue whose legs and resting sales hold the coins that they would sell, and that knows no reduce-only: spot. */
import type { AccountView, OrderTerms, Placement, PlaceOutcome } from '#trading/model/live.ts';
import { add, isPositive, lessThan, smaller, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import { NO_FAULTS } from './faults.ts';
import { LiveVenue, TERMS } from './live-venue.ts';

export const SPOT_TERMS: OrderTerms = { ...TERMS, nativeBracket: ['crypto_spot'], closingFreesLegs: ['crypto_spot'] };

export class SpotVenue extends LiveVenue {
  /** What happens to the next close once its legs are gone: nobody answers, and it is or is not at the venue. */
  next: 'sent' | 'never sent' | 'late' = 'sent';
  /** Sales that were asked for: they hold coins from then on. */
  readonly #onTheirWay: Placement[] = [];
  /** When the legs were cancelled for a close last. */
  freedAt: number | null = null;

  constructor(now: number) {
    super(now, 1, NO_FAULTS, SPOT_TERMS);
  }

  override place(order: Placement): Promise<PlaceOutcome> {
    const { purpose, symbol } = order;
    if (purpose === 'entry') return super.place(order);
    if (purpose === 'exit' || purpose === 'flatten') {
      this.#free(symbol);
      const fate = this.next;
      this.next = 'sent';
      if (fate === 'never sent') return new Promise(() => undefined);
      if (fate === 'late') {
        this.later(1500, () => void this.#sell(order));
        return new Promise(() => undefined);
      }
    }
    return this.#sell(order) ?? Promise.resolve({ kind: 'rejected', code: '170131', text: 'Insufficient balance' });
  }

  #sell(order: Placement): Promise<PlaceOutcome> | null {
    if (order.side === 'sell' && lessThan(this.#available(order.symbol), order.qty)) return null;
    if (order.side === 'sell') this.#onTheirWay.push(order);
    return super.place(order);
  }

  #free(symbol: string): void {
    this.freedAt = this.now;
    for (const row of this.rows) {
      const { order } = row;
      if (order.symbol !== symbol || order.status !== 'open' || order.side !== 'sell') continue;
      row.order = { ...order, status: 'cancelled', reason: 'freed' };
      this.tellOrder(row.order);
    }
  }

  /** Coins that no open sale holds. Both legs of one bracket hold the same. */
  #available(symbol: string): Qty {
    const open = this.rows.map(({ order }) => order).filter((order) => order.symbol === symbol && order.side === 'sell' && order.status === 'open');
    const held = this.held.get(symbol) ?? ZERO_QTY;
    const native = open.filter(({ leg }) => leg === 'stop_loss');
    const own = open.filter(({ leg }) => leg === null);
    const known = new Set(this.rows.map(({ order }) => order.clientOrderId));
    const coming = this.#onTheirWay.filter((order) => order.symbol === symbol && !known.has(order.clientOrderId));
    const locked = add(ZERO_QTY, ...[...native, ...own].map(({ qty, cumQty }) => subtract(qty, cumQty)), ...coming.map(({ qty }) => qty));
    const free = subtract(held, smaller(held, locked));
    return isPositive(free) ? free : ZERO_QTY;
  }

  /** What rests on the coins of a symbol. */
  resting(symbol: string): AccountView['openOrders'] {
    return this.rows.map(({ order }) => order).filter((order) => order.symbol === symbol && order.status === 'open' && order.side === 'sell');
  }
}
