/** A trader decides: closed bars into signals, signals into order intents. It never sends an order; the journal carries the intent on. */
import { judgeQuote, type QuoteLimits } from '../market/freshness.ts';
import { ratio } from '../money/decimal.ts';
import { NOTHING, type Decision } from '../behavior.ts';
import type { Fact } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { Message, MessageBody, Tell } from '../model/messages.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Prepared } from '../strategy/port.ts';
import { TRADER_CONTRACTS_MAX, type TraderConfig } from './config.ts';
import { withContractQuote } from './contracts.ts';
import { answerSignal, unfinishedExit } from './intent.ts';
import { takeHistory, takeQuote, withSlot, type LastSignal, type Slot, type TraderMemory } from './memory.ts';
import { answerByOption, unfinishedOptionExit } from './options.ts';
import { isOurs, watchedBy, type TraderState } from './state.ts';
import { whyOf } from './why.ts';

/** QS-2 before settings are known; no order is made then, but a bad quote must not shape a bar. */
const COLLAR_UNCONFIGURED = ratio('0.1');
/** A gateway that restarts lists its instruments again; it is asked for history again only after this long (market time). */
const HISTORY_ASK_MS_MIN = 60_000;

interface Turn {
  readonly config: TraderConfig;
  readonly prepared: Prepared;
  readonly state: TraderState;
  readonly memory: TraderMemory;
  readonly now: Instant;
}

export type TraderDecision = Decision<TraderMemory>;

export function decideTrader(turn: Turn, message: Message): TraderDecision {
  switch (message.type) {
    case 'quote.received':
      return onQuote(turn, message.body.quote);
    case 'instrument.listed':
      return onInstrument(turn, message.body.instrument, 'listed');
    case 'history.loaded':
      return onHistory(turn, message.body);
    case 'allowance.changed':
      return isOurs(turn.config, message.body) ? { ...NOTHING, memory: { ...turn.memory, allowance: message.body } } : NOTHING;
    case 'fact.recorded':
      return onFact(turn, message.body.fact);
    case 'actor.asked':
      return { ...NOTHING, reply: answer(turn, message.body.query) };
    default:
      return NOTHING;
  }
}

/** What to ask the gateway so that the indicators of `symbol` are warm. */
export function historyRequest(config: TraderConfig, prepared: Prepared, symbol: string): Tell {
  const { asset, intervalMinutes, name, gateway } = config;
  return { to: gateway, type: 'history.requested', body: { asset, symbol, intervalMinutes, bars: prepared.warmUpBars, replyTo: name } };
}

function onQuote(turn: Turn, quote: QuoteSnapshot): TraderDecision {
  const { config, memory, state, now, prepared } = turn;
  const slot = quote.asset === config.asset ? slotOf(turn, quote.symbol) : undefined;
  if (slot === undefined) return onContractQuote(turn, quote);
  const { refusal: quoteGate, suspect } = judgeQuote(quote, slot, limitsOf(turn), now);
  if (quoteGate !== null) return { ...NOTHING, memory: withSlot(memory, quote.symbol, { ...slot, suspect, quoteGate }) };
  const step = takeQuote(slot, quote, prepared.warmUpBars);
  const { bar } = step;
  const unfinished = config.contract === undefined ? unfinishedExit : unfinishedOptionExit;
  const signal = bar === null ? null : (step.signal ?? unfinished(state, quote.symbol, slot.last));
  if (bar === null || signal === null) return { events: [], effects: [], memory: withSlot(memory, quote.symbol, step.slot) };
  const instrument = slot.instrument ?? state.instruments[quote.symbol] ?? null;
  const asked = { config, state, instrument, allowance: memory.allowance, quote, bar, signal, now };
  const { verdict, moment } =
    config.contract === undefined
      ? { verdict: answerSignal(asked), moment: asked }
      : answerByOption(asked, config.contract, memory.contracts, limitsOf(turn));
  const { intent, gate } = verdict;
  // An exit that waits for its venue to open was not tried (SS-1).
  const tried = slot.last?.gate?.code === 'SESSION_CLOSED' ? 0 : 1;
  const retries = step.signal === null ? (slot.last?.retries ?? 0) + tried : 0;
  const last: LastSignal = { at: now, signal, clientOrderId: intent?.clientOrderId ?? null, gate, retries, moment };
  return {
    events: intent === null ? [] : [{ type: 'order.intended', body: { intent } }],
    effects: [],
    memory: withSlot(memory, quote.symbol, { ...step.slot, last }),
  };
}

/** Of an option that may be bought: it is kept for the signal of its share. */
function onContractQuote(turn: Turn, quote: QuoteSnapshot): TraderDecision {
  const { config, memory, state, now } = turn;
  if (config.contract === undefined || quote.asset !== config.asset) return NOTHING;
  // After a restart the facts know what the catalog has listed before.
  const listed = state.instruments[quote.symbol];
  const known = listed === undefined || Object.hasOwn(memory.contracts, quote.symbol) ? memory : withContract(memory, listed);
  const contracts = withContractQuote(known.contracts, quote, limitsOf(turn), now);
  return contracts === memory.contracts ? NOTHING : { ...NOTHING, memory: { ...memory, contracts } };
}

function onInstrument(turn: Turn, instrument: Instrument, by: 'listed' | 'changed'): TraderDecision {
  const { config, memory, now, prepared } = turn;
  const symbol = watchedBy(config, instrument);
  const slot = instrument.asset === config.asset ? slotOf(turn, symbol) : undefined;
  if (slot === undefined) return NOTHING;
  const isRecent = now - slot.askedAt < HISTORY_ASK_MS_MIN;
  const isOption = config.contract !== undefined;
  // Options come by the dozen, and are one share's.
  const isAsked = slot.history === 'loaded' || isOption;
  const asks = slot.history === 'unasked' || (by === 'listed' && !(isAsked && isRecent));
  const known = isOption ? withContract(memory, instrument) : withSlot(memory, symbol, { ...slot, instrument });
  if (!asks) return { ...NOTHING, memory: known };
  const asking: Slot = { ...(known.slots[symbol] ?? slot), history: 'asked', askedAt: now };
  return { events: [], effects: [historyRequest(config, prepared, symbol)], memory: withSlot(known, symbol, asking) };
}

function withContract(memory: TraderMemory, instrument: Instrument): TraderMemory {
  const { symbol } = instrument;
  const before = memory.contracts[symbol];
  if (before === undefined && Object.keys(memory.contracts).length >= TRADER_CONTRACTS_MAX) return memory;
  const slot = { lastGood: before?.lastGood ?? null, suspect: before?.suspect ?? null, instrument };
  return { ...memory, contracts: { ...memory.contracts, [symbol]: slot } };
}

function onHistory(turn: Turn, { asset, symbol, intervalMinutes, bars }: MessageBody<'history.loaded'>): TraderDecision {
  const { config, memory, now, prepared } = turn;
  const slot = asset === config.asset && intervalMinutes === config.intervalMinutes ? slotOf(turn, symbol) : undefined;
  if (slot === undefined) return NOTHING;
  return { ...NOTHING, memory: withSlot(memory, symbol, takeHistory(slot, bars, now, prepared)) };
}

function onFact(turn: Turn, fact: Fact): TraderDecision {
  if (fact.type === 'instrument.changed') return onInstrument(turn, fact.body.instrument, 'changed');
  if (fact.type !== 'order.refused' || !isOurs(turn.config, fact.body)) return NOTHING;
  const { symbol: ordered, clientOrderId, refusal } = fact.body;
  const symbol = turn.memory.contracts[ordered]?.instrument.underlying ?? ordered;
  const slot = slotOf(turn, symbol);
  if (slot?.last?.clientOrderId !== clientOrderId) return NOTHING;
  const last: LastSignal = { ...slot.last, gate: refusal };
  return { ...NOTHING, memory: withSlot(turn.memory, symbol, { ...slot, last }) };
}

function answer(turn: Turn, query: string): unknown {
  if (query === 'state') return turn.state;
  if (query === 'why') return whyOf(turn.memory, turn.prepared, turn.config.mode);
  return { error: `a trader answers why and state, not ${JSON.stringify(query)}` };
}

function slotOf({ memory }: Turn, symbol: string) {
  return Object.hasOwn(memory.slots, symbol) ? memory.slots[symbol] : undefined;
}

function limitsOf({ config, state }: Turn): QuoteLimits {
  const risk = state.settings?.risk;
  if (risk === undefined) return { quoteAgeMsMax: config.quoteAgeMsMax, quoteCollar: COLLAR_UNCONFIGURED };
  return risk.quoteAgeMsMax <= config.quoteAgeMsMax ? risk : { quoteAgeMsMax: config.quoteAgeMsMax, quoteCollar: risk.quoteCollar };
}
