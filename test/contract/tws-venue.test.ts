/** The embedded venue as `npm run venue` runs them, and every fault of TWS by its name. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { resolvePlayFiles } from '#cli/play.ts';
import { inspectPlay } from '#supervisors/play-plan.ts';
import { runStandaloneVenue, type StandaloneOptions } from '#supervisors/standalone-venue.ts';
import { faultNames } from '#venues/embedded/tws/misdeeds.ts';
import { behaving } from '#venues/embedded/tws/switches.ts';
import { Driver } from '../support/tws-driver.ts';
import { Scene } from '../support/tws-scene.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const EUR = { symbol: 'EUR', secType: 'CASH', currency: 'USD', exchange: 'IDEALPRO' };
const OPTIONS: StandaloneOptions = {
  ...{ play: { kind: 'synthetic' }, tws: { restarts: true }, seed: '1', port: 0, speed: 60 },
};
/** What each name takes, where it takes something. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  'restore-uplink': ['kept'],
  restart: ['nightly'],
  'go-down': ['weekly'],
  'roll-back-ids': ['7', '50'],
  'farm-broken': ['usopt'],
  'farm-ok': ['usopt'],
  'competing-login': ['on'],
  'manual-order': ['EUR.USD', '-20000'],
  'other-session-order': ['EUR.USD', '20000'],
  liquidate: ['EUR.USD', '1000'],
};
/** They need an execution, or a short option. */
const NEEDS_MORE = ['correct-execution', 'assign'];

describe('the embedded venue alone', () => {
  it('one command runs both façades, and a client of TWS hears the synthetic market', async () => {
    const venue = await runStandaloneVenue(OPTIONS);
    try {
      assert.match(venue.bybit.rest, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.equal(venue.tws.account, 'DU1234567');
      const client = new Driver({ port: venue.tws.port ?? 0 });
      try {
        await client.connect();
        client.ask('reqMktData', 5, EUR, '', false, false);
        await until('three bids', () => client.all('tickPrice').filter(([, type]) => type === 1).length > 2);
        const prices = client.all('tickPrice').map(([, , price]) => Number(price));
        assert.ok(prices.every((price) => price > 0.9 && price < 1.3));
        assert.deepEqual(client.decodeErrors(), []);
        assert.deepEqual(venue.command('tws read-only on'), { fault: 'read-only', target: 'true' });
        client.ask('placeOrder', 1, EUR, { action: 'BUY', orderType: 'MKT', totalQuantity: 20_000, tif: 'DAY', transmit: true });
        await client.until('error', ([, code, id]) => code === 321 && id === 1);
      } finally {
        client.close();
      }
      assert.equal((venue.command('counters') as { tws: { orderRequests: number } }).tws.orderRequests, 1);
      assert.match(JSON.stringify(venue.command('tws nonsense')), /no fault .*id-rollback, fills-in-1100/);
      assert.match(JSON.stringify(venue.command('hello')), /right is: tws NAME/);
    } finally {
      await venue.stop();
    }
  });

  it('recorded pairs are played by TWS as they are, crossed quotes too', async () => {
    await inTempDir(async (dir) => {
      const path = join(dir, 'EURUSD-tick.csv');
      const at = Date.UTC(2026, 10, 24, 15);
      const rows = ['1.1,1.10005', '1.2,1.1', '1.3,1.30005'].map((quote, index) => `${at + index * 2000},${quote},,`);
      await writeFile(path, ['ts_ms,bid,ask,bid_size,ask_size', ...rows, ''].join('\n'));
      const { play, twsFiles: files = [] } = await inspectPlay(await resolvePlayFiles([path], undefined), { from: null, to: null, allowGaps: false });
      assert.deepEqual(files, [{ path, what: 'pair', symbol: 'EUR.USD' }]);
      const venue = await runStandaloneVenue({ ...OPTIONS, play, tws: { files }, speed: 4 });
      try {
        const client = new Driver({ port: venue.tws.port ?? 0 });
        try {
          await client.connect();
          client.ask('reqMktData', 5, EUR, '', false, false);
          await client.until('tickPrice', ([, type, price]) => type === 1 && price === 1.3);
          const bids = client.all('tickPrice').filter(([, type]) => type === 1 || type === 2);
          assert.ok(bids.some(([, type, price]) => type === 1 && price === 1.2));
        } finally {
          client.close();
        }
        assert.equal(await venue.failed, 'ended');
      } finally {
        await venue.stop();
      }
    });
  });

  it('a fault that is not known refuses to start', async () => {
    await assert.rejects(runStandaloneVenue({ ...OPTIONS, tws: { faults: ['id-rolback'] } }), /no fault "id-rolback"; there are id-rollback/);
    await assert.rejects(runStandaloneVenue({ ...OPTIONS, tws: { faults: ['cancel-after-ms soon'] } }), /takes a whole number/);
  });

  it('every name of a fault is known with what it takes, and refused with what it does not', async () => {
    const scene = await Scene.open(1);
    try {
      const names = faultNames(behaving()).map((shown) => shown.split(' '));
      assert.ok(names.length > 50);
      for (const [name = '', right = ''] of names) {
        if (NEEDS_MORE.includes(name)) continue;
        const given = TAKES[name] ?? (right === 'on|off' ? ['on'] : right === 'NUMBER' ? ['1'] : []);
        scene.tws.inject(name, ...given);
        if (right !== '') assert.throws(() => scene.tws.inject(name, 'x', 'y'), RangeError, name);
      }
      assert.throws(() => scene.tws.inject('correct-execution', 'none.01', '1'), /no execution/);
      assert.throws(() => scene.tws.inject('assign', 'SPY', '1'), /no short position/);
    } finally {
      await scene.close();
    }
  });
});
