import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { OrderPort } from '#actors/order-port.ts';
import { sendGate } from '#actors/send-gate.ts';
import type { Start } from '#protocol/actor.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Message, Tell } from '#trading/model/messages.ts';
import type { Placement } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import { envelope } from '../../support/envelopes.ts';
import { freshDirectory } from '../../support/command.ts';
import { LiveVenue } from '../../support/live-venue.ts';
import { eurUsd } from '../trading/paper/ibkr-instruments.ts';
import { spot, T0 } from '../trading/trader/fixtures.ts';

const order = (more: Partial<Placement> = {}): Placement => ({
  ...{ clientOrderId: 'l1', asset: 'crypto_spot', symbol: 'BTC/USDT', side: 'buy', purpose: 'entry', qty: qty('1'), reduceOnly: false },
  ...{ pricing: { type: 'market', worst: price('101') }, bracket: null, deadlineAt: T0 + 2000 },
  ...more,
});

const switched = (seq: number, on: boolean): Fact => ({
  ...{ seq, at: T0, actor: 'mode-switch', version: 1, cause: null, type: 'mode.changed' },
  body: { asset: 'crypto_spot', mode: 'live', on, source: 'test', reason: 'test' },
});

async function started(facts: readonly Fact[] = [switched(1, true)], snapshot: Start['snapshot'] = null) {
  const venue = new LiveVenue(T0, 1);
  const gate = sendGate(`${freshDirectory()}/KILL`);
  const port = new OrderPort(() => ({ orders: venue, account: venue, gate, reportsTo: 'gateway.bybit.orders' }));
  const told: Tell[] = [];
  await port.start({ name: 'gateway.bybit.port', epoch: 1, params: {}, now: T0, snapshot, facts }, (tell) => told.push(tell));
  const say = async (message: Message, now = T0) => (await port.receive(envelope('m', message, { to: 'gateway.bybit.port' }), now)).reply;
  const place = (more: Partial<Placement> = {}, now = T0) => say({ type: 'placement.requested', body: { order: order(more) } }, now);
  return { venue, gate, port, told, say, place };
}

const withheld = (told: readonly Tell[]) =>
  told.flatMap((tell) => (tell.type === 'placement.answered' && tell.body.outcome.kind === 'withheld' ? [tell.body.outcome.reason] : []));

describe('actors/order-port', () => {
  it('says at once that reports flow, to who decides over the orders', async () => {
    const { told } = await started();
    assert.deepEqual(
      told.map(({ to, type }) => [to, type]),
      [['gateway.bybit.orders', 'feed.changed']],
    );
  });

  it('ST-2 an id is good for one call, whatever is asked', async () => {
    const { venue, place } = await started();
    await place();
    await place();
    await place({ qty: qty('2') });
    assert.deepEqual([...venue.requests], [['l1', 1]]);
  });

  it('KS-1 reads the gate before each entry; what closes goes through', async () => {
    const { venue, gate, place, told } = await started();
    gate.trip(['crypto_spot']);
    await place();
    await place({ clientOrderId: 'l2', purpose: 'exit', side: 'sell', reduceOnly: true });
    assert.deepEqual([...venue.requests.keys()], ['l2']);
    assert.match(withheld(told)[0] ?? '', /^CLOSE_ONLY: /);
  });

  it('RT-2 sends no entry where live is off, also when the journal of a restart says so; what closes goes through', async () => {
    const { venue, port, place, told } = await started();
    port.apply([switched(2, false)]);
    await place();
    await place({ clientOrderId: 'l2', purpose: 'exit', side: 'sell', reduceOnly: true });
    assert.deepEqual([...venue.requests.keys()], ['l2']);
    assert.match(withheld(told)[0] ?? '', /^MODE_OFF: /);
    const on = { seq: 1, state: { 'crypto_spot|live': true } };
    for (const next of [await started([]), await started([switched(2, false)], on), await started([], { seq: 2, state: port.snapshot() })]) {
      await next.place();
      assert.equal(next.venue.requests.size, 0);
    }
    const again = await started([], on);
    await again.place();
    assert.equal(again.venue.requests.size, 1);
  });

  it('RT-4 sends nothing after the deadline, and says that no byte left', async () => {
    const { venue, place, told } = await started();
    await place({}, T0 + 2001);
    assert.equal(venue.requests.size, 0);
    assert.match(withheld(told)[0] ?? '', /^THROTTLED: its turn came 1 ms after the deadline/);
  });

  it('what its broker lists is foreseen, and nothing is placed by it', async () => {
    const { venue, say } = await started();
    const foreseen: string[] = [];
    Object.assign(venue, { foresee: (symbol: string) => void foreseen.push(symbol) });
    await say({ type: 'instrument.listed', body: { instrument: spot } });
    await say({ type: 'instrument.listed', body: { instrument: eurUsd } });
    assert.deepEqual([foreseen, venue.requests.size], [[spot.symbol], 0]);
  });

  it('KS-1 a drill reads the last order and the gate again, and calls nothing; the id stays good for one call', async () => {
    const { venue, gate, port, place, told } = await started();
    port.drill();
    await place();
    const before = told.length;
    gate.trip(['all']);
    port.drill();
    await place();
    assert.deepEqual([...venue.requests], [['l1', 1]]);
    assert.equal(told.length, before);
  });

  it('a call that throws is an order of unknown outcome', async () => {
    const { venue, place, told, port, say } = await started();
    venue.place = () => Promise.reject(new Error('socket hang up'));
    await place();
    assert.deepEqual(await say({ type: 'actor.asked', body: { query: 'settle', args: [] } }), { worked: true });
    const answer = told.find(({ type }) => type === 'placement.answered');
    assert.deepEqual(answer?.body, { clientOrderId: 'l1', outcome: { kind: 'unknown', reason: 'socket hang up', answered: false } });
    await port.stop();
  });

  it('answers nothing but settle, and no second start', async () => {
    const { say, port } = await started();
    assert.match(JSON.stringify(await say({ type: 'actor.asked', body: { query: 'state', args: [] } })), /answers settle, not/);
    const again = port.start({ name: 'gateway.bybit.port', epoch: 2, params: {}, now: T0, snapshot: null, facts: [] }, () => undefined);
    await assert.rejects(again, /started twice/);
  });
});
