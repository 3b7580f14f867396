/** A week of TWS with its nightly and its weekly restart and the resets of its servers: orders survive it, and nobody lends a hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_RESTARTS } from '#venues/embedded/tws/restarts.ts';
import { IbkrRig, PAIR } from '../support/ibkr-orders-rig.ts';
import { until } from '../support/until.ts';

const HALF_HOUR_MS = 1_800_000;
const WEEK_STEPS = 7 * 48;

describe('IBKR orders: a week', function () {
  this.timeout(120_000);

  it('ST-3 every restart ends the connection and none the position, its legs or the count of ids', async () => {
    await IbkrRig.with(
      async (rig) => {
        const { tws } = rig;
        const order = rig.entry();
        assert.equal((await rig.port.place(order)).kind, 'acknowledged');
        await until('the entry', () => rig.executed.length === 1);
        await rig.port.caughtUp();
        const legs = tws.book.live().map(({ orderId }) => orderId);
        let away = 0;
        for (let step = 0; step < WEEK_STEPS; step++) {
          // Half of it in a second: a restart is over in two minutes of the market's time.
          for (const at of [tws.now + HALF_HOUR_MS - 1000, tws.now + HALF_HOUR_MS]) {
            tws.advance(at);
            if (!rig.session.state.usable) away++;
            await new Promise((resolve) => setImmediate(resolve));
          }
          await until(`a session at ${new Date(tws.now).toISOString()}`, () => rig.session.state.usable || isSundayNight(tws.now));
        }
        await until('a session', () => rig.session.state.usable);
        assert.ok(rig.resumed >= 8, `${rig.resumed} new beginnings, and ${away} looks without a session`);
        assert.deepEqual(
          tws.book.live().map(({ orderId }) => orderId),
          legs,
          'both legs, under the ids they had',
        );
        assert.deepEqual(await rig.port.positions(), [{ asset: 'forex', symbol: PAIR, side: 'buy', qty: '20000', averagePrice: '1.10005' }]);
        assert.deepEqual(new Set((await rig.port.openOrders()).map(({ leg }) => leg)), new Set(['stop_loss', 'take_profit']));
        assert.deepEqual(
          rig.reported.filter(({ status }) => status === 'rejected'),
          [],
        );
        tws.quote('EUR.USD', '1.1', '1.10005', '1000000', '1000000', tws.now);
        const closing = rig.exit(order);
        assert.equal((await rig.port.place(closing)).kind, 'acknowledged');
        await until('the exit', () => rig.executed.length === 2);
        await rig.port.caughtUp();
        assert.deepEqual([await rig.port.positions(), rig.live()], [[], []]);
        const exitId = tws.book.ended().find(({ placed }) => placed.orderRef === closing.clientOrderId)?.orderId ?? 0;
        assert.ok(exitId > Math.max(...legs));
      },
      { restarts: DEFAULT_RESTARTS },
    );
  });
});

/** From 1:00 to 1:30 in New York nobody gets in. */
function isSundayNight(now: number): boolean {
  const at = new Date(now);
  return at.getUTCDay() === 0 && at.getUTCHours() >= 5 && at.getUTCHours() < 7;
}
