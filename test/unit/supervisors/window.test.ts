import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price } from '#trading/money/decimal.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { CHART_BARS_MAX } from '#protocol/view.ts';
import { Window } from '#supervisors/window.ts';
import { allowanceFor, settings, spotTrader } from '../trading/trader/fixtures.ts';

const MINUTE = 60_000;
const quote = (at: number, last: number, symbol = 'BTC/USDT'): QuoteSnapshot => ({
  id: `${symbol}-${at}`,
  broker: 'bybit',
  asset: 'crypto_spot',
  symbol,
  bid: price(last),
  ask: price(last),
  bidQty: null,
  askQty: null,
  last: price(last),
  volume: null,
  exchangeAt: at,
  receivedAt: at,
});
const open = (allowances: readonly Allowance[] = []): Window =>
  new Window({
    run: () => ({ market: 'embedded', play: 'x', seed: '1', speed: '1', marketNow: 0, startedAt: 0, quotes: 0, ended: false }),
    journal: () => ({ seq: 0, head: '' }),
    actors: () => [],
    allowances: () => allowances,
    settings: () => settings,
    realisedToday: () => '0',
    latch: () => false,
    killLatencyMs: () => null,
    modes: () => ({}),
  });
const bars = (window: Window): readonly (readonly number[])[] =>
  (window.takeChanges().bars['BTC/USDT'] ?? []).map(({ time, open: first, high, low, close }) => [time, first, high, low, close]);

describe('the feed of the page', () => {
  it('SZ-1 SZ-3 SZ-5 UI-1 a wallet says what one entry may be: the cap, at most what is usable', () => {
    const sizing = (budget: string, usable: string) => {
      const allowance = { ...allowanceFor(spotTrader), budget: money(budget), usable: money(usable) };
      return open([allowance]).takeAll().allowances[0]?.sizing;
    };
    assert.deepEqual(sizing('1000', '980'), { multiplier: '1', risk: '0.02', baseCap: '20', notionalCap: '20', orderMax: '20' });
    assert.equal(sizing('1000', '12.5')?.orderMax, '12.5');
    assert.deepEqual(sizing('200000', '200000'), { multiplier: '1', risk: '0.02', baseCap: '4000', notionalCap: '1500', orderMax: '1500' });
  });

  it('UI-2 conflates quotes to the newest of each symbol and feeds an unchanged one once', () => {
    const window = open();
    for (const last of [1, 2, 3]) window.onQuote(quote(1000 * last, last));
    window.onQuote(quote(1000, 9, 'ETH/USDT'));
    const { quotes } = window.takeChanges();
    assert.deepEqual(
      quotes.map(({ symbol, last }) => [symbol, last]),
      [
        ['BTC/USDT', '3'],
        ['ETH/USDT', '9'],
      ],
    );
    assert.deepEqual(window.takeChanges().quotes, []);
    assert.equal(window.takeAll().quotes.length, 2);
  });

  it('builds minutes, and feeds the open one again while it moves', () => {
    const window = open();
    for (const [at, last] of [
      [0, 5],
      [15_000, 7],
      [30_000, 4],
      [MINUTE, 6],
    ] as const)
      window.onQuote(quote(at, last));
    assert.deepEqual(bars(window), [
      [0, 5, 7, 4, 4],
      [60, 6, 6, 6, 6],
    ]);
    window.onQuote(quote(MINUTE + 1, 8));
    assert.deepEqual(bars(window), [[60, 6, 8, 6, 8]]);
  });

  it('begins with history, which never overwrites what was played', () => {
    const window = open();
    window.onQuote(quote(MINUTE, 6));
    window.takeChanges();
    const bar = (at: number, value: number) => ({ at, open: value, high: value, low: value, close: value, volume: 1 });
    window.onHistory('BTC/USDT', [bar(0, 3), bar(MINUTE, 99)]);
    assert.deepEqual(bars(window), [
      [0, 3, 3, 3, 3],
      [60, 6, 6, 6, 6],
    ]);
  });

  it('keeps a bounded number of bars', () => {
    const window = open();
    for (let minute = 0; minute < CHART_BARS_MAX + 50; minute++) window.onQuote(quote(minute * MINUTE, 5));
    assert.equal(window.takeAll().bars['BTC/USDT']?.length, CHART_BARS_MAX);
  });
});
