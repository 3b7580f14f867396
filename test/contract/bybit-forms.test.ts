/** BR-1, decision 47: a trailing stop and rungs of a perpetual, over the wire of the embedded Bybit. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { lessThan, qty, ratio } from '#trading/money/decimal.ts';
import type { Bracket } from '#trading/model/order.ts';
import { at, BybitRig, PERP, SPOT, type House } from '../support/bybit-rig.ts';
import { checkJournal } from '../support/fault-run.ts';

type Traded = typeof PERP | typeof SPOT;
const keyOf = (symbol: Traded): string => `${symbol === SPOT ? 'crypto_spot' : 'crypto_futures'}|${symbol}`;
const MOVE: Readonly<Record<Traded, string>> = { [PERP]: 'position/trading-stop', [SPOT]: 'order/amend' };
/** Seconds of market time: it moves by more than these distances in far less. */
const LOOKS_MAX = 200;
let rig: BybitRig | null = null;

async function house(): Promise<House> {
  rig = await BybitRig.made();
  return rig.world();
}

async function bracket(live: House, symbol: Traded, more: (mid: number) => Partial<Bracket>): Promise<Bracket> {
  const { mid } = await live.rig.book(symbol);
  return { takeProfit: at(mid * 1.5), stopLoss: at(mid * 0.8), ...more(mid) };
}

/** Plays on, and has the gateway hear the quotes. */
async function hear(live: House, symbol: Traded, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await live.play(1);
    const { snapshot } = await live.intent(symbol);
    live.world.tell({ type: 'quote.received', body: { quote: snapshot } });
    await live.world.quiet();
  }
}

const stops = async ({ rig: { port } }: House) => (await port.openOrders()).filter(({ leg }) => leg === 'stop_loss');
const asked = ({ rig: { venue } }: House, path: string): number => venue.counters().asked[`POST /v5/${path}`] ?? 0;
const alarms = ({ world }: House) => world.of('alarm.raised').map(({ code }) => code);

async function trailing(live: House, symbol: Traded, distance = 0.01): Promise<string> {
  const asks = await bracket(live, symbol, (mid) => ({ trailing: { distance: at(mid * distance), activation: null } }));
  const id = await live.approve(symbol, { bracket: asks });
  await live.until(() => live.world.state.holdings[keyOf(symbol)] !== undefined);
  return id;
}
const stopOf = ({ world }: House, symbol: Traded) => world.state.holdings[keyOf(symbol)]?.bracket?.stopLoss;

const proven = ({ world }: House): Promise<void> => checkJournal(world.facts, 'forms');

for (const SYMBOL of [PERP, SPOT] as const)
  describe(`a trailing stop of ${SYMBOL} at Bybit`, () => {
    afterEach(() => rig?.close());

    it('BR-3 the leg that Bybit holds is amended, the same leg at every moment, and the position ends at it', async () => {
      const live = await house();
      const id = await trailing(live, SYMBOL, 0.0006);
      const [began] = await stops(live);
      await hear(live, SYMBOL, 2);
      const [moved, ...more] = await stops(live);
      assert.deepEqual([moved?.venueOrderId, moved?.parentId, more], [began?.venueOrderId, id, []]);
      assert.deepEqual([moved?.trigger, moved?.qty], [stopOf(live, SYMBOL), began?.qty]);
      assert.ok(lessThan(began?.trigger ?? at(0), moved?.trigger ?? at(0)));
      const legs = (await live.rig.port.openOrders()).filter(({ leg }) => leg === 'take_profit');
      assert.equal(legs.length, 1, 'the take-profit stands');
      for (let look = 0; look < LOOKS_MAX && live.world.state.holdings[keyOf(SYMBOL)] !== undefined; look++) await hear(live, SYMBOL, 1);
      const [last] = live.world.of('fill.recorded').map(({ fill }) => fill.reason).slice(-1); // prettier-ignore
      assert.equal(last, 'stop_loss');
      assert.equal(asked(live, MOVE[SYMBOL]), live.world.of('stop.amending').length);
      assert.deepEqual(alarms(live), []);
      await proven(live);
    });

    it('ST-3 after a restart the moved leg is known by its trigger, where Bybit names no entry', async () => {
      const live = await house();
      live.rig.venue.fault('nameless-legs', 'on');
      const id = await trailing(live, SYMBOL);
      await hear(live, SYMBOL, 3);
      assert.ok(live.world.of('stop.trailed').length > 0);
      await live.restart();
      await live.play(20);
      assert.deepEqual((await stops(live)).map(({ parentId, trigger }) => [parentId, trigger]), [[id, stopOf(live, SYMBOL)]]); // prettier-ignore
      assert.deepEqual([alarms(live), live.world.of('reconcile.differed')], [[], []]);
    });

    it('C14 the answer is lost: the leg is seen at its new trigger, and it is asked once', async () => {
      const live = await house();
      await trailing(live, SYMBOL);
      live.rig.venue.fault('drop-reply', MOVE[SYMBOL]);
      await hear(live, SYMBOL, 1);
      const [move] = live.world.of('stop.amending');
      await live.play(3);
      assert.deepEqual([stopOf(live, SYMBOL), asked(live, MOVE[SYMBOL]), live.world.state.amending], [move?.to, 1, {}]);
      await proven(live);
    });

    it('a stop beyond the mark is refused by Bybit, and the old one stands', async () => {
      const live = await house();
      await trailing(live, SYMBOL, 0.05);
      const [began] = await stops(live);
      const { mid } = await live.rig.book(SYMBOL);
      const { snapshot } = await live.intent(SYMBOL);
      live.world.tell({ type: 'quote.received', body: { quote: { ...snapshot, bid: at(mid * 1.08), ask: at(mid * 1.081) } } });
      await live.world.quiet();
      assert.match(live.world.of('stop.stands')[0]?.reason ?? '', /^1\d{4,5}: /);
      assert.deepEqual((await stops(live)).map(({ trigger }) => trigger), [began?.trigger]); // prettier-ignore
      assert.equal(stopOf(live, SYMBOL), began?.trigger);
    });
  });

describe('a stop order of the house’s own at Bybit', () => {
  afterEach(() => rig?.close());

  it('BR-2 a stop order of the house’s own is amended under its id', async () => {
    const live = await house();
    await trailing(live, PERP);
    const { venue } = live.rig;
    await venue.step();
    live.world.tell({
      type: 'protection.lost',
      body: { clientOrderId: live.world.state.holdings[keyOf(PERP)]?.entryOrderId ?? '', reason: 'a test' },
    });
    await live.until(() => live.world.of('order.acknowledged').length >= 3);
    await hear(live, PERP, 3);
    const own = live.world.of('order.sending').find(({ purpose }) => purpose === 'stop_loss')?.clientOrderId;
    const row = (await live.rig.port.openOrders()).find(({ clientOrderId }) => clientOrderId === own);
    assert.ok(asked(live, 'order/amend') > 0);
    assert.equal(row?.trigger, stopOf(live, PERP));
    await proven(live);
  });
});

describe('rungs of a perpetual at Bybit', () => {
  afterEach(() => rig?.close());

  it('BR-1 BR-2 are limit orders that only reduce, beside legs of the whole position that shrink with it', async () => {
    const live = await house();
    const rungs = await bracket(live, PERP, (mid) => ({
      partialTakeProfits: [{ price: at(mid * 1.0003), fraction: ratio('0.3') }, { price: at(mid * 1.4), fraction: ratio('0.3') }], // prettier-ignore
    }));
    await live.approve(PERP, { bracket: rungs, qty: qty('0.01') });
    await live.until(() => live.world.of('order.sending').length === 3);
    await live.play(2);
    const open = (await live.rig.port.openOrders()).filter(({ clientOrderId }) => clientOrderId !== null);
    assert.deepEqual(open.map(({ qty: amount }) => amount), ['0.003', '0.003']); // prettier-ignore
    assert.deepEqual((await stops(live)).map(({ qty: amount }) => amount), ['0.01']); // prettier-ignore
    for (let look = 0; look < LOOKS_MAX && live.world.of('fill.recorded').every(({ fill }) => fill.reason === 'entry'); look++) await live.play(1);
    await live.play(3);
    const [sold] = live.world.of('fill.recorded').filter(({ fill }) => fill.reason === 'take_profit');
    assert.ok(sold !== undefined, 'the rung was never met');
    const left = live.world.state.holdings[keyOf(PERP)]?.qty;
    assert.deepEqual((await stops(live)).map(({ qty: amount }) => amount), [left]); // prettier-ignore
    assert.deepEqual([alarms(live), live.world.of('reconcile.differed')], [[], []]);
    await proven(live);
  });
});
