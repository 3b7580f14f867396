/** The account's past as ccxt and bybit-api read it: closed positions, the transaction log, and the settings that decide what they hold. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, ccxtFor, rowsOf, type Ccxt } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const PERP = 'BTC/USDT:USDT';
const DAY_MS = 86_400_000;
/** 2026-01-05 16:00 UTC. */
const SETTLES_AT = 1_767_628_800_000;
interface Entry {
  readonly currency: string;
  readonly amount: number;
  readonly direction: string;
  readonly before: number;
  readonly after: number;
  readonly type: string;
  readonly fee: { readonly cost: number; readonly currency: string };
}
interface PastCcxt extends Ccxt {
  fetchPositionsHistory(
    symbols: string[],
  ): Promise<readonly { readonly realizedPnl: number; readonly entryPrice: number; readonly info: Readonly<Record<string, string>> }[]>;
  fetchLedger(code?: string, since?: number, limit?: number, params?: object): Promise<readonly Entry[]>;
}

const played = (work: (venue: Venue, ccxt: PastCcxt, api: RestClientV5) => Promise<void>): Promise<void> =>
  withVenue({ play: { kind: 'synthetic', from: SETTLES_AT - 120_000, stepMs: 60_000 }, account: { limits: false } }, async (venue) => {
    await venue.step();
    const ccxt = (await ccxtFor(venue)) as PastCcxt;
    try {
      await work(venue, ccxt, new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest }));
    } finally {
      await ccxt.close();
    }
  });
const wallet = async (venue: Venue): Promise<string> => {
  const [row] = rowsOf(await call(venue, '/v5/account/wallet-balance', 'accountType=UNIFIED&coin=USDT'));
  return (row?.coin as readonly { readonly walletBalance: string }[])[0]?.walletBalance ?? '';
};

describe('embedded venue: what became of the money', () => {
  it('closed positions: one row an order, net of the fees of both ends, the same to both clients, a page at a time', () =>
    played(async (venue, ccxt, api) => {
      await ccxt.createOrder(PERP, 'market', 'buy', 0.03);
      for (const size of [0.01, 0.02]) await ccxt.createOrder(PERP, 'market', 'sell', size, undefined, { reduceOnly: true });
      const own = await ccxt.fetchPositionsHistory([PERP]);
      assert.equal(own.length, 2);
      const { result } = await api.getClosedPnL({ category: 'linear', symbol: 'BTCUSDT', limit: 1 });
      const [newest] = result.list;
      assert.deepEqual([newest?.closedSize, newest?.side, newest?.execType, newest?.orderType], ['0.02', 'Sell', 'Trade', 'Market']);
      const { result: rest } = await api.getClosedPnL({ category: 'linear', symbol: 'BTCUSDT', limit: 1, cursor: result.nextPageCursor ?? '' });
      assert.deepEqual([rest.list[0]?.closedSize, rest.nextPageCursor], ['0.01', '']);
      assert.deepEqual(
        own.map(({ realizedPnl }) => realizedPnl),
        [newest, rest.list[0]].map((row) => Number(row?.closedPnl)),
      );
      // Without funding the account has lost exactly what was closed.
      const lost = [newest, rest.list[0]].reduce((sum, row) => sum + Number(row?.closedPnl), 0);
      assert.equal((Number(await wallet(venue)) - 100_000).toFixed(8), lost.toFixed(8));
      const { openFee, closeFee, cumEntryValue, cumExitValue, closedPnl } = newest ?? assert.fail();
      const net = Number(cumExitValue) - Number(cumEntryValue) - Number(openFee) - Number(closeFee);
      assert.equal(net.toFixed(8), Number(closedPnl).toFixed(8));
    }));

  it('windows of seven days at most, by the first fill; wrong symbols, categories and cursors in Bybit’s words', () =>
    played(async (venue, ccxt) => {
      await ccxt.createOrder(PERP, 'market', 'buy', 0.01);
      await ccxt.createOrder(PERP, 'market', 'sell', 0.01, undefined, { reduceOnly: true });
      const { now } = venue.info();
      const closed = async (query: string) => (await call(venue, '/v5/position/closed-pnl', query)).body;
      const count = async (query: string) => ((await closed(query)).result.list as readonly unknown[]).length;
      assert.equal(await count('category=linear'), 1);
      assert.equal(await count(`category=linear&startTime=${now - DAY_MS}&endTime=${now}`), 1);
      assert.equal(await count(`category=linear&endTime=${now - 1}`), 0);
      for (const query of [
        'category=spot',
        'category=linear&symbol=NOUSDT',
        `category=linear&startTime=${now - 8 * DAY_MS}&endTime=${now}`,
        'category=linear&cursor=nothing',
        'category=linear&limit=0',
      ])
        assert.equal((await closed(query)).retCode, 10001, query);
      for (const query of ['accountType=SPOT', 'category=nothing', `startTime=${now - 8 * DAY_MS}&endTime=${now}`])
        assert.equal((await call(venue, '/v5/account/transaction-log', query)).body.retCode, 10001, query);
    }));

  it('the transaction log as ccxt’s ledger and bybit-api read it: trades, funding and the opening transfer add up to the wallet', () =>
    played(async (venue, ccxt, api) => {
      await ccxt.createOrder(PERP, 'market', 'buy', 0.01);
      await ccxt.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, { marketUnit: 'baseCoin' });
      while (venue.info().now <= SETTLES_AT) await venue.step();
      const [settled] = (await api.getTransactionLog({ accountType: 'UNIFIED', category: 'linear', type: 'SETTLEMENT' })).result.list;
      assert.deepEqual([settled?.side, settled?.qty, settled?.size, settled?.cashFlow], ['Buy', '0.01', '0.01', '0']);
      assert.equal(settled?.funding, settled?.change);
      const ledger = await ccxt.fetchLedger('USDT');
      assert.deepEqual(
        ledger.map(({ type, direction }) => [type, direction]),
        [
          ['transaction', 'in'],
          ['trade', 'out'],
          ['trade', 'out'],
          // So ccxt calls a settlement.
          ['trade', 'out'],
        ],
      );
      const { result } = await api.getTransactionLog({ accountType: 'UNIFIED', currency: 'USDT' });
      const changes = result.list.reduce((sum, { change }) => sum + Number(change), 0);
      assert.equal(changes.toFixed(8), Number(await wallet(venue)).toFixed(8));
      assert.equal(result.list[0]?.cashBalance, await wallet(venue));
      const { result: coins } = await api.getTransactionLog({ category: 'spot', currency: 'BTC' });
      assert.deepEqual(
        coins.list.map(({ type, qty, fee, cashFlow }) => [type, qty, fee, cashFlow]),
        [['TRADE', '0.01', '0.00001', '0.01']],
      );
      const pages = await ccxt.fetchLedger(undefined, undefined, 50, { paginate: true });
      assert.equal(pages.length, result.list.length + 1);
    }));

  it('history comes late where it is told to', () =>
    played(async (venue, ccxt) => {
      await ccxt.createOrder(PERP, 'market', 'buy', 0.01);
      venue.fault('history-lag', '60000');
      assert.deepEqual(rowsOf(await call(venue, '/v5/account/transaction-log', 'type=TRADE')), []);
    }));

  it('settings say how orders beyond the limits are treated and what fees are paid in; instruments what the account may', () =>
    played(async (venue, _ccxt, api) => {
      const before = (await api.getLimitPriceAction()).result;
      assert.deepEqual([before.lpaSpot, before.lpaPerp, before.smsef, before.fmsef], [false, false, false, false]);
      await api.setLimitPriceAction({ category: 'linear', modifyEnable: false });
      assert.equal((await api.getLimitPriceAction()).result.lpaPerp, true);
      const [row] = rowsOf(await call(venue, '/v5/account/instruments-info', 'category=linear&symbol=BTCUSDT'));
      assert.deepEqual([row?.symbol, row?.myRpiPermission, row?.isPublicRpi], ['BTCUSDT', false, false]);
      assert.equal((await call(venue, '/v5/account/instruments-info', 'category=nothing')).body.retCode, 10001);
    }));
});
