/** What Bybit does to positions and orders by itself, and to orders that meet their own, as clients are told. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { openStream } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' } as const;
const played = (work: (venue: Venue, api: RestClientV5) => Promise<void>): Promise<void> =>
  withVenue({ account: { limits: false } }, async (venue) => {
    await venue.step();
    await work(venue, new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest }));
  });
const TOLD = [
  ['adl', 'AdlTrade', 'CreateByAdl_PassThrough', 'CancelByPrepareAdl', 'ADL'],
  ['delist', 'Settle', 'CreateBySettle', 'CancelBySettle', 'DELIVERY'],
] as const;

describe('embedded venue: closed by the venue', () => {
  for (const [fault, execType, createType, cancelType, type] of TOLD) {
    it(`${fault}: ${execType} of the whole position, orders cancelled before, in every list`, () =>
      played(async (venue, api) => {
        const reader = await openStream(venue, '/v5/private');
        await api.submitOrder({ ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.02' });
        const rests = (await api.submitOrder({ ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' })).result.orderId;
        venue.fault(fault, 'linear/BTCUSDT');
        const [execution] = (await api.getExecutionList({ ...LINEAR, execType })).result.list;
        assert.deepEqual([execution?.execType, execution?.execQty, execution?.closedSize, execution?.side], [execType, '0.02', '0.02', 'Sell']);
        const [order] = (await api.getHistoricOrders({ ...LINEAR, orderId: execution?.orderId ?? '' })).result.list;
        assert.equal(order?.createType, createType);
        assert.equal((await api.getHistoricOrders({ ...LINEAR, orderId: rests })).result.list[0]?.cancelType, cancelType);
        assert.equal((await api.getPositionInfo(LINEAR)).result.list[0]?.size, '0');
        assert.equal((await api.getClosedPnL(LINEAR)).result.list[0]?.execType, execType);
        assert.equal((await api.getTransactionLog({ category: 'linear' })).result.list[0]?.type, type);
        await reader.until(({ texts }) => texts.some((text) => text.includes(`"execType":"${execType}"`)));
        reader.close();
        const { retCode } = await api.submitOrder({ ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.02' });
        assert.equal(retCode, fault === 'delist' ? 110074 : 0);
      }));
  }

  it('smpType: an order that meets its own is cancelled, or cancels it, and names it; without one they trade', () =>
    played(async (_venue, api) => {
      const [ticker] = (await api.getTickers(LINEAR)).result.list;
      const [low, high] = [Number(ticker?.bid1Price), Number(ticker?.ask1Price)];
      const inside = ((low + high) / 2).toFixed(1);
      const order = { ...LINEAR, orderType: 'Limit', qty: '0.01', price: inside } as const;
      const submit = async (more: object) => (await api.submitOrder({ ...order, side: 'Buy', ...more })).result.orderId;
      const seen = async (orderId: string) => (await api.getActiveOrders({ ...LINEAR, orderId })).result.list[0];
      const own = await submit({});
      const gone = await submit({ side: 'Sell', smpType: 'CancelTaker' });
      const row = await seen(gone);
      assert.deepEqual(
        [row?.orderStatus, row?.cancelType, row?.rejectReason, row?.smpType, row?.smpOrderId],
        ['Cancelled', 'CancelBySmp', 'EC_BySelfMatch', 'CancelTaker', own],
      );
      assert.equal((await seen(own))?.orderStatus, 'New');
      assert.equal((await api.getSMPGroup()).result.smpGroup, 0);
      const sold = await submit({ side: 'Sell' });
      assert.deepEqual([(await seen(own))?.orderStatus, (await seen(sold))?.orderStatus], ['Filled', 'Filled']);
      assert.equal((await api.submitOrder({ ...order, side: 'Buy', smpType: 'Nobody' as 'None' })).retCode, 10001);
    }));
});
