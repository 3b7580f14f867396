/** BR-1, decision 47: trailing stops at an embedded TWS over the real client library. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lessThan, price } from '#trading/money/decimal.ts';
import type { Bracket } from '#trading/model/order.ts';
import { checkJournal } from '../support/fault-run.ts';
import { CALL, held, PAIR, refOf, type IbkrRig } from '../support/ibkr-orders-rig.ts';
import { IbkrRig as Rig } from '../support/ibkr-orders-rig.ts';
import { alarmsOf, entryInto, inWorld, pass, type IbkrWorld } from '../support/ibkr-world.ts';

const assetOf = (symbol: string): 'forex' | 'options' => (symbol === PAIR ? 'forex' : 'options');
const stopOf = (world: IbkrWorld, symbol: string) => world.state.holdings[`${assetOf(symbol)}|${symbol}`]?.bracket?.stopLoss;
const stopsAt = (rig: IbkrRig) => rig.tws.book.live().flatMap(({ stop, placed }) => (stop === null ? [] : [`${placed.orderRef.slice(-3)} ${stop}`]));

/** A quote of TWS, and what the gateway makes of it. */
async function say(rig: IbkrRig, world: IbkrWorld, symbol: string, bid: string, ask: string): Promise<void> {
  if (symbol === PAIR) rig.quote(bid, ask);
  else rig.quoteCall(bid, ask);
  await world.tick(rig.tws.now);
  const { snapshot } = world.intent(symbol);
  const quote = { ...snapshot, broker: 'ibkr', asset: assetOf(symbol), bid: price(bid), ask: price(ask) } as const;
  world.tell({ type: 'quote.received', body: { quote } });
  await world.quiet();
}

async function entered(rig: IbkrRig, world: IbkrWorld, symbol: string, distance: string): Promise<string> {
  const entry = entryInto(world, rig, symbol);
  const bracket: Bracket = { ...(entry.bracket ?? assert.fail('no bracket')), trailing: { distance: price(distance), activation: null } };
  const id = world.approve({ ...entry, bracket });
  await pass(rig, world, 3);
  assert.equal(world.at(id), 'FILLED');
  return id;
}

describe('a trailing stop at TWS', () => {
  it('BR-3 the STP leg is sent again under its id: one stop at every moment, and the position ends at it', async () => {
    await inWorld(async (rig, world) => {
      await entered(rig, world, PAIR, '0.005');
      await say(rig, world, PAIR, '1.11', '1.11005');
      assert.deepEqual([stopOf(world, PAIR), stopsAt(rig)], ['1.105', ['.sl 1.105']]);
      await pass(rig, world, 2);
      await say(rig, world, PAIR, '1.12', '1.12005');
      assert.deepEqual(stopsAt(rig), ['.sl 1.115']);
      assert.equal(rig.live().length, 2, 'the take-profit stands');
      await say(rig, world, PAIR, '1.1149', '1.11495');
      await pass(rig, world, 3);
      assert.deepEqual(world.of('fill.recorded').map(({ fill }) => fill.reason), ['entry', 'stop_loss']); // prettier-ignore
      assert.deepEqual([world.state.holdings, alarmsOf(world), rig.live()], [{}, [], []]);
      await checkJournal(world.facts, 'pair');
    });
  });

  it('RT-3 of an option it lies on the grid of its price', async () => {
    await inWorld(async (rig, world) => {
      const tickLadder = [{ from: price('0'), tick: price('0.01') }, { from: price('3'), tick: price('0.05') }]; // prettier-ignore
      world.tellFact('catalog', { type: 'instrument.changed', body: { instrument: { ...CALL, tickSize: price('0.01'), tickLadder } } });
      await entered(rig, world, CALL.symbol, '1.03');
      await say(rig, world, CALL.symbol, '13.3', '13.4');
      assert.deepEqual(stopsAt(rig), [`.sl ${stopOf(world, CALL.symbol) ?? ''}`]);
      assert.ok(lessThan(price('12.2'), stopOf(world, CALL.symbol) ?? price('0')));
      await pass(rig, world, 30);
      assert.deepEqual([alarmsOf(world), world.of('stop.stands')], [[], []]);
      await checkJournal(world.facts, 'option');
    });
  });

  it('C14 BR-2 the connection ends over it: the old stop counts, and what TWS holds is adopted when it can be asked', async () => {
    for (const isTaken of [true, false]) {
      await inWorld(async (rig, world) => {
        await entered(rig, world, PAIR, '0.005');
        if (isTaken) rig.tws.switches.dropAfterNextPlace = true;
        else rig.tws.switches.swallowNextPlace = true;
        await say(rig, world, PAIR, '1.11', '1.11005');
        await pass(rig, world, 70);
        const [stop = ''] = stopsAt(rig);
        assert.deepEqual([`.sl ${stopOf(world, PAIR) ?? ''}`, world.state.amending], [stop, {}]);
        assert.deepEqual(alarmsOf(world), []);
        await checkJournal(world.facts, `taken ${isTaken}`);
      });
    }
  });

  it('while TWS is away nothing leaves, and the stop stands', async () => {
    await inWorld(async (rig, world) => {
      await entered(rig, world, PAIR, '0.005');
      rig.tws.faults.loseUplink();
      await world.quiet();
      await say(rig, world, PAIR, '1.11', '1.11005');
      assert.deepEqual(world.of('stop.stands').map(({ stopLoss }) => stopLoss), ['1.01']); // prettier-ignore
      assert.deepEqual(stopsAt(rig), ['.sl 1.01']);
    });
  });

  it('a take-profit that fills a part meanwhile leaves no stop larger than what is left', async () => {
    await Rig.with(async (rig) => {
      const order = await held(rig);
      rig.quote('1.12', '1.12005', '7000');
      const limits = { stop: null, deadlineAt: rig.tws.now + 5000 };
      const moved = await rig.port.amend(refOf(order), { takeProfit: price('1.12'), stopLoss: price('1.1') }, limits);
      await rig.port.caughtUp();
      assert.deepEqual(moved, { kind: 'done' });
      const [stop] = rig.tws.book.live().filter(({ stop: trigger }) => trigger !== null);
      assert.deepEqual([stop?.stop, stop?.placed.totalQuantity], ['1.1', '13000']);
    });
  });
});
