/** The failure modes of TWS that are about orders and fills, through the gateway. */
import assert from 'node:assert/strict';
import { price, qty } from '#trading/money/decimal.ts';
import type { Placement, PlaceOutcome } from '#trading/model/live.ts';
import { atPort, elapse, heard, inHouse, type Acts } from '../support/ibkr-acts.ts';
import { CALL, held, MARKET, PAIR, refOf, single } from '../support/ibkr-orders-rig.ts';
import type { IbkrRig } from '../support/ibkr-orders-rig.ts';
import { alarmsOf, endOf, entryInto, pass } from '../support/ibkr-world.ts';
import { until } from '../support/until.ts';

const market: Partial<Placement> = { ...single, pricing: MARKET };
const coded = (outcome: PlaceOutcome): string => (outcome.kind === 'rejected' ? outcome.code : outcome.kind);
const codeOf = async (rig: IbkrRig, order: Placement): Promise<string> => coded(await rig.port.place(order));
const legs = { takeProfit: price('1.13'), stopLoss: price('1.09') };

export const ORDER_ACTS: Acts = {
  1: atPort(async (rig, arm) => {
    arm();
    const order = rig.entry(market);
    await rig.port.place(order);
    await until('the loss', () => heard(rig, 'info.1100') === 1);
    assert.deepEqual(rig.executed, []);
    elapse(rig, 20_000);
    await until('the fill', () => rig.executed.length > 0);
    await rig.port.executionsSince(0);
    assert.deepEqual(
      rig.executed.map(({ clientOrderId }) => clientOrderId),
      [order.clientOrderId],
    );
  }),
  3: inHouse(async (rig, world, arm) => {
    world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 2);
    arm();
    await until('the loss', () => !rig.session.state.usable);
    const entry = Object.values(world.state.holdings)[0]?.entryOrderId ?? '';
    assert.equal((await rig.port.amend({ ...refOf(rig.entry()), clientOrderId: entry }, legs)).kind, 'unknown');
    const [stop] = rig.tws.book.live().filter(({ placed }) => placed.orderType === 'STP');
    assert.ok(stop !== undefined && rig.tws.book.live().length === 2, 'nothing was sent');
    // Another program under our client id does what we do not.
    rig.tws.book.place(stop.clientId, { ...stop.placed, auxPrice: '1.02', parentId: 0 });
    rig.tws.inject('restore-uplink', 'kept');
    await until('the uplink', () => rig.session.state.usable);
    await pass(rig, world, 8);
    assert.ok(alarmsOf(world).includes(`FOREIGN_ORDER ${PAIR}`), alarmsOf(world).join());
    const after = world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 1);
    assert.match(endOf(world, after) ?? '', /^CLOSE_ONLY/);
  }),
  4: atPort(async (rig, arm) => {
    const order = rig.resting(single);
    await rig.port.place(order);
    arm();
    assert.deepEqual(await rig.port.openOrders(), []);
    await rig.port.lookup(refOf(order));
    assert.deepEqual(
      rig.reported.map(({ status }) => status),
      ['open'],
    );
    assert.equal(rig.tws.book.live().length, 1, 'and it is not asked away');
  }),
  5: atPort(async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.entry(market)), 'acknowledged');
    await until('the fill', () => rig.executed.length === 1);
    assert.equal(rig.reported.at(-1)?.status, 'filled');
  }),
  6: inHouse(async (rig, world, arm) => {
    arm();
    await pass(rig, world, 8);
    assert.deepEqual(world.of('fill.recorded'), [], 'no fill of ours is made of it');
    const told = world.of('reconcile.differed').map(({ kind, refusal }) => `${kind} ${refusal?.code}`);
    assert.ok(told.includes('foreign_execution CLOSE_ONLY'), told.join());
    assert.ok(alarmsOf(world).includes(`FOREIGN_ORDER ${PAIR}`), alarmsOf(world).join());
    const after = world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 1);
    assert.match(endOf(world, after) ?? '', /^CLOSE_ONLY/);
    assert.deepEqual(rig.live(), []);
  }),
  7: atPort(async (rig, arm) => {
    arm();
    await rig.port.place(rig.entry(market));
    await until('the fill', () => rig.executed.length === 1);
    rig.tws.inject('no-commission');
    await rig.port.place(rig.exit(rig.entry()));
    await rig.port.caughtUp();
    assert.deepEqual(
      rig.executed.map(({ fee }) => fee),
      ['2', '2'],
    );
    assert.equal(rig.port.health()['feesEstimated'], 1);
  }),
  8: atPort(async (rig, arm) => {
    arm();
    await rig.port.place(rig.resting(single));
    await rig.port.caughtUp();
    assert.equal(rig.reported.length, 1);
  }),
  15: atPort(async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting()), 'acknowledged');
    assert.equal(heard(rig, 'error.10349'), 0);
    assert.ok(rig.tws.book.live().every(({ placed }) => placed.timeInForce !== ''));
  }),
  16: atPort(async (rig, arm) => {
    arm();
    const order = rig.resting(single);
    await rig.port.place(order);
    await rig.port.cancel(refOf(order));
    assert.equal(await codeOf(rig, rig.resting(single)), 'acknowledged');
    assert.equal(heard(rig, 'error.103'), 0);
  }),
  17: atPort(async (rig, arm) => {
    arm();
    assert.deepEqual(await rig.port.cancel(refOf(rig.resting())), { kind: 'gone' });
    const over = await held(rig);
    assert.deepEqual(await rig.port.cancel(refOf(over)), { kind: 'gone' });
    assert.ok(rig.reported.every(({ clientOrderId, status }) => clientOrderId !== over.clientOrderId || status !== 'cancelled'));
  }),
  23: atPort(async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting({ ...single, qty: rig.entry().qty })), 'acknowledged');
    rig.tws.inject('precautionary-value', '1000');
    assert.equal(await codeOf(rig, rig.resting(single)), '451');
    rig.tws.inject('precautionary-size', '1000');
    assert.equal(await codeOf(rig, rig.resting(single)), '383');
  }),
  24: atPort(async (rig, arm) => {
    arm();
    const order = rig.resting(single);
    assert.equal(await codeOf(rig, order), 'acknowledged');
    await rig.port.openOrders();
    assert.deepEqual(
      rig.troubles.map(({ code, order: of, closes }) => [code, of?.clientOrderId, closes]),
      [['PRICE_CAPPED', order.clientOrderId, false]],
    );
    assert.match(rig.troubles[0]?.sentence ?? '', /at 1\.0495, away from its own limit/);
    assert.equal(rig.live().length, 1, 'and it works');
  }),
  25: atPort(async (rig, arm) => {
    arm();
    rig.tws.inject('warns-outside-hours');
    const order = rig.resting();
    assert.equal(await codeOf(rig, order), 'acknowledged');
    await rig.port.caughtUp();
    assert.ok(heard(rig, 'error.2109') > 0);
    assert.equal(rig.live().length, 3);
    assert.ok(rig.tws.book.live().every(({ placed }) => !placed.outsideRth));
    assert.ok(rig.reported.every(({ status }) => status === 'open'));
  }),
  26: atPort(async (rig, arm) => {
    arm();
    const order = rig.resting();
    await rig.port.place(order);
    // The entry is done, and nobody here has heard it.
    rig.tws.inject('silent-fills');
    rig.quote('1.0499', '1.04995');
    const before = rig.tws.counters().orderRequests;
    assert.deepEqual(await rig.port.amend(refOf(order), { takeProfit: price('1.06'), stopLoss: price('1.02') }), { kind: 'done' });
    assert.equal(heard(rig, 'error.135'), 2);
    assert.equal(rig.tws.counters().orderRequests, before + 4);
    assert.deepEqual(new Set(rig.tws.book.live().map(({ limit, stop }) => limit ?? stop)), new Set(['1.02', '1.06']));
  }),
  27: atPort(async (rig, arm) => {
    arm();
    const buy = rig.call({ ...single, pricing: { type: 'limit', price: price('5') } });
    assert.equal(await codeOf(rig, buy), 'acknowledged');
    assert.equal(await codeOf(rig, rig.call({ ...single, side: 'sell', pricing: { type: 'limit', price: price('50') } })), '201');
    assert.equal(rig.live().length, 1);
  }),
  30: atPort(async (rig, arm) => {
    arm();
    await rig.port.place(rig.resting());
    assert.ok(rig.tws.book.live().every(({ placed }) => ['', '0', 'false'].includes(placed.eTradeOnly)));
    assert.equal(heard(rig, 'error.10268'), 0);
  }),
  31: inHouse(async (rig, world, arm) => {
    world.approve(entryInto(world, rig, PAIR));
    await pass(rig, world, 2);
    arm();
    await pass(rig, world, 8);
    const told = world.of('reconcile.differed').map(({ kind }) => kind);
    assert.ok(told.includes('foreign_execution'), told.join());
    assert.ok(alarmsOf(world).includes(`FOREIGN_ORDER ${PAIR}`), alarmsOf(world).join());
    assert.equal(world.of('fill.recorded').length, 1, 'it is no fill of an order of ours');
  }),
  33: atPort(async (rig, arm) => {
    arm();
    const order = await held(rig);
    assert.equal(rig.executed[0]?.clientOrderId, order.clientOrderId);
  }),
  34: atPort(async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting({ ...single, qty: qty('5000') })), 'acknowledged');
    assert.equal(heard(rig, 'error.399'), 1, 'and the warning ends nothing');
    const order = rig.resting();
    assert.equal(await codeOf(rig, order), 'acknowledged');
    rig.isOffGrid = true;
    assert.equal(await codeOf(rig, rig.resting({ ...single, pricing: { type: 'limit', price: price('1.050001') } })), '110');
    // Of an order that works it refuses the change alone.
    const amended = await rig.port.amend(refOf(order), { takeProfit: price('1.060001'), stopLoss: price('1.02') });
    assert.ok(amended.kind === 'rejected' && amended.code === '110', JSON.stringify(amended));
    assert.ok(rig.reported.every(({ status }) => status === 'open'));
    rig.isOffGrid = false;
    rig.tws.switches.readOnly = true;
    assert.equal(await codeOf(rig, rig.resting(single)), '321');
    rig.tws.switches.readOnly = false;
    assert.equal(rig.live().length, 4);
  }),
  35: atPort(async (rig, arm) => {
    arm();
    const before = rig.tws.counters().orderRequests;
    const order = rig.resting({ ...single, deadlineAt: rig.tws.now + 100 });
    assert.equal((await rig.port.place(order)).kind, 'unknown');
    rig.tws.inject('answer-dialog');
    await until('the report', () => rig.reported.some(({ clientOrderId, status }) => clientOrderId === order.clientOrderId && status === 'open'));
    assert.equal(rig.tws.counters().orderRequests, before + 1);
  }),
  36: atPort(async (rig, arm) => {
    const order = rig.resting(single);
    await rig.port.place(order);
    arm();
    assert.equal((await rig.port.cancel(refOf(order))).kind, 'unknown');
    assert.equal(rig.live().length, 1);
    assert.equal((await rig.port.openOrders()).length, 1, 'it is held as open until then');
    elapse(rig, 120_000);
    await until('the cancel', () => rig.reported.some(({ status }) => status === 'cancelled'));
  }),
  37: inHouse(async (rig, world, arm) => {
    arm();
    const id = world.approve(entryInto(world, rig, CALL.symbol));
    await pass(rig, world, 8);
    assert.equal(world.of('fill.recorded').filter(({ fill }) => fill.clientOrderId !== id).length, 0);
    assert.ok(
      alarmsOf(world).some((alarm) => alarm === `FOREIGN_ORDER ${CALL.symbol}`),
      alarmsOf(world).join(),
    );
  }),
  39: atPort(async (rig, arm) => {
    arm();
    rig.tws.inject('holds-every-order');
    const order = rig.resting(single);
    assert.equal(await codeOf(rig, order), 'acknowledged');
    assert.equal(heard(rig, 'error.404'), 1);
    const [waiting] = await rig.port.openOrders();
    assert.deepEqual([waiting?.status, /held: locate/.test(waiting?.reason ?? '')], ['open', true], waiting?.reason);
    rig.tws.inject('locate-shares');
    assert.deepEqual(await rig.port.cancel(refOf(order)), { kind: 'done' });
    assert.deepEqual(
      rig.reported.map(({ status }) => status),
      ['open', 'cancelled'],
    );
  }),
};
