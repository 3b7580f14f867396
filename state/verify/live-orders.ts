/** Live orders: each sent once, durably, before anything is heard of it; the house's own only for an entry that was sent. */
import { add, atMost, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { EventOf, Fact, KillScope } from '#trading/model/events.ts';
import { brokerOf } from '#trading/model/instrument.ts';
import { opposite } from '#trading/model/order.ts';
import { executedQty, sameOrder, type LiveChild, type OrderBook } from './order-book.ts';
import type { Report } from './report.ts';
import { isGatewayOf, gatewayOf } from './gateways.ts';

type Sending = EventOf<'order.sending'>['body'];
type Key = Pick<Sending, 'clientOrderId' | 'asset' | 'mode' | 'symbol'>;

export class LiveOrderRules {
  readonly #book: OrderBook;
  readonly #heldOf: (of: Key) => Qty;
  /** Ids of orders that take profit, by the entry whose position they close. */
  readonly #takers = new Map<string, Set<string>>();
  readonly #killed = new Set<KillScope>();

  /** @param heldOf what the position of a symbol holds, by the records so far */
  constructor(book: OrderBook, heldOf: (of: Key) => Qty) {
    this.#book = book;
    this.#heldOf = heldOf;
  }

  check(fact: Fact, report: Report): void {
    switch (fact.type) {
      case 'order.sending':
        return this.#sending(fact.body, fact, report);
      case 'order.acknowledged':
        return this.#placed(fact.body, fact.actor, 'acknowledged', report);
      case 'order.unknown':
        return void this.#sent(fact.body, fact.actor, 'called unknown', report);
      case 'order.ended':
        return this.#ended(fact.body, report);
      case 'fill.recorded':
        return this.#executed(fact.body.fill, report);
      case 'kill.tripped':
        return void this.#killed.add(fact.body.scope);
      case 'kill.rearmed':
        return this.#killed.clear();
      default:
    }
  }

  #sending(body: Sending, { actor, at }: Fact, report: Report): void {
    const { clientOrderId, mode, asset, purpose, parentId, sentAt, deadlineAt } = body;
    if (mode !== 'live') report('ORDER', `${clientOrderId} is of ${mode}, and was sent to a venue (RT-1)`);
    if (!isGatewayOf(actor, asset, mode)) report('ORDER', `${actor} sent ${clientOrderId}, which is for ${gatewayOf(asset, mode)}`);
    if (sentAt > at || deadlineAt < sentAt) report('ORDER', `${clientOrderId} was sent at ${sentAt} until ${deadlineAt}, and recorded at ${at}`);
    if (this.#book.sendings.has(clientOrderId)) return report('ORDER', `${clientOrderId} was sent before: the same order twice`);
    const isEntry = purpose === 'entry';
    // Said again, not shared: what verify proves may not rest on the reading that made the journal.
    const killed = [...this.#killed].find((scope) => scope === 'all' || scope === asset || scope === brokerOf(asset));
    this.#book.sendings.set(clientOrderId, { body, killed: isEntry ? (killed ?? null) : null });
    if (isEntry || purpose === 'exit') this.#intendedSending(body, report);
    else this.#childSending(body, parentId, report);
  }

  #intendedSending(body: Sending, report: Report): void {
    const { clientOrderId, purpose, parentId, side, qty } = body;
    const story = this.#book.orders.get(clientOrderId);
    if (story === undefined || story.approved === null) {
      return report('ORDER', `${clientOrderId} was sent, but nobody ${story === undefined ? 'intended' : 'approved'} it`);
    }
    const { intent } = story;
    if (parentId !== null || purpose !== intent.kind || side !== intent.side || !sameOrder(body, intent)) {
      report(
        'ORDER',
        `${clientOrderId} was sent as ${side} ${purpose} of ${body.symbol}, it was approved as ${intent.side} ${intent.kind} of ${intent.symbol}`,
      );
    }
    if (!atMost(qty, intent.qty)) report('ORDER', `${clientOrderId} was sent for ${qty}, more than the ${intent.qty} approved`);
    if (story.ended) report('ORDER', `${clientOrderId} was sent after its end`);
  }

  #childSending(body: Sending, parentId: string | null, report: Report): void {
    const { clientOrderId, side } = body;
    const parent = parentId === null ? undefined : this.#book.orders.get(parentId);
    if (this.#book.orders.has(clientOrderId)) report('ORDER', `${clientOrderId} was sent as the house's own, and was intended too`);
    if (parentId === null || parent === undefined || !this.#book.sendings.has(parentId)) {
      return report('ORDER', `${clientOrderId} is to close ${parentId ?? 'nothing'}, which was never sent`);
    }
    if (body.purpose === 'take_profit') this.#takingProfit(body, parentId, report);
    this.#book.children.set(clientOrderId, { parentId, purpose: body.purpose, qty: body.qty, ended: false, filled: ZERO_QTY });
    if (side !== opposite(parent.intent.side) || !sameOrder(body, parent.intent)) {
      report('ORDER', `${clientOrderId} is a ${side} of ${body.symbol}, it cannot close the ${parent.intent.side} of ${parent.intent.symbol}`);
    }
  }

  /** BR-1: rungs and take-profit that may be open together sell no more than is held, or one of them would turn the position. */
  #takingProfit(body: Sending, parentId: string, report: Report): void {
    const held = this.#heldOf(body);
    const takers = this.#takers.get(parentId) ?? new Set<string>();
    const children = [...takers].flatMap((id) => this.#book.children.get(id) ?? []);
    const open = children.filter((child) => child.parentId === parentId && child.purpose === 'take_profit' && !child.ended);
    const sells = add(body.qty, ...open.map(({ qty, filled }) => subtract(qty, filled)));
    this.#takers.set(parentId, takers.add(body.clientOrderId));
    if (!atMost(sells, held))
      report('ORDER', `${body.clientOrderId} takes profit on ${body.qty}, ${sells} with what is open, of a position of ${held}`);
  }

  #placed(key: Key, actor: string, verb: string, report: Report): void {
    const sent = this.#sent(key, actor, verb, report);
    if (sent !== undefined && sent.killed !== null) {
      report('KILL', `the entry ${key.clientOrderId} reached the venue, though it was sent while the kill of ${sent.killed} was tripped (KS-1)`);
    }
  }

  #sent(key: Key, actor: string, verb: string, report: Report) {
    const { clientOrderId, asset, mode } = key;
    if (!isGatewayOf(actor, asset, mode)) report('ORDER', `${actor} ${verb} ${clientOrderId}, which is for ${gatewayOf(asset, mode)}`);
    const sent = this.#book.sendings.get(clientOrderId);
    if (sent === undefined) report('ORDER', `${clientOrderId} was ${verb}, but never sent`);
    else if (!sameOrder(key, sent.body)) report('ORDER', `${clientOrderId} was ${verb} as ${asset} ${mode} ${key.symbol}, it was sent as another`);
    return sent;
  }

  /** Only the house's own: an intended order's end is judged with its intent. */
  #ended({ clientOrderId, filledQty }: EventOf<'order.ended'>['body'], report: Report): void {
    const child = this.#book.children.get(clientOrderId);
    if (child === undefined) return;
    if (child.ended) report('ORDER', `${clientOrderId} had ended before`);
    child.ended = true;
    if (filledQty !== child.filled) report('ORDER', `${clientOrderId} ended with ${filledQty} filled, its fills sum to ${child.filled}`);
  }

  #executed(fill: EventOf<'fill.recorded'>['body']['fill'], report: Report): void {
    if (fill.mode !== 'live') return;
    if (!this.#book.sendings.has(fill.clientOrderId)) {
      return report('PROOF', `${fill.fillId} is of ${fill.clientOrderId}, which was never sent: a venue cannot have executed it`);
    }
    // A fill is named after the order that executed: its own, or a leg of the house's.
    const [executed = ''] = fill.fillId.split(':', 1);
    const child: LiveChild | undefined = this.#book.children.get(executed);
    if (child === undefined) return;
    if (child.parentId !== fill.clientOrderId)
      report('FILL', `${fill.fillId} is booked on ${fill.clientOrderId}, its order closes ${child.parentId}`);
    child.filled = add(child.filled, executedQty(fill));
  }
}

/** True for an order of the house's own, whose story is that of its entry. */
export const isChild = (book: OrderBook, clientOrderId: string): boolean => book.children.has(clientOrderId);
