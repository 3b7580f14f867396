import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AGREEING_QUOTES_MIN, checkQuote, judgeQuote, QUOTE_AHEAD_MS_MAX, quoteAge, type Suspect } from '#trading/market/freshness.ts';
import type { Price } from '#trading/money/decimal.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { refusal as schema } from '#protocol/values.ts';
import { quoteOf, settings, spot, T0 } from '../trader/fixtures.ts';

const limits = settings.risk;
/** What no parser lets through; a check that trusts the parser would price orders on it. */
const broken = (bid: string, ask: string): QuoteSnapshot => quoteOf(spot, T0, 100, { bid: bid as Price, ask: ask as Price });
const good = quoteOf(spot, T0, 100);

describe('market/freshness', () => {
  it('QS-1 a quote is fresh up to the limit and stale one millisecond later, with the numbers', () => {
    assert.equal(checkQuote(good, null, limits, T0 + 2000), null);
    const refusal = checkQuote(good, null, limits, T0 + 2001);
    assert.deepEqual([refusal?.code, refusal?.rule, refusal?.numbers], ['STALE_QUOTE', 'QS-1', { ageMs: 2001, maxMs: 2000 }]);
    assert.ok(schema.safeParse(refusal).success);
  });

  it('QS-1 the older of both stamps counts: a fast venue clock makes nothing younger, a late arrival nothing fresher', () => {
    assert.equal(quoteAge({ ...good, exchangeAt: T0 + 900, receivedAt: T0 }, T0 + 100), 100);
    assert.equal(quoteAge({ ...good, exchangeAt: T0 - 5000, receivedAt: T0 }, T0), 5000);
    assert.equal(checkQuote({ ...good, exchangeAt: T0 - 5000 }, null, limits, T0)?.code, 'STALE_QUOTE');
  });

  it('QS-2 a quote from the future is bad, a little skew is not', () => {
    assert.equal(checkQuote({ ...good, exchangeAt: T0 + QUOTE_AHEAD_MS_MAX }, null, limits, T0), null);
    const refusal = checkQuote({ ...good, exchangeAt: T0 + QUOTE_AHEAD_MS_MAX + 1 }, null, limits, T0);
    assert.deepEqual([refusal?.code, refusal?.numbers['aheadMs']], ['BAD_QUOTE', QUOTE_AHEAD_MS_MAX + 1]);
  });

  it('QS-1 a time that is not a number is stale, never fresh', () => {
    assert.equal(checkQuote({ ...good, exchangeAt: NaN }, null, limits, T0)?.code, 'STALE_QUOTE');
  });

  for (const [bid, ask] of [
    ['0', '100'],
    ['100', '0'],
    ['-1', '100'],
    ['NaN', '100'],
    ['100', 'Infinity'],
    ['', '100'],
    ['100.01', '100'],
  ] as const) {
    it(`QS-2 bid ${JSON.stringify(bid)} ask ${JSON.stringify(ask)} never prices an order`, () => {
      const refusal = checkQuote(broken(bid, ask), null, limits, T0);
      assert.deepEqual([refusal?.code, refusal?.rule], ['BAD_QUOTE', 'QS-2']);
    });
  }

  it('QS-2 a locked market (bid equals ask) is good', () => assert.equal(checkQuote(broken('100', '100'), null, limits, T0), null));

  it('QS-2 the collar holds both sides against the last good quote, up and down alike', () => {
    assert.equal(checkQuote(broken('109', '109.5'), good, limits, T0), null);
    for (const [bid, ask] of [
      ['111', '112'],
      ['99.99', '112'],
      ['90', '90.5'],
      ['50', '100.01'],
    ] as const) {
      const refusal = checkQuote(broken(bid, ask), good, limits, T0);
      assert.deepEqual([refusal?.code, refusal?.numbers['lastGoodBid'], refusal?.numbers['collar']], ['BAD_QUOTE', '99.99', 0.1], `${bid} ${ask}`);
    }
  });

  it('QS-2 a silence ends no collar: a far quote stays far, however old the good one is', () => {
    const at = T0 + 86_400_000;
    assert.equal(checkQuote(quoteOf(spot, at, 200), good, limits, at)?.code, 'BAD_QUOTE');
  });

  it('QS-2 a true jump is believed once enough quotes in a row agree; a single one, a repeated one and alternating ones never are', () => {
    let known: { readonly lastGood: QuoteSnapshot | null; readonly suspect: Suspect | null } = { lastGood: good, suspect: null };
    let at = T0;
    const hear = (mid: number, later = 1000): string => {
      at += later;
      const quote = quoteOf(spot, at, mid);
      const { refusal, suspect } = judgeQuote(quote, known, limits, at);
      known = { lastGood: refusal === null ? quote : known.lastGood, suspect };
      return refusal?.code ?? 'good';
    };
    assert.deepEqual([hear(1000), hear(100), hear(1000), hear(100)], ['BAD_QUOTE', 'good', 'BAD_QUOTE', 'good'], 'every other one');
    assert.deepEqual([hear(200), hear(200, 0), hear(200, 0), hear(200, 0)], Array(4).fill('BAD_QUOTE'), 'frozen on its stamp');
    assert.deepEqual([hear(100), hear(200), hear(50), hear(200), hear(50)], ['good', ...Array(4).fill('BAD_QUOTE')], 'never the same');
    assert.deepEqual([hear(200), hear(201), hear(202), hear(203)], ['BAD_QUOTE', 'BAD_QUOTE', 'good', 'good'], 'a jump');
    assert.equal(AGREEING_QUOTES_MIN, 3);
  });

  it('QS-1 QS-2 whatever passes is fresh, positive, not crossed and inside the collar', () => {
    const side = fc.integer({ min: -2, max: 20_000 }).map((value) => String(value / 100));
    const moment = fc.integer({ min: T0 - 4000, max: T0 + 4000 });
    fc.assert(
      fc.property(side, side, moment, moment, fc.boolean(), (bid, ask, exchangeAt, receivedAt, collared) => {
        const quote = { ...broken(bid, ask), exchangeAt, receivedAt };
        if (checkQuote(quote, collared ? good : null, limits, T0) !== null) return;
        assert.ok(T0 - exchangeAt <= 2000 && T0 - receivedAt <= 2000);
        assert.ok(Number(bid) > 0 && Number(bid) <= Number(ask));
        if (collared) assert.ok(Number(bid) >= 99.99 / 1.1 - 1e-9 && Number(ask) <= 100.01 * 1.1 + 1e-9);
      }),
      { numRuns: 2000 },
    );
  });
});
