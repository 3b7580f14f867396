/**
 * A trader of options watches shares and buys options on them: its strategy sees the share's bars, and a signal asks for a call or a put of a
 * description (decision 21). What is bought is sold again when the share signals the other way. Nothing is ever written.
 */
import { checkQuote, type QuoteLimits } from '../market/freshness.ts';
import { add, isPositive, price, quotient, ratio, scale, smaller, toNumber, type Money } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instrument } from '../model/instrument.ts';
import type { ContractChoice, OptionAsk, OptionContract, OptionSeen } from '../model/option.ts';
import type { Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import { notionalCapOf } from '../sizing/size.ts';
import { chooseOption } from '../strategy/option-choice.ts';
import type { Signal } from '../strategy/port.ts';
import type { Contracts, ContractSlot } from './contracts.ts';
import { answerSignal, EXIT_RETRIES_MAX, isPending, refusal, type Verdict } from './intent.ts';
import type { LastSignal } from './memory.ts';
import type { Moment } from './moment.ts';
import type { TraderState } from './state.ts';

/** A verdict, with the moment it was given in: that of the contract where one was chosen, so that `why` shows its numbers. */
export interface OptionVerdict {
  readonly verdict: Verdict;
  readonly moment: Moment;
}

const HALF = ratio('0.5');

/** Held on the underlying; null where nothing is. */
export function heldOn(state: TraderState, underlying: string): Instrument | null {
  for (const symbol of Object.keys(state.positions)) {
    const instrument = state.instruments[symbol];
    if (instrument?.underlying === underlying) return instrument;
  }
  return null;
}

/** A call is a view that the share rises. */
const viewOf = ({ option }: Instrument): Side => (option?.right === 'P' ? 'sell' : 'buy');

/** RT-5, as `unfinishedExit` of who trades what it watches. */
export function unfinishedOptionExit(state: TraderState, underlying: string, last: LastSignal | null): Signal | null {
  const held = heldOn(state, underlying);
  if (last === null || held === null || last.retries >= EXIT_RETRIES_MAX) return null;
  return viewOf(held) === last.signal.side || isPending(state, held.symbol, null) ? null : last.signal;
}

/** `moment` is the share's: its quote, its bar, its signal. */
export function answerByOption(moment: Moment, choice: ContractChoice, contracts: Contracts, limits: QuoteLimits): OptionVerdict {
  const held = heldOn(moment.state, moment.quote.symbol);
  return held === null ? entry(moment, choice, contracts, limits) : exit(moment, held, contracts, limits);
}

function exit(moment: Moment, held: Instrument, contracts: Contracts, limits: QuoteLimits): OptionVerdict {
  const { signal, now, state } = moment;
  if (viewOf(held) === signal.side) {
    const position = state.positions[held.symbol] ?? '0';
    return stopped(moment, refusal('POSITION_EXISTS', 'RK-1', { position }, `${held.symbol}: ${position} are held for this view already`));
  }
  const quote = contracts[held.symbol]?.lastGood ?? null;
  // Its own numbers are what `why` shows.
  const own = { ...moment, instrument: held };
  if (quote === null) return stopped(own, refusal('STALE_QUOTE', 'QS-1', {}, `${held.symbol}: it is held, and no quote of it came yet`));
  const stale = checkQuote(quote, null, limits, now);
  if (stale !== null) return stopped(own, stale);
  return answered({ ...moment, quote, instrument: held, signal: { ...signal, side: 'sell' } });
}

function entry(moment: Moment, choice: ContractChoice, contracts: Contracts, limits: QuoteLimits): OptionVerdict {
  const { state, allowance, quote, signal, now, config } = moment;
  const { symbol } = quote;
  const { settings } = state;
  if (settings === null) return stopped(moment, refusal('NOT_CONFIGURED', 'CF-1', {}, `${symbol}: no settings were loaded yet`));
  if (allowance === null) return stopped(moment, refusal('NOT_CONFIGURED', 'SZ-5', {}, `${symbol}: the governor has not said yet what may be used`));
  const pending = Object.values(state.pending)
    .map((order) => state.instruments[order.symbol])
    .find((instrument) => instrument?.underlying === symbol);
  if (pending !== undefined) {
    const own = { ...moment, instrument: pending };
    return stopped(own, refusal('DUPLICATE_INTENT', 'RK-2', {}, `${symbol}: an order of ${pending.symbol} is on its way`));
  }
  const { budget, multiplier, usable } = allowance;
  const cap = smaller(notionalCapOf({ settings, asset: config.asset, budget, multiplier }).notionalCap, usable);
  const slots = Object.values(contracts).filter(({ instrument }) => instrument.underlying === symbol);
  const seen = new Map<string, OptionSeen>();
  for (const { instrument, lastGood } of slots) {
    if (lastGood === null || checkQuote(lastGood, null, limits, now) !== null) continue;
    seen.set(instrument.symbol, { bid: lastGood.bid, ask: lastGood.ask, delta: lastGood.delta ?? null });
  }
  const asked = signal.option ?? choice;
  const chosen = chooseOption(wishOf(symbol, signal.side, asked, cap), slots.flatMap(contractOf), {
    ...{ now, seen, openDteMin: settings.expiry?.openDteMin ?? 0, estimate: null },
    spot: scale(add(quote.bid, quote.ask), HALF),
  });
  if (!chosen.ok) return stopped(moment, chosen.refusal);
  const slot = contracts[chosen.contract.symbol];
  const at = slot?.lastGood ?? null;
  if (slot === undefined || at === null) throw new Error(`${chosen.contract.symbol} was chosen without a quote`);
  return answered({ ...moment, quote: at, instrument: slot.instrument, signal: bought(signal, slot.instrument, at, choice) });
}

const wishOf = (underlying: string, view: Side, { dteMin, dteMax, target }: OptionAsk, cap: Money) => ({
  ...{ underlying, view, dteMin, dteMax, target },
  premiumMax: isPositive(cap) ? cap : null,
});

/** The bracket lies around the premium: what the share's own average range says is not what its option moves by. */
function bought(signal: Signal, { symbol, tickSize }: Instrument, { ask }: QuoteSnapshot, choice: ContractChoice): Signal {
  const premium = toNumber(ask);
  const tick = toNumber(tickSize);
  // Of a premium of a few ticks a fraction may be less than one.
  const ticks = (fraction: number): number => Number(quotient(price(Math.max(tick, premium * fraction)), tickSize));
  // As the clamp rounds: the stop never farther than asked, the take-profit never nearer.
  const entryAt = {
    stopDistance: Math.max(1, Math.floor(ticks(choice.stopFraction))) * tick,
    takeProfitDistance: Math.max(1, Math.ceil(ticks(choice.takeProfitFraction))) * tick,
  };
  return { side: 'buy', reason: `${signal.reason}: ${symbol}`, entry: entryAt };
}

function contractOf({ instrument }: ContractSlot): readonly OptionContract[] {
  const { symbol, underlying, expiry, multiplier, option } = instrument;
  return option === undefined || expiry === null ? [] : [{ symbol, underlying, expiry, multiplier, ...option }];
}

const answered = (moment: Moment): OptionVerdict => ({ verdict: answerSignal(moment), moment });
const stopped = (moment: Moment, gate: Refusal): OptionVerdict => ({ verdict: { intent: null, gate }, moment });
