/** Moves of live trailing stops: each of an open position, one after another, from its own quote; the venue took it, or what stands is said. */
import { checkQuote } from '#trading/market/freshness.ts';
import type { Fact, StopAmending, StopStands, StopTrailed } from '#trading/model/events.ts';
import type { Bracket } from '#trading/model/order.ts';
import { tickAt } from '#trading/execution/tick.ts';
import { trailedStop } from '#trading/paper/legs.ts';
import type { FillRules } from './fills.ts';
import { isGatewayOf } from './gateways.ts';
import { instrumentKey, positionKey, type OrderBook } from './order-book.ts';
import type { Report } from './report.ts';

export class LiveStopRules {
  readonly #book: OrderBook;
  readonly #fills: FillRules;
  /** By position: moves whose outcome the journal has not said. */
  readonly #amending = new Map<string, StopAmending>();

  constructor(book: OrderBook, fills: FillRules) {
    this.#book = book;
    this.#fills = fills;
  }

  check(fact: Fact, report: Report): void {
    if (fact.type === 'order.sending' && fact.body.purpose === 'entry' && this.#amending.has(positionKey(fact.body)))
      report('ORDER', `${fact.body.clientOrderId} was sent while a stop of ${fact.body.symbol} may still have been on its way`);
    if (fact.type !== 'stop.amending' && fact.type !== 'stop.stands' && (fact.type !== 'stop.trailed' || fact.body.mode !== 'live')) return;
    const { asset, mode, entryOrderId } = fact.body;
    if (mode !== 'live') return report('ORDER', `the stop of ${entryOrderId} is of ${mode}, where no venue is asked to move it`);
    if (!isGatewayOf(fact.actor, asset, mode)) report('ORDER', `${fact.actor} said where the stop of ${entryOrderId} is, which is not its own`);
    if (fact.type === 'stop.amending') {
      if (fact.body.sentAt > fact.at || fact.body.deadlineAt < fact.body.sentAt)
        report('ORDER', `the stop of ${entryOrderId} was to move at ${fact.body.sentAt}, which was recorded at ${fact.at}`);
      for (const problem of this.#begun(fact.body)) report('PROOF', `the stop of ${entryOrderId}: ${problem}`);
      this.#amending.set(positionKey(fact.body), fact.body);
      return;
    }
    if (fact.type === 'stop.trailed') for (const problem of this.#taken(fact.body)) report('PROOF', `the stop of ${entryOrderId}: ${problem}`);
    else if (this.#bracketOf(fact.body)?.trailing === undefined)
      report('ORDER', `the stop of ${entryOrderId} does not trail, and was said to stand elsewhere`);
    if (this.#amending.get(positionKey(fact.body))?.entryOrderId === entryOrderId) this.#amending.delete(positionKey(fact.body));
    this.#book.trailedStops.set(entryOrderId, fact.body.stopLoss);
  }

  /** As it was sent with the entry; where the venue took none, as it was approved. */
  #bracketOf({ entryOrderId }: Pick<StopStands, 'entryOrderId'>): Bracket | null {
    const bracket = this.#book.sendings.get(entryOrderId)?.body.bracket ?? this.#book.orders.get(entryOrderId)?.intent.bracket ?? null;
    const stopLoss = this.#book.trailedStops.get(entryOrderId);
    return bracket === null || stopLoss === undefined ? bracket : { ...bracket, stopLoss };
  }

  /** What does not follow, as sentences. */
  #begun(move: StopAmending): readonly string[] {
    const { entryOrderId, asset, mode, symbol, from, to, pricedOn, sentAt, stopId } = move;
    const intent = this.#book.orders.get(entryOrderId)?.intent;
    const bracket = this.#bracketOf(move);
    const instrument = this.#book.instruments.get(instrumentKey(move));
    if (intent === undefined || bracket === null || !this.#book.sendings.has(entryOrderId)) return ['that entry was never sent with a bracket'];
    if (instrument === undefined) return [`${symbol} was not in the catalog`];
    const { side, asset: ofAsset, mode: ofMode, symbol: ofSymbol } = intent;
    if (`${asset} ${mode} ${symbol}` !== `${ofAsset} ${ofMode} ${ofSymbol}`)
      return [`it was moved as ${asset} ${mode} ${symbol}, the entry is of another`];
    const under = this.#amending.get(positionKey(move));
    const follows = trailedStop(side, bracket, pricedOn, tickAt(instrument, side === 'buy' ? pricedOn.bid : pricedOn.ask));
    const stale = this.#book.settings === null ? null : checkQuote(pricedOn, null, this.#book.settings.risk, sentAt);
    const isOf = pricedOn.asset === asset && pricedOn.symbol === symbol && pricedOn.broker === instrument.broker;
    return [
      ...(under === undefined ? [] : [`nobody knew yet what came of its move to ${under.to}`]),
      ...(this.#fills.positionOf(move)?.openedBy === entryOrderId ? [] : ['its position is not open']),
      ...(from === bracket.stopLoss ? [] : [`it moved from ${from}, it is at ${bracket.stopLoss}`]),
      ...(follows === to ? [] : [`bid ${pricedOn.bid} and ask ${pricedOn.ask} take it to ${follows ?? 'nowhere'}, not to ${to}`]),
      ...(stopId === null || this.#book.children.get(stopId)?.parentId === entryOrderId ? [] : [`${stopId} is no order of its own`]),
      ...(isOf ? [] : [`its quote is of ${pricedOn.asset} ${pricedOn.symbol}`]),
      ...(stale === null ? [] : [stale.sentence]),
    ];
  }

  #taken(moved: StopTrailed): readonly string[] {
    const under = this.#amending.get(positionKey(moved));
    if (under?.entryOrderId !== moved.entryOrderId) return ['it trailed, and nobody had it moved'];
    return under.to === moved.stopLoss ? [] : [`it trailed to ${moved.stopLoss}, it was to move to ${under.to}`];
  }
}
