import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import VenueEmbedded from '../../supervisors/entries/venue-embedded.ts';
import type { Envelope } from '#protocol/actor.ts';
import { runVenue } from '#venues/embedded/standalone.ts';
import { venueParams } from '#venues/embedded/params.ts';
import { withVenue } from './embedded-support.ts';

interface Body {
  readonly retCode: number;
  readonly retMsg: string;
  readonly time: number;
  readonly result: { readonly list?: readonly (readonly string[])[]; readonly timeSecond?: string };
}

async function get(rest: string, path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: Body }> {
  const response = await fetch(rest + path, init);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

describe('embedded venue: REST', () => {
  it('wraps every answer in Bybit’s envelope and headers, with market time', () =>
    withVenue({}, async (venue) => {
      const { rest, now } = venue.info();
      const { status, headers, body } = await get(rest, '/v5/market/time');
      assert.deepEqual([status, body.retCode, body.retMsg, body.time], [200, 0, 'OK', now]);
      assert.equal(body.result.timeSecond, String(now / 1000));
      for (const name of ['x-bapi-limit', 'x-bapi-limit-status', 'x-bapi-limit-reset-timestamp', 'traceid', 'timenow'])
        assert.ok(headers.get(name), name);
    }));

  it('pages klines by start, end and limit, newest first, and never shows a bar of the future', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const { rest, now } = venue.info();
      const opens = async (query: string): Promise<number[]> => {
        const { body } = await get(rest, `/v5/market/kline?category=spot&symbol=BTCUSDT&${query}`);
        return (body.result.list ?? []).map(([at]) => (Number(at) - (now - (now % 60_000))) / 60_000);
      };
      const back = (minutes: number): number => now - (now % 60_000) - minutes * 60_000;
      assert.deepEqual(await opens('interval=1&limit=3'), [0, -1, -2]);
      assert.deepEqual(await opens(`interval=1&start=${back(9)}&limit=3`), [-7, -8, -9]);
      assert.deepEqual(await opens(`interval=1&end=${back(5)}&limit=2`), [-5, -6]);
      assert.deepEqual(await opens(`interval=1&start=${back(9)}&end=${back(5)}&limit=3`), [-5, -6, -7]);
      assert.deepEqual(await opens(`interval=1&end=${now + 86_400_000}&limit=1`), [0]);
      assert.equal((await opens('interval=1&limit=5000')).length, 1000);
      assert.equal((await opens('interval=1')).length, 200);
      assert.equal((await opens('interval=D')).length, 2);
    }));

  it('says what is wrong with Bybit’s codes, and what is private or unknown', () =>
    withVenue({}, async (venue) => {
      const { rest } = venue.info();
      const code = async (path: string, init?: RequestInit) => {
        const { status, body } = await get(rest, path, init);
        return [status, body.retCode];
      };
      assert.deepEqual(await code('/v5/market/kline?category=spot&symbol=NOPE&interval=1'), [200, 10001]);
      assert.deepEqual(await code('/v5/market/kline?category=stocks&symbol=BTCUSDT&interval=1'), [200, 10001]);
      assert.deepEqual(await code('/v5/market/kline?category=spot&symbol=BTCUSDT&interval=7'), [200, 10001]);
      assert.deepEqual(await code('/v5/market/kline?category=spot&symbol=BTCUSDT&interval=1&limit=-1'), [200, 10001]);
      assert.deepEqual(await code('/v5/market/instruments-info?category=option'), [200, 0]);
      assert.deepEqual(await code('/v5/nowhere'), [404, 10017]);
      assert.deepEqual(await code('/v5/market/time', { method: 'POST' }), [404, 10017]);
      assert.deepEqual(await code('/v5/account/wallet-balance'), [200, 10005]);
      assert.equal(venue.counters().privateHits, 1);
      assert.deepEqual(await code('/v5/order/create', { method: 'POST', body: '{"symbol":"BTCUSDT"}' }), [200, 10005]);
      assert.deepEqual(await code('/v5/position/trading-stop', { method: 'POST', body: '{}' }), [200, 10005]);
      assert.equal(venue.counters().orderEndpointHits, 2, 'RT-1');
      await assert.rejects(fetch(`${rest}/v5/order/create`, { method: 'POST', body: 'x'.repeat(10_000_000) }));
      assert.deepEqual(await code('/v5/market/time'), [200, 0]);
    }));

  it('one clear error where the port is taken', () =>
    withVenue({}, async (venue) => {
      const port = Number(new URL(venue.info().rest).port);
      await assert.rejects(
        withVenue({ port }, async () => undefined),
        new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use by another program`),
      );
    }));

  it('as an actor it plays when asked, answers nonsense without dying, and resumes where it is told', async () => {
    const at = { seed: '3', host: '127.0.0.1', port: 0, play: { kind: 'synthetic' } };
    const envelope = (query: string, args: readonly string[] = []) => ({ type: 'actor.asked', body: { query, args } }) as unknown as Envelope;
    const ask = async (actor: VenueEmbedded, query: string, ...args: string[]) =>
      (await actor.receive(envelope(query, args))).reply as Record<string, unknown>;
    const start = { name: 'venue.embedded', epoch: 1, now: 0, snapshot: null, facts: [] };
    const first = new VenueEmbedded();
    await first.start({ ...start, params: { ...at, resumeAt: null } });
    const { now, rest } = await ask(first, 'info');
    const step = await ask(first, 'step');
    assert.deepEqual(step, { now: Number(now) + 1000, books: 0, oldStamps: [], ended: false, next: Number(now) + 2000 });
    assert.deepEqual(await ask(first, 'idle', '500'), { ...step, now: Number(now) + 1500 });
    assert.match(String((await ask(first, 'idle', 'soon')).error), /idle "soon": must be whole milliseconds/);
    assert.match(String((await ask(first, 'fault', 'flood')).error), /no fault "flood"/);
    assert.match(String((await ask(first, 'dance')).error), /no query "dance"; there are info, step/);
    assert.equal((await ask(first, 'counters')).steps, 1);
    await first.stop();
    await assert.rejects(fetch(String(rest)), 'the port is free again');
    const second = new VenueEmbedded();
    await second.start({ ...start, params: { ...at, port: Number(new URL(String(rest)).port), resumeAt: step.now } });
    assert.deepEqual([(await ask(second, 'info')).rest, (await ask(second, 'step')).now], [rest, Number(now) + 2000]);
    await second.stop();
    await assert.rejects(new VenueEmbedded().start({ ...start, params: { ...at, host: '0.0.0.0' } }), /127\.0\.0\.1/);
  });

  it('alone it plays at its own pace until it is stopped', async () => {
    const params = venueParams.parse({ seed: '1', play: { kind: 'synthetic' } });
    const running = await runVenue({ params, speed: Infinity });
    while (running.counters().steps < 50) await new Promise((resolve) => setImmediate(resolve));
    const { body } = await get(running.info.rest, '/v5/market/time');
    assert.ok(body.time > running.info.now);
    await running.stop();
    assert.equal(await running.over, 'stopped');
    await assert.rejects(runVenue({ params, speed: 0 }), /speed 0: must be above zero/);
  });
});
