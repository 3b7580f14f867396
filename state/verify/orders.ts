/** Orders: every one intended once, approved from exactly that intent, accepted once, and never entered against a switch. */
import { atMost } from '#trading/money/decimal.ts';
import type { EventOf, Fact, KillScope } from '#trading/model/events.ts';
import { brokerOf, type Asset, type Mode } from '#trading/model/instrument.ts';
import { canonicalJson } from '../chain.ts';
import { filledQty, instrumentKey, isOwnFill, type OrderBook, type OrderStory } from './order-book.ts';
import { gatewayOf, isGatewayOf } from './gateways.ts';
import { isChild } from './live-orders.ts';
import type { Report } from './report.ts';

interface OrderKey {
  readonly clientOrderId: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
}

export class OrderRules {
  readonly #book: OrderBook;
  readonly #killed = new Set<KillScope>();

  constructor(book: OrderBook) {
    this.#book = book;
  }

  check(fact: Fact, report: Report): void {
    switch (fact.type) {
      case 'order.intended':
        return this.#intended(fact.body.intent, fact, report);
      case 'order.approved':
        return this.#approved(fact.body, report);
      case 'order.refused':
        return this.#refused(fact.body, report);
      case 'order.clamped':
        return void this.#approvedStory(fact.body, 'clamped', report);
      case 'order.accepted':
        return this.#accepted(fact.body, fact, report);
      case 'order.ended':
        return this.#ended(fact.body, report);
      case 'kill.tripped':
        return void this.#killed.add(fact.body.scope);
      case 'kill.rearmed':
        return this.#killed.clear();
      default:
    }
  }

  #intended(intent: OrderStory['intent'], { actor }: Fact, report: Report): void {
    const { clientOrderId } = intent;
    if (this.#book.orders.has(clientOrderId)) report('INTENT', `${clientOrderId} was intended before: the same order twice`);
    else
      this.#book.orders.set(clientOrderId, { intent, approved: null, refused: false, accepted: null, acceptedUnder: null, ended: false, fills: [] });
    const trader = `trader.${intent.asset}.${intent.mode}`;
    if (actor !== trader) report('INTENT', `${actor} intended ${clientOrderId}, which is an order of ${trader}`);
    if (intent.snapshot.symbol !== intent.symbol || intent.snapshot.asset !== intent.asset) {
      report('INTENT', `${clientOrderId} is for ${intent.symbol} but was priced on ${intent.snapshot.symbol}`);
    }
  }

  #approved(approval: EventOf<'order.approved'>['body'], report: Report): void {
    const { clientOrderId } = approval;
    const story = this.#story(approval, 'approved', report);
    if (story === null) return;
    if (story.approved !== null) return report('APPROVAL', `${clientOrderId} was approved before`);
    if (story.refused) report('APPROVAL', `${clientOrderId} was refused before`);
    story.approved = approval;
    if (canonicalJson(approval.intent) !== canonicalJson(story.intent))
      report('APPROVAL', `${clientOrderId} was approved as something else than was intended`);
    if (story.intent.kind === 'entry' && story.intent.bracket === null) report('APPROVAL', `${clientOrderId} is an entry without a bracket (BR-1)`);
  }

  #refused(refusal: EventOf<'order.refused'>['body'], report: Report): void {
    const story = this.#story(refusal, 'refused', report);
    if (story === null) return;
    if (story.accepted !== null) report('APPROVAL', `${refusal.clientOrderId} was refused after it was accepted`);
    story.refused = true;
  }

  #accepted(accepted: EventOf<'order.accepted'>['body'], { actor }: Fact, report: Report): void {
    const { clientOrderId, mode, asset, qty, draws } = accepted;
    const story = this.#approvedStory(accepted, 'accepted', report);
    if (story === null) return;
    if (story.accepted !== null) return report('ORDER', `${clientOrderId} was accepted before: the same order twice`);
    if (story.ended) report('ORDER', `${clientOrderId} was accepted after its end`);
    if (!isGatewayOf(actor, asset, mode)) report('ORDER', `${actor} accepted ${clientOrderId}, which is for ${gatewayOf(asset, mode)}`);
    if (!atMost(qty, story.intent.qty)) report('ORDER', `${clientOrderId} was accepted for ${qty}, more than the ${story.intent.qty} approved`);
    if (mode === 'paper' && draws.seed !== this.#book.seed)
      report('ORDER', `${clientOrderId} was drawn with seed ${draws.seed}, the run's is ${this.#book.seed}`);
    // Said again, not shared: what verify proves may not rest on the reading that made the journal.
    const killed = [...this.#killed].find((scope) => scope === 'all' || scope === asset || scope === brokerOf(asset));
    if (story.intent.kind === 'entry' && killed !== undefined)
      report('KILL', `the entry ${clientOrderId} was accepted while the kill of ${killed} was tripped (KS-1)`);
    story.accepted = accepted;
    story.acceptedUnder = { instrument: this.#book.instruments.get(instrumentKey(accepted)), settings: this.#book.settings };
  }

  #ended(end: EventOf<'order.ended'>['body'], report: Report): void {
    const { clientOrderId, status } = end;
    if (isChild(this.#book, clientOrderId)) return;
    const story = this.#approvedStory(end, 'ended', report);
    if (story === null) return;
    if (story.ended) report('ORDER', `${clientOrderId} had ended before`);
    story.ended = true;
    const filled = filledQty(story.fills.filter((fill) => isOwnFill(fill, story.intent)));
    if (end.filledQty !== filled) report('ORDER', `${clientOrderId} ended as ${status} with ${end.filledQty} filled, its fills sum to ${filled}`);
  }

  /** The order of a record that may only follow an approval. */
  #approvedStory(key: OrderKey, verb: string, report: Report): OrderStory | null {
    const story = this.#story(key, verb, report);
    if (story !== null && story.approved === null) report('ORDER', `${key.clientOrderId} was ${verb} without an approval`);
    return story;
  }

  #story(key: OrderKey, verb: string, report: Report): OrderStory | null {
    const { clientOrderId } = key;
    const story = this.#book.orders.get(clientOrderId);
    if (story === undefined) {
      report(verb === 'approved' ? 'APPROVAL' : 'ORDER', `${clientOrderId} was ${verb}, but nobody intended it`);
      return null;
    }
    const { asset, mode, symbol } = story.intent;
    if (key.asset !== asset || key.mode !== mode || key.symbol !== symbol) {
      report('ORDER', `${clientOrderId} was ${verb} as ${key.asset} ${key.mode} ${key.symbol}, it was intended as ${asset} ${mode} ${symbol}`);
    }
    return story;
  }
}
