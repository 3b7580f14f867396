import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { atMost, money, notional, price, qty, ratio, type Price } from '#trading/money/decimal.ts';
import type { OptionContract, OptionSeen, OptionWish } from '#trading/model/option.ts';
import { checkOptionWish, chooseOption, dteOf, type OptionMoment } from '#trading/strategy/option-choice.ts';

const NOW = Date.UTC(2026, 10, 24, 15);
const DAY_MS = 86_400_000;

function option(strike: number, days: number, right: 'C' | 'P' = 'C', underlying = 'SPY'): OptionContract {
  const symbol = `${underlying} ${days} ${right}${strike}`;
  return { symbol, underlying, expiry: NOW + days * DAY_MS, strike: price(strike), right, multiplier: ratio('100') };
}

const chain = [7, 28, 35, 42].flatMap((days) => [580, 590, 600, 610, 620].flatMap((strike) => [option(strike, days), option(strike, days, 'P')]));
const wish: OptionWish = {
  underlying: 'SPY',
  view: 'buy',
  dteMin: 30,
  dteMax: 45,
  target: { kind: 'moneyness', value: 0.016, within: 0.02 },
  premiumMax: null,
};
const moment: OptionMoment = { now: NOW, spot: price('600'), openDteMin: 3, seen: new Map(), estimate: null };
const seenAt = (bid: string | null, ask: string | null, delta: number | null): OptionSeen => ({
  bid: bid === null ? null : price(bid),
  ask: ask === null ? null : price(ask),
  delta,
});

function chosen(more: Partial<OptionWish>, at: Partial<OptionMoment> = {}, of: readonly OptionContract[] = chain): string {
  const choice = chooseOption({ ...wish, ...more }, of, { ...moment, ...at });
  assert.ok(choice.ok, choice.ok ? '' : choice.refusal.sentence);
  return choice.contract.symbol;
}

function refusal(more: Partial<OptionWish>, at: Partial<OptionMoment> = {}, of: readonly OptionContract[] = chain) {
  const choice = chooseOption({ ...wish, ...more }, of, { ...moment, ...at });
  assert.ok(!choice.ok, 'must be refused');
  assert.equal(choice.refusal.code, 'NO_OPTION');
  return choice.refusal;
}

describe('strategy/option-choice', () => {
  it('LC-1 a view of buy is a call above the market, of sell a put below it, in the expiry nearest the middle of the range', () => {
    assert.equal(chosen({}), 'SPY 35 C610');
    assert.equal(chosen({ view: 'sell' }), 'SPY 35 P590');
    assert.equal(chosen({ dteMin: 40 }), 'SPY 42 C610');
    assert.equal(chosen({ target: { kind: 'moneyness', value: -0.03, within: 0.02 } }), 'SPY 35 C580');
  });

  it('LC-1 a delta is the market’s where it is quoted, of either sign; an estimate is only for what is not', () => {
    const target = { kind: 'delta', value: 0.3, within: 0.1 } as const;
    const estimate = { volatility: 0.2, rate: 0.04 };
    assert.equal(refusal({ target }).numbers['measured'], 0);
    // At 20 % the 620 call of 35 days has a delta of 0.32.
    assert.equal(chosen({ target }, { estimate }), 'SPY 35 C620');
    const seen = new Map([['SPY 35 P580', seenAt('4', '4.1', -0.31)]]);
    assert.equal(chosen({ target, view: 'sell' }, { seen }), 'SPY 35 P580');
    const quoted = new Map([['SPY 35 C610', seenAt('6', '6.1', 0.3)]]);
    assert.equal(chosen({ target }, { seen: quoted, estimate }), 'SPY 35 C610');
    const choice = chooseOption({ ...wish, target }, chain, { ...moment, seen: quoted, estimate });
    assert.ok(choice.ok);
    assert.deepEqual(choice.figures, { dte: 35, moneyness: 10 / 600, delta: 0.3, premium: '610', estimated: false });
  });

  it('LC-2 no option that expires sooner than the house opens, whatever is asked; a begun day does not count', () => {
    assert.equal(chosen({ dteMin: 0, dteMax: 7 }, { openDteMin: 7 }), 'SPY 7 C610');
    const late = refusal({ dteMin: 0, dteMax: 7 }, { openDteMin: 7, now: NOW + 1 });
    assert.equal(late.rule, 'LC-2');
    assert.equal(late.sentence, 'SPY: no call expires in 7 to 7 days (OPTIONS_OPEN_DTE_MIN is 7)');
    assert.deepEqual(late.numbers, { chain: 40, listed: 20, inTime: 0, dteMin: 7, dteMax: 7, latestBefore: 6, earliestAfter: 27 });
    assert.match(refusal({ dteMin: 0, dteMax: 2 }).sentence, /3 to 2 days \(OPTIONS_OPEN_DTE_MIN is 3\)/);
    assert.equal(dteOf({ expiry: NOW - 1 }, NOW), -1);
  });

  it('SZ-4 what does not fit the money is not picked; where nothing fits, the refusal says what would', () => {
    const seen = new Map([
      ['SPY 35 C610', seenAt('6', '6.1', 0.4)],
      ['SPY 35 C620', seenAt('2.9', '3', 0.3)],
    ]);
    assert.equal(chosen({ premiumMax: money('610') }, { seen }), 'SPY 35 C610');
    assert.equal(chosen({ premiumMax: money('609.99') }, { seen }), 'SPY 35 C620');
    const dear = refusal({ premiumMax: money('30') }, { seen });
    assert.equal(dear.rule, 'SZ-4');
    assert.equal(dear.numbers['cheapest'], '300');
    assert.match(dear.sentence, /costs 300 USD; one may cost 30 USD/);
    assert.match(refusal({ premiumMax: money('30') }).sentence, /cost is not known/);
  });

  it('QS-2 a crossed quote, an ask of nothing or no ask is no market, and no estimate stands in for it', () => {
    const estimate = { volatility: 0.2, rate: 0.04 };
    for (const bad of [seenAt('6.2', '6.1', 0.4), seenAt(null, '0', 0.4), seenAt('6', null, 0.4), seenAt(null, '-1', 0.4)]) {
      assert.notEqual(chosen({}, { seen: new Map([['SPY 35 C610', bad]]), estimate }), 'SPY 35 C610');
    }
    assert.equal(chosen({}, { seen: new Map([['SPY 35 C610', seenAt(null, '0.05', 0.01)]]) }), 'SPY 35 C610');
    assert.equal(refusal({}, { spot: price('0') }).rule, 'QS-2');
  });

  it('LC-1 a chain without the underlying, or without a strike near enough, is refused with what it has', () => {
    assert.match(refusal({ underlying: 'QQQ' }).sentence, /none of 40 contracts of the chain is a call on it/);
    const far = refusal({ target: { kind: 'moneyness', value: 0.2, within: 0.05 } });
    assert.equal(far.numbers['nearestDistance'], 0.166667);
    assert.equal(far.numbers['near'], 0);
  });

  it('CF-3 a wish that cannot be meant is refused by field, value and what would be right', () => {
    const wrong: readonly (readonly [Partial<OptionWish>, RegExp])[] = [
      [{ underlying: '' }, /underlying must be a symbol/],
      [{ dteMin: 1.5 }, /dteMin must be a whole number, 0 to 3650, got 1.5/],
      [{ dteMax: 29 }, /dteMax must be a whole number, dteMin \(30\) to 3650, got 29/],
      [{ target: { kind: 'delta', value: -0.3, within: 0.1 } }, /delta must be between 0 and 1, got -0.3/],
      [{ target: { kind: 'delta', value: NaN, within: 0.1 } }, /delta must be/],
      [{ target: { kind: 'moneyness', value: 2, within: 0.1 } }, /moneyness must be between -1 and 1, got 2/],
      [{ target: { kind: 'delta', value: 0.3, within: 0 } }, /within must be above 0/],
      [{ premiumMax: money('0') }, /premiumMax must be above 0/],
    ];
    for (const [more, text] of wrong) assert.throws(() => checkOptionWish({ ...wish, ...more }), text);
  });
});

const arbitraryChain = fc.uniqueArray(
  fc.record({
    strike: fc.integer({ min: 50, max: 150 }),
    days: fc.integer({ min: 0, max: 60 }),
    right: fc.constantFrom<'C' | 'P'>('C', 'P'),
    underlying: fc.constantFrom('SPY', 'AAPL'),
  }),
  { selector: ({ strike, days, right, underlying }) => `${strike} ${days} ${right} ${underlying}`, maxLength: 40 },
);
const arbitraryQuote = fc.option(
  fc.record({ bid: fc.integer({ min: 0, max: 300 }), ask: fc.integer({ min: 0, max: 300 }), delta: fc.double({ min: 0, max: 1, noNaN: true }) }),
);
const arbitraryWish = fc.record({
  view: fc.constantFrom<'buy' | 'sell'>('buy', 'sell'),
  days: fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 })),
  target: fc.record({
    kind: fc.constantFrom<'delta' | 'moneyness'>('delta', 'moneyness'),
    value: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    within: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
  premiumMax: fc.option(fc.integer({ min: 1, max: 40_000 })),
});

describe('strategy/option-choice: properties', () => {
  it('LC-1 LC-2 SZ-4 what is picked keeps every bound, the order of the chain is nothing, and nothing is refused that fits', () => {
    fc.assert(
      fc.property(
        arbitraryChain,
        fc.array(arbitraryQuote, { minLength: 40, maxLength: 40 }),
        arbitraryWish,
        fc.boolean(),
        fc.integer({ min: 0, max: 20 }),
        (listed, quotes, { days, premiumMax, ...asked }, estimated, openDteMin) => {
          const contracts = listed.map(({ strike, days: left, right, underlying }) => option(strike, left, right, underlying));
          const seen = new Map<string, OptionSeen>();
          contracts.forEach(({ symbol }, index) => {
            const quote = quotes[index];
            if (quote) seen.set(symbol, seenAt(String(quote.bid / 100), String(quote.ask / 100), quote.delta));
          });
          const limit = premiumMax === null ? null : money(premiumMax);
          const request: OptionWish = { ...asked, underlying: 'SPY', dteMin: Math.min(...days), dteMax: Math.max(...days), premiumMax: limit };
          const at: OptionMoment = { ...moment, spot: price('100'), openDteMin, seen, estimate: estimated ? { volatility: 0.3, rate: 0.02 } : null };
          const choice = chooseOption(request, contracts, at);
          assert.deepEqual(chooseOption(request, [...contracts].reverse(), at), choice);
          const fitting = contracts.filter((contract) => isRight(contract, request, at));
          if (!choice.ok) {
            assert.deepEqual(
              fitting.map(({ symbol }) => symbol),
              [],
            );
            return;
          }
          assert.ok(contracts.includes(choice.contract));
          assert.ok(isInTime(choice.contract, request, at));
          assert.ok(limit === null || (choice.figures.premium !== null && atMost(choice.figures.premium, limit)));
          if (!estimated) assert.ok(fitting.includes(choice.contract));
          const middle = (request.dteMin + request.dteMax) / 2;
          const off = (contract: OptionContract): number => Math.abs(dteOf(contract, NOW) - middle);
          for (const other of fitting) assert.ok(off(choice.contract) <= off(other));
        },
      ),
    );
  });
});

function isInTime(contract: OptionContract, request: OptionWish, at: OptionMoment): boolean {
  const days = (contract.expiry - NOW) / DAY_MS;
  const right = request.view === 'buy' ? 'C' : 'P';
  return (
    contract.underlying === request.underlying &&
    contract.right === right &&
    days >= request.dteMin &&
    days >= at.openDteMin &&
    days <= request.dteMax
  );
}

/** Said again, one contract at a time, of contracts with a quote, or where moneyness and any price are asked for. */
function isRight(contract: OptionContract, request: OptionWish, at: OptionMoment): boolean {
  if (!isInTime(contract, request, at)) return false;
  const [strike, spot] = [Number(contract.strike), Number(at.spot)];
  const moneyness = (contract.right === 'C' ? strike - spot : spot - strike) / spot;
  const seen = at.seen.get(contract.symbol);
  if (seen === undefined) {
    return request.target.kind === 'moneyness' && request.premiumMax === null && Math.abs(moneyness - request.target.value) <= request.target.within;
  }
  const ask = seen.ask as Price; // every generated quote has both sides
  if (Number(ask) <= 0 || Number(seen.bid) > Number(ask)) return false;
  if (request.premiumMax !== null && !atMost(notional(ask, qty('1'), contract.multiplier), request.premiumMax)) return false;
  const value = request.target.kind === 'delta' ? (seen.delta ?? NaN) : moneyness;
  return Math.abs(value - request.target.value) <= request.target.within;
}
