/** An order that counts as not placed, and was executed in part all the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { OrderRef, VenueExecution } from '#trading/model/live.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const BTC = 'BTC/USDT';

describe('LiveOrders: a ghost', () => {
  for (const [what, amount, end] of [
    ['in part is cancelled by the name that the venue has for it', '0.4', 'ORPHAN'],
    ['whole is over: there is nothing to cancel', '1', 'FILLED'],
  ] as const) {
    it(`ST-4 executed ${what}`, async () => {
      const venue = new LiveVenue(T0, 1, NO_FAULTS, { ...TERMS, nativeBracket: ['crypto_spot'] });
      venue.place = () => Promise.resolve({ kind: 'unknown', reason: 'timeout', answered: false });
      const cancelled: OrderRef[] = [];
      venue.cancel = (order) => {
        cancelled.push(order);
        return Promise.resolve({ kind: 'done' });
      };
      const live = new LiveWorld(venue);
      live.isStrict = true;
      await live.start();
      await live.run(1000);
      const entry = live.approve(live.intent(BTC));
      await live.run(20_000);
      assert.equal(live.at(entry), 'NOT_PLACED');
      const execution: VenueExecution = {
        ...{ executionId: 'x7', clientOrderId: entry, parentId: null, venueOrderId: 'v7', asset: 'crypto_spot', symbol: BTC, side: 'buy', leg: null },
        ...{ price: price('100'), qty: qty(amount), fee: money('0.01'), feeQty: null, executedAt: live.now },
      };
      live.tell({ type: 'execution.reported', body: { execution } });
      await live.run(1000);
      assert.equal(live.at(entry), end);
      assert.deepEqual(
        cancelled.map(({ venueOrderId }) => venueOrderId),
        end === 'ORPHAN' ? ['v7'] : [],
      );
      assert.deepEqual(
        live.of('alarm.raised').map(({ code }) => code),
        ['LATE_FILL', 'GHOST_ORDER'],
      );
      assert.equal(live.of('fill.recorded').length, 1);
    });
  }
});
