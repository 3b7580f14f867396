/** Pairs, shares and options as market data: the real library against the embedded TWS. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { MARKET_LIMITS } from '#venues/ibkr/market-data.ts';
import { QUICK } from '../support/ibkr-rig.ts';
import { at, WATCH, watching } from '../support/ibkr-watch.ts';
import { until } from '../support/until.ts';
import { START } from './tws-support.ts';

describe('IBKR market data', () => {
  it('LC-1 a pair is an instrument with the grid of its market rule and the sizes of IDEALPRO', async () => {
    await watching({}, async ({ data, states }) => {
      const [pair, ...others] = await data.instruments();
      assert.deepEqual(others, []);
      assert.deepEqual(
        [pair?.id, pair?.symbol, pair?.venueSymbol, pair?.type, pair?.tickSize, pair?.lotSize, pair?.oddLotBelow, pair?.maxQty],
        ['ibkr:12087792', 'EUR/USD', 'EUR.USD', 'fx', '0.00005', '1', '20000', '6000000'],
      );
      assert.deepEqual(states, ['up: market data is live']);
    });
  });

  it('a symbol that TWS does not list is one clear error', async () => {
    await assert.rejects(
      watching({ pairs: ['EUR/XXX'], limits: { ...MARKET_LIMITS, session: { ...QUICK, openMs: 1 } } }, () => Promise.resolve()),
      /cannot be used: .*EUR\/XXX.*200: No security definition/,
    );
  });

  it('RT-5 a gateway that starts while TWS is in its restart waits for it, without a quote, and comes alive by itself with all that it watches', async () => {
    const limits = { ...MARKET_LIMITS, session: { ...QUICK, openMs: 1 } };
    await watching(
      { limits },
      async ({ tws, data, states, listed, play }) => {
        assert.deepEqual(await data.instruments(), []);
        assert.match(states.join(), /^down: [^,]+$/);
        assert.deepEqual(await play('EUR.USD', '1.1', '1.1001', 1), []);
        tws.faults.login();
        await until('TWS', () => states.at(-1) === 'up: market data is live');
        assert.deepEqual(listed, ['EUR/USD']);
        assert.equal((await play('EUR.USD', '1.1002', '1.1003', 2))[0]?.bid, '1.1002');
      },
      (tws) => tws.faults.restart(null, 'weekly', null),
    );
  });

  it('RT-5 a TWS that does not come is said to a person, once, and not where it comes in time', async () => {
    const limits = { ...MARKET_LIMITS, session: { ...QUICK, openMs: 1 }, awayMs: 30 };
    await watching(
      { limits },
      async ({ tws, states, troubles }) => {
        await until('a person is called', () => troubles.length > 0);
        assert.match(troubles.join(), /^VENUE_AWAY: TWS, which quotes come from, cannot be used \(.*confirm its login$/);
        tws.faults.login();
        await until('TWS', () => states.at(-1) === 'up: market data is live');
        assert.equal(troubles.length, 1);
      },
      (tws) => tws.faults.restart(null, 'weekly', null),
    );
    await watching({}, ({ troubles }) => Promise.resolve(assert.deepEqual(troubles, [])));
  });

  it('RT-5 TWS goes away in the middle of a step: nothing is made up, nothing fails, and the quotes come again', async () => {
    await watching({}, async ({ tws, data, states, play }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.restart(null, 'nightly', null);
      assert.deepEqual(await play('EUR.USD', '1.1001', '1.1002', 2), []);
      await until('the loss', () => /^down/.test(states.at(-1) ?? ''));
      await data.settle?.(at(3));
      tws.faults.login();
      await until('TWS', () => states.at(-1) === 'up: market data is live');
      assert.equal((await play('EUR.USD', '1.1003', '1.1004', 4))[0]?.bid, '1.1003');
    });
  });

  it('QS-1 a quote holds the digits of the venue, and a side that did not move is asked for again', async () => {
    await watching({}, async ({ play }) => {
      const [first] = await play('EUR.USD', '1.38676', '1.38686', 1);
      assert.deepEqual([first?.bid, first?.ask, first?.exchangeAt, first?.receivedAt], ['1.38676', '1.38686', at(1), at(1)]);
      const [moved] = await play('EUR.USD', '1.38675', '1.38686', 1.5);
      assert.deepEqual([moved?.bid, moved?.exchangeAt, moved?.receivedAt], ['1.38675', at(1), at(1.5)], 'as old as its older side');
      const [refreshed] = await play('EUR.USD', '1.38674', '1.38686', 9);
      assert.deepEqual([refreshed?.bid, refreshed?.ask, refreshed?.exchangeAt], ['1.38674', '1.38686', at(9)], 'TWS showed what it holds');
    });
  });

  it('QS-2 a crossed quote is told as it is: who prices an order refuses it', async () => {
    await watching({}, async ({ play }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      const [crossed] = await play('EUR.USD', '1.1003', '1.1001', 1.2);
      assert.deepEqual([crossed?.bid, crossed?.ask], ['1.1003', '1.1001']);
    });
  });

  it('data that is only to be had delayed is not taken, and health says so', async () => {
    await watching(
      {},
      async ({ play, data }) => {
        assert.deepEqual(await play('EUR.USD', '1.1', '1.1001', 1), []);
        assert.match(JSON.stringify(data.health()['lines']), /354: Requested market data is not subscribed/);
      },
      (tws) => {
        tws.switches.delayedOnly = true;
      },
    );
  });

  it('QS-1 a side that has no price makes no quote', async () => {
    await watching({}, async ({ play, drops }) => {
      assert.deepEqual(await play('EUR.USD', '1.1', '0', 1), []);
      assert.match(drops.at(-1)?.reason ?? '', /no price/);
    });
  });

  it('1101: subscriptions are made again, and quotes flow', async () => {
    await watching({}, async ({ tws, play, states }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.loseUplink();
      await until('down', () => states.length === 2);
      tws.faults.restoreUplink('lost');
      await until('up', () => states.length === 3);
      const [quote] = await play('EUR.USD', '1.2', '1.2001', 2);
      assert.equal(quote?.bid, '1.2');
      assert.match(states[1] ?? '', /down: 1100/);
    });
  });

  it('a farm that breaks prices nothing, and one that comes back is subscribed again, silent or not', async () => {
    await watching({}, async ({ tws, play, states }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.farm('cashfarm', 'broken');
      await until('down', () => states.length === 2);
      tws.switches.silentFarm = true;
      tws.faults.farm('cashfarm', 'ok');
      await until('up', () => states.length === 3);
      // Only a new subscription shows it: what is pushed goes nowhere.
      const [held] = await play('EUR.USD', '1.3', '1.3001', 2);
      assert.equal(held?.bid, '1.1');
    });
  });

  it('a broken connection is made again, with every line', async () => {
    await watching({}, async ({ tws, play, states, data }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.dropSessions();
      await until('down and up', () => states.length === 3);
      assert.equal(tws.counters().lines, 1);
      const [quote] = await play('EUR.USD', '1.2', '1.2001', 2);
      assert.equal(quote?.bid, '1.2');
      assert.equal(data.counters()['lines'], 1);
    });
  });

  it('505: what was told beside something that cannot be read prices nothing, until another connection is READY', async () => {
    const limits = { ...MARKET_LIMITS, session: { ...QUICK, renew: { baseMs: 5, capMs: 20 } } };
    await watching({ limits }, async (rig) => {
      const { tws, play, states, data } = rig;
      rig.isMisread = true;
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.switches.extraTickField = true;
      tws.quote('EUR.USD', '1.2', '1.2001', '1', '1', at(2));
      await until('down', () => states.length === 2);
      assert.match(states[1] ?? '', /^down: TWS says what cannot be read \(505\): connection 1/);
      // A connection that hears it again is no better, and is tried again by itself.
      await until('a third', () => Number(data.health()['connections']) > 2);
      assert.equal(states.length, 2);
      tws.switches.extraTickField = false;
      await until('up', () => states.length === 3);
      const [quote] = await play('EUR.USD', '1.3', '1.3001', 3);
      assert.equal(quote?.bid, '1.3');
    });
  });

  it('10197: another session has the data, so nothing is live until it is gone', async () => {
    const limits = { ...MARKET_LIMITS, session: QUICK, ticker: { ...MARKET_LIMITS.ticker, competingMs: 20 } };
    await watching({ limits }, async ({ tws, play, states, settle }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.competingSession(true);
      await until('down', () => states.length === 2);
      assert.match(states[1] ?? '', /10197/);
      tws.faults.competingSession(false);
      await until('a new try', () => tws.counters().lines === 1 && states.length === 2);
      tws.quote('EUR.USD', '1.2', '1.2001', '1', '1', at(2));
      for (let tries = 0; states.length < 3 && tries < 400; tries++) {
        await settle(2);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.match(states[2] ?? '', /^up/);
    });
  });

  it('QS-1 the options of a share that moves are refreshed with it, so that a quiet one can be priced', async () => {
    await watching(
      { pairs: [], underlyings: ['SPY'], options: { ...WATCH, reach: 0.02 } },
      async ({ data, play, quotes }) => {
        const options = await data.instruments();
        assert.deepEqual(
          options.map(({ symbol }) => symbol),
          [600, 605, 610].map((strike) => `SPY 2026-11-27 ${strike} C`).concat([600, 595, 590].map((strike) => `SPY 2026-11-27 ${strike} P`)),
        );
        assert.deepEqual(
          [options[0]?.type, options[0]?.multiplier, options[0]?.tickSize, new Date(options[0]?.expiry ?? 0).toISOString(), options[0]?.underlying],
          ['option', '100', '0.01', '2026-11-27T21:00:00.000Z', 'SPY'],
        );
        await play('SPY', '599.99', '600.01', 1);
        quotes.length = 0;
        const came = await play('SPY', '599.99', '600.02', 30);
        assert.equal(came.length, 7);
        assert.ok(came.every(({ exchangeAt }) => exchangeAt === at(30)));
        const deltas = Object.fromEntries(came.map(({ symbol, delta }) => [symbol, delta]));
        assert.equal(deltas['SPY'], undefined, 'a share has none');
        const [near = 0, far = 0, put = 0] = ['600 C', '610 C', '590 P'].map((name) => deltas[`SPY 2026-11-27 ${name}`] ?? 0);
        assert.ok(near > 0.45 && near < 0.6 && far > 0 && far < near && put > -0.4 && put < 0, JSON.stringify(deltas));
      },
      (tws) => tws.quote('SPY', '599.99', '600.01', '100', '100', START),
    );
  });

  it('history: closed bars of the middle, oldest first', async () => {
    await watching(
      {},
      async ({ data, settle }) => {
        await settle(0);
        const bars = await data.history('EUR/USD', 1, 3);
        assert.deepEqual(
          bars.map((bar) => [bar.at, bar.close]),
          [3, 2, 1].map((minutes) => [START - minutes * 60_000, Number((1.1005 - minutes / 10_000).toFixed(5))]),
        );
        assert.deepEqual(await data.history('EUR/USD', 7, 3), []);
        assert.match(String(data.health()['lastFailure']), /no bars of 7 minutes/);
      },
      (tws) => {
        for (let minutes = 5; minutes > 0; minutes--) {
          const bid = (1.1 - minutes / 10_000).toFixed(4);
          tws.quote('EUR.USD', bid, (Number(bid) + 0.001).toFixed(4), '1', '1', START - minutes * 60_000);
        }
      },
    );
  });
});
