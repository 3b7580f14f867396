import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price, qty, ratio } from '#trading/money/decimal.ts';
import { placementOf } from '#trading/execution/live-state.ts';
import type { Message } from '#trading/model/messages.ts';
import type { OrderTerms } from '#trading/model/live.ts';
import { NO_FAULTS, type Faults } from '../../support/faults.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const NATIVE: OrderTerms = { ...TERMS, nativeBracket: ['crypto_spot'] };
const BTC = 'BTC/USDT';

async function world(faults: Partial<Faults> = {}, terms: OrderTerms = NATIVE): Promise<LiveWorld> {
  const made = new LiveWorld(new LiveVenue(T0, 1, NO_FAULTS, terms));
  made.isStrict = true;
  await made.start();
  await made.run(1000);
  made.venue.faults = { ...NO_FAULTS, ...faults };
  return made;
}

const types = (of: LiveWorld, from: number) => of.facts.slice(from).map(({ type }) => type);
const ends = (of: LiveWorld) => of.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);
const alarms = (of: LiveWorld) => of.of('alarm.raised').map(({ code }) => code);
const purposes = (of: LiveWorld) => of.of('order.sending').map(({ purpose }) => purpose);
const places = (of: LiveWorld) => of.venue.asked.filter(({ what }) => what === 'place').length;

describe('LiveOrders', () => {
  it('RT-2 ST-2 a fact before a byte, one call, then what came of it', async () => {
    const live = await world();
    const from = live.facts.length;
    const id = live.approve(live.intent(BTC, { qty: qty('1.234') }));
    await live.settle();
    assert.deepEqual(types(live, from), ['order.intended', 'order.approved', 'order.clamped', 'order.sending']);
    const [sent] = live.of('order.sending');
    assert.equal(sent?.qty, '1.23');
    assert.deepEqual(sent?.bracket, { takeProfit: '110', stopLoss: '90' });
    assert.equal(live.venue.requests.get(id), 1);
    await live.run(2000);
    assert.equal(live.at(id), 'FILLED');
    assert.deepEqual(ends(live), ['filled: filled']);
    assert.ok(live.of('fill.recorded').every(({ fill }) => fill.venueExecutionId !== null && fill.paper === null));
    assert.deepEqual(alarms(live), []);
  });

  it('sends no entry before the account was read', async () => {
    const live = new LiveWorld(new LiveVenue(T0, 1, NO_FAULTS, NATIVE));
    await live.start();
    live.approve(live.intent(BTC));
    await live.settle();
    assert.match(ends(live)[0] ?? '', /^not_sent: CLOSE_ONLY: the account was not read/);
    assert.equal(places(live), 0);
  });

  it('QS-1 BR-1 KS-1 holds what a queue has made untrue', async () => {
    const live = await world();
    const stale = live.intent(BTC);
    live.now += 2001;
    live.approve(stale);
    live.approve(live.intent(BTC, { bracket: null }));
    live.approve(live.intent('MOON/USDT'));
    live.approve(
      live.intent(BTC, {
        bracket: { takeProfit: price('110'), stopLoss: price('90'), partialTakeProfits: [{ price: price('105'), fraction: ratio('0.5') }] },
      }),
    );
    await live.settle();
    live.gate.trip(['bybit']);
    live.approve(live.intent(BTC));
    await live.settle();
    assert.deepEqual(
      ends(live).map((end) => end.split(':', 2).join(':')),
      ['not_sent: STALE_QUOTE', 'not_sent: NO_BRACKET', 'not_sent: UNKNOWN_INSTRUMENT', 'not_sent: BRACKET_FORM', 'not_sent: CLOSE_ONLY'],
    );
    assert.equal(places(live), 0);
  });

  it('KS-1 reads the gate immediately before the call, after the fact is durable', async () => {
    const live = await world();
    const id = live.approve(live.intent(BTC));
    // Closed when the fact is there and the call is not.
    const append = live.append.bind(live);
    live.append = (actor, events) => {
      if (events.some(({ type }) => type === 'order.sending')) live.gate.trip(['all']);
      return append(actor, events);
    };
    await live.settle();
    assert.equal(places(live), 0);
    assert.equal(live.at(id), 'NOT_PLACED');
    assert.match(ends(live)[0] ?? '', /^not_sent: CLOSE_ONLY/);
  });

  it('RT-4 waits for a token; exits go before entries', async () => {
    const live = await world({}, { ...NATIVE, placements: { limit: 2, windowMs: 1000 } });
    live.approve(live.intent(BTC));
    await live.run(3000);
    const entry = live.approve(live.intent('ETH/USDT'));
    const held = live.intent('LTC/USDT');
    live.approve(held);
    const exit = live.trade(BTC);
    await live.run(2500);
    const sent = live.of('order.sending').map(({ clientOrderId }) => clientOrderId);
    assert.deepEqual(sent.slice(1, 3), [entry, exit]);
  });

  it('RT-4 follows a limit that the venue tells where it is lower than the terms, and waits instead of being refused', async () => {
    const live = await world();
    const sentIn = async (symbols: readonly string[], ms: number): Promise<number> => {
      const before = live.of('order.sending').length;
      for (const symbol of symbols) live.approve(live.intent(symbol));
      await live.run(ms);
      return live.of('order.sending').length - before;
    };
    live.tell({ type: 'limit.told', body: { limit: 2, windowMs: 1000 } });
    await live.settle();
    assert.equal(await sentIn([BTC, 'ETH/USDT', 'LTC/USDT', 'SOL/USDT'], 1000), 1, 'the bucket had no more than a burst of one');
    live.tell({ type: 'limit.told', body: { limit: 1000, windowMs: 1000 } });
    await live.run(1000);
    assert.equal(live.of('order.sending').length, 4, 'a higher one than the terms is not used');
    assert.deepEqual(
      ends(live).filter((end) => end.startsWith('not_sent')),
      [],
    );
  });

  it('asks and decides nothing before the fence ends, then calls it not placed', async () => {
    const live = await world({ drop: 1 });
    const id = live.approve(live.intent(BTC));
    await live.settle();
    await live.run(2100);
    assert.equal(live.at(id), 'UNKNOWN');
    const [lost] = live.of('order.unknown');
    assert.equal(lost?.resolveAfter, T0 + 1000 + TERMS.deadlineMs + TERMS.receiveWindowMs + TERMS.marginMs);
    const lookups = () => live.venue.asked.filter(({ what }) => what === 'lookup').map(({ at }) => at);
    await live.run(4300);
    assert.deepEqual(lookups(), []);
    await live.run(2000);
    assert.ok(lookups().length >= 2 && lookups().every((at) => at >= (lost?.resolveAfter ?? Infinity)));
    assert.equal(live.at(id), 'NOT_PLACED');
    assert.match(ends(live)[0] ?? '', /^not_sent: NOT_PLACED/);
    assert.equal(live.venue.requests.get(id), 1);
  });

  it('waits longer where the venue answered with an ambiguous code', async () => {
    const live = await world({ ambiguous: 1 });
    live.approve(live.intent(BTC));
    await live.settle();
    await live.run(200);
    assert.equal(live.of('order.unknown')[0]?.resolveAfter, T0 + 1000 + TERMS.deadlineMs + TERMS.receiveWindowMs + TERMS.answeredMarginMs);
  });

  it('adopts an order whose answer was lost, with its fills, and never sends it again', async () => {
    const live = await world({ replyLost: 1, reportLost: 1 });
    const id = live.approve(live.intent(BTC));
    await live.run(9000);
    assert.equal(live.at(id), 'FILLED');
    assert.equal(live.venue.requests.get(id), 1);
    assert.deepEqual(alarms(live), []);
  });

  it('takes a rejection for an end', async () => {
    const live = await world({ rejected: 1 });
    live.approve(live.intent(BTC));
    await live.run(200);
    assert.deepEqual(ends(live), ['rejected: 110007: insufficient balance']);
  });

  it('after a crash what was being sent is unknown, and what was not never leaves', async () => {
    const live = await world();
    const sent = live.approve(live.intent(BTC));
    await live.settle();
    const waiting = live.approve(live.intent('ETH/USDT'));
    await live.crash(true);
    assert.deepEqual([live.at(sent), live.at(waiting)], ['UNKNOWN', 'NOT_SENT']);
    assert.equal(live.of('order.unknown')[0]?.reason, 'interrupted');
    assert.equal(
      live.of('order.unknown')[0]?.resolveAfter,
      (live.of('order.sending')[0]?.deadlineAt ?? 0) + TERMS.receiveWindowMs + TERMS.answeredMarginMs,
    );
    live.venue.faults = { ...NO_FAULTS, reportLost: 1 };
    await live.run(25_000);
    assert.equal(live.at(sent), 'FILLED');
    assert.deepEqual([live.venue.requests.get(sent), live.venue.requests.get(waiting)], [1, undefined]);
  });

  it('ST-2 one decision is one call: a request delivered again, or to the instance after a crash, places nothing', async () => {
    const live = await world();
    const id = live.approve(live.intent(BTC));
    await live.settle();
    const [sent] = live.of('order.sending');
    assert.ok(sent !== undefined);
    const again: Message = { type: 'placement.requested', body: { order: placementOf(sent) } };
    live.tell(again);
    await live.settle();
    await live.crash(false);
    live.tell(again);
    await live.settle();
    assert.equal(live.venue.requests.get(id), 1);
  });

  for (const mail of ['kept', 'lost'] as const) {
    it(`ST-2 one crash at any step, its mailbox ${mail}: at most one call, and one truth at the end`, async () => {
      let steps = 0;
      for (let at = 1; at === 1 || steps >= at - 1; at += 1) {
        const live = await world({}, TERMS);
        live.nonce = mail === 'kept' ? 1 : 0;
        steps = 0;
        live.crashing = () => (steps += 1) === at;
        const id = live.approve(live.intent(BTC));
        await live.run(1500);
        live.crashing = () => false;
        await live.run(30_000, 500);
        const said = `crash at step ${at}: ${live.at(id)}`;
        assert.ok(
          [...live.venue.requests.values()].every((times) => times === 1),
          said,
        );
        assert.ok(['FILLED', 'NOT_SENT', 'NOT_PLACED'].includes(live.at(id) ?? ''), said);
        assert.equal(live.venue.requests.has(id), live.at(id) === 'FILLED', said);
        assert.equal(live.state.holdings[`crypto_spot|${BTC}`]?.qty ?? '0', live.venue.held.get(BTC) ?? '0', said);
        assert.equal(live.state.holdings[`crypto_spot|${BTC}`]?.nakedSince ?? null, null, said);
        assert.ok(!alarms(live).includes('UNEXPLAINED'), said);
        assert.ok(at < 400);
      }
      assert.ok(steps > 20, `${steps} steps`);
    });
  }

  it('what closes waits for the rows that opened, and then counts', async () => {
    const live = await world({ reportLost: 1 });
    const entry = live.approve(live.intent(BTC, { qty: qty('3') }));
    await live.run(200);
    const of = {
      asset: 'crypto_spot',
      symbol: BTC,
      leg: null,
      parentId: null,
      price: price('100'),
      fee: '0' as never,
      feeQty: null,
      executedAt: live.now,
    } as const;
    const bought = (executionId: string, amount: string) => ({
      ...of,
      executionId,
      clientOrderId: entry,
      venueOrderId: 'v1',
      side: 'buy' as const,
      qty: qty(amount),
    });
    live.venue.rows.length = 0;
    live.tell({ type: 'execution.reported', body: { execution: bought('e1', '1') } });
    await live.settle();
    const exit = live.approve(live.intent(BTC, { side: 'sell', kind: 'exit', qty: qty('1'), bracket: null }));
    await live.settle();
    const sold = { ...bought('x1', '2'), clientOrderId: exit, venueOrderId: 'v2', side: 'sell' as const };
    live.tell({ type: 'execution.reported', body: { execution: sold } });
    await live.settle();
    assert.equal(live.of('fill.recorded').length, 1);
    live.tell({ type: 'execution.reported', body: { execution: bought('e2', '1') } });
    live.tell({ type: 'execution.reported', body: { execution: sold } });
    await live.settle();
    assert.deepEqual(
      live.of('fill.recorded').map(({ fill }) => fill.venueExecutionId),
      ['e1', 'e2', 'x1'],
    );
  });

  it('BR-2 places both legs at once on each fill where the venue takes none, and cancels them with the position', async () => {
    const live = await world({}, TERMS);
    live.approve(live.intent(BTC));
    await live.run(2000);
    assert.deepEqual(
      live.of('order.sending').map(({ bracket }) => bracket),
      live.of('order.sending').map(() => null),
    );
    const legs = live.of('order.sending').filter(({ parentId }) => parentId !== null);
    assert.ok(legs.length >= 2 && legs.length % 2 === 0);
    assert.equal(live.state.holdings[`crypto_spot|${BTC}`]?.nakedSince, null);
    live.trade(BTC);
    await live.run(3000);
    assert.equal(live.state.holdings[`crypto_spot|${BTC}`], undefined);
    assert.ok(live.venue.rows.every(({ order }) => order.status !== 'open'));
    assert.deepEqual(alarms(live), []);
  });

  it('BR-2 closes at market, with an alarm, what has been naked for too long', async () => {
    const live = await world({}, TERMS);
    live.approve(live.intent(BTC));
    await live.run(100);
    live.venue.faults = { ...NO_FAULTS, rejected: 1 };
    await live.run(4500);
    assert.ok(!purposes(live).includes('flatten'));
    live.venue.faults = NO_FAULTS;
    // Every leg was rejected until now; from here the venue takes the close.
    const stop = live.venue.place.bind(live.venue);
    live.venue.place = (order) =>
      order.purpose === 'flatten' ? stop(order) : Promise.resolve({ kind: 'rejected', code: '110', text: 'no legs here' } as const);
    await live.run(3000);
    assert.equal(purposes(live).filter((purpose) => purpose === 'flatten').length, 1);
    assert.deepEqual(alarms(live), ['NAKED_POSITION']);
    assert.equal(live.state.holdings[`crypto_spot|${BTC}`], undefined);
    assert.equal(live.of('fill.recorded').at(-1)?.fill.reason, 'flatten');
  });

  it('KS-1 cancels entries on their way and keeps what protects; flatten is a separate choice', async () => {
    const live = await world({}, TERMS);
    live.approve(live.intent(BTC));
    await live.run(2000);
    const open = () => live.venue.rows.filter(({ order }) => order.status === 'open').length;
    const legs = open();
    live.venue.faults = { ...NO_FAULTS, drop: 1 };
    const entry = live.approve(live.intent('ETH/USDT'));
    await live.settle();
    const kill = { scope: 'all', reason: 'test', source: 'test', flatten: false } as const;
    live.tellFact('kill-switch', { type: 'kill.tripped', body: kill });
    await live.run(500);
    assert.ok(live.venue.asked.some(({ what, clientOrderId }) => what === 'cancel' && clientOrderId === entry));
    assert.equal(open(), legs);
    live.venue.faults = NO_FAULTS;
    live.tellFact('kill-switch', { type: 'kill.tripped', body: { ...kill, flatten: true } });
    await live.run(3000);
    assert.equal(open(), 0);
    assert.deepEqual(live.state.holdings, {});
  });

  it('a ghost is said, and cancelled', async () => {
    const live = await world({ drop: 1 });
    const id = live.approve(live.intent(BTC, { qty: qty('2') }));
    await live.run(9000);
    assert.equal(live.at(id), 'NOT_PLACED');
    live.venue.faults = NO_FAULTS;
    const of = { asset: 'crypto_spot', symbol: BTC, side: 'buy', leg: null, parentId: null, clientOrderId: id } as const;
    live.tell({
      type: 'order.reported',
      body: { order: { ...of, venueOrderId: 'v9', status: 'open', qty: qty('2'), cumQty: qty('0'), reason: '' } },
    });
    await live.run(300);
    assert.equal(live.at(id), 'ORPHAN');
    assert.deepEqual(alarms(live), ['GHOST_ORDER']);
    assert.ok(live.venue.asked.some(({ what, clientOrderId }) => what === 'cancel' && clientOrderId === id));
    const execution = {
      ...of,
      executionId: 'late-1',
      venueOrderId: 'v9',
      price: price('100'),
      qty: qty('1'),
      fee: '0' as never,
      feeQty: null,
      executedAt: live.now,
    };
    live.tell({ type: 'execution.reported', body: { execution } });
    live.tell({ type: 'execution.reported', body: { execution } });
    await live.settle();
    assert.equal(live.of('fill.recorded').length, 1);
    assert.ok(alarms(live).includes('LATE_FILL'));
  });

  it('says that an acknowledged order is gone without a trace, and goes on asking', async () => {
    const live = await world({ reportLost: 1 }, TERMS);
    const id = live.approve(live.intent(BTC));
    await live.settle();
    live.tell({ type: 'placement.answered', body: { clientOrderId: id, outcome: { kind: 'acknowledged', venueOrderId: 'v9' } } });
    live.venue.lookup = () => Promise.resolve({ kind: 'absent' });
    live.venue.executionsSince = () => Promise.resolve([]);
    await live.run(6000);
    assert.deepEqual(alarms(live), []);
    await live.run(8000);
    assert.deepEqual(
      alarms(live).filter((code) => code === 'CONTRADICTION'),
      ['CONTRADICTION'],
    );
    assert.equal(live.at(id), 'ACKED');
  });

  it('believes nothing of an order that never left', async () => {
    const live = await world();
    live.gate.trip(['all']);
    const id = live.approve(live.intent(BTC));
    await live.settle();
    const of = { asset: 'crypto_spot', symbol: BTC, side: 'buy', leg: null, parentId: null, clientOrderId: id } as const;
    const execution = {
      ...of,
      executionId: 'forged',
      venueOrderId: 'v9',
      price: price('100'),
      qty: qty('1'),
      fee: '0' as never,
      feeQty: null,
      executedAt: live.now,
    };
    live.tell({ type: 'execution.reported', body: { execution } });
    await live.settle();
    assert.deepEqual(live.of('fill.recorded'), []);
    assert.deepEqual(alarms(live), ['NEVER_SENT']);
  });
});
