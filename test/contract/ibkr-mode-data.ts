/** The failure modes of TWS that are about market data and what is listed, through the gateway. */
import assert from 'node:assert/strict';
import { MARKET_LIMITS } from '#venues/ibkr/market-data.ts';
import { atMarket, type Acts } from '../support/ibkr-acts.ts';
import { QUICK } from '../support/ibkr-rig.ts';
import { at, WATCH } from '../support/ibkr-watch.ts';
import { until } from '../support/until.ts';
import { START } from './tws-support.ts';

const limits = { ...MARKET_LIMITS, session: QUICK };
/** So that what is asked for at the start is answered late, and is answered. */
const LATE_MS = 60_000;

export const DATA_ACTS: Acts = {
  10: atMarket(async ({ tws, play, states, drops }, arm) => {
    await play('EUR.USD', '1.1', '1.10005', 1);
    tws.inject('farm-broken', 'cashfarm');
    await until('down', () => states.length === 2);
    assert.deepEqual(await play('EUR.USD', '1.10005', '1.1001', 2), [], 'stale from 2103 on, until both sides come');
    assert.ok(drops.length > 0);
    arm();
    await until('up', () => states.length >= 3 && (states.at(-1) ?? '').startsWith('up'));
    const [quote] = await play('EUR.USD', '1.2', '1.20005', 3);
    assert.equal(quote?.bid, '1.2', 'subscribed anew after 2104');
  }),
  11: atMarket(async ({ tws, play, states }, arm) => {
    await play('EUR.USD', '1.1', '1.10005', 1);
    arm();
    await until('down and up', () => states.length === 3);
    await until('subscribed anew', () => tws.counters().lines === 1);
    const [quote] = await play('EUR.USD', '1.2', '1.20005', 2);
    assert.equal(quote?.bid, '1.2');
  }),
  12: atMarket(
    async ({ tws, play, states, settle }, arm) => {
      await play('EUR.USD', '1.1', '1.10005', 1);
      arm();
      await until('down', () => states.length === 2);
      assert.match(states[1] ?? '', /^down: 10197/);
      assert.deepEqual(await play('EUR.USD', '1.2', '1.20005', 2), []);
      tws.inject('competing-login', 'off');
      for (let tries = 0; states.length < 3 && tries < 1000; tries++) {
        await settle(2);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.match(states[2] ?? '', /^up/);
    },
    { limits: { ...limits, ticker: { ...limits.ticker, competingMs: 20 } } },
  ),
  21: async (mode) => {
    let pump: NodeJS.Timeout | undefined;
    await atMarket(
      async ({ tws, data, settle }) => {
        const options = await data.instruments();
        assert.ok(options.length > 0);
        assert.ok(
          options.every(({ symbol }) => Number(symbol.split(' ')[2]) % 10 === 0),
          options.map(({ symbol }) => symbol).join(),
        );
        assert.equal(tws.counters().chainRequests, 1);
        // The next look at the chain is at what is kept.
        const frames = tws.counters().frames;
        await settle((tws.now - START) / 1000 + MARKET_LIMITS.chooseMs / 1000);
        assert.equal(tws.counters().chainRequests, 1);
        assert.ok(tws.counters().frames > frames, 'it was looked at');
      },
      { pairs: [], underlyings: ['SPY'], options: { ...WATCH, reach: 0.02 } },
      (tws, arm) => {
        tws.quote('SPY', '599.99', '600.01', '100', '100', START);
        arm();
        pump = setInterval(() => tws.advance(tws.now + LATE_MS), 10);
      },
    )(mode).finally(() => clearInterval(pump));
  },
  28: atMarket(
    async ({ tws, play, states, data, settle }) => {
      const [first] = await play('EUR.USD', '1.1', '1.10005', 1);
      assert.equal(first?.bid, '1.1', 'ticks come all the same');
      assert.equal(data.counters()['error.10090'], 1);
      // A snapshot that is refused for another login is refused alone: the line it was to refresh stays subscribed.
      tws.quote('EUR.USD', '1.09995', '1.10005', '1000000', '1000000', at(9));
      tws.switches.competingSession = true;
      await settle(9);
      tws.switches.competingSession = false;
      assert.ok((data.counters()['error.10197'] ?? 0) > 0);
      const [next] = await play('EUR.USD', '1.2', '1.20005', 10);
      assert.equal(next?.bid, '1.2');
      assert.deepEqual(states, ['up: market data is live']);
      assert.equal(data.health()['connections'], 1);
    },
    {},
    (_tws, arm) => arm(),
  ),
  40: atMarket(async ({ tws, play, states, data, drops }, arm) => {
    await play('EUR.USD', '1.1', '1.10005', 1);
    arm();
    await until('down and up', () => states.length === 3);
    // All is well, says TWS, and the market moves.
    assert.deepEqual(await play('EUR.USD', '1.2', '1.20005', 2), []);
    assert.equal(drops.filter(({ reason }) => /no tick comes/.test(reason)).length, 1);
    await until('given up', () => states.length >= 5);
    assert.match(states[3] ?? '', /^down: blind/);
    const [quote] = await play('EUR.USD', '1.3', '1.30005', 3);
    assert.equal(quote?.bid, '1.3', 'the next connection sees');
    const { reissued, silent, blind } = data.counters();
    assert.deepEqual([reissued, silent, blind, tws.counters().sessions], [1, 1, 1, 1]);
  }),
  41: atMarket(async ({ play, data, states, quotes }, arm) => {
    await play('EUR.USD', '1.1', '1.10005', 1);
    arm();
    await until('down and up', () => states.length === 3);
    for (let minute = 1; minute <= 3; minute++) await play('EUR.USD', `1.${minute + 1}`, `1.${minute + 1}0005`, minute * 60);
    assert.deepEqual(
      quotes.slice(-3).map(({ bid }) => bid),
      ['1.2', '1.3', '1.4'],
      'bars are made of quotes, which go on',
    );
    const bars = await data.history('EUR/USD', 1, 3);
    assert.deepEqual(
      bars.map(({ at: time, close }) => [time, close]),
      [
        [at(0), 1.100025],
        [at(60), 1.200025],
        [at(120), 1.300025],
      ],
      'and what is asked for anew is of now',
    );
  }),
};
