/**
 * RG-2, UI-2: what the governor says of the last order of each symbol. Deciding gathers nothing: the case is kept as it was (its state is
 * immutable, so keeping it copies nothing), and asking runs the same checks over it again.
 */
import { positionKey } from '../ledger/positions.ts';
import { notional } from '../money/decimal.ts';
import { without } from '../model/without.ts';
import type { Fact, Refusal } from '../model/events.ts';
import { brokerOf, type Instant } from '../model/instrument.ts';
import type { OrderIntent } from '../model/order.ts';
import type { Gate, OrderGates } from '../model/why.ts';
import { touch } from '../paper/price.ts';
import { quoteAge } from '../market/freshness.ts';
import { allowanceOf, closeOnlyOf } from './allowance.ts';
import { NAMED_CHECKS } from './checks.ts';
import type { EntryCase } from './entry.ts';
import type { DecidedCase, DecidedCases } from './memory.ts';
import { instrumentKey, type GovernorState, type Verdict } from './state.ts';
import { SAID } from './why-checks.ts';

/** Symbols, in all assets and modes, whose last order is kept; the one decided longest ago is forgotten first. */
export const CASES_KEPT_MAX = 128;
/** Steps after the approval that are kept of one order: clamps, acceptance, fills, end. */
const STEPS_KEPT_MAX = 16;

export function withCase(cases: DecidedCases, decided: DecidedCase): DecidedCases {
  const key = positionKey(decided.intent);
  const others = without(cases, key);
  const keys = Object.keys(others);
  const oldest = keys[0];
  return { ...(oldest === undefined || keys.length < CASES_KEPT_MAX ? others : without(others, oldest)), [key]: decided };
}

/** The cases after a fact of an order; the same object where it is of none of them. */
export function withStep(cases: DecidedCases, fact: Fact): DecidedCases {
  const order = orderOf(fact);
  if (order === null) return cases;
  const key = positionKey(order);
  const decided = cases[key];
  if (decided?.intent.clientOrderId !== order.clientOrderId || decided.steps.length >= STEPS_KEPT_MAX) return cases;
  const steps = stepsOf(fact, decided.steps);
  return steps.length === 0 ? cases : { ...cases, [key]: { ...decided, steps: [...decided.steps, ...steps] } };
}

/** Of every symbol whose last verdict is remembered; after a restart, of what the journal says of the last of each asset and mode. */
export function orderGates(cases: DecidedCases, verdicts: Readonly<Record<string, Verdict>>, asset: string | null): readonly OrderGates[] {
  const kept = Object.values(cases)
    .filter(({ intent }) => asset === null || intent.asset === asset)
    .map((decided) => ({ ...idOf(decided.intent), gates: gatesOf(decided) }));
  const known = new Set(kept.map(({ clientOrderId }) => clientOrderId));
  const replayed = Object.entries(verdicts)
    .filter(([key, { clientOrderId }]) => !known.has(clientOrderId) && (asset === null || key.startsWith(`${asset}|`)))
    .map(([key, verdict]) => ({
      ...idOf({ ...verdict, mode: key.endsWith('|live') ? ('live' as const) : ('paper' as const) }),
      gates: [replayedGate(verdict)],
    }));
  return [...kept, ...replayed];
}

const idOf = ({ mode, symbol, clientOrderId }: Pick<OrderIntent, 'mode' | 'symbol' | 'clientOrderId'>) => ({ mode, symbol, clientOrderId });

function gatesOf(decided: DecidedCase): readonly Gate[] {
  const { verdict, steps, intent } = decided;
  const asked = intent.kind === 'exit' ? exitGates(decided) : entryGates(decided);
  if (verdict.type === 'order.refused') {
    const { refusal } = verdict.body;
    const at = asked.findIndex(({ stops }) => stops(refusal));
    return [...asked.slice(0, Math.max(at, 0)).map(passed), stopped(asked[at]?.gate ?? 'verdict', refusal)];
  }
  if (verdict.type !== 'order.approved') return [];
  const { notional: value, margin, maxLoss } = verdict.body;
  const approval = governed('approved', 'RK-1', { notional: value, margin, maxLoss }, `${intent.symbol}: approved, ${intent.side} ${intent.qty}`);
  const [gate, rule] = intent.mode === 'live' ? (['sent', 'ST-1'] as const) : (['acceptance', 'PX-1'] as const);
  const waits = step(gate, rule, 'waiting', {}, `${intent.symbol}: approved, and not ${gate === 'sent' ? gate : 'accepted'} yet`);
  return [...asked.map(passed), passed(approval), ...(steps.length === 0 ? [waits] : steps)];
}

interface Asked extends Pick<Gate, 'gate' | 'rule' | 'numbers' | 'sentence'> {
  readonly stops: (refusal: Refusal) => boolean;
}

const never = (): boolean => false;
const governed = (gate: string, rule: string, numbers: Gate['numbers'], sentence: string, stops: Asked['stops'] = never): Asked => {
  return { gate, rule, numbers, sentence, stops };
};
const isCode =
  (...codes: readonly string[]) =>
  (refusal: Refusal): boolean =>
    codes.includes(refusal.code);

/** As `gateOf` and then the checks ask them. */
function entryGates({ state, intent, memory, now }: DecidedCase): readonly Asked[] {
  const { asset, mode, symbol } = intent;
  const broker = brokerOf(asset);
  const closed = closeOnlyOf(state, intent, now);
  const gates = [
    governed(
      'close-only',
      'KS-3',
      {},
      `${asset} ${mode}: no kill and no tripped wire`,
      (refusal) => closed?.code === refusal.code && refusal.code !== 'MODE_OFF',
    ),
    governed('mode', 'RT-2', { mode }, `${asset} may trade in ${mode}`, isCode('MODE_OFF', 'NOT_CONFIGURED')),
    governed('wallet', 'SZ-5', {}, `${broker} said what is in its wallet, or the mode needs none`, isCode('WALLET_UNKNOWN')),
    governed('feed', 'RT-5', { broker }, `quotes come from ${broker}`, isCode('BROKER_DOWN')),
    governed('self-cross', 'RK-2', {}, `${symbol}: nothing of ours is on the other side`, isCode('SELF_CROSS')),
    governed(
      'on its way',
      'RK-2',
      {},
      `${symbol}: no entry is on its way`,
      (refusal) => isCode('DUPLICATE_INTENT')(refusal) && !('windowMs' in refusal.numbers),
    ),
    governed('catalog', 'LC-1', {}, `${symbol}: the catalog lists it`, isCode('UNKNOWN_INSTRUMENT')),
    governed('currency', 'SZ-4', {}, `${symbol}: its price is in USD`, isCode('NOT_IN_USD')),
  ];
  const entry = caseOf(state, intent, memory, now);
  if (entry === null) return gates;
  const names = Object.keys(NAMED_CHECKS) as (keyof typeof NAMED_CHECKS)[]; // the keys of a constant
  const refusedBy = names.find((name) => NAMED_CHECKS[name](entry) !== null);
  return [...gates, ...names.map((name) => ({ ...SAID[name](entry), stops: () => name === refusedBy }))];
}

function caseOf(state: GovernorState, intent: OrderIntent, memory: DecidedCase['memory'], now: Instant): EntryCase | null {
  const { settings } = state;
  const instrument = state.instruments[instrumentKey(intent)];
  const allowance = allowanceOf(state, intent, now, memory.reports);
  if (settings === null || instrument === undefined || allowance === null) return null;
  const value = notional(touch(intent.side, intent.snapshot), intent.qty, instrument.multiplier);
  const lastGood = memory.lastGood[instrumentKey(intent)] ?? null;
  return { state, settings, instrument, allowance, lastGood, intent, notional: value, now };
}

/** No kill, wire, budget or throttle keeps anyone in a position. */
function exitGates({ state, intent, now }: DecidedCase): readonly Asked[] {
  const { symbol, qty, snapshot } = intent;
  const position = state.positions[positionKey(intent)]?.qty ?? '0';
  const numbers = { bid: snapshot.bid, ask: snapshot.ask, ageMs: quoteAge(snapshot, now), maxMs: state.settings?.risk.quoteAgeMsMax ?? '' };
  return [
    governed('settings', 'CF-1', {}, 'settings are there', isCode('NOT_CONFIGURED')),
    governed('position', 'RK-1', { qty, position }, `${symbol}: ${qty} of the open ${position} is closed`, isCode('NOTHING_TO_CLOSE')),
    governed('session', 'SS-1', { at: now }, `${symbol}: its venue is open`, isCode('SESSION_CLOSED')),
    governed('quote', 'QS-1', numbers, `${symbol}: the quote was ${numbers.ageMs} ms old at the decision`, isCode('STALE_QUOTE', 'BAD_QUOTE')),
  ];
}

function orderOf(fact: Fact): Pick<OrderIntent, 'asset' | 'mode' | 'symbol' | 'clientOrderId'> | null {
  switch (fact.type) {
    case 'order.clamped':
    case 'order.accepted':
    case 'order.sending':
    case 'order.acknowledged':
    case 'order.unknown':
    case 'order.ended':
      return fact.body;
    case 'fill.recorded':
      return fact.body.fill;
    default:
      return null;
  }
}

function stepsOf(fact: Fact, before: readonly Gate[]): readonly Gate[] {
  switch (fact.type) {
    case 'order.clamped': {
      const changes = fact.body.clamps.map(({ field, before: from, after, filter }) => [field, `${from} → ${after} (${filter})`] as const);
      return [step('clamp', 'RT-3', 'passed', Object.fromEntries(changes), 'made to fit the instrument')];
    }
    case 'order.accepted': {
      const { symbol, qty, acceptedAt, dueAt, draws } = fact.body;
      const numbers = { qty, latencyMs: dueAt - acceptedAt, fillFraction: draws.fillFraction };
      const accepted = step('acceptance', 'PX-1', 'passed', numbers, `${symbol}: the simulator accepted ${qty}, due in ${numbers.latencyMs} ms`);
      const fits = step('clamp', 'RT-3', 'passed', {}, 'fitted the instrument as it was');
      return before.some(({ gate }) => gate === 'clamp') ? [accepted] : [fits, accepted];
    }
    case 'order.sending': {
      const { symbol, side, qty, purpose, deadlineAt, sentAt } = fact.body;
      const sent = step(
        'sent',
        'ST-1',
        'passed',
        { qty, purpose, waitMs: deadlineAt - sentAt },
        `${symbol}: ${side} ${qty}, durable before a byte left`,
      );
      const fits = step('clamp', 'RT-3', 'passed', {}, 'fitted the instrument as it was');
      return before.some(({ gate }) => gate === 'clamp') ? [sent] : [fits, sent];
    }
    case 'order.acknowledged': {
      const { symbol, venueOrderId } = fact.body;
      return [step('acknowledged', 'RT-2', 'passed', { venueOrderId }, `${symbol}: the venue has it`)];
    }
    case 'order.unknown': {
      const { symbol, reason, resolveAfter } = fact.body;
      const sentence = `${symbol}: nobody knows what came of it (${reason}); the venue is asked behind the fence, and it is not sent again`;
      return [step('unknown', 'ST-4', 'waiting', { resolveAfter }, sentence)];
    }
    case 'fill.recorded': {
      const { symbol, side, qty, price, fee, reason } = fact.body.fill;
      return [step('fill', 'PX-1', 'passed', { qty, price, fee, reason }, `${symbol}: ${side} ${qty} filled at ${price}`)];
    }
    case 'order.ended': {
      const { symbol, status, filledQty, reason } = fact.body;
      const isGood = status === 'filled' || status === 'partially_filled';
      return [
        step(
          'end',
          'ST-1',
          isGood ? 'passed' : 'stopped',
          { status, filledQty },
          `${symbol}: ${status.replaceAll('_', ' ')}${reason === '' ? '' : `, ${reason}`}`,
        ),
      ];
    }
    default:
      return [];
  }
}

function replayedGate({ symbol, refusal, approved }: Verdict): Gate {
  if (refusal !== null) return stopped('verdict', refusal);
  return passed(governed('approved', 'RK-1', { ...approved }, `${symbol}: approved before the last restart; its checks are not remembered`));
}

const passed = ({ gate, rule, numbers, sentence }: Asked): Gate => ({ gate, rule, by: 'governor', outcome: 'passed', numbers, sentence });
const stopped = (gate: string, { code, rule, numbers, sentence }: Refusal): Gate => {
  return { gate, rule, by: 'governor', outcome: 'stopped', numbers: { code, ...numbers }, sentence };
};
const step = (gate: string, rule: string, outcome: Gate['outcome'], numbers: Gate['numbers'], sentence: string): Gate => {
  return { gate, rule, by: 'execution', outcome, numbers, sentence };
};
