import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Dcp } from '#venues/embedded/bybit/private/dcp.ts';

const watched = (...topics: readonly string[]): ReadonlySet<string> => new Set(topics);

describe('embedded venue: disconnect-cancel-all', () => {
  it('ends the orders of a product once nobody has been watched for its window, once a desertion', () => {
    const dcp = new Dcp();
    dcp.set('DERIVATIVES', 3);
    dcp.watch(watched('order', 'dcp.future'), 1000);
    assert.deepEqual(dcp.due(100_000), []);
    dcp.watch(watched('order'), 100_000);
    assert.deepEqual(dcp.due(102_999), []);
    assert.deepEqual(dcp.due(103_000), ['linear']);
    assert.deepEqual(dcp.due(200_000), []);
  });

  it('who comes back in time keeps them; who never asked to be watched is not', () => {
    const dcp = new Dcp();
    dcp.set('SPOT', 10);
    dcp.watch(watched('order', 'execution'), 0);
    dcp.watch(watched(), 1000);
    assert.deepEqual(dcp.due(100_000), []);
    dcp.watch(watched('dcp.spot'), 100_000);
    dcp.watch(watched(), 101_000);
    dcp.watch(watched('dcp'), 105_000);
    assert.deepEqual(dcp.due(200_000), []);
  });

  it('a product without a window keeps its orders, and products are apart', () => {
    const dcp = new Dcp();
    dcp.set('SPOT', 3);
    dcp.watch(watched('dcp.spot', 'dcp.future'), 0);
    dcp.watch(watched(), 0);
    assert.deepEqual(dcp.due(60_000), ['spot']);
    assert.deepEqual(dcp.rows(), [{ product: 'SPOT', dcpStatus: 'ON', timeWindow: '3' }]);
  });
});
