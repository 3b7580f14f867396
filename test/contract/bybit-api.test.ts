/** One script through two independent clients, ccxt and bybit-api, at two venues of one seed: the account is the same afterwards. */
import assert from 'node:assert/strict';
import { RestClientV5, WebsocketClient } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { until } from '../support/supervision.ts';
import { ccxtFor, type Ccxt } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;
type Row = Readonly<Record<string, unknown>>;
interface Reply {
  readonly retCode: number;
  readonly result: { readonly list?: readonly Row[] };
}

/** What the script needs of a client: one call is one request, and refusals are codes. */
interface Client {
  create(body: Fields): Promise<number>;
  amend(body: Fields): Promise<number>;
  cancel(body: Fields): Promise<number>;
  read(what: 'realtime' | 'history' | 'executions' | 'positions' | 'wallet', query: Fields): Promise<readonly Row[]>;
  close(): Promise<void>;
}

const READS = {
  realtime: 'privateGetV5OrderRealtime',
  history: 'privateGetV5OrderHistory',
  executions: 'privateGetV5ExecutionList',
  positions: 'privateGetV5PositionList',
  wallet: 'privateGetV5AccountWalletBalance',
} as const;
type RawCcxt = Ccxt &
  Readonly<
    Record<
      (typeof READS)[keyof typeof READS] | 'privatePostV5OrderCreate' | 'privatePostV5OrderAmend' | 'privatePostV5OrderCancel',
      (fields: Fields) => Promise<Reply>
    >
  >;

/** ccxt throws refusals, with Bybit's answer in the text. */
async function codeOf(reply: Promise<Reply>): Promise<number> {
  try {
    return (await reply).retCode;
  } catch (error) {
    const [, code] = /"retCode":(\d+)/.exec(String(error)) ?? [];
    if (code === undefined) throw error;
    return Number(code);
  }
}

async function throughCcxt(venue: Venue): Promise<Client> {
  // Its generated methods, which the tests' interface leaves out.
  const exchange = (await ccxtFor(venue)) as RawCcxt;
  return {
    create: (body) => codeOf(exchange.privatePostV5OrderCreate(body)),
    amend: (body) => codeOf(exchange.privatePostV5OrderAmend(body)),
    cancel: (body) => codeOf(exchange.privatePostV5OrderCancel(body)),
    read: async (what, query) => (await exchange[READS[what]](query)).result.list ?? [],
    close: () => exchange.close(),
  };
}

function throughBybitApi(venue: Venue): Promise<Client> {
  const { apiKey: key, secret } = venue.keys;
  const client = new RestClientV5({ key, secret, baseUrl: venue.info().rest, parseAPIRateLimits: true, throwOnFailedRateLimitParse: true });
  const asks: Readonly<Record<keyof typeof READS, (query: never) => Promise<unknown>>> = {
    realtime: client.getActiveOrders.bind(client),
    history: client.getHistoricOrders.bind(client),
    executions: client.getExecutionList.bind(client),
    positions: client.getPositionInfo.bind(client),
    wallet: client.getWalletBalance.bind(client),
  };
  // The script's bodies are checked by the venue, which is what is tested.
  return Promise.resolve({
    create: async (body) => (await client.submitOrder(body as never)).retCode,
    amend: async (body) => (await client.amendOrder(body as never)).retCode,
    cancel: async (body) => (await client.cancelOrder(body as never)).retCode,
    read: async (what, query) => ((await asks[what](query as never)) as Reply).result.list ?? [],
    close: () => Promise.resolve(),
  });
}

const SPOT = { category: 'spot', symbol: 'BTCUSDT' };
const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };

/** Codes of every step, and the account as it is afterwards. */
async function play(venue: Venue, client: Client) {
  await venue.step();
  const codes: number[] = [];
  const step = async (code: Promise<number>): Promise<void> => {
    codes.push(await code);
    await venue.step();
  };
  await step(client.create({ ...SPOT, side: 'Buy', orderType: 'Market', marketUnit: 'baseCoin', qty: '0.02', isLeverage: 0, orderLinkId: 'spot-1' }));
  const limit = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '50000', positionIdx: 0, orderLinkId: 'limit-1' };
  await step(client.create(limit));
  await step(client.create(limit));
  await step(client.amend({ ...LINEAR, orderLinkId: 'limit-1', price: '49000', qty: '0.02' }));
  const beforeCancel = await client.read('realtime', LINEAR);
  await step(client.cancel({ ...LINEAR, orderLinkId: 'limit-1' }));
  await step(client.cancel({ ...LINEAR, orderLinkId: 'limit-1' }));
  const legs = { takeProfit: '90000', stopLoss: '40000', tpslMode: 'Full', slTriggerBy: 'MarkPrice', tpTriggerBy: 'LastPrice' };
  await step(client.create({ ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01', positionIdx: 0, orderLinkId: 'bracket-1', ...legs }));
  const [withBracket, held] = [await client.read('realtime', LINEAR), await client.read('positions', LINEAR)];
  await step(client.create({ ...LINEAR, side: 'Sell', orderType: 'Market', qty: '0.01', positionIdx: 0, reduceOnly: true, orderLinkId: 'close-1' }));
  await step(client.create({ ...LINEAR, side: 'Sell', orderType: 'Market', qty: '0.01', positionIdx: 0, reduceOnly: true, orderLinkId: 'close-2' }));
  const account = {
    ...{ beforeCancel, withBracket, held },
    orders: await client.read('history', { category: 'linear' }),
    spotOrders: await client.read('history', { category: 'spot' }),
    executions: [...(await client.read('executions', { category: 'linear' })), ...(await client.read('executions', { category: 'spot' }))],
    positions: await client.read('positions', LINEAR),
    wallet: await client.read('wallet', { accountType: 'UNIFIED' }),
  };
  return { codes, account };
}

/** Without ids and times; our own ids stay. */
const told = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key === 'orderLinkId' || (!/Id$|Time$/.test(key) && key !== 'seq'))
      .map(([key, inner]) => [key, told(inner)]),
  );
};

const through = (client: (venue: Venue) => Promise<Client>) =>
  withVenue({ seed: 'two-clients', account: { limits: true } }, async (venue) => {
    const made = await client(venue);
    try {
      return await play(venue, made);
    } finally {
      await made.close();
    }
  });

describe('two independent clients at the embedded Bybit', () => {
  it('the same script gives the same codes and the same account through ccxt and bybit-api', async () => {
    const [one, other] = [await through(throughCcxt), await through(throughBybitApi)];
    assert.deepEqual(one.codes, [0, 0, 110072, 0, 0, 110001, 0, 0, 110017]);
    assert.deepEqual(told(other), told(one));
    const { account } = one;
    assert.deepEqual(
      [account.beforeCancel.length, account.withBracket.length, account.positions.length],
      [1, 2, 1],
      'an order, two legs, a flat row',
    );
    assert.ok(account.executions.length >= 3);
  });

  it('bybit-api signs in to the private stream, and is told of the executions that the list has', () =>
    withVenue({ seed: 'two-clients' }, async (venue) => {
      await venue.step();
      const { apiKey: key, secret } = venue.keys;
      const quiet = (): void => undefined;
      const stream = new WebsocketClient(
        { key, secret, market: 'v5', wsUrl: `${venue.info().ws}/v5/private` },
        { trace: quiet, info: quiet, error: quiet },
      );
      const heard: Row[] = [];
      stream.on('update', (update: unknown) => {
        const { topic, data } = update as { readonly topic: string; readonly data: readonly Row[] };
        if (topic === 'execution') heard.push(...data);
      });
      stream.on('exception', quiet);
      try {
        let isSubscribed = false;
        stream.on('response', (response: unknown) => (isSubscribed ||= JSON.stringify(response).includes('"op":"subscribe"')));
        for (const asked of stream.subscribeV5(['order', 'execution'], 'linear')) asked.catch(quiet);
        await until(() => isSubscribed);
        const client = await throughBybitApi(venue);
        await client.create({ ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01', orderLinkId: 'heard-1' });
        await until(() => heard.length > 0);
        const listed = await client.read('executions', { category: 'linear' });
        assert.deepEqual(new Set(heard.map(({ execId }) => execId)), new Set(listed.map(({ execId }) => execId)));
      } finally {
        stream.closeAll(true);
      }
    }));
});
