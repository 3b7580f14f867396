/** SS-1: nothing was entered or closed where its market was closed, by the calendars in force. */
import { entrySessionRefusal, exitSessionRefusal } from '#trading/calendar/gate.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Asset, Instant } from '#trading/model/instrument.ts';
import { instrumentKey, type OrderBook } from './order-book.ts';
import type { Report } from './report.ts';

interface Of {
  readonly asset: Asset;
  readonly symbol: string;
  readonly clientOrderId: string;
}

export class SessionRules {
  readonly #book: OrderBook;

  constructor(book: OrderBook) {
    this.#book = book;
  }

  check(fact: Fact, report: Report): void {
    switch (fact.type) {
      case 'order.approved':
        return this.#judge(fact.body, fact.body.intent.kind === 'entry', fact.at, 'approved', report);
      case 'order.accepted':
        return this.#judge(fact.body, this.#isEntry(fact.body.clientOrderId), fact.body.acceptedAt, 'accepted', report);
      case 'order.sending': {
        const { purpose, sentAt } = fact.body;
        // Legs rest at the venue: they need no session.
        if (purpose === 'stop_loss' || purpose === 'take_profit') return;
        return this.#judge(fact.body, purpose === 'entry', sentAt, 'sent', report);
      }
      case 'fill.recorded': {
        const { fill } = fact.body;
        // What was accepted in the session may be due a moment after it.
        if (fill.mode === 'paper' && fill.reason !== 'entry' && fill.reason !== 'exit') this.#judge(fill, false, fill.filledAt, 'filled', report);
        return;
      }
      default:
    }
  }

  #isEntry(clientOrderId: string): boolean {
    return this.#book.orders.get(clientOrderId)?.intent.kind === 'entry';
  }

  #judge(of: Of, isEntry: boolean, at: Instant, verb: string, report: Report): void {
    const { settings } = this.#book;
    const instrument = this.#book.instruments.get(instrumentKey(of));
    if (settings === null || instrument === undefined) return;
    const shut = isEntry ? entrySessionRefusal(instrument, settings, at) : exitSessionRefusal(instrument, settings, at);
    if (shut !== null) report('SESSION', `${of.clientOrderId} was ${verb} at ${at}, and ${shut.sentence}`);
  }
}
