/** Governor, simulator and journal under random markets, orders, kills, crashes and settings: what must hold whatever happens. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, atLeast, atMost, lessThan, notional, price, ratio, scale, subtract, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import { quoteAge } from '#trading/market/freshness.ts';
import { ACCOUNTS, allowanceOf, exposureOf, marginOf } from '#trading/risk/allowance.ts';
import { evolveGovernor, BLANK_GOVERNOR, type GovernorState } from '#trading/risk/state.ts';
import { budgetOf, EMPTY_WALLET, walletKey } from '#trading/ledger/wallet.ts';
import { rederiveFill } from '#trading/paper/rederive.ts';
import type { Fact } from '#trading/model/events.ts';
import { brokerOf } from '#trading/model/instrument.ts';
import type { Fill } from '#trading/model/order.ts';
import type { House } from './house.ts';
import { forge, play, settings, STEPS, verified } from './scenes.ts';

/** The governor's state just before each fact, by sequence number. */
function* replayed(facts: readonly Fact[]): Generator<readonly [before: GovernorState, fact: Fact]> {
  let state = BLANK_GOVERNOR;
  for (const fact of facts) {
    yield [state, fact];
    state = evolveGovernor(state, fact);
  }
}

const always = (property: (house: House) => void, runs = 150) => {
  fc.assert(
    fc.property(STEPS, (steps) => property(play(steps))),
    { numRuns: runs },
  );
};

describe('risk: for any market, orders, kills and crashes', function () {
  this.timeout(60_000);

  it('the scenes are not empty: they trade, refuse, trip wires and close by stop, profit, exit and flatten', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(STEPS, (steps) => {
        const house = play(steps);
        for (const fill of house.fills) seen.add(`${fill.reason}${fill.paper?.draws.fillFraction === '1' ? '' : ' part'}`);
        for (const { refusal } of house.of('order.refused')) seen.add(refusal.code);
        for (const { refusal } of house.of('tripwire.tripped')) seen.add(`wire ${refusal.code}`);
        for (const { status } of house.of('order.ended')) seen.add(status);
      }),
      { numRuns: 250, seed: 1 },
    );
    const expected = [
      'entry',
      'entry part',
      'exit',
      'stop_loss',
      'stop_loss part',
      'take_profit',
      'flatten',
      'STALE_QUOTE',
      'NO_BRACKET',
      'NO_SHORT',
    ];
    const codes = [
      'CLOSE_ONLY',
      'COOL_DOWN',
      'POSITION_EXISTS',
      'NOTHING_TO_CLOSE',
      'MAX_ORDER_NOTIONAL',
      'wire DAILY_LOSS_CAP',
      'filled',
      'cancelled',
      'expired',
    ];
    assert.deepEqual(
      [...expected, ...codes].filter((what) => !seen.has(what)),
      [],
    );
  });

  it('VF-1 every paper fill is proven', () => always((house) => assert.deepEqual(house.problems(), [])));

  it('VF-1 the verifier, which shares no code with the governor, finds nothing wrong', () =>
    always((house) => assert.deepEqual(verified(house.facts), [])));

  it('VF-1 any altered price, quantity, fee or draw is not', () => {
    const units = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(
        STEPS,
        fc.nat(),
        fc.constantFrom('price', 'qty', 'fee', 'latency', 'fraction', 'seed'),
        units,
        fc.boolean(),
        (steps, pick, what, by, up) => {
          const house = play(steps);
          const fill = house.fills[pick % Math.max(1, house.fills.length)];
          if (fill === undefined) return;
          const forged = forge(fill, what, (by * (up ? 1 : -1)) / 1000);
          assert.notDeepEqual(rederiveFill(forged, house.contextOf(fill)), [], `${what} of ${fill.fillId}`);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('SZ-8 budget = alloc + Σ realised to the last decimal, of its own asset and mode and of no other', () =>
    always((house) => {
      const cash: Record<string, Money> = {};
      const open: Record<string, Money> = {};
      for (const fill of house.fills) {
        const key = `${fill.asset}|${fill.symbol}`;
        const value = scale(notional(fill.price, fill.qty), fill.paper?.multiplier ?? ratio('1'));
        open[key] = subtract(add(open[key] ?? ZERO_MONEY, fill.side === 'sell' ? value : subtract(ZERO_MONEY, value)), fill.fee);
        if (house.of('trade.closed').some(({ trade }) => trade.closedAt === fill.filledAt && trade.symbol === fill.symbol && isLast(house, fill))) {
          cash[walletKey(fill)] = add(cash[walletKey(fill)] ?? ZERO_MONEY, open[key] ?? ZERO_MONEY);
          open[key] = ZERO_MONEY;
        }
      }
      for (const asset of ['crypto_spot', 'crypto_futures', 'forex', 'options'] as const) {
        const key = walletKey({ asset, mode: 'paper' });
        const wallet = house.governor.state.wallets[key] ?? EMPTY_WALLET;
        assert.equal(budgetOf(settings, settings.alloc[asset], wallet), add(settings.alloc[asset], cash[key] ?? ZERO_MONEY), asset);
        assert.equal(house.governor.state.wallets[walletKey({ asset, mode: 'live' })], undefined);
      }
      for (const { trade } of house.of('trade.closed')) assert.equal(trade.budgetAfter, add(trade.budgetBefore, trade.pnl));
    }));

  it('QS-1 BR-1 nothing is approved without a fresh snapshot and, to enter, a bracket on the right side', () =>
    always((house) => {
      for (const fact of house.facts) {
        if (fact.type !== 'order.approved') continue;
        const { intent } = fact.body;
        assert.ok(quoteAge(intent.snapshot, fact.at) <= 2000);
        assert.ok(
          intent.snapshot.symbol === intent.symbol && lessThan(price('0'), intent.snapshot.bid) && atMost(intent.snapshot.bid, intent.snapshot.ask),
        );
        if (intent.kind === 'exit') continue;
        assert.ok(intent.bracket !== null);
        const [low, high] =
          intent.side === 'buy' ? [intent.bracket.stopLoss, intent.bracket.takeProfit] : [intent.bracket.takeProfit, intent.bracket.stopLoss];
        assert.ok(lessThan(low, intent.snapshot.bid) && lessThan(intent.snapshot.ask, high));
        assert.ok(intent.asset !== 'crypto_spot' || intent.side === 'buy');
      }
    }));

  it('KS-3 RK-1 close-only never approves or accepts an entry', () =>
    always((house) => {
      const kinds = new Map(house.of('order.intended').map(({ intent }) => [intent.clientOrderId, intent.kind]));
      for (const [before, fact] of replayed(house.facts)) {
        if (fact.type !== 'order.approved' && fact.type !== 'order.accepted') continue;
        const { asset, mode, clientOrderId } = fact.body;
        if (kinds.get(clientOrderId) !== 'entry') continue;
        assert.ok(!before.killed.some((scope) => scope === 'all' || scope === asset || scope === brokerOf(asset)));
        if (fact.type === 'order.accepted') continue;
        assert.ok(!(before.wires[walletKey({ asset, mode })] ?? []).some(({ until }) => until === null || until > fact.at));
      }
    }));

  it('SZ-5 SZ-6 what is committed after an approval is at most the budget, and exposure at most leverage × budget', () =>
    always((house) => {
      for (const [before, fact] of replayed(house.facts)) {
        if (fact.type !== 'order.approved' || fact.body.intent.kind !== 'entry') continue;
        const after = evolveGovernor(before, fact);
        const { asset } = fact.body;
        const budget = budgetOf(settings, settings.alloc[asset], after.wallets[walletKey(fact.body)] ?? EMPTY_WALLET);
        const exposure = exposureOf(after, fact.body);
        assert.ok(atMost(marginOf(settings, asset, exposure), budget), `${exposure} of ${budget}`);
        assert.ok(atMost(exposure, scale(budget, settings.leverageCaps[asset])));
      }
    }));

  it('SZ-5 SZ-8 a refusal, and an order that ends without a fill, leave every wallet, budget and commitment as if nobody had asked', () =>
    always((house) => {
      const moneyOf = (state: GovernorState, now: number) =>
        ACCOUNTS.map((account) => {
          const allowance = allowanceOf(state, account, now, {});
          return allowance && [allowance.budget, allowance.remaining, allowance.usable, allowance.liveEntries, exposureOf(state, account)];
        });
      let asked: { readonly seq: number; readonly money: ReturnType<typeof moneyOf> } | null = null;
      for (const [before, fact] of replayed(house.facts)) {
        if (fact.type === 'order.intended') asked = { seq: fact.seq, money: moneyOf(before, fact.at) };
        if (fact.type !== 'order.refused') continue;
        const after = evolveGovernor(before, fact);
        assert.deepEqual(moneyOf(after, fact.at), moneyOf(before, fact.at));
        assert.equal(after.wallets, before.wallets);
        assert.equal(after.positions, before.positions);
        // Between the two a crash may lie, and what it left behind.
        if (asked?.seq === fact.seq - 1) assert.deepEqual(moneyOf(after, fact.at), asked.money);
      }
      // When nothing is on its way and nothing is held, all of the budget is there.
      house.clock(house.now + 10_000);
      const { state } = house.governor;
      for (const account of ACCOUNTS) {
        const allowance = allowanceOf(state, account, house.now, {});
        assert.ok(allowance !== null);
        const isIdle = Object.values(state.positions).every(({ asset, mode }) => asset !== account.asset || mode !== account.mode);
        if (isIdle && !lessThan(allowance.budget, ZERO_MONEY)) assert.equal(allowance.remaining, allowance.budget);
        assert.ok(!lessThan(allowance.usable, ZERO_MONEY) && atMost(allowance.usable, allowance.remaining));
      }
    }));

  it('PX-1 PX-2 no fill is better than allowed', () =>
    always((house) => {
      for (const fill of house.fills) {
        assert.ok(fill.paper !== null);
        const { pricedOn, triggerPrice } = fill.paper;
        const isNoBetter = (than: Fill['price']): boolean => (fill.side === 'buy' ? atLeast(fill.price, than) : atMost(fill.price, than));
        if (fill.reason === 'entry' || fill.reason === 'exit') {
          const { snapshot } = house.contextOf(fill).intent;
          assert.ok(isNoBetter(fill.side === 'buy' ? snapshot.ask : snapshot.bid), fill.fillId);
        } else if (fill.reason !== 'take_profit') {
          assert.ok(isNoBetter(fill.side === 'buy' ? pricedOn.ask : pricedOn.bid), fill.fillId);
        }
        if (triggerPrice !== null) assert.ok(isNoBetter(triggerPrice), fill.fillId);
      }
    }));

  it('ST-2 ST-5 every intent has one verdict, every approved order at most one acceptance and one end, every close one trade', () =>
    always((house) => {
      house.clock(house.now + 10_000);
      const once = (ids: readonly string[], what: string) => assert.equal(new Set(ids).size, ids.length, `${what} twice`);
      const verdicts = [...house.of('order.approved'), ...house.of('order.refused')].map(({ clientOrderId }) => clientOrderId);
      once(verdicts, 'a verdict');
      assert.deepEqual(
        verdicts.sort(),
        house
          .of('order.intended')
          .map(({ intent }) => intent.clientOrderId)
          .sort(),
      );
      const ids = (type: 'order.accepted' | 'order.ended') => house.of(type).map(({ clientOrderId }) => clientOrderId);
      once(ids('order.accepted'), 'an acceptance');
      once(ids('order.ended'), 'an end');
      assert.deepEqual(
        ids('order.ended').sort(),
        house
          .of('order.approved')
          .map(({ clientOrderId }) => clientOrderId)
          .sort(),
      );
      once(
        house.of('trade.closed').map(({ trade }) => trade.tradeId),
        'a trade',
      );
      once(
        house.fills.map(({ fillId }) => fillId),
        'a fill',
      );
      assert.deepEqual(house.governor.state.closing, []);
    }));

  it('the simulator and the governor hold the same positions', () =>
    always((house) => {
      const ofPaper = Object.values(house.paper.state.holdings).map(({ asset, symbol, side, qty: held }) => `${asset} ${symbol} ${side} ${held}`);
      const ofGovernor = Object.values(house.governor.state.positions).map(
        ({ asset, symbol, side, qty: held }) => `${asset} ${symbol} ${side} ${held}`,
      );
      assert.deepEqual(ofPaper.sort(), ofGovernor.sort());
    }));

  it('ST-5 replaying the journal gives the same state, also from a snapshot as JSON', () =>
    always((house) => {
      for (const resident of [house.governor, house.paper] as const) {
        const heard = house.facts.filter((fact) => fact.actor === resident.name || resident.facts.has(fact.type));
        const half = Math.floor(heard.length / 2);
        // Both residents evolve by their own function; the union of their types is not callable.
        const evolve = resident.behavior.evolve as (state: unknown, fact: Fact) => unknown;
        const snapshot: unknown = JSON.parse(JSON.stringify(heard.slice(0, half).reduce<unknown>(evolve, resident.behavior.initial)));
        assert.deepEqual(heard.slice(half).reduce<unknown>(evolve, snapshot), resident.state);
      }
    }));

  it('the same steps give the same facts', () => {
    fc.assert(
      fc.property(STEPS, (steps) => assert.deepEqual(play(steps).facts, play(steps).facts)),
      { numRuns: 50 },
    );
  });
});

function isLast(house: House, fill: Fill): boolean {
  const sameMoment = house.fills.filter(
    ({ filledAt, symbol, asset }) => filledAt === fill.filledAt && symbol === fill.symbol && asset === fill.asset,
  );
  return sameMoment.at(-1) === fill;
}
