import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createExchange } from '#venues/bybit/create.ts';
import { assertLoopback, ENDPOINTS, marketDataUrls, type Endpoints, type Environment } from '#venues/bybit/endpoints.ts';
import { createBybitMarketData } from '#venues/bybit/market-data.ts';

const HOOKS = {
  beforeRequest: () => Promise.reject(new Error('no request in this test')),
  onResponse: () => undefined,
  onMessage: () => true,
  onConnected: () => undefined,
  onLost: () => undefined,
};
const create = (environment: Environment, endpoints: Endpoints) =>
  createExchange(
    {
      environment,
      endpoints,
      categories: ['spot', 'linear'],
      fetch: () => Promise.reject(new Error('no request in this test')),
      keepAliveMs: 5000,
      connectMs: 5000,
      requestMs: 5000,
    },
    HOOKS,
  );
const LOOPBACK = { rest: 'http://127.0.0.1:1', ws: 'ws://127.0.0.1:1' };

describe('Bybit endpoints', () => {
  const documented = [
    ['mainnet', 'https://api.bybit.com', 'wss://stream.bybit.com'],
    ['testnet', 'https://api-testnet.bybit.com', 'wss://stream-testnet.bybit.com'],
    ['demo', 'https://api-demo.bybit.com', 'wss://stream.bybit.com'],
  ] as const;
  for (const [environment, rest, ws] of documented) {
    it(`RT-1 ${environment} has the documented public hosts, no private or trade URL, and no keys`, async () => {
      const exchange = await create(environment, ENDPOINTS[environment]);
      assert.deepEqual(exchange.urls, { api: { public: rest, ws: { public: { spot: `${ws}/v5/public/spot`, linear: `${ws}/v5/public/linear` } } } });
      const { apiKey, secret } = exchange as unknown as { readonly apiKey?: string; readonly secret?: string };
      assert.deepEqual([apiKey, secret], [undefined, undefined]);
    });
  }

  it('RT-1 an order method of ccxt finds no URL and no key on a market data instance', async () => {
    const exchange = (await create('embedded', LOOPBACK)) as unknown as { privatePostV5OrderCreate(params: object): Promise<unknown> };
    await assert.rejects(exchange.privatePostV5OrderCreate({ category: 'spot' }));
  });

  it('embedded accepts loopback', async () => {
    await create('embedded', LOOPBACK);
    await create('embedded', { rest: 'http://localhost:8', ws: 'ws://[::1]:8' });
  });

  it('embedded refuses a leaf that is not on loopback, and names it', async () => {
    await assert.rejects(
      create('embedded', { ...LOOPBACK, rest: 'https://api.bybit.com' }),
      /urls\.api\.public: https:\/\/api\.bybit\.com is not on loopback/,
    );
    await assert.rejects(create('embedded', { ...LOOPBACK, ws: 'wss://stream.bybit.com' }), /urls\.api\.ws\.public\.spot/);
  });

  it('every leaf counts, wherever it stands and whatever it is', () => {
    const urls = marketDataUrls(LOOPBACK);
    assertLoopback(urls);
    assert.throws(() => assertLoopback({ ...urls, test: { spot: 'http://10.0.0.1' } }), /urls\.test\.spot/);
    assert.throws(() => assertLoopback({ ...urls, logo: 'http://127.0.0.1.example.org/x.jpg' }), /urls\.logo/);
    assert.throws(() => assertLoopback({ ...urls, doc: ['http://127.0.0.1/', 'not a url'] }), /urls\.doc\.1/);
    assert.throws(() => assertLoopback({ ...urls, fees: null }), /urls\.fees: null is no URL/);
  });

  it('an embedded market without endpoints, a real one with them, and no symbols are refused', () => {
    const symbols = ['BTC/USDT'];
    assert.throws(() => createBybitMarketData({ environment: 'embedded', endpoints: null, symbols, rateLimit: 0.9 }), /needs rest and ws/);
    assert.throws(() => createBybitMarketData({ environment: 'mainnet', endpoints: LOOPBACK, symbols, rateLimit: 0.9 }), /mainnet has its own/);
    assert.throws(() => createBybitMarketData({ environment: 'mainnet', endpoints: null, symbols: [], rateLimit: 0.9 }), /no symbol/);
  });
});
