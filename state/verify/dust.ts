/** What is set aside of a live position: what an exit left, or all that an entry bought; all of it, and only what nobody can sell. */
import { notional } from '#trading/money/decimal.ts';
import type { DustSetAside, Fact } from '#trading/model/events.ts';
import { isUnsellable } from '#trading/lifecycle/dust.ts';
import type { FillRules, OnClosed } from './fills.ts';
import { gatewayOf, isGatewayOf } from './gateways.ts';
import { instrumentKey, type OrderBook } from './order-book.ts';
import type { Report } from './report.ts';

export class DustRules {
  readonly #book: OrderBook;
  readonly #fills: FillRules;
  readonly #onClosed: OnClosed;

  constructor(book: OrderBook, fills: FillRules, onClosed: OnClosed) {
    this.#book = book;
    this.#fills = fills;
    this.#onClosed = onClosed;
  }

  check({ type, body, actor, at }: Fact, report: Report): void {
    if (type !== 'dust.set_aside') return;
    const { entryOrderId, asset, mode, symbol, exitedAt } = body;
    const say = (what: string): void => report('DUST', `the rest of ${entryOrderId} in ${symbol}: ${what}`);
    if (!isGatewayOf(actor, asset, mode)) say(`${actor} set it aside, which is of ${gatewayOf(asset, mode)}`);
    if (mode === 'paper') say('paper sells all that it holds');
    if (exitedAt > at) say(`its last exit was at ${exitedAt}, after it was recorded`);
    for (const problem of this.#problems(body)) say(problem);
    const position = this.#fills.positionOf(body);
    if (position === undefined || position.side === null) return;
    this.#onClosed(body, `the rest of ${entryOrderId}`, position.setAside(body), report);
  }

  #problems(dust: DustSetAside): readonly string[] {
    const { entryOrderId, qty, price, value, exitReason, exitedAt } = dust;
    const position = this.#fills.positionOf(dust);
    if (position === undefined || position.openedBy !== entryOrderId) return ['its position is not open'];
    const last = position.lastFill;
    if (last === null) return ['nothing of the position was filled'];
    const instrument = this.#book.instruments.get(instrumentKey(dust));
    if (instrument === undefined) return ['its instrument is not in the catalog'];
    const worth = notional(price, qty, instrument.multiplier);
    const isLast = price === last.price && exitReason === last.reason && exitedAt === last.filledAt;
    return [
      ...(qty === position.held ? [] : [`${qty} was set aside, and ${position.held} is held`]),
      ...(isLast ? [] : [`it names a fill at ${price} for ${exitReason}, the last one was at ${last.price} for ${last.reason}`]),
      ...(value === worth ? [] : [`it is worth ${value}, its quantity and price make ${worth}`]),
      ...(isUnsellable(position.held, price, instrument) ? [] : [`${position.held} can be sold: it is no less than the smallest order`]),
    ];
  }
}
