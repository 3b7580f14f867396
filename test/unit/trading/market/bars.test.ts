import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { BAR_MS, barOpen, closedBy, markOf, nextBar } from '#trading/market/bars.ts';
import type { Bar, QuoteSnapshot } from '#trading/model/quote.ts';
import { qty } from '#trading/money/decimal.ts';
import { quoteOf, spot, T0 } from '../trader/fixtures.ts';

function stream(quotes: readonly QuoteSnapshot[]): { closed: Bar[]; open: Bar | null } {
  const closed: Bar[] = [];
  let open: Bar | null = null;
  for (const quote of quotes) {
    const next: Bar = nextBar(open, quote);
    const done = closedBy(open, next);
    if (done !== null) closed.push(done);
    open = next;
  }
  return { closed, open };
}

/** The plain form: quotes grouped by minute, each group one bar. */
function batch(quotes: readonly QuoteSnapshot[]): Bar[] {
  const groups = new Map<number, QuoteSnapshot[]>();
  for (const quote of quotes) {
    const at = Math.floor(quote.exchangeAt / BAR_MS) * BAR_MS;
    groups.set(at, [...(groups.get(at) ?? []), quote]);
  }
  return [...groups].map(([at, group]) => {
    const prices = group.map((quote) => Number(quote.last));
    const [open, close] = [prices[0] ?? NaN, prices.at(-1) ?? NaN];
    const volume = group.reduce((sum, quote) => sum + Number(quote.volume ?? 0), 0);
    return { at, open, high: Math.max(...prices), low: Math.min(...prices), close, volume };
  });
}

const quotes = fc
  .array(fc.tuple(fc.nat({ max: 90_000 }), fc.integer({ min: 100, max: 20_000 }), fc.option(fc.integer({ min: 0, max: 999 }))), { maxLength: 80 })
  .map((steps) => {
    let at = T0;
    return steps.map(([gap, cents, volume]) => quoteOf(spot, (at += gap), cents / 100, { volume: volume === null ? null : qty(volume) }));
  });

describe('market/bars', () => {
  it('ML-5 streaming bars equal grouped bars bit for bit', () => {
    fc.assert(
      fc.property(quotes, (of) => {
        const { closed, open } = stream(of);
        assert.deepEqual(open === null ? closed : [...closed, open], batch(of));
      }),
    );
  });

  it('a bar closes when a quote of a later minute comes, and a missing minute stays missing', () => {
    const { closed, open } = stream([quoteOf(spot, T0, 100), quoteOf(spot, T0 + BAR_MS - 1, 101), quoteOf(spot, T0 + 5 * BAR_MS, 90)]);
    assert.deepEqual(closed, [{ at: T0, open: 100, high: 101, low: 100, close: 101, volume: 2 }]);
    assert.equal(open?.at, T0 + 5 * BAR_MS);
  });

  it('a late quote of a minute that is over changes nothing', () => {
    const open = nextBar(null, quoteOf(spot, T0 + BAR_MS, 100));
    assert.equal(nextBar(open, quoteOf(spot, T0 + BAR_MS - 1, 500)), open);
  });

  it('marks by the last trade, or by the middle where there is none', () => {
    assert.equal(markOf(quoteOf(spot, T0, 100)), 100);
    assert.equal(markOf(quoteOf(spot, T0, 50, { last: null })), 50);
  });

  it('a minute begins at its sixtieth second', () => {
    assert.equal(barOpen(T0), T0);
    assert.equal(barOpen(T0 + BAR_MS - 1), T0);
    assert.equal(barOpen(T0 - 1), T0 - BAR_MS);
  });
});
