/**
 * RT-2: the live orders of one broker. Approved orders become `order.sending`, durable before a byte leaves; then the shell is asked, once,
 * and what comes back becomes facts. What nobody knows waits behind the fence, and is never sent a second time (ST-2).
 */
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import type { EventType, Fact, KillScope } from '../model/events.ts';
import { brokerOf } from '../model/instrument.ts';
import type { AccountView } from '../model/live.ts';
import type { Message } from '../model/messages.ts';
import { BLANK_LIVE, orderOf, type LiveState } from './live-book.ts';
import { evolveLive } from './live-state.ts';
import { doubtfulCloses, findBare } from './live-bare.ts';
import { cancelKilled, protect, sweep } from './live-guard.ts';
import { onFee } from './live-fees.ts';
import { onFunding } from './live-funding.ts';
import { lose, onCancelled, onExecution, onLookedUp, onOrder, onPlaced, onProtectionLost } from './live-report.ts';
import { sendApproved, sendWaiting } from './live-send.ts';
import { recalled } from './live-stops.ts';
import { adoptStops, isFenced, isTrailed, onAmended, onQuote } from './live-trail.ts';
import { onTrouble } from './live-trouble.ts';
import { BLANK_LIVE_MEMORY, LiveTurn, type LiveConfig, type LiveMemory } from './live-turn.ts';

/** What a live gateway must hear of the journal; its own facts are among it. */
export const LIVE_FACTS: readonly EventType[] = [
  'settings.loaded',
  'system.started',
  'mode.changed',
  'instrument.changed',
  'order.approved',
  'order.sending',
  'order.acknowledged',
  'order.unknown',
  'order.ended',
  'fill.recorded',
  'stop.amending',
  'stop.trailed',
  'stop.stands',
  'funding.booked',
  'fee.adjusted',
  'dust.set_aside',
  'position.settled',
  'alarm.raised',
  'kill.tripped',
  'kill.rearmed',
  'reconcile.differed',
  'reconcile.adjusted',
];

/** Executions are read again from this long before the newest known fill: rows may appear late and out of order. */
const OVERLAP_MS = 3_600_000;
/** Where the time of the next reading is kept; no order has this id, since it is longer than any. */
const ACCOUNT = 'the account, which is no order and has no id';

type LiveDecision = Decision<LiveMemory>;

export function createLiveGateway(config: LiveConfig): Behavior<LiveState, LiveMemory> {
  return {
    initial: BLANK_LIVE,
    blank: BLANK_LIVE_MEMORY,
    decide: (state, memory, message, now) => decide(new LiveTurn(config, state, memory, now), message),
    evolve: (state, fact) => evolveLive(config.terms.broker, state, fact),
    resume: (state, now) => resume(new LiveTurn(config, state, BLANK_LIVE_MEMORY, now)),
  };
}

/** An intent that was not sent provably never left; what was being sent may be anywhere, and waits behind the fence. */
function resume(turn: LiveTurn): LiveDecision {
  turn.memory = { ...turn.memory, bucket: { level: 0, at: turn.now } };
  for (const order of Object.values(turn.state.orders)) {
    if (order.order.at === 'INTENT') turn.end(order, 'not_sent', 'interrupted');
    else if (order.order.at === 'SENDING') lose(turn, order, 'interrupted', true);
    // It rests, and reports may have been lost with the crash: looked at with the next tick.
    else if (order.order.at === 'ACKED' || order.order.at === 'PARTIAL') turn.remember('lookups', order.clientOrderId, turn.now);
  }
  return turn.decided();
}

function decide(turn: LiveTurn, message: Message): LiveDecision {
  switch (message.type) {
    case 'fact.recorded':
      return onFact(turn, message.body.fact);
    case 'clock.advanced':
      readAccount(turn);
      sendWaiting(turn);
      sweep(turn);
      return turn.decided();
    case 'quote.received':
      if (!isTrailed(turn.state, message.body.quote)) return NOTHING;
      onQuote(turn, message.body.quote);
      return turn.decided();
    case 'feed.changed':
      // What the stream did not tell meanwhile, the account does.
      turn.memory = { ...turn.memory, isReconciled: false, closedBy: null };
      turn.remember('lookups', ACCOUNT, turn.now);
      readAccount(turn);
      return turn.decided();
    case 'kill.trip':
      return onGate(turn, message.body.scope);
    case 'kill.rearm':
      return { ...NOTHING, memory: { ...turn.memory, gate: [] } };
    case 'actor.asked':
      return { ...NOTHING, reply: answer(turn, message.body.query) };
    default:
      return onVenue(turn, message);
  }
}

function onVenue(turn: LiveTurn, message: Message): LiveDecision {
  switch (message.type) {
    case 'placement.answered':
      onPlaced(turn, message.body);
      break;
    case 'cancel.answered':
      onCancelled(turn, message.body);
      break;
    case 'amend.answered':
      onAmended(turn, message.body);
      break;
    case 'lookup.answered':
      onLookedUp(turn, message.body);
      break;
    case 'order.reported':
      onOrder(turn, message.body.order);
      break;
    case 'execution.reported':
      onExecution(turn, message.body.execution);
      break;
    case 'funding.reported':
      onFunding(turn, message.body.funding);
      break;
    case 'fee.reported':
      onFee(turn, message.body.fee);
      break;
    case 'limit.told':
      turn.memory = { ...turn.memory, limit: message.body };
      break;
    case 'trouble.reported':
      onTrouble(turn, message.body.trouble);
      break;
    case 'account.viewed':
      if (message.body.broker !== turn.config.terms.broker) return NOTHING;
      onAccount(turn, message.body.view);
      break;
    case 'protection.lost':
      onProtectionLost(turn, message.body.clientOrderId, message.body.reason);
      break;
    default:
      return NOTHING;
  }
  settleDown(turn);
  return turn.decided();
}

/** What follows at once from a report: legs for a fill that has none (BR-2), the end of what a kill covers. */
function settleDown(turn: LiveTurn): void {
  for (const holding of Object.values(turn.state.holdings)) if (holding.nakedSince !== null) protect(turn, holding);
  cancelKilled(turn);
}

/** Until the venue's side was read, again and again: no entry before that. And while a close is in doubt that took the legs, or the move of a stop. */
function readAccount(turn: LiveTurn): void {
  const { memory, state, now, config } = turn;
  const isKnown = memory.isReconciled && doubtfulCloses(turn).length === 0 && !isFenced(turn);
  if (isKnown || (memory.lookups[ACCOUNT] ?? 0) > now) return;
  turn.remember('lookups', ACCOUNT, now + config.terms.deadlineMs);
  const since = Math.max(0, (state.newestFillAt ?? now) - OVERLAP_MS);
  turn.ask({ type: 'account.requested', body: { since, askedAt: now, replyTo: config.name, ...recalled(state) } });
}

/** The venue's rows first; then entries may be sent. What they do not explain is the reconciler's. */
function onAccount(turn: LiveTurn, view: AccountView): void {
  const { executions, openOrders, fundings = [] } = view;
  for (const execution of executions) if (isKnown(turn, execution)) onExecution(turn, execution);
  for (const order of openOrders) if (isKnown(turn, order)) onOrder(turn, order);
  for (const funding of fundings) onFunding(turn, funding);
  adoptStops(turn, view);
  for (const { entryOrderId, close } of findBare(turn, view)) {
    onProtectionLost(turn, entryOrderId, `its legs were cancelled for ${close}, and nobody knows what came of that`);
  }
  turn.memory = { ...turn.memory, isReconciled: true };
}

const isKnown = ({ state }: LiveTurn, of: { readonly clientOrderId: string | null; readonly parentId: string | null }): boolean =>
  orderOf(state, of.clientOrderId) !== undefined || orderOf(state, of.parentId) !== undefined;

function onFact(turn: LiveTurn, fact: Fact): LiveDecision {
  const { broker } = turn.config.terms;
  if (fact.type === 'order.approved' && fact.body.mode === 'live' && brokerOf(fact.body.asset) === broker) {
    sendApproved(turn, fact.body.clientOrderId);
  } else if (fact.type === 'kill.tripped') sweep(turn);
  else return NOTHING;
  return turn.decided();
}

/** The send gate closed, and the fact may be behind many messages. */
function onGate(turn: LiveTurn, scope: KillScope): LiveDecision {
  turn.memory = { ...turn.memory, gate: [...new Set([...turn.memory.gate, scope])] };
  cancelKilled(turn);
  return turn.decided();
}

function answer({ state, memory }: LiveTurn, query: string): unknown {
  if (query === 'state') return state;
  if (query === 'orders') return Object.values(state.orders).map(({ clientOrderId, symbol, order }) => ({ clientOrderId, symbol, at: order.at }));
  if (query === 'kill') return { closed: [...new Set([...memory.gate, ...state.killed])] };
  return { error: `a live gateway answers state, orders and kill, not ${JSON.stringify(query)}` };
}
