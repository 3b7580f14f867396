/**
 * The governor: the only one who approves an order. It judges every intent by its own numbers, books closed trades on their budgets, trips
 * the wires, and tells traders what they may use.
 */
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import { judgeQuote } from '../market/freshness.ts';
import { add } from '../money/decimal.ts';
import type { ClosedPart } from '../ledger/positions.ts';
import { allotted, budgetOf, walletKey } from '../ledger/wallet.ts';
import type { DomainEvent, EventType, Fact } from '../model/events.ts';
import { brokerOf, type Instant } from '../model/instrument.ts';
import type { Allowance, Message, MessageBody, Tell, WalletReport } from '../model/messages.ts';
import type { OrderIntent } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import { ACCOUNTS, allowanceOf, nextReview, type Account } from './allowance.ts';
import { BLANK_GOVERNOR_MEMORY, type GovernorMemory } from './memory.ts';
import { refuse } from './refuse.ts';
import { BLANK_GOVERNOR, evolveGovernor, instrumentKey, walletOf, type GovernorState } from './state.ts';
import { wiresOfNaked, wiresOfTrade, wiresOfVerdict, wiresOfWallet } from './tripwires.ts';
import { refusedEvent, verdictOn } from './verdict.ts';
import { basesDue, withReport } from './wallets.ts';
import { orderGates, withCase, withStep } from './why.ts';

export interface GovernorConfig {
  readonly name: string;
}

export const GOVERNOR_FACTS: readonly EventType[] = [
  'settings.loaded',
  'instrument.changed',
  'order.intended',
  'order.approved',
  'order.refused',
  'order.clamped',
  'order.accepted',
  'order.sending',
  'order.acknowledged',
  'order.unknown',
  'order.ended',
  'fill.recorded',
  'funding.booked',
  'fee.adjusted',
  'dust.set_aside',
  'position.settled',
  'reconcile.adjusted',
  'trade.closed',
  'wallet.based',
  'tripwire.tripped',
  'kill.tripped',
  'kill.rearmed',
  'system.started',
  'mode.changed',
];

type GovernorDecision = Decision<GovernorMemory>;

export function createGovernor(_config: GovernorConfig): Behavior<GovernorState, GovernorMemory> {
  return {
    initial: BLANK_GOVERNOR,
    blank: BLANK_GOVERNOR_MEMORY,
    decide: (state, memory, message, now) => decide(new Turn(state, memory, now), message),
    evolve: (state, fact) => evolveGovernor(state, fact),
    resume: (state, now) => resume(new Turn(state, BLANK_GOVERNOR_MEMORY, now)),
  };
}

/** What was decided so far in this turn, seen by what is decided next: a closed trade trips a wire, which changes the allowance. */
class Turn {
  readonly now: Instant;
  readonly events: DomainEvent[] = [];
  state: GovernorState;
  memory: GovernorMemory;

  constructor(state: GovernorState, memory: GovernorMemory, now: Instant) {
    this.state = state;
    this.memory = memory;
    this.now = now;
  }

  record(event: DomainEvent): void {
    this.events.push(event);
    this.state = evolveGovernor(this.state, event);
  }
}

function decide(turn: Turn, message: Message): GovernorDecision {
  switch (message.type) {
    case 'quote.received':
      return onQuote(turn, message.body.quote);
    case 'clock.advanced':
      return isReviewDue(turn) ? settled(turn) : NOTHING;
    case 'feed.changed':
      return onFeed(turn, message.body);
    case 'wallet.reported':
      return onWallet(turn, message.body);
    case 'fact.recorded':
      return onFact(turn, message.body.fact);
    case 'actor.asked':
      return { ...NOTHING, reply: answer(turn, message.body) };
    default:
      return NOTHING;
  }
}

/** A crash may have left intents without a verdict and closed positions without a trade. Without fresh quotes most intents are stale by now. */
function resume(turn: Turn): GovernorDecision {
  bookClosed(turn);
  for (const { intent, approval } of Object.values(turn.state.orders)) {
    if (approval === null) decideOn(turn, intent);
  }
  return settled(turn);
}

function onFact(turn: Turn, fact: Fact): GovernorDecision {
  turn.memory = { ...turn.memory, cases: withStep(turn.memory.cases, fact) };
  switch (fact.type) {
    case 'order.intended':
      judge(turn, fact.body.intent);
      return isPlainApproval(turn.events) ? later(turn) : settled(turn, fact.body.intent);
    case 'fill.recorded':
      bookClosed(turn);
      return settled(turn, fact.body.fill);
    case 'funding.booked':
    case 'fee.adjusted':
    case 'reconcile.adjusted':
      // Where it came after its trade, or ended a position without one, the day's loss and the drawdown moved by no trade.
      for (const wire of wiresOfWallet(turn.state, fact.body, turn.now)) turn.record(wire);
      return settled(turn, fact.body);
    case 'dust.set_aside':
    case 'position.settled':
      bookClosed(turn);
      return settled(turn, fact.body);
    case 'order.ended':
      return settled(turn, fact.body);
    case 'order.accepted':
    case 'order.clamped':
    case 'order.sending':
    case 'order.acknowledged':
    case 'order.unknown':
      return { ...NOTHING, memory: turn.memory };
    default:
      return settled(turn);
  }
}

const isPlainApproval = (events: readonly DomainEvent[]): boolean => events.length === 1 && events[0]?.type === 'order.approved';

/** An approved order does not wait until traders are told what it leaves them: the next quote or tick does that, before a trader sees it. */
const later = ({ events, memory, now }: Turn): GovernorDecision => ({ events, effects: [], memory: { ...memory, reviewAt: now } });

function judge(turn: Turn, intent: OrderIntent): void {
  const { clientOrderId, symbol } = intent;
  const order = turn.state.orders[clientOrderId];
  if (order?.approval === null) return decideOn(turn, order.intent);
  // On its way already: the same id is the same order, and a verdict against it would be one against the order that lives.
  if (order !== undefined) return;
  turn.record(refusedEvent(intent, refuse('DUPLICATE_INTENT', 'RK-2', { clientOrderId }, `${symbol}: ${clientOrderId} was decided before`)));
}

function decideOn(turn: Turn, intent: OrderIntent): void {
  const { state, memory, now } = turn;
  const verdict = verdictOn(state, memory, intent, now);
  const { cases, ...seen } = memory;
  turn.memory = { ...memory, cases: withCase(cases, { intent, state, memory: seen, now, verdict, steps: [] }) };
  turn.record(verdict);
  for (const wire of wiresOfVerdict(turn.state, verdict, turn.now)) turn.record(wire);
}

/** SZ-8: a round trip moves the budget of its own asset and mode, and of no other. */
function bookClosed(turn: Turn): void {
  for (const part of turn.state.closing) {
    turn.record({ type: 'trade.closed', body: { trade: tradeOf(turn.state, part) } });
    for (const wire of wiresOfTrade(turn.state, part, turn.now)) turn.record(wire);
  }
}

/** @throws Error where a fill came before any settings: an order cannot have been approved then. */
function tradeOf(state: GovernorState, part: ClosedPart) {
  const { settings } = state;
  if (settings === null) throw new Error(`${part.tradeId} was closed before any settings were loaded`);
  const budgetBefore = budgetOf(settings, allotted(settings, part, state.bases), walletOf(state, part));
  const budgetAfter = settings.profitRollover ? add(budgetBefore, part.pnl) : budgetBefore;
  return { ...part, budgetBefore, budgetAfter };
}

/** Runs at every quote: numbers are compared, nothing else. */
function onQuote(turn: Turn, quote: QuoteSnapshot): GovernorDecision {
  const { state, memory, now } = turn;
  const key = instrumentKey(quote);
  const lastGood = memory.lastGood[key] ?? null;
  const isLate = lastGood !== null && quote.exchangeAt < lastGood.exchangeAt;
  if (!isLate && state.settings !== null) {
    const before = memory.suspects[key] ?? null;
    const { refusal, suspect } = judgeQuote(quote, { lastGood, suspect: before }, state.settings.risk, now);
    const suspects = suspect === before ? memory.suspects : { ...memory.suspects, [key]: suspect };
    turn.memory = { ...memory, suspects, lastGood: refusal === null ? { ...memory.lastGood, [key]: quote } : memory.lastGood };
  }
  return isReviewDue(turn) ? settled(turn) : { events: [], effects: [], memory: turn.memory };
}

function onFeed({ memory }: Turn, { broker, up, reason }: MessageBody<'feed.changed'>): GovernorDecision {
  const { [broker]: _before, ...others } = memory.down;
  return { ...NOTHING, memory: { ...memory, down: up ? others : { ...others, [broker]: reason } } };
}

function onWallet(turn: Turn, report: WalletReport): GovernorDecision {
  const reports = withReport(turn.memory.reports, report, turn.now);
  if (reports === null) return NOTHING;
  turn.memory = { ...turn.memory, reports };
  return settled(turn);
}

/** The decision, with an allowance told to every trader for whom it is another than before; `of` where only that account's wallet moved. */
function settled(turn: Turn, of: Account | null = null): GovernorDecision {
  for (const base of basesDue(turn.state, turn.memory.reports)) turn.record(base);
  const naked = wiresOfNaked(turn.state, turn.now);
  for (const wire of naked) turn.record(wire);
  const moved = of === null || naked.length > 0 ? ACCOUNTS : sharingWallet(of);
  const heard = moved.filter((account) => isHeard(turn, account));
  const effects: Tell[] = [];
  const told = { ...turn.memory.told };
  for (const allowance of allowances(turn, heard)) {
    const text = JSON.stringify(allowance);
    const key = walletKey(allowance);
    if (told[key] === text) continue;
    told[key] = text;
    effects.push({ to: `trader.${allowance.asset}.${allowance.mode}`, type: 'allowance.changed', body: allowance });
  }
  return { events: turn.events, effects, memory: { ...turn.memory, told, reviewAt: nextReview(turn.state, turn.now, turn.memory.reports) } };
}

function allowances({ state, memory, now }: Turn, accounts: readonly Account[] = ACCOUNTS): readonly Allowance[] {
  return accounts.map((account) => allowanceOf(state, account, now, memory.reports)).filter((allowance) => allowance !== null);
}

/** What is free for one asset of a broker's wallet, another of that wallet may have taken. */
const sharingWallet = ({ asset, mode }: Account): readonly Account[] =>
  ACCOUNTS.filter((account) => account.mode === mode && brokerOf(account.asset) === brokerOf(asset));

/** Where nothing was ever live nobody listens: no live trader runs before a wallet was reported. */
function isHeard({ state, memory }: Turn, account: Account): boolean {
  const key = walletKey(account);
  if (account.mode === 'paper' || memory.reports[brokerOf(account.asset)] !== undefined) return true;
  return Object.hasOwn(memory.told, key) || Object.hasOwn(state.wallets, key);
}

function isReviewDue({ memory, now }: Turn): boolean {
  return memory.reviewAt !== null && now >= memory.reviewAt;
}

function answer(turn: Turn, { query, args }: MessageBody<'actor.asked'>): unknown {
  const { state, memory } = turn;
  switch (query) {
    case 'allowances':
      return allowances(turn);
    case 'why':
      return why(turn, args[0] ?? null);
    case 'state':
      return state;
    case 'kill':
      return { killed: state.killed, down: memory.down };
    default:
      return { error: `the governor answers allowances, why, state and kill, not ${JSON.stringify(query)}` };
  }
}

/** The newest verdict with its numbers, the gates that the last order of each symbol met, and what may be used now; of one asset, or of all. */
function why(turn: Turn, asset: string | null): unknown {
  const { cases } = turn.memory;
  const { verdicts } = turn.state;
  return allowances(turn)
    .filter((allowance) => asset === null || allowance.asset === asset)
    .map((allowance) => {
      const orders = orderGates(cases, verdicts, allowance.asset).filter(({ mode }) => mode === allowance.mode);
      return { allowance, verdict: verdicts[walletKey(allowance)] ?? null, orders };
    });
}
