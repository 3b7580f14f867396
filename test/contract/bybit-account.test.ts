import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import { venueParams } from '#venues/embedded/params.ts';
import { runVenue } from '#venues/embedded/standalone.ts';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, openStream, rowsOf, type Body, type Signing } from './bybit-account.ts';
import { Reader, withVenue, type Frame } from './embedded-support.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const BID = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' };
const MARKET = { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01' };

const post = async (venue: Venue, path: string, body: object, signing?: Signing): Promise<Body> =>
  (await call(venue, `/v5/${path}`, body, signing)).body;
const get = async (venue: Venue, path: string, query: string): Promise<Body> => (await call(venue, `/v5/${path}`, query)).body;
const code = async (asked: Promise<Body>): Promise<number> => (await asked).retCode;
const played = (work: (venue: Venue) => Promise<void>, params: object = {}): Promise<void> =>
  withVenue(params, async (venue) => {
    await venue.step();
    await work(venue);
  });

type Row = Readonly<Record<string, unknown>>;
const dataOf = (frames: readonly Frame[], topic: string): readonly Row[] =>
  frames.filter((frame) => frame.topic === topic).flatMap((frame) => frame.data as readonly Row[]);

describe('embedded venue: the door of the account', () => {
  it('refuses an unknown key, a wrong signature and a time outside the window, before anything else', () =>
    played(async (venue) => {
      const asked = (signing: Signing) => code(post(venue, 'order/create', BID, signing));
      assert.equal(await asked({ apiKey: 'unknown' }), 10003);
      assert.equal(await asked({ secret: 'wrong' }), 10004);
      assert.equal(await asked({ at: Date.now() - 6000 }), 10002);
      assert.equal(await asked({ at: Date.now() + 1500 }), 10002);
      assert.equal(await asked({ at: Date.now() - 6000, recvWindow: 10_000 }), 0);
      assert.equal(await asked({ at: venue.info().now }), 0, 'market time is a clock of the venue too');
    }));

  it('tells the limit of the endpoint and refuses what goes beyond: 10 orders a second of a perpetual', () =>
    played(async (venue) => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => call(venue, '/v5/order/create', BID)));
      const codes = answers.map(({ body }) => body.retCode);
      assert.ok(codes.filter((found) => found === 0).length >= 10 && codes.includes(10006), codes.join());
      assert.deepEqual([...new Set(answers.map(({ headers }) => headers.get('x-bapi-limit')))], ['10']);
      assert.ok(answers.some(({ headers }) => headers.get('x-bapi-limit-status') === '9'));
      const late = answers.find(({ body }) => body.retCode === 10006);
      assert.ok(Number(late?.headers.get('x-bapi-limit-reset-timestamp')) > venue.info().now);
    }));

  it('an address that asks too often is refused everything with 403', () =>
    played(async (venue) => {
      venue.fault('ban', 'on');
      const { status, body } = await call(venue, '/v5/order/realtime', 'category=linear&symbol=BTCUSDT');
      assert.deepEqual([status, body.retMsg], [403, 'access too frequent']);
      venue.fault('ban', 'off');
      assert.equal(await code(get(venue, 'order/realtime', 'category=linear&symbol=BTCUSDT')), 0);
    }));

  it('RT-1 counts requests at order endpoints, over HTTP and over the trade stream, and no others', () =>
    played(async (venue) => {
      await get(venue, 'order/realtime', 'category=linear&symbol=BTCUSDT');
      await get(venue, 'account/wallet-balance', 'accountType=UNIFIED');
      assert.equal(venue.counters().orderEndpointHits, 0);
      await post(venue, 'order/create', BID);
      assert.equal(venue.counters().orderEndpointHits, 1);
      const trade = await openStream(venue, '/v5/trade');
      await trade.ask({ op: 'order.create', reqId: '1', header: { 'X-BAPI-TIMESTAMP': String(Date.now()) }, args: [BID] });
      assert.equal(venue.counters().orderEndpointHits, 3);
      trade.close();
    }));

  it('nonsense is answered with 10001, and the venue goes on', () =>
    played(async (venue) => {
      for (const body of [
        {},
        [],
        { category: 'stocks' },
        { ...BID, side: 'Up' },
        { ...BID, qty: 1 },
        { ...BID, qty: 'NaN' },
        { ...BID, price: '' },
      ]) {
        assert.equal(await code(post(venue, 'order/create', body)), 10001, JSON.stringify(body));
      }
      assert.equal(await code(post(venue, 'order/create', { ...BID, orderLinkId: 'x'.repeat(37) })), 10001);
      assert.equal(await code(post(venue, 'order/cancel', LINEAR)), 10001);
      assert.equal(await code(get(venue, 'order/realtime', 'category=linear')), 10001);
    }));
});

describe('embedded venue: orders of the account', () => {
  it('codes: duplicate, minimum, reduce-only, position mode, leverage, trigger, price limit, not found', () =>
    played(async (venue) => {
      const create = (body: object) => code(post(venue, 'order/create', body));
      assert.equal(await create({ ...BID, orderLinkId: 'a' }), 0);
      assert.equal(await create({ ...BID, orderLinkId: 'a' }), 110072);
      assert.equal(await create({ ...BID, qty: '0.001' }), 110094);
      assert.equal(await create({ ...BID, qty: '30', price: '1000000' }), 110007);
      assert.equal(await create({ ...BID, reduceOnly: true }), 110017);
      assert.equal(await create({ ...BID, positionIdx: 1 }), 10001);
      assert.equal(await create({ ...MARKET, triggerPrice: '1000', triggerDirection: 1 }), 110092);
      assert.equal(await create({ ...MARKET, triggerPrice: '10000000', triggerDirection: 2 }), 110093);
      assert.equal(await code(post(venue, 'position/set-leverage', { ...LINEAR, buyLeverage: '10', sellLeverage: '10' })), 110043);
      assert.equal(await code(post(venue, 'position/switch-mode', { ...LINEAR, mode: 0 })), 110025);
      assert.equal(await code(post(venue, 'position/switch-mode', { ...LINEAR, mode: 3 })), 110028, 'there is an open order');
      assert.equal(await code(post(venue, 'position/trading-stop', { ...LINEAR, takeProfit: '100000', positionIdx: 0 })), 10001);
      assert.equal(await code(post(venue, 'order/cancel', { ...LINEAR, orderId: 'none' })), 110001);
      await post(venue, 'account/set-limit-px-action', { category: 'linear', modifyEnable: false });
    }));

  it('codes of the spot market', () =>
    played(async (venue) => {
      const spot = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' };
      const create = (body: object) => code(post(venue, 'order/create', body));
      const first = await post(venue, 'order/create', { ...spot, orderLinkId: 'a' });
      assert.deepEqual([first.retCode, first.result.orderLinkId], [0, 'a']);
      assert.equal(await create({ ...spot, orderLinkId: 'a' }), 170141);
      assert.equal(await create({ ...spot, qty: '0.001' }), 170140);
      assert.equal(await create({ ...spot, price: '1000.05' }), 170134);
      assert.equal(await create({ ...spot, qty: '0.0100001' }), 170137);
      assert.equal(await create({ ...spot, price: '9000000' }), 170193);
      assert.equal(await create({ ...spot, side: 'Sell', price: '1000' }), 170194);
      assert.equal(await create({ ...spot, side: 'Sell', price: '1000000' }), 170131);
      assert.equal(await create({ ...spot, orderType: 'Market', price: undefined, takeProfit: '1000000' }), 170130);
      assert.equal(await code(post(venue, 'order/cancel', { category: 'spot', symbol: 'BTCUSDT', orderId: '1' })), 170213);
      const auto = await post(venue, 'order/create', spot);
      assert.equal(BigInt(String(auto.result.orderLinkId)), BigInt(String(auto.result.orderId)) + 1n);
    }));

  it('lists 20 a page and leads on: 65 orders in four pages, or in two of 50', () =>
    played(async (venue) => {
      const spot = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' };
      for (let count = 0; count < 65; count++) {
        while ((await code(post(venue, 'order/create', spot))) === 10006) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const sizes = async (limit: string): Promise<readonly number[]> => {
        const [found, ids] = [[] as number[], new Set<unknown>()];
        for (let cursor = ''; found.length === 0 || cursor !== '';) {
          const answer = await call(venue, '/v5/order/realtime', `category=spot${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`);
          for (const row of rowsOf(answer)) ids.add(row.orderId);
          found.push(rowsOf(answer).length);
          cursor = String(answer.body.result.nextPageCursor);
        }
        assert.equal(ids.size, 65);
        return found;
      };
      assert.deepEqual(await sizes(''), [20, 20, 20, 5]);
      assert.deepEqual(await sizes('&limit=50'), [50, 15]);
    }));

  it('finds an ended order by its ids, in the real-time list after openOnly=1, and not after a restart of the venue', () =>
    played(async (venue) => {
      await post(venue, 'order/create', { ...BID, orderLinkId: 'gone' });
      await post(venue, 'order/cancel', { ...LINEAR, orderLinkId: 'gone' });
      const count = async (query: string): Promise<number> =>
        rowsOf({ body: await get(venue, 'order/realtime', `category=linear&symbol=BTCUSDT${query}`) }).length;
      assert.deepEqual([await count(''), await count('&openOnly=1'), await count('&orderLinkId=gone')], [0, 1, 1]);
      venue.fault('restart');
      assert.deepEqual([await count('&openOnly=1'), await count('&orderLinkId=gone')], [0, 0]);
      const history = await get(venue, 'order/history', 'category=linear&orderLinkId=gone');
      assert.equal(rowsOf({ body: history })[0]?.orderStatus, 'Cancelled');
    }));

  it('a post-only order that would take is acknowledged, then cancelled with its reason', () =>
    played(async (venue) => {
      const created = await post(venue, 'order/create', { ...BID, price: '1000000', timeInForce: 'PostOnly', orderLinkId: 'po', qty: '0.001' });
      assert.equal(created.retCode, 0);
      const [row] = rowsOf({ body: await get(venue, 'order/realtime', 'category=linear&symbol=BTCUSDT&orderLinkId=po') });
      assert.deepEqual([row?.orderStatus, row?.rejectReason, row?.leavesQty], ['Cancelled', 'EC_PostOnlyWillTakeLiquidity', '0']);
    }));

  it('cancels all of a symbol or of a coin, and only what is asked for', () =>
    played(async (venue) => {
      await post(venue, 'order/create', BID);
      await post(venue, 'order/create', { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' });
      assert.equal(await code(post(venue, 'order/cancel-all', { category: 'linear' })), 10001);
      const ended = await post(venue, 'order/cancel-all', { category: 'linear', settleCoin: 'USDT' });
      assert.deepEqual([(ended.result.list as unknown[]).length, ended.result.success], [1, '1']);
      assert.equal(rowsOf({ body: await get(venue, 'order/realtime', 'category=spot') }).length, 1);
    }));

  it('two partial exits of a position end each other', () =>
    played(async (venue) => {
      await post(venue, 'order/create', MARKET);
      const stop = { ...LINEAR, tpslMode: 'Partial', takeProfit: '1000000', stopLoss: '1000', tpSize: '0.01', slSize: '0.01', positionIdx: 0 };
      assert.equal(await code(post(venue, 'position/trading-stop', stop)), 0);
      const rows = rowsOf({ body: await get(venue, 'order/realtime', 'category=linear&symbol=BTCUSDT&orderFilter=StopOrder') });
      assert.deepEqual(new Set(rows.map(({ stopOrderType }) => stopOrderType)), new Set(['PartialStopLoss', 'PartialTakeProfit']));
      assert.equal(await code(post(venue, 'position/trading-stop', { ...LINEAR, stopLoss: '1000', positionIdx: 0 })), 0);
      assert.equal(await code(post(venue, 'position/trading-stop', { ...LINEAR, stopLoss: '1000', positionIdx: 0 })), 34040);
    }));
});

/** What a position is worth now depends on the market of now. */
const withoutMark = (row: Row): object =>
  Object.fromEntries(
    Object.entries(row).filter(([key]) => !['markPrice', 'unrealisedPnl', 'positionMM', 'positionMMByMp', 'liqPrice'].includes(key)),
  );

describe('embedded venue: alone', () => {
  it('hands out the keys that open its account', async () => {
    const running = await runVenue({ params: venueParams.parse({ seed: '1', play: { kind: 'synthetic' } }), speed: 1 });
    const at = String(Date.now());
    const { apiKey, secret } = running.keys;
    const headers = {
      'X-BAPI-API-KEY': apiKey,
      'X-BAPI-TIMESTAMP': at,
      'X-BAPI-SIGN': createHmac('sha256', secret)
        .update(at + apiKey)
        .digest('hex'),
    };
    const response = await fetch(`${running.info.rest}/v5/account/info`, { headers });
    assert.equal(((await response.json()) as Body).retCode, 0);
    await running.stop();
  });
});

describe('embedded venue: the account outlives the venue', () => {
  it('orders, position and balance are there again, and the market goes on where it was; half a line is forgotten', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'account-'));
    const file = path.join(directory, 'account.jsonl');
    const all = (venue: Venue) =>
      Promise.all([
        get(venue, 'position/list', 'category=linear&symbol=BTCUSDT'),
        get(venue, 'order/realtime', 'category=linear&symbol=BTCUSDT'),
        get(venue, 'execution/list', 'category=linear'),
      ]).then((bodies) => bodies.map((body) => rowsOf({ body }).map(withoutMark)));
    try {
      let [resumeAt, before] = [0, [] as readonly unknown[]];
      await played(
        async (venue) => {
          await post(venue, 'order/create', { ...MARKET, stopLoss: '1000' });
          await post(venue, 'order/create', { ...BID, orderLinkId: 'rests' });
          [resumeAt, before] = [venue.info().now, await all(venue)];
        },
        { account: { file } },
      );
      await appendFile(file, '{"counters":');
      await withVenue({ resumeAt, account: { file } }, async (venue) => {
        assert.deepEqual(await all(venue), before);
        assert.equal(await code(post(venue, 'order/create', { ...BID, orderLinkId: 'rests' })), 110072);
        assert.equal(await code(post(venue, 'order/cancel', { ...LINEAR, orderLinkId: 'rests' })), 0);
      });
      await appendFile(file, 'nonsense\n');
      await assert.rejects(
        withVenue({ account: { file } }, async () => undefined),
        /line \d+ is no JSON/,
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('embedded venue: the private stream', () => {
  it('answers ping, refuses what is not logged in, and closes on a wrong login', () =>
    played(async (venue) => {
      const reader = await Reader.open(`${venue.info().ws}/v5/private`);
      const pong = await reader.ask({ op: 'ping', req_id: '7' });
      assert.deepEqual([pong.op, pong.req_id, Array.isArray(pong.args)], ['pong', '7', true]);
      assert.equal((await reader.ask({ op: 'subscribe', args: ['order'] })).success, false);
      assert.equal((await reader.ask({ op: 'auth', args: ['key', Date.now() + 1000, 'wrong'] })).success, false);
      await reader.until(({ closed }) => closed);
    }));

  it('sends no snapshot; of a fill executions, orders, the position and the balance, after the acknowledgement', () =>
    played(async (venue) => {
      const reader = await openStream(venue, '/v5/private');
      const before = reader.frames.length;
      await post(venue, 'order/create', MARKET);
      await reader.until(({ frames }) => frames.some(({ topic }) => topic === 'wallet'));
      const topics = reader.frames.slice(before).map(({ topic }) => topic);
      assert.deepEqual([topics[0], topics.at(-2), topics.at(-1)], ['order', 'position', 'wallet']);
      const statuses = dataOf(reader.frames, 'order').map(({ orderStatus }) => orderStatus);
      assert.deepEqual([statuses[0], statuses.at(-1)], ['New', 'Filled']);
      const filled = dataOf(reader.frames, 'execution').reduce((sum, { execQty }) => sum + Number(execQty), 0);
      assert.ok(Math.abs(filled - 0.01) < 1e-12);
      reader.close();
    }));

  it('tells the position with every change of an order, changed or not', () =>
    played(async (venue) => {
      const reader = await openStream(venue, '/v5/private');
      await post(venue, 'order/create', { ...BID, orderLinkId: 'a' });
      await reader.until(({ frames }) => dataOf(frames, 'position').length === 1);
      await post(venue, 'order/amend', { ...LINEAR, orderLinkId: 'a', price: '1100' });
      await reader.until(({ frames }) => dataOf(frames, 'position').length === 2);
      await post(venue, 'order/cancel', { ...LINEAR, orderLinkId: 'a' });
      await reader.until(({ frames }) => dataOf(frames, 'position').length === 3);
      assert.equal(dataOf(reader.frames, 'position').at(-1)?.size, '0');
      reader.close();
    }));

  it('a resting order fills as the market comes to it, before the step’s own book is sent', () =>
    played(async (venue) => {
      const shown = (await (await fetch(`${venue.info().rest}/v5/market/orderbook?category=linear&symbol=BTCUSDT`)).json()) as Body;
      const [book] = shown.result.b as [string, string][];
      const reader = await openStream(venue, '/v5/private');
      await post(venue, 'order/create', { ...BID, qty: '0.001', price: book?.[0] });
      for (let step = 0; step < 600 && dataOf(reader.frames, 'execution').length === 0; step++) {
        await venue.step();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [execution] = dataOf(reader.frames, 'execution');
      assert.deepEqual([execution?.isMaker, execution?.execPrice, execution?.feeRate], [true, String(Number(book?.[0])), '0.0002']);
      reader.close();
    }));

  it('settles funding as an execution of the whole position', () =>
    played(async (venue) => {
      const reader = await openStream(venue, '/v5/private');
      await post(venue, 'order/create', MARKET);
      const until = venue.info().now + 8 * 3_600_000;
      // The synthetic market steps every second, and idling never passes a step.
      const settled = () => dataOf(reader.frames, 'execution').find(({ execType }) => execType === 'Funding');
      for (let steps = 0; steps < 8 * 3600 && settled() === undefined && venue.info().now < until; steps++) {
        await venue.step();
        if (steps % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await reader.until(() => settled() !== undefined);
      const funding = settled();
      assert.deepEqual([funding?.orderType, funding?.execQty, funding?.feeRate], ['UNKNOWN', '0.01', '0.0001']);
      const rows = rowsOf({ body: await get(venue, 'execution/list', 'category=linear&execType=Funding') });
      assert.equal(rows[0]?.execId, funding?.execId);
      reader.close();
    })).timeout(60_000);
});

describe('embedded venue: the trade stream', () => {
  const order = (reqId: string, op: string, args: object, at = Date.now()) => ({
    op,
    reqId,
    header: { 'X-BAPI-TIMESTAMP': String(at), 'X-BAPI-RECV-WINDOW': '5000' },
    args: [args],
  });

  it('creates, amends and cancels; tells limits; refuses what is late, repeated or not logged in', () =>
    played(async (venue) => {
      const stranger = await Reader.open(`${venue.info().ws}/v5/trade`);
      assert.equal((await stranger.ask(order('0', 'order.create', BID))).retCode, 10004);
      stranger.close();
      const trade = await openStream(venue, '/v5/trade');
      const created = await trade.ask(order('1', 'order.create', { ...BID, orderLinkId: 'ws' }));
      assert.deepEqual([created.retCode, created.reqId, created.op], [0, '1', 'order.create']);
      assert.equal((created.header as Row)['X-Bapi-Limit'], '10');
      assert.equal((await trade.ask(order('1', 'order.create', BID))).retCode, 20006);
      assert.equal((await trade.ask(order('2', 'order.create', BID, Date.now() - 9000))).retCode, 10002);
      assert.equal((await trade.ask(order('3', 'order.create', { ...BID, orderLinkId: 'ws' }))).retCode, 110072);
      assert.equal((await trade.ask(order('4', 'order.amend', { ...LINEAR, orderLinkId: 'ws', price: '1100' }))).retCode, 0);
      assert.equal((await trade.ask(order('5', 'order.cancel', { ...LINEAR, orderLinkId: 'ws' }))).retCode, 0);
      assert.equal((await trade.ask({ op: 'auth', args: [] })).retCode, 20001);
      trade.close();
    }));

  it('loses its reply where it is told to', () =>
    played(async (venue) => {
      const trade = await openStream(venue, '/v5/trade');
      venue.fault('drop-reply', 'ws/order.create');
      trade.say(order('1', 'order.create', { ...BID, orderLinkId: 'lost' }));
      assert.equal((await trade.ask({ op: 'ping' })).op, 'pong', 'the next frame is not the reply');
      assert.equal(rowsOf({ body: await get(venue, 'order/realtime', 'category=linear&symbol=BTCUSDT') })[0]?.orderLinkId, 'lost');
      trade.close();
    }));
});
