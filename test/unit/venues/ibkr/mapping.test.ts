/** What TWS says of contracts and quotes, as instruments, hours, strikes and quotes of ours. */
import assert from 'node:assert/strict';
import { OptionType, SecType, type ContractDetails } from '@stoqey/ib';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { watchedOptions } from '#venues/ibkr/chains.ts';
import { contractOf, parseOption } from '#venues/ibkr/contracts.ts';
import { isOpenAt, sessionsOf, zonedInstant } from '#venues/ibkr/hours.ts';
import { ladderOf, marketRuleOf, optionInstrument, pairInstrument } from '#venues/ibkr/instruments.ts';
import { QuoteLine } from '#venues/ibkr/quote-line.ts';

const BID = 1;
const ASK = 2;
const BID_SIZE = 0;
const DELAYED_BID = 66;
const MODEL = 13;
const DELAYED_MODEL = 83;
const NAME = { asset: 'forex', symbol: 'EUR/USD', venueSymbol: 'EUR.USD' } as const;

const pair: ContractDetails = {
  contract: { conId: 12087792, symbol: 'EUR', secType: SecType.CASH, currency: 'USD', exchange: 'IDEALPRO' },
  ...{ minTick: 5e-5, minSize: 1, sizeIncrement: 1, validExchanges: 'IDEALPRO', marketRuleIds: '239' },
};
const call: ContractDetails = {
  contract: {
    ...{ conId: 7, symbol: 'SPY', secType: SecType.OPT, currency: 'USD', exchange: 'SMART', strike: 600, right: OptionType.Call, multiplier: 100 },
    ...{ localSymbol: 'SPY   261218C00600000', lastTradeDateOrContractMonth: '20261218 15:00 US/Central' },
  },
  ...{ minTick: 0.01, validExchanges: 'CBOE,SMART,AMEX', marketRuleIds: '109,110,32', timeZoneId: 'US/Eastern' },
};

describe('IBKR contracts', () => {
  it('LC-1 symbols and contracts of TWS', () => {
    assert.deepEqual(contractOf('EUR/USD'), { symbol: 'EUR', currency: 'USD', secType: 'CASH', exchange: 'IDEALPRO' });
    assert.equal(contractOf('SPY').secType, 'STK');
    const { strike, right, lastTradeDateOrContractMonth, multiplier } = contractOf('SPY 2026-12-18 597.5 P');
    assert.deepEqual([strike, right, lastTradeDateOrContractMonth, multiplier], [597.5, 'P', '20261218', 100]);
    assert.equal(parseOption('SPY'), null);
    assert.throws(() => contractOf('btc/usdt'), /no symbol of IBKR/);
  });

  it('LC-1 a pair and an option: grid, sizes, expiry at the close in New York', () => {
    const eur = pairInstrument(pair, []);
    assert.deepEqual([eur.tickSize, eur.oddLotBelow, eur.maxQty, eur.minQty], ['0.00005', '20000', '6000000', '1']);
    const spy = optionInstrument(call, ladderOf([{ lowEdge: 3, increment: 0.05 }, { lowEdge: 0, increment: 0.01 }, {}]));
    assert.deepEqual([spy.symbol, spy.tickSize, spy.multiplier, spy.option?.strike], ['SPY 2026-12-18 600 C', '0.01', '100', '600']);
    assert.equal(new Date(spy.expiry ?? 0).toISOString(), '2026-12-18T21:00:00.000Z');
    assert.equal(marketRuleOf(call), 110, 'the rule of the exchange that orders go to');
    assert.throws(() => optionInstrument({ contract: { ...call.contract, multiplier: 0 } }, []), /multiplier of 0/);
  });

  it('SS-1 trading hours are of the zone they name, over a clock change too', () => {
    const [first, second] = sessionsOf('20261030:1715-20261031:1700;20261101:CLOSED;20261101:1715-20261102:1700;nonsense', 'US/Eastern');
    assert.equal(new Date(first?.from ?? 0).toISOString(), '2026-10-30T21:15:00.000Z');
    assert.equal(new Date(second?.from ?? 0).toISOString(), '2026-11-01T22:15:00.000Z');
    assert.equal(isOpenAt(sessionsOf('20221205:0930-1600', 'America/New_York'), Date.UTC(2022, 11, 5, 20)), true);
    assert.equal(isOpenAt(sessionsOf('20221205:0930-1600', 'America/New_York'), Date.UTC(2022, 11, 5, 21)), false);
    assert.equal(isOpenAt([], 0), null, 'nothing known is not closed');
    assert.throws(() => zonedInstant('5 Dec', 9, 30, 'America/New_York'), /right is yyyymmdd/);
  });

  it('options near the money, of the next expiries in range; the same strikes when the money moves a little', () => {
    const strikes = Array.from({ length: 41 }, (_, index) => 500 + 5 * index);
    const rows = [{ exchange: 'SMART', tradingClass: 'SPY', expirations: ['20261127', '20261204', '20261211', '2026'], strikes }];
    const rules = { dteMin: 5, dteMax: 20, expiries: 1, strikes: 5, reach: 0.06 };
    const now = Date.UTC(2026, 10, 24, 15);
    const at = (spot: number): readonly string[] => watchedOptions('SPY', rows, spot, now, rules);
    const named = (right: string, ...wanted: readonly number[]) => wanted.map((strike) => `SPY 2026-12-04 ${strike} ${right}`);
    assert.deepEqual(at(601), [...named('C', 610, 620, 630), ...named('P', 600, 590, 580, 570)]);
    assert.deepEqual(at(603), at(601));
    assert.deepEqual(watchedOptions('SPY', rows, 601, now, { ...rules, dteMin: 100, dteMax: 200 }), []);
  });
});

describe('IBKR quotes', () => {
  type Tick = readonly ['bid' | 'ask' | 'size', number];
  const tick: fc.Arbitrary<Tick> = fc.oneof(
    fc.tuple(fc.constantFrom('bid' as const, 'ask' as const), fc.constantFrom(-1, 0, 1.1, 1.2, 1.3)),
    fc.tuple(fc.constant('size' as const), fc.nat(5)),
  );

  it('QS-1 whatever ticks come, a quote holds the newest price of each side and is as old as the older of them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(tick, fc.nat(3000)), { maxLength: 60 }), (ticks) => {
        const line = new QuoteLine(NAME);
        line.dataType = 1;
        const known = { bid: { value: -1, at: 0 }, ask: { value: -1, at: 0 } };
        let now = 1_000_000;
        let before = 0;
        for (const [[kind, value], laterMs] of ticks) {
          now += laterMs;
          if (kind === 'size') {
            line.onSize(BID_SIZE, value);
            if (known.bid.value > 0) known.bid.at = now;
          } else {
            line.onPrice(kind === 'bid' ? BID : ASK, value);
            known[kind] = { value, at: now };
          }
          line.stamp(now);
          const quote = line.quote();
          if (known.bid.value <= 0 || known.ask.value <= 0) {
            assert.equal(typeof quote, 'string');
            continue;
          }
          assert.ok(typeof quote !== 'string');
          assert.deepEqual([Number(quote.bid), Number(quote.ask)], [known.bid.value, known.ask.value]);
          assert.equal(quote.exchangeAt, Math.min(known.bid.at, known.ask.at));
          assert.ok(quote.exchangeAt >= before && quote.exchangeAt <= quote.receivedAt && quote.receivedAt <= now);
          before = quote.exchangeAt;
        }
      }),
    );
  });

  it('an option’s delta is the newest of TWS’s own model, of live data alone, and makes no quote by itself', () => {
    const line = new QuoteLine(NAME);
    line.dataType = 1;
    line.onModel(MODEL, 0.4);
    assert.equal(line.touched, false);
    assert.match(String(line.quote()), /no price/);
    line.onPrice(BID, 1.1);
    line.onPrice(ASK, 1.2);
    const delta = (): unknown => {
      const quote = line.quote();
      return typeof quote === 'string' ? quote : quote.delta;
    };
    assert.equal(delta(), 0.4);
    line.onModel(DELAYED_MODEL, 0.9);
    assert.equal(delta(), 0.4);
    for (const none of [undefined, 1.7e308]) {
      line.onModel(MODEL, -0.3);
      assert.equal(delta(), -0.3);
      line.onModel(MODEL, none);
      assert.equal(delta(), undefined);
    }
  });

  it('QS-1 only data that TWS calls live makes a quote; delayed ticks never do, whatever was asked for', () => {
    const line = new QuoteLine(NAME);
    line.onPrice(BID, 1.1);
    line.onPrice(ASK, 1.2);
    line.stamp(5);
    assert.match(String(line.quote()), /has not said that the data is live/);
    line.dataType = 2;
    assert.match(String(line.quote()), /delayed or frozen/);
    line.dataType = 1;
    assert.equal(typeof line.quote(), 'object');
    line.onPrice(DELAYED_BID, 1.1);
    assert.match(String(line.quote()), /delayed or frozen/);
    line.forget();
    assert.equal(line.ageMs(10), null);
  });
});
