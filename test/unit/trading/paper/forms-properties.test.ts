import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, money, notional, subtract, ZERO_MONEY, ZERO_QTY, type Money, type Qty } from '#trading/money/decimal.ts';
import type { Side } from '#trading/model/order.ts';
import { partial } from './steps.ts';
import { enter, finePerp, fineSpot, mids, told, wide, type Forms } from './forms.ts';
import type { House } from '../risk/house.ts';

/** Cents that the mid moves from quote to quote: it wanders, and now and then it jumps. */
const moves = fc.array(fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -60, max: 70 }) }, fc.integer({ min: -400, max: 400 })), {
  minLength: 15,
  maxLength: 40,
});
const scene = fc.record({
  side: fc.constantFrom<Side>('buy', 'sell'),
  distance: fc.integer({ min: 1, max: 300 }),
  activation: fc.option(fc.integer({ min: 30, max: 390 })),
  rungs: fc.uniqueArray(fc.record({ away: fc.integer({ min: 20, max: 390 }), part: fc.integer({ min: 1, max: 24 }) }), {
    selector: ({ away }) => away,
    maxLength: 4,
  }),
  minNotional: fc.constantFrom('0.1', '1', '4'),
  inParts: fc.boolean(),
  moves,
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

/** Cents from 100 on the way to profit, as a price. */
const ahead = (side: Side, cents: number): string => String((10_000 + (side === 'buy' ? cents : -cents)) / 100);

function formsOf({ side, distance, activation, rungs }: Scene): Forms {
  const sorted = [...rungs].sort((left, right) => left.away - right.away);
  return {
    side,
    stopLoss: ahead(side, -150),
    takeProfit: ahead(side, 400),
    trailing: [String(distance / 100), activation === null ? null : ahead(side, activation)],
    ...(sorted.length === 0 ? {} : { rungs: sorted.map(({ away, part }) => [ahead(side, away), String(part / 100)] as const) }),
  };
}

/** Plays the scene; both actors die before the quotes of `deaths`. */
function play(of: Scene, deaths: ReadonlySet<number> = new Set()): House {
  const instrument = { ...(of.side === 'buy' ? fineSpot : finePerp), minNotional: money(of.minNotional) };
  const rules = wide({ ...partial, paper: { ...partial.paper, partialProbability: of.inParts ? 0.5 : 0 } });
  const house = enter(formsOf(of), rules, instrument);
  let cents = 10_000;
  for (const [index, move] of of.moves.entries()) {
    if (deaths.has(index)) house.crash();
    cents = Math.max(2000, cents + move);
    mids(house, instrument, cents / 100);
  }
  return house;
}

describe('paper: forms of the bracket, whatever the market does', () => {
  it('the scenes of these tests do trail, and sell in parts', () => {
    const houses = fc.sample(scene, { numRuns: 100, seed: 1 }).map((of) => play(of));
    const count = (has: (house: House) => boolean): number => houses.filter(has).length;
    const counts = [
      count((house) => house.of('stop.trailed').length > 1),
      count((house) => house.fills.some(({ reason, qty }) => reason === 'take_profit' && qty !== house.fills[0]?.qty)),
      count((house) => house.of('trade.closed').length > 0),
    ];
    for (const each of counts) assert.ok(each > 25, counts.join());
  });

  it('BR-3 a trailing stop never loosens, moves a step at least, and stays the distance behind the best price', () => {
    fc.assert(
      fc.property(scene, (of) => {
        const house = play(of);
        const sign = of.side === 'buy' ? 1 : -1;
        const distance = of.distance / 100;
        const step = Math.max(0.01, distance / 10);
        let before = Number(ahead(of.side, -150));
        for (const { stopLoss, pricedOn } of house.of('stop.trailed')) {
          const stop = Number(stopLoss);
          const best = Number(of.side === 'buy' ? pricedOn.bid : pricedOn.ask);
          assert.ok(sign * (stop - before) >= step - 1e-9, `${stop} after ${before}`);
          assert.ok(Math.abs(sign * (best - stop) - distance) < 1e-9 && sign * (best - stop) > 0, `${stop} at ${best}`);
          before = stop;
        }
      }),
    );
  });

  it('PX-2 a stop never fills above what its quote paid, a rung never better than its price', () => {
    fc.assert(
      fc.property(scene, (of) => {
        const sign = of.side === 'buy' ? 1 : -1;
        for (const { reason, price, paper } of play(of).fills.slice(1)) {
          const paid = Number(of.side === 'buy' ? paper?.pricedOn.bid : paper?.pricedOn.ask);
          assert.ok(sign * (Number(price) - paid) <= 0);
          if (reason === 'take_profit') assert.ok(sign * (Number(price) - Number(paper?.triggerPrice)) <= 0);
        }
      }),
    );
  });

  it('Σ of the exits and what is held is the entry, and the result is that of the cash that went in and out', () => {
    fc.assert(
      fc.property(scene, (of) => {
        const house = play(of);
        const [entry, ...exits] = house.fills;
        assert.ok(entry !== undefined);
        const sold = add(ZERO_QTY, ...exits.map(({ qty }) => qty));
        const held: Qty = Object.values(house.paper.state.holdings)[0]?.qty ?? ZERO_QTY;
        assert.equal(add(sold, held), entry.qty);
        const trade = house.of('trade.closed')[0]?.trade;
        assert.equal(trade === undefined, held !== ZERO_QTY);
        if (trade === undefined) return;
        const value = exits.reduce<Money>((sum, { price, qty }) => add(sum, notional(price, qty)), ZERO_MONEY);
        const paid = notional(entry.price, entry.qty);
        const gross = of.side === 'buy' ? subtract(value, paid) : subtract(paid, value);
        assert.equal(trade.pnl, subtract(gross, add(ZERO_MONEY, ...house.fills.map(({ fee }) => fee))));
      }),
    );
  });

  it('BR-3 dying before any quotes changes nothing that is recorded', () => {
    fc.assert(
      fc.property(scene, fc.array(fc.nat(39), { maxLength: 6 }), (of, deaths) => {
        assert.deepEqual(told(play(of, new Set(deaths))), told(play(of)));
      }),
    );
  });

  it('VF-1 what was recorded is proven', () => {
    fc.assert(fc.property(scene, (of) => assert.deepEqual(play(of).problems(), [])));
  });
});
