import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import { executionIds, NO_EXECUTIONS, withExecution, type KnownExecutions } from '#trading/reconcile/executions.ts';
import { BLANK_RECONCILER, evolveReconciler, journalView, type ReconcilerState } from '#trading/reconcile/state.ts';
import { spot, T0 } from '../trader/fixtures.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What `next` holds that `before` did not: pages, and the ids in them. */
function copied(before: KnownExecutions, next: KnownExecutions): number {
  const pages = next.full === before.full ? 0 : next.full.length;
  return pages + next.open.ids.length + [...next.full].filter((page) => !before.full.includes(page)).reduce((sum, { ids }) => sum + ids.length, 0);
}

const fillOf = (index: number): Fact => {
  const fill: Fill = {
    ...{ fillId: `f${index}`, clientOrderId: 'l1', asset: 'crypto_spot', mode: 'live', symbol: spot.symbol, strategyId: 'ema-cross' },
    ...{ side: index % 2 === 0 ? 'buy' : 'sell', reason: index % 2 === 0 ? 'entry' : 'exit', price: price('100'), qty: qty('1'), fee: money('0.1') },
    ...{ filledAt: T0 + index, paper: null, venueExecutionId: `x${index}` },
  };
  return { type: 'fill.recorded', body: { fill }, seq: index + 1, at: T0 + index, actor: 'gateway.bybit.orders', version: 1, cause: null };
};

describe('reconcile: executions that are booked', () => {
  it('a fill copies one page of a day and not all of it: ten times the fills are ten times the work', () => {
    const work = (fills: number): number => {
      let [state, sum]: [ReconcilerState, number] = [BLANK_RECONCILER, 0];
      for (let index = 0; index < fills; index++) {
        const next = evolveReconciler(state, fillOf(index));
        sum += copied(state.bybit.executions, next.bybit.executions);
        state = next;
      }
      assert.equal(journalView('bybit', state.bybit).executionIds.size, fills);
      return sum;
    };
    const [few, many] = [work(640), work(6400)];
    assert.ok(many < few * 11, `${few} copies for 640 fills, ${many} for 6400`);
  });

  it('ST-3 nothing of the last day is forgotten in whatever order rows come, and what is older goes', () => {
    const row = fc.nat({ max: 3 * 24 }).map((hours) => T0 + hours * HOUR_MS);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 400 }), (rows) => {
        let known = NO_EXECUTIONS;
        for (const [index, at] of rows.entries()) known = withExecution(known, `x${index}`, at);
        const ids = executionIds(JSON.parse(JSON.stringify(known)) as KnownExecutions);
        const newest = Math.max(...rows);
        for (const [index, at] of rows.entries()) if (at >= newest - DAY_MS) assert.ok(ids.has(`x${index}`), `x${index} is forgotten`);
      }),
    );
    let known = NO_EXECUTIONS;
    for (let index = 0; index < 1000; index++) known = withExecution(known, `x${index}`, T0 + index * HOUR_MS);
    assert.ok(executionIds(known).size <= 24 + 3 * 64, `${executionIds(known).size} ids are kept of 25 in a day`);
  });
});
