import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { clientOrderId as schema } from '#protocol/values.ts';
import type { Mode } from '#trading/model/instrument.ts';

const intent = fc.tuple(fc.constantFrom<Mode>('paper', 'live'), fc.string(), fc.string(), fc.nat(), fc.nat());

describe('execution/client-order-id', () => {
  it('ST-2 is 26 base-36 digits of the sha256 of the intent behind the letter of its mode', () => {
    const fields = ['paper', 'ema-cross', 'BTC/USDT', 1_722_003_300_000, 7] as const;
    const hex = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
    assert.equal(clientOrderId(...fields), `p${BigInt(`0x${hex}`).toString(36).slice(-26)}`);
  });

  it('ST-2 never changes: ids of the past must be found again', () => {
    assert.equal(clientOrderId('live', 'ema-cross', 'ADA/USDT:USDT', 0, 0), 'lmwe76srf9tos5idwr2h14tywij');
  });

  it('ST-2 the same intent has the same id, within what venues allow', () => {
    fc.assert(
      fc.property(intent, (fields) => {
        const id = clientOrderId(...fields);
        assert.equal(clientOrderId(...fields), id);
        assert.match(id, /^[pl][a-z0-9]{26}$/);
        assert.ok(schema.safeParse(id).success);
      }),
    );
  });

  it('ST-2 different intents have different ids, also where their texts run together', () => {
    fc.assert(
      fc.property(intent, intent, (left, right) => {
        fc.pre(JSON.stringify(left) !== JSON.stringify(right));
        assert.notEqual(clientOrderId(...left), clientOrderId(...right));
      }),
    );
    assert.notEqual(clientOrderId('paper', 'ab', 'c', 1, 1), clientOrderId('paper', 'a', 'bc', 1, 1));
    assert.notEqual(clientOrderId('paper', 'a', 'b', 1, 11), clientOrderId('paper', 'a', 'b', 11, 1));
  });

  for (const bad of [-1, 0.5, NaN, Infinity]) {
    it(`names a time or nonce of ${bad}`, () => {
      assert.throws(() => clientOrderId('paper', 'a', 'b', bad, 0), /ts must be a non-negative integer/);
      assert.throws(() => clientOrderId('paper', 'a', 'b', 0, bad), /nonce must be a non-negative integer/);
    });
  }
});
