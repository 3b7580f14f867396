/**
 * RG-2, UI-2: what `why` says of a trader. Nothing is gathered while trading: the last signal keeps the moment it was decided in, and the
 * numbers of every gate are read from that when somebody asks.
 */
import { BAR_MS } from '../market/bars.ts';
import { quoteAge } from '../market/freshness.ts';
import { isNegative, rounded, type Money, type Price, type Qty } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instant, Instrument, Mode } from '../model/instrument.ts';
import type { Allowance } from '../model/messages.ts';
import type { SizingBasis } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import type { Gate } from '../model/why.ts';
import { leastOrder, sizeOrder } from '../sizing/size.ts';
import type { Prepared } from '../strategy/port.ts';
import { bracketOf, SIGNAL_AGE_MS_MAX } from './intent.ts';
import type { LastSignal, Slot, TraderMemory } from './memory.ts';
import type { Moment } from './moment.ts';

const NUMBER_PLACES_MAX = 8;
const MS_A_SECOND = 1000;

/** What `why` says of a symbol: the last signal and its fate, the gates it met, and whether quotes and bars are there to make another. */
export interface WhyNot {
  readonly mode: Mode;
  readonly last: Omit<LastSignal, 'moment'> | null;
  /** Down to the trader's own verdict: an order intended, or the gate that stopped it. What the governor says is the governor's to tell. */
  readonly gates: readonly Gate[];
  readonly quoteGate: Refusal | null;
  readonly quoteAt: Instant | null;
  readonly bars: number;
  readonly warmUpBars: number;
}

export function whyOf({ slots }: TraderMemory, prepared: Prepared, mode: Mode): Readonly<Record<string, WhyNot>> {
  const of: Record<string, WhyNot> = {};
  for (const [symbol, slot] of Object.entries(slots)) {
    const { last, quoteGate, lastGood, recent } = slot;
    const gates = last === null ? unsignalled(symbol, slot, prepared.warmUpBars) : gatesOf(last);
    const quoteAt = lastGood?.exchangeAt ?? null;
    of[symbol] = { mode, last: withoutMoment(last), gates, quoteGate, quoteAt, bars: recent.length, warmUpBars: prepared.warmUpBars };
  }
  return of;
}

/** A gate before it is known whether it was the one that stopped the signal. */
interface Asked extends Pick<Gate, 'gate' | 'rule' | 'numbers' | 'sentence'> {
  readonly outcome?: 'skipped';
  /** Whether this refusal is this gate's; never, where absent. */
  readonly stops?: (refusal: Refusal) => boolean;
}

const isCode =
  (code: Refusal['code'], ...rules: readonly string[]) =>
  (refusal: Refusal): boolean =>
    refusal.code === code && (rules.length === 0 || rules.includes(refusal.rule));

/** The gates of one signal, in the order in which `answerSignal` asks them, as far as it came. */
export function gatesOf({ moment, gate: refusal, clientOrderId }: Pick<LastSignal, 'moment' | 'gate' | 'clientOrderId'>): readonly Gate[] {
  const asked = [...signalGates(moment), ...(isExit(moment) ? exitGates(moment) : entryGates(moment))];
  // With an id there was an order: a refusal is then the governor's.
  const own = clientOrderId === null ? refusal : null;
  if (own === null) return [...asked.map(passed), intended(moment, clientOrderId)];
  const at = asked.findIndex(({ stops }) => stops?.(own) ?? false);
  const before = at === -1 ? asked.slice(0, signalGates(moment).length - 1) : asked.slice(0, at);
  return [...before.map(passed), stopped(asked[at]?.gate ?? 'other', own)];
}

const isExit = ({ state, quote, signal }: Moment): boolean => {
  const position = state.positions[quote.symbol];
  return position !== undefined && (isNegative(position) ? 'sell' : 'buy') !== signal.side;
};

/** What every signal meets. */
function signalGates(moment: Moment): readonly Asked[] {
  const { quote, signal, bar, now, state, config } = moment;
  const { symbol, bid, ask: offer } = quote;
  const maxMs = Math.min(config.quoteAgeMsMax, state.settings?.risk.quoteAgeMsMax ?? Infinity);
  const ageMs = quoteAge(quote, now);
  const { stopDistance, takeProfitDistance } = signal.entry;
  const before = state.intendedAt[symbol];
  return [
    ask('quote', 'QS-1', { bid, ask: offer, ageMs, maxMs }, `${symbol}: bid ${bid}, ask ${offer}, ${ageMs} ms old, at most ${maxMs} ms`),
    ask('signal', 'RG-2', { side: signal.side, bar: bar.at, stopDistance, takeProfitDistance }, `${signal.side}: ${signal.reason}`),
    sessionGate(moment),
    {
      ...ask('one a bar', 'RK-2', before === undefined ? {} : { before }, `${symbol}: no order was intended in this minute yet`),
      stops: (refusal) => isCode('DUPLICATE_INTENT')(refusal) && 'intendedAt' in refusal.numbers,
    },
  ];
}

function sessionGate({ instrument, quote, state }: Moment): Asked {
  const calendar = instrument?.sessionCalendar ?? 'unknown';
  const symbol = instrument?.symbol ?? quote.symbol;
  const gate = ask('session', 'SS-1', { calendar }, `${symbol}: ${calendar} is open`);
  if (calendar !== 'always' && state.settings?.sessions !== undefined) return { ...gate, stops: isCode('SESSION_CLOSED') };
  const why = calendar === 'always' ? 'trades around the clock' : 'has no sessions here';
  return { ...gate, sentence: `${symbol} ${why}`, outcome: 'skipped' };
}

function exitGates({ state, quote }: Moment): readonly Asked[] {
  const { symbol } = quote;
  const position = state.positions[symbol] ?? '0';
  return [
    ask('position', 'RK-1', { position }, `${symbol}: the signal is against the open position of ${position}, so it closes it`),
    { ...ask('on its way', 'RK-2', {}, `${symbol}: no exit is on its way`), stops: isCode('DUPLICATE_INTENT') },
  ];
}

function entryGates(moment: Moment): readonly Asked[] {
  const { instrument, state, allowance, config, signal, quote } = moment;
  const { symbol } = quote;
  const settings = state.settings;
  const gates: Asked[] = [
    { ...ask('position', 'RK-1', { position: state.positions[symbol] ?? '0' }, `${symbol}: no position is open`), stops: isCode('POSITION_EXISTS') },
    {
      ...ask(
        'no short',
        'SZ-6',
        { side: signal.side },
        `${symbol}: ${config.asset === 'crypto_spot' ? 'a buy, and spot may buy' : 'both sides may be entered'}`,
      ),
      stops: isCode('NO_SHORT'),
    },
    ...(config.contract === undefined ? [] : [contractGate(moment)]),
    { ...ask('catalog', 'LC-1', instrumentNumbers(instrument), `${symbol}: the catalog lists it`), stops: isCode('UNKNOWN_INSTRUMENT') },
    { ...ask('currency', 'SZ-4', { quote: instrument?.quote ?? '' }, `${symbol}: its price is in USD`), stops: isCode('NOT_IN_USD') },
    { ...ask('settings', 'CF-1', {}, 'settings and an allowance are there'), stops: isNotConfigured },
  ];
  if (settings === null || allowance === null || instrument === null) return gates;
  return [...gates, ...waitGates(moment, settings, allowance), ...sizeGates(moment, settings, allowance, instrument)];
}

/** Where one was chosen the moment is that contract's. */
function contractGate({ instrument, quote }: Moment): Asked {
  const sentence = `${instrument?.symbol ?? quote.symbol}: the option that the signal wants`;
  return { ...ask('contract', 'LC-1', instrumentNumbers(instrument), sentence), stops: isCode('NO_OPTION') };
}

/** Sizing refuses with the same code, but by then there is an allowance, and its numbers name what it was asked for. */
const isNotConfigured = (refusal: Refusal): boolean => refusal.code === 'NOT_CONFIGURED' && !('alloc' in refusal.numbers);

function waitGates({ quote, state, bar, now, config }: Moment, settings: Settings, allowance: Allowance): readonly Asked[] {
  const { symbol } = quote;
  const barAgeMs = now - (bar.at + BAR_MS);
  const closedAt = state.closedAt[symbol];
  const cooldownSeconds = settings.cooldownSeconds;
  const sinceMs = closedAt === undefined ? null : now - closedAt;
  const cooled = sinceMs === null ? 'was not closed before' : `was closed ${sinceMs} ms ago, ${cooldownSeconds * MS_A_SECOND} ms are enough`;
  return [
    {
      ...ask('close-only', 'KS-3', {}, `${config.asset} ${config.mode} may enter: no kill and no tripped wire`),
      stops: (refusal) => isCode('CLOSE_ONLY')(refusal) || (refusal === allowance.closeOnly && refusal.code !== 'MODE_OFF'),
    },
    { ...ask('mode', 'RT-2', { mode: config.mode }, `${config.asset} may trade in ${config.mode}`), stops: isCode('MODE_OFF') },
    {
      ...ask('signal age', 'RT-5', { ageMs: barAgeMs, maxMs: SIGNAL_AGE_MS_MAX }, `${symbol}: the bar of the signal ended ${barAgeMs} ms ago`),
      stops: isCode('STALE_QUOTE'),
    },
    { ...ask('on its way', 'RK-2', {}, `${symbol}: no order is on its way`), stops: isCode('DUPLICATE_INTENT') },
    {
      ...ask('cool-down', 'RK-1', { cooldownSeconds, ...(closedAt === undefined ? {} : { closedAt }) }, `${symbol} ${cooled}`),
      stops: isCode('COOL_DOWN'),
    },
    budgetGate(symbol, allowance),
  ];
}

function budgetGate(symbol: string, { usable, remaining, walletAvailable, budget }: Allowance): Asked {
  const numbers = { usable: short(usable), remaining: short(remaining), walletAvailable: short(walletAvailable), budget: short(budget) };
  return {
    ...ask('budget', 'SZ-5', numbers, `${symbol}: ${numbers.usable} of ${numbers.budget} USD is usable now`),
    stops: (refusal) => isCode('BUDGET_EXHAUSTED')(refusal) && 'remaining' in refusal.numbers,
  };
}

function sizeGates(moment: Moment, settings: Settings, allowance: Allowance, instrument: Instrument): readonly Asked[] {
  const { quote, signal } = moment;
  const at = signal.side === 'buy' ? quote.ask : quote.bid;
  const size = sizeOrder({ ...allowance, settings, price: at, side: signal.side, instrument });
  const least = leastOrder(instrument, at, settings);
  const bracket = bracketOf(signal, at, instrument);
  return [
    {
      ...sizingRow(settings, moment, at, size.ok ? { ...size.basis, qty: size.qty } : null),
      stops: (refusal) => isCode('BELOW_MINIMUM', 'SZ-4')(refusal) || isCode('BUDGET_EXHAUSTED')(refusal) || isCode('NOT_CONFIGURED')(refusal),
    },
    {
      ...ask(
        'minimum',
        'RT-3',
        { leastQty: least.qty, leastNotional: short(least.notional), lotSize: instrument.lotSize, minNotional: instrument.minNotional },
        `${quote.symbol}: the smallest order is ${least.qty}, ${short(least.notional)} USD`,
      ),
      stops: isCode('BELOW_MINIMUM', 'RT-3'),
    },
    {
      ...ask(
        'bracket',
        'BR-1',
        { price: at, stopLoss: bracket.stopLoss, takeProfit: bracket.takeProfit, tickSize: instrument.tickSize },
        `${quote.symbol}: stop ${bracket.stopLoss} and take-profit ${bracket.takeProfit} around ${at}`,
      ),
      stops: isCode('BRACKET_WRONG_SIDE'),
    },
  ];
}

type Sized = SizingBasis & { readonly qty: Qty };

/** SZ-1…5, with the letters of the rules: B·r·m, the threshold T, the cap, what is usable, and the quantity at P. */
function sizingRow(settings: Settings, { config, quote }: Moment, at: Price, sized: Sized | null): Asked {
  const risk = settings.perTradeRisk[config.asset];
  const threshold = settings.percentSizingThreshold;
  if (sized === null) return ask('sizing', 'SZ-4', { r: risk, T: threshold, P: at }, `${quote.symbol}: no size was found`);
  const { budget, multiplier, baseCap, notionalCap, usable, qty } = sized;
  const numbers = {
    B: short(budget),
    r: risk,
    m: multiplier,
    T: threshold,
    baseCap: short(baseCap),
    notionalCap: short(notionalCap),
    usable: short(usable),
    P: at,
    qty,
  };
  const sentence = `${quote.symbol}: B·r·m = ${numbers.B}·${risk}·${multiplier} gives a cap of ${numbers.notionalCap} USD, ${qty} at ${at}`;
  return ask('sizing', 'SZ-1', numbers, sentence);
}

function intended({ quote, signal }: Moment, clientOrderId: string | null): Gate {
  const sentence = `${quote.symbol}: an order to ${signal.side} was intended`;
  return { ...ask('intent', 'ST-1', { clientOrderId: clientOrderId ?? '' }, sentence), by: 'trader', outcome: 'passed' };
}

/** No signal since the start: what is still missing for one. */
function unsignalled(symbol: string, { quoteGate, lastGood, recent }: Slot, warmUpBars: number): readonly Gate[] {
  if (quoteGate !== null) return [stopped('quote', quoteGate)];
  if (lastGood === null) return [waiting('quote', 'QS-1', {}, `${symbol}: no quote came yet`)];
  const { bid, ask: offer, exchangeAt } = lastGood;
  const bars = recent.length;
  const numbers = { bars, warmUpBars };
  const warm = bars >= warmUpBars ? `${symbol}: the strategy is warm and has not signalled` : `${symbol}: ${bars} of ${warmUpBars} bars to warm up`;
  return [
    passed(ask('quote', 'QS-1', { bid, ask: offer, exchangeAt }, `${symbol}: bid ${bid}, ask ${offer}`)),
    waiting('signal', 'RG-2', numbers, warm),
  ];
}

function ask(gate: string, rule: string, numbers: Gate['numbers'], sentence: string): Asked {
  return { gate, rule, numbers, sentence };
}

const passed = ({ gate, rule, numbers, sentence, outcome }: Asked): Gate => {
  return { gate, rule, by: 'trader', outcome: outcome ?? 'passed', numbers, sentence };
};

const waiting = (gate: string, rule: string, numbers: Gate['numbers'], sentence: string): Gate => {
  return { gate, rule, by: 'trader', outcome: 'waiting', numbers, sentence };
};

const stopped = (gate: string, { code, rule, numbers, sentence }: Refusal): Gate => {
  return { gate, rule, by: 'trader', outcome: 'stopped', numbers: { code, ...numbers }, sentence };
};

const instrumentNumbers = (instrument: Instrument | null): Gate['numbers'] =>
  instrument === null ? {} : { id: instrument.id, tickSize: instrument.tickSize, lotSize: instrument.lotSize };

const short = (value: Money): string => rounded(value, NUMBER_PLACES_MAX);

function withoutMoment(last: LastSignal | null): WhyNot['last'] {
  if (last === null) return null;
  const { moment: _kept, ...said } = last;
  return said;
}
