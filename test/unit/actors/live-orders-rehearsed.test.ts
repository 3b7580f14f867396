/** What live rehearsal on the embedded venue found: closes that take the legs, coins below a lot, reports that come back. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { qty, subtract, ZERO_QTY } from '#trading/money/decimal.ts';
import type { OrderTerms } from '#trading/model/live.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const NATIVE: OrderTerms = { ...TERMS, nativeBracket: ['crypto_spot'] };
const BTC = 'BTC/USDT';

async function started(venue: LiveVenue): Promise<LiveWorld> {
  const live = new LiveWorld(venue);
  live.isStrict = true;
  await live.start();
  await live.run(1000);
  return live;
}

const ends = (of: LiveWorld) => of.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);
const alarms = (of: LiveWorld) => of.of('alarm.raised').map(({ code }) => code);
const purposes = (of: LiveWorld) => of.of('order.sending').map(({ purpose }) => purpose);

describe('LiveOrders, rehearsed', () => {
  it('BR-2 a close that took the legs and did not come about leaves nothing naked', async () => {
    const live = await started(new LiveVenue(T0, 1, NO_FAULTS, { ...NATIVE, closingFreesLegs: ['crypto_spot'] }));
    live.approve(live.intent(BTC));
    await live.run(2000);
    const place = live.venue.place.bind(live.venue);
    live.venue.place = (order) =>
      order.purpose === 'exit' ? Promise.resolve({ kind: 'rejected', code: '110', text: 'not now' } as const) : place(order);
    live.trade(BTC);
    await live.run(1000);
    assert.deepEqual(alarms(live), ['NAKED_POSITION']);
    assert.deepEqual(purposes(live), ['entry', 'exit', 'stop_loss', 'take_profit']);
    assert.equal(live.state.holdings[`crypto_spot|${BTC}`]?.nakedSince, null);
  });

  it('what is left of a coin below a lot is dust: no position, no order, and the reconciler agrees', async () => {
    const made = new LiveVenue(T0, 1, NO_FAULTS, NATIVE);
    const subscribe = made.subscribe.bind(made);
    const fee = qty('0.001');
    // The venue keeps the fee of what is bought.
    made.subscribe = (reports) => subscribe({ ...reports, onExecution: (row) => reports.onExecution(row.side === 'buy' ? paid(row) : row) });
    const paid = <T extends { symbol: string }>(row: T): T & { feeQty: typeof fee } => {
      made.held.set(row.symbol, subtract(made.held.get(row.symbol) ?? ZERO_QTY, fee));
      return { ...row, feeQty: fee };
    };
    const live = await started(made);
    live.approve(live.intent(BTC, { qty: qty('1.23') }));
    await live.run(2000);
    const bought = live.state.holdings[`crypto_spot|${BTC}`]?.qty ?? ZERO_QTY;
    assert.notEqual(bought, '1.23');
    live.trade(BTC);
    await live.run(15_000);
    assert.equal(live.of('dust.set_aside').at(-1)?.qty, subtract(bought, qty('1.22')));
    assert.deepEqual(live.state.holdings, {});
    assert.deepEqual([alarms(live), live.of('reconcile.differed')], [[], []]);
    assert.deepEqual(purposes(live), ['entry', 'exit']);
  });

  it('BR-2 what is left below the smallest order is no dust while the legs that the venue holds can sell it', async () => {
    const live = await started(new LiveVenue(T0, 1, NO_FAULTS, NATIVE));
    live.approve(live.intent(BTC, { qty: qty('1.23') }));
    await live.run(2000);
    // A thin book: 1 USD is left, which no order of its own could sell.
    live.approve(live.intent(BTC, { side: 'sell', kind: 'exit', qty: qty('1.22'), bracket: null }));
    await live.run(15_000);
    assert.deepEqual([live.of('dust.set_aside'), live.state.holdings[`crypto_spot|${BTC}`]?.qty], [[], '0.01']);
    assert.deepEqual([alarms(live), purposes(live)], [[], ['entry', 'exit']]);
  });

  it('ST-3 reads the account again when reports come back, and enters nothing before', async () => {
    const made = new LiveVenue(T0, 1, NO_FAULTS, NATIVE);
    const subscribe = made.subscribe.bind(made);
    let resume = (): void => assert.fail('not subscribed');
    made.subscribe = (reports) => {
      resume = reports.onResumed;
      return subscribe(reports);
    };
    const live = await started(made);
    made.faults = { ...NO_FAULTS, reportLost: 1 };
    const entry = live.approve(live.intent(BTC));
    await live.run(300);
    assert.notEqual(live.at(entry), 'FILLED');
    resume();
    live.approve(live.intent('ETH/USDT'));
    await live.settle();
    assert.match(ends(live)[0] ?? '', /the account was not read/);
    await live.run(300);
    assert.equal(live.at(entry), 'FILLED');
  });
});
