/** A session of an account at Bybit that is refused, paused, or closed. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { qty } from '#trading/money/decimal.ts';
import { BybitRig, PERP, SPOT } from '../support/bybit-rig.ts';
import { until } from '../support/supervision.ts';

const open: BybitRig[] = [];
async function port(): Promise<BybitRig> {
  const rig = await BybitRig.open({ venue: { account: { limits: false } } });
  open.push(rig);
  return rig;
}

describe('a session at Bybit that something happens to', () => {
  afterEach(async () => {
    for (const rig of open.splice(0)) await rig.close();
  });

  it('a key that is refused halts all placing, says so, and is not tried again', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    assert.equal(rig.port.health().halted, null);
    rig.venue.fault('code', 'order/realtime', '10003');
    const asked = rig.venue.counters().privateHits;
    assert.equal((await rig.port.lookup({ ...order, venueOrderId: null })).kind, 'unavailable');
    assert.equal(rig.venue.counters().privateHits, asked + 1);
    assert.match(String(rig.port.health().halted), /10003/);
    const before = rig.venue.counters().orderEndpointHits;
    const outcome = await rig.port.place(order);
    assert.ok(outcome.kind === 'rejected' && outcome.code === 'NOT_SENT' && outcome.text.length <= 500, JSON.stringify(outcome));
    assert.equal(rig.venue.counters().orderEndpointHits, before);
  });

  it('a sign-in that is refused twice is not tried a third time, and halts', async () => {
    const rig = await port();
    rig.venue.fault('refuse-login', 'on');
    rig.venue.fault('drop');
    await until(() => rig.port.health().halted !== null);
    assert.match(String(rig.port.health().halted), /refused the sign-in.*not tried again/);
    assert.deepEqual([rig.port.health().up, rig.port.health()['private.sign_in_refused']], [false, 2]);
  });

  it('a symbol that may only be closed takes no entries; others and exits go on', async () => {
    const rig = await port();
    await rig.port.place(await rig.entry(PERP));
    rig.venue.fault('code', 'order/create', '110023');
    const refused = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual(refused.kind === 'rejected' && refused.code, '110023');
    assert.match(JSON.stringify(await rig.port.place(await rig.entry(PERP))), /"NOT_SENT".*takes no entries/);
    assert.equal((await rig.port.place(await rig.exit(PERP, qty('0.01')))).kind, 'acknowledged');
    assert.equal((await rig.port.place(await rig.entry(SPOT))).kind, 'acknowledged');
  });

  it('RT-4 KS-1 an order and a cancel wait behind no read, whatever the reads wait for; who asks for the same cancel again asks once', async () => {
    const rig = await port();
    const resting = await rig.resting(PERP);
    await rig.port.place(resting);
    // Each read that is under way, and its retries, hang until their deadline.
    for (let read = 0; read < 40; read++) rig.venue.fault('hang-body', 'execution/list');
    let isRead = false;
    const reads = Promise.allSettled(Array.from({ length: 20 }, () => rig.port.executionsSince(rig.session.now() - 1000))).then(
      () => (isRead = true),
    );
    assert.equal((await rig.port.place(await rig.entry(SPOT))).kind, 'acknowledged');
    const asked = rig.venue.counters().orderEndpointHits;
    const named = { ...resting, venueOrderId: null };
    assert.deepEqual(await Promise.all([rig.port.cancel(named), rig.port.cancel(named)]), [{ kind: 'done' }, { kind: 'done' }]);
    assert.deepEqual([rig.venue.counters().orderEndpointHits - asked, isRead], [1, false]);
    await rig.port.close();
    await reads;
  });

  it('closed, it leaves no socket, and places nothing', async () => {
    const rig = await port();
    await rig.port.place(await rig.entry(PERP));
    await rig.port.close();
    await until(() => rig.venue.counters().sockets === 0);
    assert.equal((await rig.port.place(await rig.entry(SPOT))).kind, 'unknown');
  });
});
