/** The failure modes of TWS that are about connections, restarts and what TWS is allowed to do, through the gateway. */
import assert from 'node:assert/strict';
import { atPort, elapse, heard, inHouse, type Acts } from '../support/ibkr-acts.ts';
import { CALL, MARKET, PAIR, single } from '../support/ibkr-orders-rig.ts';
import { QUICK } from '../support/ibkr-rig.ts';
import { alarmsOf, endOf, entryInto, pass } from '../support/ibkr-world.ts';
import { until } from '../support/until.ts';

const NOT_SENT = 'NOT_SENT';

export const SESSION_ACTS: Acts = {
  2: atPort(async (rig, arm) => {
    await rig.port.place(rig.resting(single));
    arm();
    const lost = rig.resting(single);
    assert.equal((await rig.port.place(lost)).kind, 'unknown');
    rig.tws.inject('restart', 'nightly');
    await rig.again('after the restart');
    const requests = rig.tws.counters().orderRequests;
    assert.equal((await rig.port.place(rig.resting(single))).kind, 'acknowledged');
    assert.equal(rig.tws.counters().orderRequests, requests + 1, 'the lost one was not sent again');
    const [first = 0, second = 0, ...others] = rig.tws.book.live().map(({ orderId }) => orderId);
    assert.deepEqual(others, []);
    assert.ok(second > first + 1, 'nor was its id used again');
    assert.equal(
      rig.live().some((order) => order.startsWith(lost.clientOrderId)),
      false,
    );
  }),
  9: atPort(async (rig, arm) => {
    arm();
    await until('a refusal', () => heard(rig, 'connections.ended') > 2);
    const refused = await rig.port.place(rig.entry());
    assert.ok(refused.kind === 'rejected' && refused.code === NOT_SENT);
    elapse(rig, 31_000);
    await rig.again('the client id');
    assert.equal(rig.session.health()['clientId'], 21);
    assert.equal((await rig.port.place(rig.resting())).kind, 'acknowledged');
  }),
  13: atPort(async (rig, arm) => {
    rig.more = { awayMs: 20 };
    await rig.replace();
    await rig.open();
    arm();
    await until('the end', () => !rig.session.state.usable);
    elapse(rig, 3_600_000);
    const refused = await rig.port.place(rig.entry());
    assert.ok(refused.kind === 'rejected' && refused.code === NOT_SENT);
    await until('a person is called', () => rig.troubles.length > 0);
    assert.deepEqual(
      rig.troubles.map(({ code, order, closes }) => [code, order, closes]),
      [['VENUE_AWAY', null, false]],
    );
    assert.match(rig.troubles[0]?.sentence ?? '', /confirm its login/);
    rig.tws.inject('login');
    await rig.again('the login');
    assert.equal((await rig.port.place(rig.resting())).kind, 'acknowledged');
  }),
  14: atPort(async (rig, arm) => {
    arm();
    const before = rig.session.health()['connections'];
    for (let reset = 0; reset < 3; reset++) {
      rig.tws.inject('lose-uplink');
      rig.tws.inject('restore-uplink', 'kept');
    }
    await until('the last', () => heard(rig, 'info.1102') === 3 && rig.session.state.usable);
    assert.equal(rig.session.health()['connections'], before);
    assert.ok(rig.resumed >= 2 && rig.resumed <= 4, `synchronised ${rig.resumed} times`);
  }),
  18: atPort(async (rig, arm) => {
    arm();
    rig.tws.inject('drop-sessions');
    await until('the end', () => !rig.session.state.usable);
    const refused = await rig.port.place(rig.resting());
    assert.ok(refused.kind === 'rejected' && refused.code === NOT_SENT);
    await rig.again('the next session');
    assert.deepEqual(rig.live(), []);
  }),
  19: inHouse(async (rig, world, arm) => {
    rig.isMisread = true;
    world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 2);
    arm();
    world.approve(entryInto(world, rig, CALL.symbol));
    await pass(rig, world, 2);
    assert.deepEqual(alarmsOf(world), ['UNREADABLE ibkr', 'UNREADABLE ibkr']);
    assert.deepEqual(
      world.of('alarm.raised').map(({ asset }) => asset),
      ['forex', 'options'],
    );
    // Nothing is entered; what is held can be closed.
    const direct = await rig.port.place(rig.resting(single));
    assert.ok(direct.kind === 'rejected' && direct.code === NOT_SENT && /505/.test(direct.text), JSON.stringify(direct));
    const entry = world.approve(entryInto(world, rig, PAIR));
    world.approve({ ...entryInto(world, rig, PAIR), side: 'sell', kind: 'exit', bracket: null });
    await pass(rig, world, 2);
    assert.match(endOf(world, entry) ?? '', /^CLOSE_ONLY: TWS says what cannot be read/);
    assert.equal(world.state.holdings[`forex|${PAIR}`], undefined);
    // A fresh connection that hears the same is no better.
    rig.tws.inject('drop-sessions');
    await until('another connection', () => rig.session.state.usable && rig.session.health()['connections'] === 2);
    await pass(rig, world, 2);
    assert.match(String(rig.session.health()['misread']), /^connection 2/);
    const again = world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 1);
    assert.match(endOf(world, again) ?? '', /^CLOSE_ONLY/);
    // One that reads everything is.
    rig.tws.inject('extra-field', 'off');
    rig.tws.inject('drop-sessions');
    await until('a clean connection', () => rig.session.state.usable && rig.session.state.misread === null);
    await pass(rig, world, 8);
    world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 2);
    assert.equal(world.state.holdings[`forex|${PAIR}`]?.qty, '20000');
  }),
  20: atPort(async (rig, arm) => {
    arm();
    await assert.rejects(rig.open(), /its API is read-only \(321: .*Read-Only mode.*\); in TWS clear Configuration/);
    assert.equal(rig.session.health()['connections'], 1, 'trying again changes nothing');
    assert.equal(rig.session.state.phase, 'closed');
    rig.tws.switches.readOnly = false;
    await rig.restart();
    // Switched on while we are connected, each order says so.
    arm();
    const refused = await rig.port.place(rig.resting());
    assert.ok(refused.kind === 'rejected' && refused.code === '321');
    assert.deepEqual(rig.live(), []);
  }, false),
  29: atPort(async (rig, arm) => {
    rig.more = { limits: { ...QUICK, greetMs: 50 } };
    await rig.replace();
    await rig.open();
    arm();
    rig.tws.inject('drop-sessions');
    await until('the deadline', () => heard(rig, 'connections.ended') > 2);
    assert.match(String(rig.session.health()['lastTrouble']), /no answer within 50 ms/);
    assert.equal((await rig.port.place(rig.entry())).kind, 'rejected');
    rig.more = {};
    rig.tws.inject('accept-dialog', 'off');
    await rig.again('somebody accepted it');
    assert.equal((await rig.port.place(rig.resting())).kind, 'acknowledged');
  }),
  22: async (mode) => {
    // Counted in wall time, and at a higher limit than TWS's: what comes bunched on a slow machine is not what is sent too fast.
    await atPort(async (rig) => {
      rig.more = { rateLimit: 1 };
      await rig.replace();
      const [begun, start] = [performance.now(), rig.tws.now];
      const clock = setInterval(() => rig.tws.advance(start + Math.floor(performance.now() - begun)), 1);
      try {
        await rig.open();
        for (const [name, target] of mode.faults) rig.tws.inject(name, name === 'messages-per-second-max' ? '45' : target);
        await Promise.all(Array.from({ length: 60 }, () => rig.port.positions()));
        assert.equal(heard(rig, 'info.100'), 0);
        assert.equal(rig.session.health()['connections'], 1);
      } finally {
        clearInterval(clock);
      }
    }, false)(mode);
  },
  32: atPort(async (rig, arm) => {
    const order = rig.resting(single);
    await rig.port.place(order);
    arm();
    await rig.again('after the restart');
    assert.deepEqual(
      (await rig.port.openOrders()).map(({ clientOrderId }) => clientOrderId),
      [order.clientOrderId],
    );
    assert.ok(rig.reported.every(({ clientOrderId }) => clientOrderId === order.clientOrderId));
  }),
  38: atPort(async (rig, arm) => {
    // Answered late in market time, which stands still here: whoever asks waits for ever.
    arm();
    const placed = await rig.port.place(rig.entry({ ...single, pricing: MARKET }));
    assert.equal(placed.kind, 'acknowledged');
    // An option is known when it was listed, over a new connection too.
    rig.tws.inject('definitions-after-ms', '0');
    rig.tws.inject('drop-sessions');
    await until('the end', () => !rig.session.state.usable);
    rig.port.foresee(CALL.symbol);
    await rig.again('another connection');
    await until('its details', () => rig.port.health()['foreseen'] === 0);
    arm();
    assert.equal((await rig.port.place(rig.call())).kind, 'acknowledged');
  }),
};
