/** LC-6 on paper: funding of open perpetual positions, at the rates that the market announced. */
import { fundingAmount, fundingIdOf, fundingMs, fundingTimeOf, markOf } from '../lifecycle/funding.ts';
import type { Instant } from '../model/instrument.ts';
import type { FundingAnnounced } from '../model/messages.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Ratio } from '../money/decimal.ts';
import type { Holding } from './state.ts';
import type { PaperMemory, Turn } from './turn.ts';

/** Announcements kept of a symbol: the venue may name the next time before this one was booked. */
const ANNOUNCED_KEPT_MAX = 4;
/** Funding times that are made up for at once, newest last: a month of the shortest schedule there is. */
const MISSED_MAX = 720;

export function withAnnounced(memory: PaperMemory, announced: FundingAnnounced): PaperMemory {
  const { symbol, nextAt } = announced;
  const others = (memory.announced[symbol] ?? []).filter((known) => known.nextAt !== nextAt);
  return { ...memory, announced: { ...memory.announced, [symbol]: [...others.slice(1 - ANNOUNCED_KEPT_MAX), announced] } };
}

/**
 * Books what is due of one position up to `until`: once for each funding time, before anything changes the position that was held then. The
 * mark is the mid of the quote in force. Where no rate was announced for it nothing is booked, and a person is told.
 */
export function settleFunding(turn: Turn, key: string, until: Instant): void {
  const { state, memory } = turn;
  if (state.settings?.fundingEnabled !== true) return;
  const holding = state.holdings[key];
  const instrument = state.instruments[key];
  if (holding === undefined || instrument === undefined) return;
  const intervalMs = fundingMs(instrument);
  if (intervalMs === null) return;
  const last = fundingTimeOf(intervalMs, until);
  const from = Math.max(holding.openedAt, holding.fundedAt ?? 0, memory.unfunded[key] ?? 0);
  const quote = memory.lastGood[key];
  if (last <= from || quote === undefined) return;
  const unknown: Instant[] = [];
  const first = Math.max(fundingTimeOf(intervalMs, from) + intervalMs, last - (MISSED_MAX - 1) * intervalMs);
  for (let at = first; at <= last; at += intervalMs) {
    const rate = rateAt(memory, holding.symbol, at);
    if (rate === null) unknown.push(at);
    else book(turn, holding, { at, rate, quote });
  }
  missed(turn, key, holding, unknown);
}

const rateAt = ({ announced }: PaperMemory, symbol: string, at: Instant): Ratio | null =>
  announced[symbol]?.find(({ nextAt }) => nextAt === at)?.rate ?? null;

function book(
  turn: Turn,
  { asset, symbol, side, qty, terms: { multiplier } }: Holding,
  { at, rate, quote }: { readonly at: Instant; readonly rate: Ratio; readonly quote: QuoteSnapshot },
): void {
  const price = markOf(quote);
  const amount = fundingAmount({ side, qty, multiplier }, price, rate);
  const fundingId = fundingIdOf({ mode: 'paper', symbol }, at);
  const of = { asset, mode: 'paper', symbol, fundingId } as const;
  turn.record({ type: 'funding.booked', body: { ...of, side, qty, price, rate, amount, at, venueExecutionId: null, pricedOn: quote } });
}

function missed(turn: Turn, key: string, { asset, symbol, entryOrderId }: Holding, times: readonly Instant[]): void {
  const newest = times.at(-1);
  if (newest === undefined) return;
  turn.memory = { ...turn.memory, unfunded: { ...turn.memory.unfunded, [key]: newest } };
  const sentence = `${symbol}: no funding rate was announced for ${newest}: ${times.length} funding time(s) up to it are not booked`;
  turn.record({ type: 'alarm.raised', body: { asset, mode: 'paper', symbol, clientOrderId: entryOrderId, code: 'FUNDING_UNKNOWN', sentence } });
}
