import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ChangeOutcome, VenueExecution, VenueOrder } from '#trading/model/live.ts';
import { money, price, qty, ZERO_QTY } from '#trading/money/decimal.ts';
import { freeCoins } from '#venues/bybit/trading/spot-coins.ts';

const ENTRY = `l${'0'.repeat(25)}1`;
const order = (venueOrderId: string, more: Partial<VenueOrder> = {}): VenueOrder => ({
  ...{ venueOrderId, clientOrderId: null, parentId: ENTRY, asset: 'crypto_spot', symbol: 'BTC/USDT', side: 'sell', leg: 'stop_loss' },
  ...{ status: 'open', qty: qty('1'), cumQty: ZERO_QTY, reason: '', ...more },
});

async function freed(
  orders: readonly VenueOrder[],
  outcomes: Readonly<Record<string, ChangeOutcome['kind']>>,
  untold: readonly VenueExecution[] = [],
): Promise<string[]> {
  const cancelled: string[] = [];
  const book = {
    open: (filter: string) => Promise.resolve(filter === 'tpslOrder' ? orders : []),
    cancel: (id: string) => {
      cancelled.push(id);
      return Promise.resolve({ kind: outcomes[id] ?? 'done' } as ChangeOutcome); // done and gone carry nothing
    },
    untold: () => Promise.resolve(untold),
  };
  await freeCoins(book, 'BTC/USDT', 'sell');
  return cancelled;
}

describe('bybit: coins under spot legs', () => {
  it('cancels the legs of the house, and nothing that is somebody else’s, over, or of the other side', async () => {
    const others = [order('v2', { parentId: null, clientOrderId: 'web-1' }), order('v3', { status: 'filled' }), order('v4', { side: 'buy' })];
    assert.deepEqual(await freed([order('v1'), ...others, order('v5', { parentId: null, clientOrderId: `${ENTRY}-s1` })], {}), ['v1', 'v5']);
  });

  it('a leg that takes the other with it is cancelled', async () => {
    assert.deepEqual(await freed([order('v1'), order('v2')], { v2: 'gone' }), ['v1', 'v2']);
  });

  it('SZ-6 sells nothing where a leg has just sold the coins', () => assert.rejects(freed([order('v1')], { v1: 'gone' }), /is being executed/));

  it('SZ-6 sells nothing where no leg is left and one has sold, of which nobody heard: the coins that lie there are a person’s', async () => {
    const execution: VenueExecution = {
      ...{ executionId: 'x1', clientOrderId: null, parentId: ENTRY, venueOrderId: 'v1', asset: 'crypto_spot', symbol: 'BTC/USDT', side: 'sell' },
      ...{ leg: 'take_profit', price: price('1'), qty: qty('1'), fee: money('0'), feeQty: null, executedAt: 0 },
    };
    await assert.rejects(freed([], {}, [execution]), /x1 sold 1 of BTC.USDT/);
    await assert.rejects(freed([], {}, [{ ...execution, parentId: null, leg: null, clientOrderId: `${ENTRY}-s1` }]), /x1/);
    // Of somebody else, of the entry itself, or where a leg was there to be cancelled.
    assert.deepEqual(await freed([], {}, [{ ...execution, parentId: null, clientOrderId: 'web-1' }]), []);
    assert.deepEqual(await freed([], {}, [{ ...execution, side: 'buy', leg: null, parentId: null, clientOrderId: ENTRY }]), []);
    assert.deepEqual(await freed([order('v1')], {}, [execution]), ['v1']);
  });
});
