/** What the tests of the simulator do again and again. */
import assert from 'node:assert/strict';
import { ZERO_MONEY } from '#trading/money/decimal.ts';
import type { KillScope } from '#trading/model/events.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House, settings } from '../risk/house.ts';

export const latency = (ms: number) => ({ ...settings, paper: { ...settings.paper, latencyMsMin: ms, latencyMsMax: ms } });
export const partial = { ...settings, paper: { ...settings.paper, partialProbability: 1, latencyMsMin: 100, latencyMsMax: 100 } };

/** Approved as by the governor, so that the simulator is seen on its own. */
export function approve(house: House, intent: OrderIntent): void {
  const { clientOrderId, asset, mode, symbol } = intent;
  house.append('governor', [
    {
      type: 'order.approved',
      body: { clientOrderId, asset, mode, symbol, intent, notional: ZERO_MONEY, margin: ZERO_MONEY, maxLoss: ZERO_MONEY },
    },
  ]);
}

export function opened(rules = latency(100), mid = 100): { house: House; intent: OrderIntent; snapshot: QuoteSnapshot } {
  const house = new House([spot, perp], rules);
  const snapshot = house.quoteAt(T0, mid);
  const intent = entryOn(snapshot);
  house.intend(intent);
  house.clock(T0 + 100);
  assert.equal(house.fills.length, 1, JSON.stringify(house.of('order.refused')[0] ?? house.of('order.ended')[0]));
  return { house, intent, snapshot };
}

export const kill = (house: House, scope: KillScope, flatten = false) =>
  house.append('kill-switch', [{ type: 'kill.tripped', body: { scope, reason: 'test', source: 'test', flatten } }]);
export const ends = (house: House) => house.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);
