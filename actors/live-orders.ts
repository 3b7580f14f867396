/**
 * gateway.<broker>.orders: the live orders of one broker, over the ports that the composition gives. Without an order port there is no such
 * actor (RT-1, RT-2). It waits for no venue within a turn: an answer comes back as a message of its own.
 */
import type { Behavior } from '#trading/behavior.ts';
import { createLiveGateway } from '#trading/execution/live-gateway.ts';
import type { LiveState } from '#trading/execution/live-state.ts';
import type { LiveMemory } from '#trading/execution/live-turn.ts';
import type { ChangeOutcome, Lookup, OrderRef, Placement, PlaceOutcome } from '#trading/model/live.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { MessageBody } from '#trading/model/messages.ts';
import type { ActorInstance, Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { Account, OrderEntry } from '#protocol/ports.ts';
import { behaviorActor } from './behavior-actor.ts';
import type { SendGate } from './send-gate.ts';

export interface LivePlan {
  readonly orders: OrderEntry;
  readonly account: Account;
  readonly gate: SendGate;
}

interface Running {
  readonly plan: LivePlan;
  readonly name: string;
  readonly emit: Emit;
  readonly inner: ActorInstance;
}

const NOTHING: Outcome = Object.freeze({ events: [], tells: [] });
/** Who holds the budgets (DESIGN §4). */
const GOVERNOR = 'governor';
const REASON_LENGTH_MAX = 400;

export class LiveOrders implements ActorInstance {
  readonly #create: (start: Start) => LivePlan;
  #running: Running | null = null;
  /** Ids that this instance decided to send and has not: each is good for one call. What an earlier instance decided is never sent. */
  readonly #tickets = new Set<string>();
  /** Calls at the venue that are not answered yet. */
  readonly #calls = new Set<Promise<void>>();
  /** Counts calls and reports: whether anything happened since it was read last. */
  #happened = 0;
  #settled = 0;

  /** `create` runs at every start: a session does not outlive a restart. */
  constructor(create: (start: Start) => LivePlan) {
    this.#create = create;
  }

  /** @throws Error where the account's reports cannot be had; the supervisor tries again later. */
  async start(start: Start, emit: Emit): Promise<Outcome> {
    if (this.#running !== null) throw new Error(`${start.name}: started twice; a restart takes a new instance`);
    const plan = this.#create(start);
    const { name } = start;
    const inner = behaviorActor<LiveState, LiveMemory>(() => gated(createLiveGateway({ name, terms: plan.orders.terms }), plan.gate));
    this.#running = { plan, name, emit, inner };
    const outcome = await inner.start(start, emit);
    try {
      await plan.account.subscribe({
        onOrder: (order) => {
          this.#happened++;
          emit({ to: name, type: 'order.reported', body: { order } });
        },
        onExecution: (execution) => {
          this.#happened++;
          emit({ to: name, type: 'execution.reported', body: { execution } });
        },
        onResumed: () => {
          this.#happened++;
          emit({ to: name, type: 'feed.changed', body: { broker: plan.orders.terms.broker, up: true, reason: 'orders are reported again' } });
        },
        onFunding: (funding) => {
          this.#happened++;
          emit({ to: name, type: 'funding.reported', body: { funding } });
        },
      });
    } catch (error) {
      await plan.account.close();
      throw error;
    }
    return this.#ticketed(outcome);
  }

  apply(facts: readonly Fact[]): Promise<void> | void {
    return this.#alive().inner.apply(facts);
  }

  async receive(envelope: Envelope, now: Instant): Promise<Outcome> {
    this.#alive().plan.account.observe(now);
    switch (envelope.type) {
      case 'placement.requested':
        return this.#place(envelope.body.order, now);
      case 'cancel.requested':
        return this.#cancel(envelope.body.order);
      case 'lookup.requested':
        return this.#lookUp(envelope.body);
      case 'account.requested':
        return this.#view(envelope.body);
      case 'actor.asked':
        if (envelope.body.query === 'settle') return this.#settle();
        return this.#alive().inner.receive(envelope, now);
      default:
        return this.#ticketed(await this.#alive().inner.receive(envelope, now));
    }
  }

  snapshot(): unknown {
    return this.#alive().inner.snapshot();
  }

  async stop(): Promise<void> {
    await this.#running?.plan.account.close();
  }

  #ticketed(outcome: Outcome): Outcome {
    for (const { type, body } of outcome.events) if (type === 'order.sending') this.#tickets.add(body.clientOrderId);
    return outcome;
  }

  /** The last look: one call, and the gate read immediately before it, after the fact is durable (KS-1, ST-2). */
  #place(order: Placement, now: Instant): Outcome {
    const { plan } = this.#alive();
    const { clientOrderId, purpose, asset, deadlineAt } = order;
    if (!this.#tickets.delete(clientOrderId)) return NOTHING;
    const closed = purpose === 'entry' ? plan.gate.closedFor(asset) : null;
    if (closed !== null) return this.#withheld(clientOrderId, `${closed.code}: ${closed.sentence}`);
    if (now > deadlineAt) return this.#withheld(clientOrderId, `THROTTLED: its turn came ${now - deadlineAt} ms after the deadline`);
    this.#call(
      () => plan.orders.place(order),
      (reason): PlaceOutcome => ({ kind: 'unknown', reason, answered: false }),
      (outcome) => ({ type: 'placement.answered', body: { clientOrderId, outcome } }),
    );
    return NOTHING;
  }

  #withheld(clientOrderId: string, reason: string): Outcome {
    const { name } = this.#alive();
    return { events: [], tells: [{ to: name, type: 'placement.answered', body: { clientOrderId, outcome: { kind: 'withheld', reason } } }] };
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

  #lookUp({ order, askedAt }: MessageBody<'lookup.requested'>): Outcome {
    const { plan } = this.#alive();
    this.#call(
      () => plan.orders.lookup(order),
      (reason): Lookup => ({ kind: 'unavailable', reason }),
      (lookup) => ({ type: 'lookup.answered', body: { clientOrderId: order.clientOrderId, askedAt, lookup } }),
    );
    return NOTHING;
  }

  /** For the reconciler and for itself. No answer is no view: whoever needs one asks again. */
  #view({ since, askedAt, replyTo }: MessageBody<'account.requested'>): Outcome {
    const { plan, name, emit } = this.#alive();
    const { account } = plan;
    const { broker } = plan.orders.terms;
    const funded = account.fundingSince?.(since) ?? Promise.resolve([]);
    const viewed = Promise.all([account.openOrders(), account.executionsSince(since), account.positions(), account.wallet(), funded]).then(
      ([openOrders, executions, positions, wallet, fundings]) => {
        emit({ to: GOVERNOR, type: 'wallet.reported', body: { broker, mode: 'live', ...wallet, at: askedAt } });
        const body = { broker, view: { openOrders, executions, positions, fundings, askedAt } };
        for (const to of new Set([name, replyTo])) emit({ to, type: 'account.viewed', body });
      },
      () => undefined,
    );
    this.#track(viewed);
    return NOTHING;
  }

  /** For a played market: answers when the venue has answered and every report is handed over. `worked`: something happened since the last time. */
  async #settle(): Promise<Outcome> {
    const { account } = this.#alive().plan;
    while (this.#calls.size > 0) await Promise.all(this.#calls);
    await account.caughtUp();
    const worked = this.#happened !== this.#settled;
    this.#settled = this.#happened;
    return { ...NOTHING, reply: { worked } };
  }

  #call<T>(call: () => Promise<T>, failed: (reason: string) => T, message: (outcome: T) => OwnMessage): void {
    this.#track(this.#answer(call, failed, message));
  }

  #track(work: Promise<void>): void {
    this.#happened++;
    const tracked = work.finally(() => this.#calls.delete(tracked));
    this.#calls.add(tracked);
  }

  async #answer<T>(call: () => Promise<T>, failed: (reason: string) => T, message: (outcome: T) => OwnMessage): Promise<void> {
    const { name, emit } = this.#alive();
    let outcome: T;
    try {
      outcome = await call();
    } catch (error) {
      outcome = failed((error instanceof Error ? error.message : String(error)).slice(0, REASON_LENGTH_MAX));
    }
    emit({ to: name, ...message(outcome) });
  }

  #alive(): Running {
    if (this.#running === null) throw new Error('the live orders were not started');
    return this.#running;
  }
}

type OwnMessage =
  | { readonly type: 'placement.answered'; readonly body: MessageBody<'placement.answered'> }
  | { readonly type: 'cancel.answered'; readonly body: MessageBody<'cancel.answered'> }
  | { readonly type: 'lookup.answered'; readonly body: MessageBody<'lookup.answered'> };

/** KS-1: before every decision the gate is read, after the approval is durable: what it says counts, whatever the mailbox has not told yet. */
function gated(behavior: Behavior<LiveState, LiveMemory>, gate: SendGate): Behavior<LiveState, LiveMemory> {
  return { ...behavior, decide: (state, memory, message, now) => behavior.decide(state, { ...memory, gate: gate.closed() }, message, now) };
}
