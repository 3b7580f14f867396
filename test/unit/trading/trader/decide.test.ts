import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import type { Price } from '#trading/money/decimal.ts';
import type { KillScope } from '#trading/model/events.ts';
import { createTrader } from '#trading/trader/trader.ts';
import { allowanceFor, MINUTE_MS, perp, perpTrader, quoteOf, settings, spot, spotTrader, T0 } from './fixtures.ts';
import { DOWN, entryPrice, Rig, UP } from './rig.ts';

const spotRig = (): Rig => new Rig(spotTrader).configured(spot);
const entered = (): Rig => {
  const rig = spotRig().play(spot, ...UP);
  const [intent] = rig.intents;
  assert.ok(intent);
  rig.fill(intent);
  rig.end(intent);
  return rig;
};

describe('trader: an entry', () => {
  it('QS-1 BR-1 SZ-4 a cross becomes one intent: sized on the ask, bracketed, with its whole snapshot', () => {
    const rig = spotRig().play(spot, ...UP);
    assert.equal(rig.intents.length, 1);
    const intent = rig.intents[0];
    assert.ok(intent?.bracket && intent.sizing);
    assert.deepEqual([intent.kind, intent.side, intent.asset, intent.mode, intent.symbol], ['entry', 'buy', 'crypto_spot', 'paper', spot.symbol]);
    assert.deepEqual(intent.snapshot, quoteOf(spot, rig.now, 103.5));
    assert.equal(intent.intendedAt, rig.now);
    // SZ-1, SZ-2: 1000 · 0.02 · 1 = 20 USD at 103.51, down to the step
    assert.equal(intent.qty, '0.193218');
    assert.equal(intent.sizing.notionalCap, '20');
    assert.ok(Number(intent.bracket.stopLoss) < Number(entryPrice) && Number(entryPrice) < Number(intent.bracket.takeProfit));
    assert.match(intent.signal, /^EMA 2 .* crossed above EMA 4/);
  });

  it('BR-1 a trailing stop and rungs are asked for as prices from the ask, on the tick; without them the bracket has its two legs', () => {
    const forms = { trailAtr: 2, trailAfterAtr: 1, partials: [{ atr: 1.5, fraction: 0.4 }] };
    const config = { ...spotTrader, strategyParams: Object.assign({}, spotTrader.strategyParams, forms) };
    const bracket = new Rig(config).configured(spot).play(spot, ...UP).intents[0]?.bracket;
    const plain = spotRig().play(spot, ...UP).intents[0]?.bracket;
    assert.ok(bracket && plain);
    assert.deepEqual(Object.keys(plain).sort(), ['stopLoss', 'takeProfit']);
    assert.deepEqual([bracket.stopLoss, bracket.takeProfit], [plain.stopLoss, plain.takeProfit]);
    const unit = (Number(entryPrice) - Number(plain.stopLoss)) / 3;
    const away = (at: unknown): number => (Number(at) - Number(entryPrice)) / unit;
    const { trailing, partialTakeProfits } = bracket;
    assert.ok(Math.abs(Number(trailing?.distance) / unit - 2) < 0.02 && Math.abs(away(trailing?.activation) - 1) < 0.02);
    assert.equal(partialTakeProfits?.length, 1);
    assert.ok(Math.abs(away(partialTakeProfits[0]?.price) - 1.5) < 0.02 && partialTakeProfits[0]?.fraction === '0.4');
  });

  it('ST-2 the id comes from the bar and the nonce', () => {
    const rig = spotRig().play(spot, ...UP);
    const bar = T0 + (UP.length - 1) * MINUTE_MS;
    assert.equal(rig.intents[0]?.clientOrderId, clientOrderId('paper', 'ema-cross', spot.symbol, bar, 0));
    assert.equal(rig.state.nonce, 1);
    assert.equal(rig.why(spot.symbol).last?.clientOrderId, rig.intents[0].clientOrderId);
  });

  it('SZ-6 a sell cross enters short on futures, priced on the bid, and nothing on spot', () => {
    const falling = [95, 96, 97, 98, 99, 100, 92, 91.5];
    const futures = new Rig(perpTrader).configured(perp).play(perp, ...falling);
    const intent = futures.intents[0];
    assert.ok(intent?.bracket);
    assert.equal(intent.side, 'sell');
    assert.ok(Number(intent.bracket.takeProfit) < 91.49 && 91.49 < Number(intent.bracket.stopLoss));
    const flat = spotRig().play(spot, ...falling);
    assert.deepEqual(flat.intents, []);
    assert.equal(flat.why(spot.symbol).last?.gate?.code, 'NO_SHORT');
  });

  it('an intent is pending until its verdict, and one symbol does not hold up another', () => {
    const rig = spotRig();
    rig.send({ type: 'instrument.listed', body: { instrument: { ...spot, symbol: 'ETH/USDT' } } });
    rig.play(spot, ...UP);
    assert.equal(Object.keys(rig.state.pending).length, 1);
    rig.play(spot, 96, 95, 104, 104.5);
    assert.equal(rig.intents.length, 1);
    assert.equal(rig.why(spot.symbol).last?.gate?.code, 'DUPLICATE_INTENT');
    rig.play({ ...spot, symbol: 'ETH/USDT' }, ...UP);
    assert.equal(rig.intents.length, 2);
  });
});

describe('trader: gates before an entry, with their numbers', () => {
  const gateOf = (rig: Rig) => rig.play(spot, ...UP).why(spot.symbol).last?.gate;
  const none = (rig: Rig, code: string, numbers: object): void => {
    const gate = gateOf(rig);
    assert.deepEqual([gate?.code, gate?.numbers, rig.intents], [code, numbers, []]);
  };

  it('CF-1 without settings', () => {
    const rig = new Rig(spotTrader);
    rig.send({ type: 'instrument.listed', body: { instrument: spot } });
    none(rig, 'NOT_CONFIGURED', {});
  });

  it('SZ-5 without an allowance, and not with one of another mode', () => {
    const rig = new Rig(spotTrader);
    rig.record({ type: 'settings.loaded', body: { settings, source: 'test' } });
    rig.send({ type: 'instrument.listed', body: { instrument: spot } });
    rig.send({ type: 'allowance.changed', body: { ...allowanceFor(spotTrader), mode: 'live' } });
    none(rig, 'NOT_CONFIGURED', {});
  });

  it('LC-1 without an instrument', () => {
    const rig = new Rig(spotTrader);
    rig.record({ type: 'settings.loaded', body: { settings, source: 'test' } });
    rig.send({ type: 'allowance.changed', body: allowanceFor(spotTrader) });
    none(rig, 'UNKNOWN_INSTRUMENT', {});
  });

  it('SZ-4 of a price that is not in dollars', () => {
    const rig = spotRig();
    rig.send({ type: 'instrument.listed', body: { instrument: { ...spot, quote: 'EUR' } } });
    none(rig, 'NOT_IN_USD', { quote: 'EUR' });
  });

  it('SZ-5 with nothing usable', () => {
    const rig = spotRig();
    rig.send({ type: 'allowance.changed', body: { ...allowanceFor(spotTrader), usable: money('0') } });
    none(rig, 'BUDGET_EXHAUSTED', { usable: '0', budget: '1000', remaining: '1000', walletAvailable: '1000' });
  });

  it('SZ-4 below the smallest order', () => {
    const rig = spotRig();
    rig.send({ type: 'instrument.listed', body: { instrument: { ...spot, minNotional: money('25') } } });
    assert.equal(gateOf(rig)?.code, 'BELOW_MINIMUM');
    assert.deepEqual(rig.intents, []);
  });

  it('BR-1 where the tick is too coarse for the bracket', () => {
    const rig = spotRig();
    rig.send({ type: 'instrument.listed', body: { instrument: { ...spot, tickSize: price('200') } } });
    assert.equal(gateOf(rig)?.code, 'BRACKET_WRONG_SIDE');
    assert.deepEqual(rig.intents, []);
  });

  for (const scope of ['all', 'bybit', 'crypto_spot'] as const) {
    it(`KS-3 while the kill-switch is tripped for ${scope}, until it is re-armed`, () => {
      const rig = spotRig();
      rig.record({ type: 'kill.tripped', body: { scope, reason: 'test', source: 'cli', flatten: false } });
      none(rig, 'CLOSE_ONLY', { scope });
      rig.record({ type: 'kill.rearmed', body: { source: 'cli', reason: 'test' } });
      rig.play(spot, 96, 95, 104, 104.5);
      assert.equal(rig.intents.length, 1);
    });
  }

  for (const scope of ['ibkr', 'crypto_futures', 'forex'] satisfies KillScope[]) {
    it(`KS-1 a kill of ${scope} is not ours`, () => {
      const rig = spotRig();
      rig.record({ type: 'kill.tripped', body: { scope, reason: 'test', source: 'cli', flatten: false } });
      assert.equal(rig.play(spot, ...UP).intents.length, 1);
    });
  }

  it('RK-1 while the governor says close-only, with its reason', () => {
    const rig = spotRig();
    const closeOnly = { code: 'DAILY_LOSS_CAP', rule: 'RK-1', numbers: { lost: '31' }, sentence: 'test' } as const;
    rig.send({ type: 'allowance.changed', body: { ...allowanceFor(spotTrader), closeOnly } });
    none(rig, 'DAILY_LOSS_CAP', { lost: '31' });
  });

  it('RT-5 a signal from before a gap is not acted upon', () => {
    const rig = spotRig().play(spot, ...UP.slice(0, -1));
    rig.now += 9 * MINUTE_MS;
    rig.play(spot, 103.5);
    const gate = rig.why(spot.symbol).last?.gate;
    assert.deepEqual([gate?.code, gate?.rule, gate?.numbers], ['STALE_QUOTE', 'RT-5', { ageMs: 9 * MINUTE_MS, maxMs: MINUTE_MS }]);
    assert.deepEqual(rig.intents, []);
  });
});

describe('trader: an exit', () => {
  it('closes the whole position on the opposite cross, without bracket or sizing', () => {
    const rig = entered().play(spot, ...DOWN);
    const exit = rig.intents[1];
    assert.ok(exit);
    assert.deepEqual([exit.kind, exit.side, exit.qty, exit.bracket, exit.sizing], ['exit', 'sell', '0.193218', null, null]);
    rig.fill(exit);
    assert.deepEqual([rig.state.positions, rig.state.pending, rig.state.closedAt], [{}, {}, { [spot.symbol]: rig.now }]);
  });

  it('KS-3 goes through in close-only', () => {
    const rig = entered();
    rig.record({ type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'cli', flatten: false } });
    assert.equal(rig.play(spot, ...DOWN).intents[1]?.kind, 'exit');
  });

  it('RK-1 after a close the symbol cools down, and the gate says for how long', () => {
    const rig = entered().play(spot, 104);
    const [intent] = rig.intents;
    assert.ok(intent);
    rig.fill(intent, 'stop_loss', intent.qty, 'sell');
    const closed = rig.now;
    rig.play(spot, 96, 95, 104, 104.5);
    const gate = rig.why(spot.symbol).last?.gate;
    assert.deepEqual([gate?.code, gate?.numbers], ['COOL_DOWN', { remainingMs: closed + 900_000 - rig.now, cooldownSeconds: 900 }]);
    rig.play(spot, ...Array<number>(12).fill(100), 96, 95, 104, 104.5);
    assert.equal(rig.intents.length, 2);
  });

  it('RT-5 what a partial fill left is asked for again while the signal holds, three times at most', () => {
    const rig = entered().play(spot, ...DOWN);
    const exit = rig.intents[1];
    assert.ok(exit);
    rig.fill(exit, 'exit', qty('0.1'));
    rig.play(spot, 96);
    assert.equal(rig.intents.length, 2, 'not while the order lives');
    rig.end(exit, 'partially_filled');
    for (const count of [3, 4, 5, 5]) {
      rig.play(spot, 96);
      assert.equal(rig.intents.length, count);
      const again = rig.intents.at(-1);
      assert.ok(again);
      assert.deepEqual([again.kind, again.qty], ['exit', '0.093218']);
      if (again.clientOrderId in rig.state.pending) rig.refuse(again);
    }
  });

  it('RK-2 while an exit is on its way another cross sends no second one', () => {
    const rig = entered().play(spot, ...DOWN, 96, 95, 104, 104.5, 104, 96, 95.5);
    const { last } = rig.why(spot.symbol);
    assert.deepEqual([last?.signal.side, last?.gate?.code, rig.intents.length], ['sell', 'DUPLICATE_INTENT', 2]);
  });

  it('a cross in the direction of the position adds nothing', () => {
    const rig = entered().play(spot, ...DOWN);
    for (const mid of [96, 95, 104, 104.5]) {
      const exit = rig.intents.at(-1);
      assert.equal(exit?.kind, 'exit');
      if (exit.clientOrderId in rig.state.pending) rig.refuse(exit);
      rig.play(spot, mid);
    }
    const { last } = rig.why(spot.symbol);
    assert.deepEqual([last?.signal.side, last?.gate?.code, last?.gate?.numbers], ['buy', 'POSITION_EXISTS', { position: '0.193218' }]);
    assert.ok(rig.intents.slice(1).every((intent) => intent.kind === 'exit'));
  });
});

describe('trader: quotes', () => {
  it('QS-1 QS-2 a quote that may not price an order shapes no bar either, and why says so', () => {
    const rig = spotRig().play(spot, ...UP.slice(0, -1));
    const before = rig.memory.slots[spot.symbol];
    rig.now += MINUTE_MS;
    for (const quote of [
      quoteOf(spot, rig.now - 2001, 103.5),
      quoteOf(spot, rig.now, 103.5, { bid: '200' as Price }),
      quoteOf(spot, rig.now, 130),
      quoteOf(spot, rig.now + 5000, 103.5),
    ]) {
      rig.send({ type: 'quote.received', body: { quote } });
      assert.ok(['STALE_QUOTE', 'BAD_QUOTE'].includes(rig.why(spot.symbol).quoteGate?.code ?? ''));
      assert.deepEqual({ ...rig.memory.slots[spot.symbol], quoteGate: null, suspect: null }, before);
    }
    assert.deepEqual(rig.intents, []);
    rig.send({ type: 'quote.received', body: { quote: quoteOf(spot, rig.now, 103.5) } });
    assert.equal(rig.why(spot.symbol).quoteGate, null);
    assert.equal(rig.intents.length, 1);
  });

  it('QS-1 the stricter of trader and settings holds', () => {
    const rig = new Rig({ ...spotTrader, quoteAgeMsMax: 500 }).configured(spot);
    rig.send({ type: 'quote.received', body: { quote: quoteOf(spot, rig.now - 501, 100) } });
    assert.deepEqual(rig.why(spot.symbol).quoteGate?.numbers, { ageMs: 501, maxMs: 500 });
    rig.record({ type: 'settings.loaded', body: { settings: { ...settings, risk: { ...settings.risk, quoteAgeMsMax: 300 } }, source: 'test' } });
    rig.send({ type: 'quote.received', body: { quote: quoteOf(spot, rig.now - 301, 100) } });
    assert.deepEqual(rig.why(spot.symbol).quoteGate?.numbers, { ageMs: 301, maxMs: 300 });
  });

  it('ignores quotes of other assets and symbols, and touches no other slot', () => {
    const rig = spotRig();
    const { memory } = rig;
    rig.play({ ...spot, symbol: 'SOL/USDT' }, 100).play({ ...spot, symbol: 'constructor' }, 100);
    rig.play({ ...perp, symbol: spot.symbol }, 100);
    assert.equal(rig.memory, memory);
    rig.play(spot, 100);
    assert.equal(rig.memory.slots['ETH/USDT'], memory.slots['ETH/USDT']);
    assert.notEqual(rig.memory.slots[spot.symbol], memory.slots[spot.symbol]);
  });
});

describe('trader: asks and configuration', () => {
  it('UI-2 why shows the last signal and the gate, also the governor’s', () => {
    const rig = spotRig().play(spot, ...UP);
    const [intent] = rig.intents;
    assert.ok(intent);
    assert.equal(rig.why(spot.symbol).last?.gate, null);
    rig.refuse(intent);
    const { last, bars, warmUpBars, quoteAt } = rig.why(spot.symbol);
    assert.deepEqual([last?.gate?.code, last?.signal.side, bars, warmUpBars, quoteAt], ['THROTTLED', 'buy', 7, 20, rig.now]);
    assert.equal(rig.why('ETH/USDT').last, null);
  });

  it('state replies the state, anything else says what may be asked', () => {
    const rig = spotRig();
    assert.equal(rig.send({ type: 'actor.asked', body: { query: 'state', args: [] } }), rig.state);
    assert.deepEqual(rig.send({ type: 'actor.asked', body: { query: 'x', args: [] } }), { error: 'a trader answers why and state, not "x"' });
  });

  it('ignores messages that are not for traders', () => {
    const rig = spotRig();
    const { memory } = rig;
    rig.send({ type: 'clock.advanced', body: {} });
    rig.send({ type: 'feed.changed', body: { broker: 'bybit', up: false, reason: 'test' } });
    assert.equal(rig.memory, memory);
  });

  it('CF-3 refuses symbols that are none, too many or repeated, and a strategy that is not there', () => {
    for (const symbols of [[], ['a', 'a'], Array.from({ length: 65 }, (_, index) => `S${index}`)]) {
      assert.throws(() => createTrader({ ...spotTrader, symbols }), /trader\.crypto_spot\.paper: symbols must be 1 to 64 different ones, got/);
    }
    assert.throws(() => createTrader({ ...spotTrader, strategyId: 'x' }), /no strategy "x"/);
  });
});
