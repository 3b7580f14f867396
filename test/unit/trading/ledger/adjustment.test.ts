import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, isZero, money, price, qty, ratio, subtract, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import { bookAdjusted } from '#trading/ledger/adjustment.ts';
import { bookFill, heldNotional, type BookedPosition } from '#trading/ledger/positions.ts';
import { walletKey } from '#trading/ledger/wallet.ts';
import type { Adjustment, DomainEvent, Held } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import { exposureOf } from '#trading/risk/allowance.ts';
import { createGovernor } from '#trading/risk/governor.ts';
import { BLANK_GOVERNOR, evolveGovernor, type GovernorState } from '#trading/risk/state.ts';
import { wiresOfNaked } from '#trading/risk/tripwires.ts';
import { BLANK_RECONCILER, evolveReconciler, journalView, type ReconcilerState } from '#trading/reconcile/state.ts';
import { evolveTrader, BLANK_STATE } from '#trading/trader/state.ts';
import { BLANK_LIVE } from '#trading/execution/live-book.ts';
import { evolveLive } from '#trading/execution/live-state.ts';
import { cashOf, Position } from '#state/verify/positions.ts';
import { factOf, perp, perpTrader, settings, T0 } from '../trader/fixtures.ts';

const ACCOUNT = { asset: perp.asset, mode: 'live' } as const;
const WHERE = { ...ACCOUNT, symbol: perp.symbol } as const;

function fill(number: number, side: 'buy' | 'sell', reason: 'entry' | 'exit', quantity: string, at: string, fee = '0.01'): Fill {
  return {
    ...WHERE,
    ...{
      fillId: `f${number}:x`,
      clientOrderId: 'entry',
      strategyId: 'ema-cross',
      side,
      reason,
      price: price(at),
      qty: qty(quantity),
      fee: money(fee),
    },
    ...{ filledAt: T0 + number, paper: null, venueExecutionId: `e${number}` },
  };
}
const held = (side: 'buy' | 'sell', quantity: string, at: string | null): Held => ({
  side,
  qty: qty(quantity),
  averagePrice: at === null ? null : price(at),
});
const adjustment = (from: Held, to: Held): Adjustment => ({ differenceId: 'd', ...WHERE, from, to, evidence: 'by hand' });

/** What hears of live positions: the governor, the reconciler's books, and the two derivations of verify. */
class Believers {
  governor: GovernorState = BLANK_GOVERNOR;
  books: ReconcilerState = BLANK_RECONCILER;
  ledger: BookedPosition | null = null;
  readonly sums = new Position(ratio('1'));
  /** Realised by the ledger, and by sums of cash. */
  booked: Money = ZERO_MONEY;
  summed: Money = ZERO_MONEY;
  #seq = 0;

  constructor() {
    this.#say({ type: 'settings.loaded', body: { settings, source: 'test' } });
    this.#say({ type: 'instrument.changed', body: { instrument: perp } });
  }

  #say(event: DomainEvent): void {
    const fact = factOf(++this.#seq, event);
    this.governor = evolveGovernor(this.governor, fact);
    this.books = evolveReconciler(this.books, fact);
  }

  fill(one: Fill): void {
    this.#say({ type: 'fill.recorded', body: { fill: one } });
    const { position, closed } = bookFill(this.ledger, one, ratio('1'));
    this.ledger = position;
    const trip = this.sums.apply(one, ratio('1'));
    assert.equal(trip === null, closed === null);
    if (closed === null || trip === null) return;
    this.booked = add(this.booked, closed.pnl);
    this.summed = add(this.summed, cashOf(trip).pnl);
  }

  adjust(by: Adjustment): void {
    this.#say({ type: 'reconcile.adjusted', body: by });
    const { position, settled } = bookAdjusted(this.ledger, by, ratio('1'));
    this.ledger = position;
    this.booked = add(this.booked, settled);
    this.summed = add(this.summed, this.sums.adjust(by) ?? ZERO_MONEY);
  }

  /** What the journal holds, as the reconciler would name it. */
  get from(): Held {
    const [position] = journalView('bybit', this.books.bybit).positions;
    return position === undefined ? null : { side: position.side, qty: position.qty, averagePrice: position.averagePrice };
  }
}

describe('ST-3 an adjusted position is what the governor believes', () => {
  it('SZ-5 exposure is that of the venue from then on, more or less or none of it', () => {
    const all = new Believers();
    all.fill(fill(1, 'buy', 'entry', '10', '2'));
    assert.equal(exposureOf(all.governor, ACCOUNT), '20');
    all.adjust(adjustment(all.from, held('buy', '15', '2.1')));
    assert.equal(exposureOf(all.governor, ACCOUNT), '31.5');
    all.adjust(adjustment(all.from, held('buy', '4', null)));
    assert.equal(exposureOf(all.governor, ACCOUNT), '8.4');
    all.adjust(adjustment(all.from, null));
    assert.equal(exposureOf(all.governor, ACCOUNT), '0');
    assert.deepEqual(all.governor.positions, {});
  });

  it('VF-1 what its fills made stays money, and the difference is neither gained nor lost', () => {
    const all = new Believers();
    all.fill(fill(1, 'buy', 'entry', '10', '2', '0.1'));
    all.fill(fill(2, 'sell', 'exit', '4', '3', '0.1'));
    all.adjust(adjustment(all.from, null));
    // 4 × (3 − 2), less both fees; of the six that are gone nothing.
    assert.equal(all.governor.wallets[walletKey(ACCOUNT)]?.realised, '3.8');
    assert.deepEqual([all.booked, all.summed], ['3.8', '3.8']);
  });

  it('ST-3 a position nobody of this house entered counts, holds its symbol, trips no wire of naked ones and is no business of a trader', () => {
    const all = new Believers();
    all.adjust(adjustment(null, held('sell', '5', '2')));
    assert.equal(exposureOf(all.governor, ACCOUNT), '10');
    assert.deepEqual(wiresOfNaked(all.governor, T0 + 60_000), []);
    const by = factOf(1, { type: 'reconcile.adjusted', body: adjustment(null, held('sell', '5', '2')) });
    assert.deepEqual(evolveTrader({ ...perpTrader, mode: 'live' }, BLANK_STATE, by).positions, {});
    all.adjust(adjustment(all.from, null));
    assert.equal(exposureOf(all.governor, ACCOUNT), '0');
    assert.deepEqual(all.governor.wallets, {});
  });

  it('ST-3 trader and gateway hold as much of their own as there is, and nothing of the other side', () => {
    const trader = { ...perpTrader, mode: 'live' } as const;
    const entered = factOf(1, { type: 'fill.recorded', body: { fill: fill(1, 'sell', 'entry', '10', '2') } });
    const after = (to: Held) => {
      const by = factOf(2, { type: 'reconcile.adjusted', body: adjustment(held('sell', '10', '2'), to) });
      const live = evolveLive('bybit', evolveLive('bybit', BLANK_LIVE, entered), by);
      return [evolveTrader(trader, evolveTrader(trader, BLANK_STATE, entered), by).positions[perp.symbol], Object.values(live.holdings)[0]?.qty];
    };
    assert.deepEqual(after(held('sell', '3', '2')), ['-3', '3']);
    assert.deepEqual(after(null), [undefined, undefined]);
    assert.deepEqual(after(held('buy', '3', '2')), [undefined, undefined]);
  });

  it('RK-1 what an adjustment makes of the day trips the wires that a trade would', () => {
    const governor = createGovernor({ name: 'governor' });
    const all = new Believers();
    all.fill(fill(1, 'buy', 'entry', '100', '2', '20'));
    all.fill(fill(2, 'sell', 'exit', '50', '1', '20'));
    all.adjust(adjustment(all.from, null));
    const fact = factOf(9, { type: 'reconcile.adjusted', body: adjustment(null, null) });
    const { events } = governor.decide(all.governor, governor.blank, { type: 'fact.recorded', body: { fact } }, T0);
    assert.deepEqual(
      events.map((event) => event.type === 'tripwire.tripped' && event.body.refusal.code),
      ['DAILY_LOSS_CAP'],
    );
  });

  it('ST-3 after any fills and adjustments the governor is exposed to what the ledger holds, and both derivations of the money agree', () => {
    const amount = fc.integer({ min: 1, max: 40 }).map((units) => (units / 4).toString());
    const at = fc.integer({ min: 100, max: 400 }).map((cents) => (cents / 100).toString());
    const side = fc.constantFrom('buy' as const, 'sell' as const);
    const step = fc.oneof(
      fc.record({ is: fc.constant('entry' as const), side, amount, at }),
      fc.record({ is: fc.constant('exit' as const), share: fc.constantFrom(0.25, 0.5, 1), at }),
      fc.record({ is: fc.constant('adjust' as const), to: fc.option(fc.record({ side, amount, at: fc.option(at) })) }),
      fc.record({ is: fc.constant('more' as const), amount, at: fc.option(at) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const all = new Believers();
        for (const [number, one] of steps.entries()) {
          const before = all.from;
          const isOwn = all.ledger !== null && all.ledger.strategyId !== 'external';
          if (one.is === 'adjust') all.adjust(adjustment(before, one.to === null ? null : held(one.to.side, one.to.amount, one.to.at)));
          else if (one.is === 'more' && before !== null) all.adjust(adjustment(before, held(before.side, one.amount, one.at)));
          // A symbol that somebody else holds is not entered; what is open is only added to by late fills of its own side.
          else if (one.is === 'entry' && (before === null || (isOwn && before.side === one.side)))
            all.fill(fill(number, one.side, 'entry', one.amount, one.at));
          else if (one.is === 'exit' && isOwn && before !== null) {
            const part = one.share === 1 ? before.qty : String(Number(before.qty) * one.share);
            all.fill(fill(number, before.side === 'buy' ? 'sell' : 'buy', 'exit', part, one.at));
          }
          const positions = Object.values(all.books.bybit.positions);
          assert.equal(exposureOf(all.governor, ACCOUNT), add(ZERO_MONEY, ...positions.map(heldNotional)));
          assert.deepEqual(Object.keys(all.governor.positions).length, positions.length);
          assert.deepEqual(all.from === null ? null : all.from.qty, all.ledger === null ? null : all.ledger.qty);
          assert.ok(isZero(subtract(all.booked, all.summed)), `${all.booked} booked, ${all.summed} summed`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
