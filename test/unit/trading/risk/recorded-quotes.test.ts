/**
 * Forex and options on the pure core, over recorded quotes and at the default budgets: trader → governor → paper. Needs ../shared/data beside
 * the repository; without it the tests are skipped, and say so.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { before, describe, it } from 'mocha';
import { readEnvironment } from '#config/environment.ts';
import { loadSettings } from '#config/budgets.ts';
import { money, notional, price, qty, ratio, toNumber } from '#trading/money/decimal.ts';
import { sizeOrder } from '#trading/sizing/size.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { REFUSAL_CODES } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Settings } from '#trading/model/settings.ts';
import type { TraderConfig } from '#trading/trader/config.ts';
import { spotTrader } from '../trader/fixtures.ts';
import { eurUsd, option } from '../paper/ibkr-instruments.ts';
import { Desk } from './desk.ts';
import { verified } from './scenes.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const DATA = `${ROOT}../shared/data/`;
const FOREX = 'forex/quotes/EURUSD-oanda-tick.csv.gz';
const AAPL = 'options/option_quotes/AAPL-usa-1h.csv.gz';
const TWX = 'options/option_quotes/TWX-usa-1m.csv.gz';

const rowsOf = (file: string): readonly string[] =>
  gunzipSync(readFileSync(DATA + file))
    .toString('latin1')
    .trimEnd()
    .split('\n')
    .slice(1);

function quoteOf(instrument: Instrument, id: string, at: number, [bid, ask, bidQty, askQty]: readonly (string | undefined)[]): QuoteSnapshot {
  const { broker, asset, symbol } = instrument;
  const size = (text: string | undefined) => (text === undefined || text === '' ? null : qty(text));
  return {
    id,
    broker,
    asset,
    symbol,
    bid: price(bid ?? '0'),
    ask: price(ask ?? '0'),
    bidQty: size(bidQty),
    askQty: size(askQty),
    last: null,
    volume: null,
    exchangeAt: at,
    receivedAt: at,
  };
}

const traderOf = (instruments: readonly Instrument[], strategyParams: unknown): TraderConfig => {
  const asset = instruments[0]?.asset ?? 'forex';
  return {
    ...spotTrader,
    name: `trader.${asset}.paper`,
    asset,
    symbols: instruments.map(({ symbol }) => symbol),
    strategyParams,
    gateway: 'gateway.ibkr',
  };
};

/** What must hold of any run of the core, whatever the market was. */
function assertSound({ house, gates }: Desk, bad: ReadonlySet<string>): void {
  assert.deepEqual([house.problems(), verified(house.facts)], [[], []]);
  for (const { intent } of [...house.of('order.intended'), ...house.of('order.approved')])
    assert.ok(!bad.has(intent.snapshot.id), `${intent.snapshot.id} priced an order`);
  for (const fill of house.fills) assert.ok(fill.paper !== null && !bad.has(fill.paper.pricedOn.id), `${fill.fillId} is priced on a bad quote`);
  for (const { code, sentence } of [...gates, ...house.of('order.refused').map(({ refusal }) => refusal)]) {
    assert.ok(REFUSAL_CODES.includes(code) && sentence.length > 10, sentence);
    if (code === 'BELOW_MINIMUM') assert.match(sentence, /budget of \d+(\.\d+)? USD (would be|is) enough/);
  }
}

describe('risk: recorded quotes of forex and options', function () {
  this.timeout(120_000);
  let settings: Settings;

  before(async function () {
    if (![FOREX, AAPL, TWX].every((file) => existsSync(DATA + file))) {
      console.log('      skipped: ../shared/data is not beside the repository');
      return this.skip();
    }
    settings = await loadSettings(`${ROOT}config/budgets.json`, readEnvironment({}, 'test').rules);
  });

  it('QS-1 QS-2 SZ-4 EUR/USD trades odd lots of 25 USD; of the tenth of its quotes that is crossed, stale, frozen or ten times off none prices an order', () => {
    const desk = new Desk(
      traderOf([eurUsd], { fastBars: 3, slowBars: 8, atrBars: 5, stopAtr: 3, takeProfitAtr: 4, minStopPct: 0.0005 }),
      [eurUsd],
      settings,
    );
    const bad = new Set<string>();
    let good: QuoteSnapshot | null = null;
    const ROWS = 60_000;
    const rows = rowsOf(FOREX).slice(0, ROWS);
    desk.clock(Number(rows[0]?.split(',')[0]));
    for (const [index, row] of rows.entries()) {
      const [at = '', bid = '', ask = ''] = row.split(',');
      const honest = quoteOf(eurUsd, `q${index}`, Number(at), [bid, ask]);
      const quote: QuoteSnapshot = index % 10 === 9 ? spoiled(honest, good, Math.floor(index / 10) % 4) : honest;
      if (quote === honest) good = honest;
      else bad.add(quote.id);
      desk.quote(quote);
    }
    const { house } = desk;
    assert.ok(bad.size > ROWS / 11);
    assertSound(desk, bad);
    const entries = house.fills.filter(({ reason }) => reason === 'entry');
    assert.ok(entries.length >= 10, `${entries.length} entries`);
    for (const { intent } of house.of('order.approved'))
      if (intent.kind === 'entry') assert.ok(Number(notional(intent.snapshot.ask, intent.qty)) <= 25.01 && Number(intent.qty) < 20_000);
    for (const fill of house.fills) assert.deepEqual([fill.fee, fill.paper?.slippageBps], ['2', 16], 'the smallest commission, twice the slippage');
    assert.ok(house.of('trade.closed').length >= 10);
  });

  it('SZ-4 SZ-6 every recorded AAPL option fits 30 USD of premium, or is refused with the budget that would be enough', () => {
    let fitting = 0;
    let refused = 0;
    for (const row of rowsOf(AAPL)) {
      const [, underlying = '', expiry = '', strike = '', right = '', , ask = ''] = row.split(',');
      if (!(Number(ask) > 0)) continue;
      const at = price(ask);
      const instrument = option(underlying, expiry, strike, right);
      const { budget, usable } = { budget: settings.alloc.options, usable: settings.alloc.options };
      const sized = sizeOrder({ settings, asset: 'options', budget, multiplier: ratio('1'), usable, price: at, instrument });
      const contract = Math.round(Number(ask) * 100);
      assert.equal(sized.ok, contract <= 30, `${instrument.symbol} at ${ask}`);
      if (sized.ok) {
        fitting += 1;
        assert.equal(Number(sized.qty), Math.floor(30 / contract));
        continue;
      }
      refused += 1;
      const enough = sized.refusal.numbers['budgetEnough'];
      assert.equal(sized.refusal.code, 'BELOW_MINIMUM');
      // A cap of 1,000 USD is 1 % of 100,000; above it half a per cent counts.
      const expected = contract <= 1000 ? contract * 100 : contract * 200;
      assert.equal(Number(enough), expected, sized.refusal.sentence);
      const again = sizeOrder({
        settings,
        asset: 'options',
        budget: money(String(enough)),
        multiplier: ratio('1'),
        usable: money(String(enough)),
        price: at,
        instrument,
      });
      assert.ok(again.ok && again.qty === '1');
    }
    assert.ok(fitting > 500 && refused > 10_000, `${fitting} fit, ${refused} do not`);
  });

  it('SZ-4 SZ-6 TWX options trade on paper at the default budget, premium times multiplier within 30 USD, and the dear ones are refused', () => {
    const cheap = option('TWX', '2014-06-21', '67.5', 'P');
    const far = option('TWX', '2014-06-21', '75', 'C');
    const dear = option('TWX', '2014-06-21', '70', 'C');
    const bySymbol = new Map([cheap, far, dear].map((instrument) => [instrument.symbol, instrument]));
    const desk = new Desk(
      traderOf([cheap, far, dear], { fastBars: 2, slowBars: 5, atrBars: 3, stopAtr: 3, takeProfitAtr: 4, minStopPct: 0.15 }),
      [cheap, far, dear],
      settings,
    );
    const rows = rowsOf(TWX);
    desk.clock(Number(rows[0]?.split(',')[0]));
    for (const [index, row] of rows.entries()) {
      const [at = '', underlying = '', expiry = '', strike = '', right = '', ...sides] = row.split(',');
      const instrument = bySymbol.get(`${underlying} ${expiry} ${strike} ${right}`);
      if (instrument === undefined || !(Number(sides[0]) > 0 && Number(sides[1]) > 0)) continue;
      desk.quote(quoteOf(instrument, `t${index}`, Number(at), sides));
      desk.clock(Number(at) + 300);
    }
    const { house, gates } = desk;
    assertSound(desk, new Set());
    const entries = house.of('order.approved').filter(({ intent }) => intent.kind === 'entry');
    assert.ok(entries.length > 0 && house.fills.length > 0, JSON.stringify(gates.slice(0, 5)));
    for (const { notional: value, margin, intent } of entries) {
      assert.ok(Number(value) <= 30 && margin === value, `${value}: the premium is the margin`);
      assert.ok(intent.symbol !== dear.symbol);
    }
    for (const fill of house.fills) assert.equal(Math.round(toNumber(fill.fee) * 100), Math.max(100, 65 * Number(fill.qty)));
    assert.ok(gates.some(({ code }) => code === 'BELOW_MINIMUM'));
    assert.ok(house.of('trade.closed').length > 0 && house.fills.length >= 2 * house.of('trade.closed').length);
  });
});

/** Four ways in which a quote lies. */
function spoiled(quote: QuoteSnapshot, before: QuoteSnapshot | null, kind: number): QuoteSnapshot {
  switch (kind) {
    case 0:
      return { ...quote, bid: quote.ask, ask: price((Number(quote.bid) - 0.0001).toFixed(5)) };
    case 1:
      return { ...quote, exchangeAt: quote.exchangeAt - 3000 };
    case 2:
      return { ...(before ?? quote), id: quote.id, exchangeAt: quote.exchangeAt - 2001, receivedAt: quote.receivedAt };
    default:
      return { ...quote, bid: price((Number(quote.bid) * 10).toFixed(5)), ask: price((Number(quote.ask) * 10).toFixed(5)) };
  }
}
