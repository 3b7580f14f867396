/**
 * gateway.<broker>.port: the one process that can send an order (RT-2). It decides nothing: one request, one call, and what the venue answers or
 * tells by itself goes to the broker's live orders. It waits for no venue within a turn.
 */
import type { Amendment, ChangeOutcome, Lookup, OrderRef, Placement, PlaceOutcome } from '#trading/model/live.ts';
import type { EventType, Fact, Refusal } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Message, MessageBody } from '#trading/model/messages.ts';
import type { ActorInstance, Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import { parseMessage } from '#protocol/messages.ts';
import type { Account, OrderEntry } from '#protocol/ports.ts';
import { evolveSwitches, modeRefusal, NO_SWITCHES, type Switches } from '#trading/risk/modes.ts';
import { z } from 'zod';
import type { SendGate } from './send-gate.ts';

/** What a port must hear of the journal: whether live is on. */
export const PORT_FACTS: readonly EventType[] = ['system.started', 'mode.changed'];

export interface OrderPortPlan {
  readonly orders: OrderEntry;
  readonly account: Account;
  readonly gate: SendGate;
  /** Name of the cell that decides over the orders (actors/live-orders.ts). */
  readonly reportsTo: string;
}

interface Running {
  readonly plan: OrderPortPlan;
  readonly emit: Emit;
}

const switches = z.record(z.string(), z.boolean());

const NOTHING: Outcome = Object.freeze({ events: [], tells: [] });
/** Who holds the budgets (DESIGN §4). */
const GOVERNOR = 'governor';
const REASON_LENGTH_MAX = 400;
/** Ids of calls made that are remembered. */
const CALLED_MAX = 4096;

export class OrderPort implements ActorInstance {
  readonly #create: (start: Start) => OrderPortPlan;
  #running: Running | null = null;
  /** Each id is good for one call. */
  readonly #called = new Set<string>();
  #last: Placement | null = null;
  /** Calls at the venue that are not answered yet. */
  readonly #calls = new Set<Promise<void>>();
  /** Counts calls and reports: whether anything happened since it was read last. */
  #happened = 0;
  #settled = 0;
  #switches: Switches = NO_SWITCHES;

  /** `create` runs at every start: a session does not outlive a restart. */
  constructor(create: (start: Start) => OrderPortPlan) {
    this.#create = create;
  }

  /** @throws Error where the account's reports cannot be had; the supervisor tries again later. */
  async start(start: Start, emit: Emit): Promise<Outcome> {
    if (this.#running !== null) throw new Error(`${start.name}: started twice; a restart takes a new instance`);
    const plan = this.#create(start);
    this.#running = { plan, emit };
    this.#switches = start.snapshot === null ? NO_SWITCHES : switches.parse(start.snapshot.state);
    this.apply(start.facts);
    try {
      await plan.account.subscribe({
        onOrder: (order) => this.#report({ type: 'order.reported', body: { order } }),
        onExecution: (execution) => this.#report({ type: 'execution.reported', body: { execution } }),
        onFunding: (funding) => this.#report({ type: 'funding.reported', body: { funding } }),
        onFee: (fee) => this.#report({ type: 'fee.reported', body: { fee } }),
        onResumed: () => this.#resumed(),
        onLimit: (limit, windowMs) => this.#report({ type: 'limit.told', body: { limit, windowMs } }),
        onTrouble: (trouble) => this.#report({ type: 'trouble.reported', body: { trouble } }),
      });
    } catch (error) {
      await plan.account.close();
      throw error;
    }
    // What the instance before did not tell, the account does.
    this.#resumed();
    return NOTHING;
  }

  apply(facts: readonly Fact[]): void {
    for (const fact of facts) this.#switches = evolveSwitches(this.#switches, fact);
  }

  receive(envelope: Envelope, now: Instant): Promise<Outcome> | Outcome {
    this.#alive().plan.account.observe(now);
    switch (envelope.type) {
      case 'placement.requested':
        return this.#place(envelope.body.order, now);
      case 'cancel.requested':
        return this.#cancel(envelope.body.order);
      case 'amend.requested':
        return this.#amend(envelope.body.amendment, now);
      case 'lookup.requested':
        return this.#lookUp(envelope.body);
      case 'account.requested':
        return this.#view(envelope.body);
      case 'instrument.listed': {
        const { orders } = this.#alive().plan;
        const { broker, symbol } = envelope.body.instrument;
        if (broker === orders.terms.broker) orders.foresee?.(symbol);
        return NOTHING;
      }
      case 'actor.asked':
        if (envelope.body.query === 'settle') return this.#settle(envelope.body.args[0] === 'away');
        return { ...NOTHING, reply: { error: `an order port answers settle, not ${JSON.stringify(envelope.body.query)}` } };
      default:
        return NOTHING;
    }
  }

  snapshot(): Switches {
    return this.#switches;
  }

  /** Reads its last order again, as this process did where it came in, and looks at gate and switch; nothing is called. */
  drill(): void {
    const order = this.#last;
    if (order === null) return;
    parseMessage('placement.requested', { order });
    this.#closedFor(order);
  }

  async stop(): Promise<void> {
    await this.#running?.plan.account.close();
  }

  /** The last look: one call, and gate and switch read immediately before it, after the fact is durable (KS-1, RT-2, ST-2). */
  #place(order: Placement, now: Instant): Outcome {
    const { plan } = this.#alive();
    const { clientOrderId, deadlineAt } = order;
    if (this.#called.has(clientOrderId)) return NOTHING;
    this.#remember(clientOrderId);
    this.#last = order;
    const closed = this.#closedFor(order);
    if (closed !== null) return this.#withheld(clientOrderId, `${closed.code}: ${closed.sentence}`);
    if (now > deadlineAt) return this.#withheld(clientOrderId, `THROTTLED: its turn came ${now - deadlineAt} ms after the deadline`);
    this.#call(
      () => plan.orders.place(order),
      (reason): PlaceOutcome => ({ kind: 'unknown', reason, answered: false }),
      (outcome) => ({ type: 'placement.answered', body: { clientOrderId, outcome } }),
    );
    return NOTHING;
  }

  #closedFor({ purpose, asset }: Placement): Refusal | null {
    if (purpose !== 'entry') return null;
    return this.#alive().plan.gate.closedFor(asset) ?? modeRefusal(this.#switches, { asset, mode: 'live' });
  }

  #remember(clientOrderId: string): void {
    if (this.#called.size >= CALLED_MAX) for (const oldest of [...this.#called].slice(0, CALLED_MAX / 2)) this.#called.delete(oldest);
    this.#called.add(clientOrderId);
  }

  #withheld(clientOrderId: string, reason: string): Outcome {
    this.#report({ type: 'placement.answered', body: { clientOrderId, outcome: { kind: 'withheld', reason } } });
    return NOTHING;
  }

  #cancel(order: OrderRef): Outcome {
    const { plan } = this.#alive();
    this.#call(
      () => plan.orders.cancel(order),
      (reason): ChangeOutcome => ({ kind: 'unknown', reason }),
      (outcome) => ({ type: 'cancel.answered', body: { clientOrderId: order.clientOrderId, outcome } }),
    );
    return NOTHING;
  }

  /** No gate stands before it: a stop moves in favour of its position only. */
  #amend(amendment: Amendment, now: Instant): Outcome {
    const { plan } = this.#alive();
    const { entry, bracket, deadlineAt, sentAt } = amendment;
    const name = `${entry.clientOrderId} ${bracket.stopLoss} ${sentAt}`;
    if (this.#called.has(name)) return NOTHING;
    this.#remember(name);
    const isLate = now > deadlineAt;
    const late: ChangeOutcome = { kind: 'rejected', code: 'NOT_SENT', text: `its turn came ${now - deadlineAt} ms after the deadline` };
    this.#call(
      () => (isLate ? Promise.resolve(late) : plan.orders.amend(entry, bracket, amendment)),
      (reason): ChangeOutcome => ({ kind: 'unknown', reason }),
      (outcome) => ({ type: 'amend.answered', body: { amendment, outcome } }),
    );
    return NOTHING;
  }

  #lookUp({ order, askedAt }: MessageBody<'lookup.requested'>): Outcome {
    const { plan } = this.#alive();
    this.#call(
      () => plan.orders.lookup(order),
      (reason): Lookup => ({ kind: 'unavailable', reason }),
      (lookup) => ({ type: 'lookup.answered', body: { clientOrderId: order.clientOrderId, askedAt, lookup } }),
    );
    return NOTHING;
  }

  /** For the live orders and who asked. No answer is no view: whoever needs one asks again. */
  #view({ since, askedAt, replyTo, protections = [] }: MessageBody<'account.requested'>): Outcome {
    const { plan, emit } = this.#alive();
    const { account, reportsTo } = plan;
    plan.orders.recall?.(protections);
    const { broker } = plan.orders.terms;
    const funded = account.fundingSince?.(since) ?? Promise.resolve([]);
    const viewed = Promise.all([account.openOrders(), account.executionsSince(since), account.positions(), account.wallet(), funded]).then(
      ([openOrders, executions, positions, wallet, fundings]) => {
        emit({ to: GOVERNOR, type: 'wallet.reported', body: { broker, mode: 'live', ...wallet, at: askedAt } });
        const body = { broker, view: { openOrders, executions, positions, fundings, askedAt } };
        for (const to of new Set([reportsTo, replyTo])) emit({ to, type: 'account.viewed', body });
      },
      () => undefined,
    );
    this.#track(viewed);
    return NOTHING;
  }

  /**
   * For a played market: answers when the venue has answered and every report is handed over. `isAway`: the venue is, and nobody waits for it.
   * `worked`: something happened since the last time.
   */
  async #settle(isAway: boolean): Promise<Outcome> {
    const { account } = this.#alive().plan;
    while (this.#calls.size > 0) await Promise.all(this.#calls);
    await account.caughtUp(!isAway);
    const worked = this.#happened !== this.#settled;
    this.#settled = this.#happened;
    return { ...NOTHING, reply: { worked } };
  }

  #call<T>(call: () => Promise<T>, failed: (reason: string) => T, message: (outcome: T) => Message): void {
    this.#track(this.#answer(call, failed, message));
  }

  #track(work: Promise<void>): void {
    this.#happened++;
    const tracked = work.finally(() => this.#calls.delete(tracked));
    this.#calls.add(tracked);
  }

  async #answer<T>(call: () => Promise<T>, failed: (reason: string) => T, message: (outcome: T) => Message): Promise<void> {
    let outcome: T;
    try {
      outcome = await call();
    } catch (error) {
      outcome = failed((error instanceof Error ? error.message : String(error)).slice(0, REASON_LENGTH_MAX));
    }
    this.#tell(message(outcome));
  }

  #resumed(): void {
    const { broker } = this.#alive().plan.orders.terms;
    this.#report({ type: 'feed.changed', body: { broker, up: true, reason: 'orders are reported again' } });
  }

  #report(message: Message): void {
    this.#happened++;
    this.#tell(message);
  }

  #tell(message: Message): void {
    const { plan, emit } = this.#alive();
    emit({ to: plan.reportsTo, ...message });
  }

  #alive(): Running {
    if (this.#running === null) throw new Error('the order port was not started');
    return this.#running;
  }
}
