/** A position under a bracket with forms, and quotes that come one after the other. */
import assert from 'node:assert/strict';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Bracket, Fill, Side } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House } from '../risk/house.ts';
import { latency } from './steps.ts';

/** Small enough lots and minimums that rungs of 15 USD can be orders. */
export const fineSpot: Instrument = { ...spot, minNotional: money('1') };
export const finePerp: Instrument = { ...perp, minNotional: money('1') };

export interface Forms {
  readonly side?: Side;
  readonly stopLoss: string;
  readonly takeProfit: string;
  readonly trailing?: readonly [distance: string, activation: string | null];
  readonly rungs?: readonly (readonly [price: string, fraction: string])[];
}

export function bracketOf({ stopLoss, takeProfit, trailing, rungs }: Forms): Bracket {
  return {
    stopLoss: price(stopLoss),
    takeProfit: price(takeProfit),
    ...(trailing === undefined ? {} : { trailing: { distance: price(trailing[0]), activation: trailing[1] === null ? null : price(trailing[1]) } }),
    ...(rungs === undefined ? {} : { partialTakeProfits: rungs.map(([at, fraction]) => ({ price: price(at), fraction: ratio(fraction) })) }),
  };
}

/** An entry of 0.15 at about 100, filled; bid and ask lie 0.01 around `mid`. */
export function enter(forms: Forms, rules: Settings = wide(latency(100)), instrument = forms.side === 'sell' ? finePerp : fineSpot): House {
  const house = new House([instrument], rules);
  const snapshot = house.quoteAt(T0, 100, instrument);
  house.intend(entryOn(snapshot, instrument, { side: forms.side ?? 'buy', bracket: bracketOf(forms), qty: qty('0.15') }));
  house.clock(T0 + 300);
  assert.equal(house.fills.length, 1, JSON.stringify(house.of('order.refused')[0] ?? house.of('order.ended')[0]));
  return house;
}

/** A collar that lets any move through: what is tried here is not QS-2. */
export const wide = (rules: Settings): Settings => ({ ...rules, risk: { ...rules.risk, quoteCollar: ratio('1') } });

export const mids = (house: House, instrument: Instrument, ...of: readonly number[]): void => {
  for (const mid of of) house.quoteAt(house.now + 1000, mid, instrument);
};

export const stops = (house: House): string[] => house.of('stop.trailed').map(({ stopLoss }) => stopLoss);
export const exitsOf = (house: House): string[] => house.fills.slice(1).map(({ reason, qty: part, price: at }) => `${reason} ${part} at ${at}`);
export const triggers = (fills: readonly Fill[]): string[] => fills.slice(1).map(({ paper }) => String(paper?.triggerPrice));
/** What the journal says of fills, stops and results, whatever else is in it. */
export const told = (house: House): DomainEvent[] =>
  house.facts.flatMap(({ type, body }) => (['fill.recorded', 'stop.trailed', 'trade.closed'].includes(type) ? [{ type, body } as DomainEvent] : []));
