import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { childId, contentId, fillIdOf, isOwnOrderId, orderOfFill, payloadHash } from '#trading/execution/order-names.ts';
import type { Placement } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import { clientOrderId as schema, name } from '#protocol/values.ts';

const entry = clientOrderId('live', 'ema-cross', 'BTC/USDT', 1, 2);

describe('names of live orders', () => {
  it('ST-2 a child is named after its entry, fits a venue, and is known for ours', () => {
    for (const [purpose, n, ending] of [
      ['stop_loss', 1, '-s1'],
      ['take_profit', 22, '-t22'],
      ['flatten', 999_999, '-x999999'],
    ] as const) {
      const id = childId(entry, purpose, n);
      assert.equal(id, entry + ending);
      assert.equal(schema.parse(id), id);
      assert.ok(isOwnOrderId(id));
    }
    // However long the entry's name is.
    assert.ok(isOwnOrderId(childId('x'.repeat(36), 'flatten', 1)));
    for (const other of [null, '', 'web-7', clientOrderId('paper', 'a', 'b', 1, 1), `${entry}-z1`, `${entry}x`])
      assert.ok(!isOwnOrderId(other), String(other));
  });

  it('a fill is named by who executed and by the venue’s row, whatever the row is called', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
        const id = fillIdOf('bybit', childId(entry, 'stop_loss', 9_999_999), one);
        assert.equal(name.parse(id), id);
        assert.equal(orderOfFill(id), childId(entry, 'stop_loss', 9_999_999));
        assert.equal(fillIdOf('bybit', entry, one) === fillIdOf('bybit', entry, other), one === other);
        assert.notEqual(fillIdOf('bybit', entry, one), fillIdOf('ibkr', entry, one));
      }),
    );
    assert.notEqual(contentId('a', 'bc'), contentId('ab', 'c'));
  });

  it('the hash of what is sent says every term but the deadline, in whatever order the keys are', () => {
    const placement: Placement = {
      ...{ clientOrderId: entry, asset: 'crypto_spot', symbol: 'BTC/USDT', side: 'buy', purpose: 'entry', qty: qty('1') },
      ...{ pricing: { type: 'market', worst: null }, bracket: { takeProfit: price('2'), stopLoss: price('1') }, reduceOnly: false, deadlineAt: 1 },
    };
    const hash = payloadHash(placement);
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.equal(payloadHash({ ...placement, bracket: { stopLoss: price('1'), takeProfit: price('2') }, deadlineAt: 2 }), hash);
    const others: readonly Partial<Placement>[] = [
      { qty: qty('1.1') },
      { side: 'sell' },
      { bracket: null },
      { pricing: { type: 'limit', price: price('1') } },
    ];
    for (const other of others) assert.notEqual(payloadHash({ ...placement, ...other }), hash);
  });
});
