import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Gateway, type GatewayPlan } from '#actors/gateway.ts';
import type { Start } from '#protocol/actor.ts';
import type { FeedHandlers, MarketData } from '#protocol/venue.ts';
import type { Tell } from '#trading/model/messages.ts';
import { envelope, quote } from '#test/support/envelopes.ts';
import { spot } from '../trading/trader/fixtures.ts';

const START: Start = { name: 'gateway.bybit', epoch: 1, params: {}, now: 1, snapshot: null, facts: [] };
const BAR = { at: 60_000, open: 1, high: 2, low: 1, close: 2, volume: 3 };

class FakeMarketData implements MarketData {
  readonly asked: string[] = [];
  handlers: FeedHandlers | null = null;
  closed = 0;
  failure: Error | null = null;

  open(): Promise<void> {
    return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
  }
  instruments() {
    return Promise.resolve([spot]);
  }
  history(symbol: string, intervalMinutes: number, bars: number) {
    this.asked.push(`${symbol} ${intervalMinutes} ${bars}`);
    return Promise.resolve([BAR]);
  }
  subscribe(symbols: readonly string[], handlers: FeedHandlers): Promise<void> {
    this.asked.push(`subscribe ${symbols.join(' ')}`);
    this.handlers = handlers;
    handlers.onQuote(quote('q1'));
    handlers.onState(true, 'every symbol has a live book');
    return Promise.resolve();
  }
  counters() {
    return { quotes: 1 };
  }
  health() {
    return { up: true };
  }
  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

async function started(): Promise<{ readonly gateway: Gateway; readonly data: FakeMarketData; readonly told: Tell[] }> {
  const data = new FakeMarketData();
  const told: Tell[] = [];
  const gateway = new Gateway(() => ({ broker: 'bybit', symbols: { crypto_spot: ['BTC/USDT'] }, marketData: data }));
  assert.deepEqual(await gateway.start(START, (tell) => told.push(tell)), { events: [], tells: [] });
  return { gateway, data, told };
}

describe('gateway', () => {
  it('says that the feed is down, lists instruments, then passes quotes to the conductor, in that order', async () => {
    const { told, data } = await started();
    assert.deepEqual(
      told.map(({ to, type }) => `${type} → ${to}`),
      ['feed.changed → *', 'instrument.listed → *', 'quote.received → conductor', 'feed.changed → *'],
    );
    assert.deepEqual(
      told.flatMap((tell) => (tell.type === 'feed.changed' ? [tell.body.up] : [])),
      [false, true],
    );
    assert.deepEqual(data.asked, ['subscribe BTC/USDT']);
  });

  it('tells drops to the conductor, changes of the feed and of instruments to everyone, what a person must hear to the simulator', async () => {
    const { told, data } = await started();
    told.length = 0;
    data.handlers?.onDropped({ asset: 'crypto_spot', symbol: null, reason: 'not_json', exchangeAt: null });
    data.handlers?.onState(false, 'x'.repeat(2000));
    data.handlers?.onInstrument(spot);
    data.handlers?.onTrouble?.({ code: 'VENUE_AWAY', sentence: 'look' });
    assert.deepEqual(
      told.map(({ to, type }) => `${type} → ${to}`),
      ['frame.dropped → conductor', 'feed.changed → *', 'instrument.listed → *', 'feed.troubled → gateway.paper'],
    );
    assert.deepEqual(told[3]?.body, { broker: 'bybit', code: 'VENUE_AWAY', sentence: 'look' });
    assert.ok(told[1]?.type === 'feed.changed' && told[1].body.reason.length === 500);
  });

  it('answers a history to whom it says, and knows nothing of a symbol that is not its own', async () => {
    const { gateway, data } = await started();
    const body = { asset: 'crypto_spot', symbol: 'BTC/USDT', intervalMinutes: 1, bars: 5, replyTo: 'trader.crypto_spot.paper' } as const;
    const outcome = await gateway.receive(envelope('h1', { type: 'history.requested', body }), 0);
    assert.deepEqual(outcome.tells, [
      { to: body.replyTo, type: 'history.loaded', body: { asset: 'crypto_spot', symbol: 'BTC/USDT', intervalMinutes: 1, bars: [BAR] } },
    ]);
    const other = await gateway.receive(envelope('h2', { type: 'history.requested', body: { ...body, symbol: 'XRP/USDT' } }), 0);
    assert.deepEqual(other.tells[0]?.body, { asset: 'crypto_spot', symbol: 'XRP/USDT', intervalMinutes: 1, bars: [] });
    assert.deepEqual(data.asked, ['subscribe BTC/USDT', 'BTC/USDT 1 5']);
  });

  it('answers counters and health, and says what can be asked', async () => {
    const { gateway } = await started();
    const ask = async (query: string): Promise<unknown> =>
      (await gateway.receive(envelope(query, { type: 'actor.asked', body: { query, args: [] } }), 0)).reply;
    assert.deepEqual(await ask('counters'), { quotes: 1 });
    assert.deepEqual(await ask('health'), { up: true });
    assert.deepEqual(await ask('secrets'), { error: 'unknown query "secrets"; there are counters, health' });
  });

  it('throws what failed, with the session closed and the feed said to be down', async () => {
    const data = new FakeMarketData();
    data.failure = new Error('reading the instruments of Bybit failed 3 times');
    const told: Tell[] = [];
    const gateway = new Gateway(() => ({ broker: 'bybit', symbols: { crypto_spot: ['BTC/USDT'] }, marketData: data }));
    await assert.rejects(async () => gateway.start(START, (tell) => told.push(tell)), /failed 3 times/);
    assert.equal(data.closed, 1);
    assert.deepEqual(told, [{ to: '*', type: 'feed.changed', body: { broker: 'bybit', up: false, reason: 'starting' } }]);
  });

  it('keeps no state, ignores what is not for it, and closes the session once stopped', async () => {
    const { gateway, data } = await started();
    assert.deepEqual(await gateway.receive(envelope('c', { type: 'clock.advanced', body: {} }), 0), { events: [], tells: [] });
    assert.equal(gateway.snapshot(), undefined);
    await gateway.stop();
    assert.equal(data.closed, 1);
  });

  it('RT-1 is built on market data only: an order port does not fit', () => {
    const data = new FakeMarketData();
    // @ts-expect-error a plan has no place for orders
    const plan: GatewayPlan = { broker: 'bybit', symbols: {}, marketData: data, orders: { submit: () => undefined } };
    new Gateway(() => plan);
    // @ts-expect-error and market data none either
    void (data as MarketData).submit;
  });
});
