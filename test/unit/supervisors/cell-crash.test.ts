import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Message } from '#trading/model/messages.ts';
import type { Placement } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import Ledger, { outcome } from '../../support/actors/ledger.ts';
import { envelope } from '../../support/envelopes.ts';
import { FakeSpawner } from '../../support/fake-spawner.ts';
import { bench, toy, until } from '../../support/supervision.ts';

const order: Placement = {
  ...{ clientOrderId: 'l1', asset: 'crypto_spot', symbol: 'BTC/USDT', side: 'buy', purpose: 'entry', qty: qty('1'), reduceOnly: false },
  ...{ pricing: { type: 'market', worst: price('101') }, bracket: null, deadlineAt: 2500 },
};
const PLACEMENT: Message = { type: 'placement.requested', body: { order } };
const CANCEL: Message = {
  type: 'cancel.requested',
  body: { order: { clientOrderId: 'l1', venueOrderId: null, asset: 'crypto_spot', symbol: 'BTC/USDT' } },
};

/** Ids handed over to any incarnation, where the first dies over the first message and a second waits. */
async function handedOver(first: Message): Promise<readonly string[]> {
  const handed: string[] = [];
  let crashes = 1;
  const spawner: FakeSpawner = new FakeSpawner(
    () =>
      new Ledger(
        ({ id }) => {
          handed.push(id);
          if (crashes-- > 0) spawner.last.die('kill -9');
          return outcome();
        },
        () => outcome(),
      ),
  );
  const on = bench(spawner);
  const cell = on.cell(toy('port', 'in-memory'));
  let failures = 0;
  cell.onFailure = () => failures++;
  await cell.start();
  cell.post(envelope('under way', first, { to: 'port' }));
  cell.post(envelope('waiting', PLACEMENT, { to: 'port' }));
  await until(() => failures === 1);
  await cell.start();
  await on.activity.settled();
  return handed;
}

describe('a cell whose actor dies over a message', () => {
  it('ST-2 hands an order over once: the call may have been made; one that waited was never made', async () => {
    assert.deepEqual(await handedOver(PLACEMENT), ['under way', 'waiting']);
  });

  it('hands a cancel over once more', async () => {
    assert.deepEqual(await handedOver(CANCEL), ['under way', 'under way', 'waiting']);
  });
});
