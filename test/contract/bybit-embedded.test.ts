/** The gateway as its process runs it, against the embedded venue: what the two say to each other is what ccxt speaks with Bybit. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import BybitGateway from '#supervisors/entries/gateway-bybit.ts';
import type { Start } from '#protocol/actor.ts';
import { parseTell } from '#protocol/messages.ts';
import type { Tell } from '#trading/model/messages.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';
import { venueParams } from '#venues/embedded/params.ts';
import { envelope } from '#test/support/envelopes.ts';
import { until } from '#test/support/until.ts';

const ASSETS = { crypto_spot: ['BTC/USDT', 'ETH/USDT'], crypto_futures: ['ADA/USDT:USDT'] };
const STEPS = 50;

class Run {
  readonly told: Tell[] = [];
  readonly gateway = new BybitGateway();

  start(params: unknown): Promise<unknown> {
    const start: Start = { name: 'gateway.bybit', epoch: 1, params, now: 1, snapshot: null, facts: [] };
    // Parsed as the main process parses what another process tells it.
    return Promise.resolve(this.gateway.start(start, (tell) => this.told.push(parseTell(tell))));
  }
  get quotes(): readonly QuoteSnapshot[] {
    return this.told.flatMap((tell) => (tell.type === 'quote.received' ? [tell.body.quote] : []));
  }
  get drops(): readonly string[] {
    return this.told.flatMap((tell) => (tell.type === 'frame.dropped' ? [tell.body.reason] : []));
  }
  get up(): boolean | undefined {
    return this.told.flatMap((tell) => (tell.type === 'feed.changed' ? [tell.body.up] : [])).at(-1);
  }
}

describe('Bybit gateway and embedded venue', () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const closable of open.splice(0).reverse()) await closable.close();
  });

  async function playing(): Promise<{ readonly run: Run; readonly venue: Venue }> {
    const venue = await openVenue(venueParams.parse({ seed: 'contract', play: { kind: 'synthetic' } }));
    open.push(venue);
    const { rest, ws } = venue.info();
    const run = new Run();
    open.push({ close: () => run.gateway.stop() });
    await run.start({ environment: 'embedded', rest, ws, assets: ASSETS, rateLimit: '0.9' });
    return { run, venue };
  }

  it('lists the instruments, is up when it has started, and has every first book', async () => {
    const { run } = await playing();
    const listed = run.told.flatMap((tell) => (tell.type === 'instrument.listed' ? [tell.body.instrument.symbol] : []));
    assert.deepEqual(listed, [...ASSETS.crypto_spot, ...ASSETS.crypto_futures]);
    assert.equal(run.up, true);
    assert.deepEqual(new Set(run.quotes.map(({ symbol }) => symbol)), new Set(listed));
  });

  it('QS-1 every book frame the venue counts comes back as one quote, stamped with the time of its step', async () => {
    const { run, venue } = await playing();
    for (let played = 0; played < STEPS; played++) {
      const before = run.quotes.length;
      const step = await venue.step();
      await until(`${step.books} quotes`, () => run.quotes.length >= before + step.books);
      const came = run.quotes.slice(before);
      assert.deepEqual(
        came.map(({ exchangeAt, receivedAt }) => [exchangeAt, receivedAt]),
        came.map(() => [step.now, step.now]),
      );
      assert.equal(came.length, step.books);
    }
    const ids = run.quotes.map(({ id, asset }) => `${asset} ${id}`);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(run.quotes.some(({ last, volume }) => last !== null && volume !== null && volume !== '0'));
  });

  it('a book that is pushed again while the market idles is a quote of that moment', async () => {
    const { run, venue } = await playing();
    const before = run.quotes.length;
    const idled = venue.idle(3000);
    await until('the books again', () => run.quotes.length === before + idled.books);
    assert.ok(run.quotes.slice(before).every(({ exchangeAt }) => exchangeAt === idled.now));
  });

  it('QS-2 a spoilt book is one drop, a crossed one a quote for the core to refuse', async () => {
    const { run, venue } = await playing();
    for (const fault of ['garbage', 'malformed', 'crossed']) venue.fault(fault, 'spot/orderbook.1.BTCUSDT');
    const heard = (): number => run.quotes.length + run.drops.length;
    while (run.quotes.every(({ bid, ask }) => Number(bid) <= Number(ask))) {
      const before = heard();
      const { books } = await venue.step();
      await until('all books of the step', () => heard() >= before + books);
    }
    assert.deepEqual(run.drops, ['not_json', 'malformed data.b']);
    assert.equal(run.up, true);
  });

  it('dropped connections come back up by themselves', async () => {
    const { run, venue } = await playing();
    venue.fault('drop');
    await until('down', () => run.up === false);
    await until('up', () => run.up === true);
    const before = run.quotes.length;
    const { books } = await venue.step();
    await until('quotes', () => run.quotes.length >= before + books);
  });

  it('history reaches up to the bar before the one that is open', async () => {
    const { run, venue } = await playing();
    const body = { asset: 'crypto_spot', symbol: 'BTC/USDT', intervalMinutes: 1, bars: 60, replyTo: 'trader' } as const;
    const { tells } = await run.gateway.receive(envelope('h', { type: 'history.requested', body }), 0);
    const [loaded] = tells;
    assert.ok(loaded?.type === 'history.loaded');
    assert.equal(loaded.body.bars.length, 60);
    const minute = 60_000;
    assert.equal(loaded.body.bars.at(-1)?.at, Math.floor(venue.info().now / minute) * minute - minute);
  });

  it('parameters are checked, and the error names the one', async () => {
    const params = { environment: 'embedded', rest: 'http://127.0.0.1:1', ws: 'ws://127.0.0.1:1', assets: ASSETS, rateLimit: '0.9' };
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ ...params, environment: 'moon' }, /params\.environment/],
      [{ ...params, rateLimit: '1.5' }, /params\.rateLimit/],
      [{ ...params, apiKey: 'K' }, /Unrecognized key: "apiKey"/],
      [{ ...params, assets: { ...ASSETS, crypto_spot: ['BTCUSDT'] } }, /params\.assets\.crypto_spot\.0: must look like BTC\/USDT/],
      [{ ...params, ws: undefined }, /rest and ws belong together/],
      [{ ...params, environment: 'mainnet' }, /rest and ws belong to an embedded market/],
      [{ ...params, rest: 'https://api.bybit.com' }, /urls\.api\.public: https:\/\/api\.bybit\.com is not on loopback/],
    ];
    for (const [given, message] of wrong) await assert.rejects(async () => new Run().start(given), message);
  });
});
