/** A share and options on it that expire on Friday, 9 January 2026, at 16:00 in New York; the calendars are the shipped ones. */
import { loadCalendars } from '#config/calendars.ts';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import { verifyJournal } from '#state/verify.ts';
import type { RawRecord } from '#state/store.ts';
import { sealedStory, type Entry } from '../../../support/journal-story.ts';
import { T0 } from '../trader/fixtures.ts';
import { entryOn, type House, SEED, settings as base } from '../risk/house.ts';
import { option } from './ibkr-instruments.ts';

export const EXPIRY = Date.parse('2026-01-09T21:00:00Z');
export const SHARE: Instrument = { ...option('SPY', '2026-01-09', '600', 'C'), symbol: 'SPY', id: 'ibkr:SPY' };

export const optionOf = (strike: string, right: 'C' | 'P', expiry = EXPIRY): Instrument => ({
  ...option('SPY', '2026-01-09', strike, right),
  expiry,
  option: { strike: price(strike), right },
});

/** Room for some contracts, whole fills, and an expiry that is waited for. */
export async function optionSettings(more: Partial<NonNullable<Settings['expiry']>> = {}): Promise<Settings> {
  return {
    ...base,
    alloc: { ...base.alloc, options: money('100000') },
    perTradeRisk: { ...base.perTradeRisk, options: ratio('0.5') },
    percentSizingThreshold: money('100000'),
    leverageCaps: { ...base.leverageCaps, options: ratio('1') },
    risk: { ...base.risk, maxOrderNotional: money('100000'), maxLossPerOrder: ratio('0.5'), dailyLossCap: ratio('1'), maxDrawdown: ratio('1') },
    sessions: await loadCalendars('config'),
    expiry: { openDteMin: 0, closeMinutes: 0, exerciseThreshold: money('0.01'), ...more },
  };
}

/** The bracket is out of reach: it is the expiry that ends the position. */
export const buy = (quote: QuoteSnapshot, instrument: Instrument, quantity: string): OrderIntent =>
  entryOn(quote, instrument, {
    clientOrderId: `b${quote.id}`,
    qty: qty(quantity),
    bracket: { stopLoss: price('0.01'), takeProfit: price('900') },
  });

/** Bought at `at` for about `mid`. */
export function held(house: House, instrument: Instrument, at: number, mid = 2, quantity = '1'): OrderIntent {
  const intent = buy(house.quoteAt(at, mid, instrument), instrument, quantity);
  house.intend(intent);
  house.clock(at + 300);
  return intent;
}

/** What `verify` says of everything that the house wrote. */
export async function verified(house: Pick<House, 'facts'>, change: (fact: Fact) => Fact = (fact) => fact): Promise<readonly string[]> {
  const begin: Entry = {
    actor: 'system',
    at: T0,
    event: {
      type: 'system.started',
      body: { version: '0', market: 'embedded', seed: SEED, epoch: 1, configHash: 'none', play: 'test' },
    },
  };
  const entries = house.facts.map(change).map(({ actor, at, ...fact }): Entry => ({ actor, at, event: fact }));
  const { records, head } = sealedStory([begin, ...entries]);
  const report = await verifyJournal({ records: each(records), anchor: head }, {});
  return report.problems.map(({ rule, what }) => `${rule}: ${what}`);
}

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}
