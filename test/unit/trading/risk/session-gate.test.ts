/** SS-1 in the governor's chain, in the trader's and in the simulator: the same calendars, on paper as in live. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { loadCalendars } from '#config/calendars.ts';
import { entrySessionRefusal, exitSessionRefusal } from '#trading/calendar/gate.ts';
import { price, qty } from '#trading/money/decimal.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { orderGates } from '#trading/risk/why.ts';
import { eurUsd } from '../paper/ibkr-instruments.ts';
import { verified } from '../paper/option-scene.ts';
import { spot } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings as base, verdict } from './house.ts';

const at = (text: string): number => Date.parse(text);
/** In New York: Wednesday noon; its daily break; the guard before the nightly reset; Saturday; Christmas of the options. */
const OPEN = at('2026-01-07T17:00:00Z');
const BREAK = at('2026-01-07T22:05:00Z');
const GUARD = at('2026-01-08T05:12:00Z');
const SATURDAY = at('2026-01-10T17:00:00Z');

let settings: Settings;
before(async () => {
  settings = { ...base, sessions: await loadCalendars('config') };
});

const enter = (house: House, when: number, instrument: Instrument = eurUsd): OrderIntent => {
  const quote = house.quoteAt(when, 1.25, instrument);
  return entryOn(quote, instrument, { qty: qty('10'), bracket: { stopLoss: price('1.2'), takeProfit: price('1.4') } });
};

/** Ten at 1.26 or so, bought at noon. */
function holding(): House {
  const house = new House([eurUsd], settings);
  house.intend(enter(house, OPEN));
  house.clock(OPEN + 300);
  assert.equal(house.fills.length, 1, JSON.stringify(house.of('order.refused')));
  return house;
}

describe('SS-1 the session as a gate', () => {
  for (const [what, when, code, numbers] of [
    ['an open market is entered', OPEN, null, {}],
    ['the daily break is not', BREAK, 'SESSION_CLOSED', { why: 'closed', opensAt: at('2026-01-07T22:15:00Z') }],
    ['the broker is about to be away', GUARD, 'SESSION_CLOSED', { begun: 'no' }],
    ['the weekend is not', SATURDAY, 'SESSION_CLOSED', { why: 'closed', opensAt: at('2026-01-11T22:15:00Z') }],
  ] as const) {
    it(`SS-1 ${what}`, async () => {
      const house = new House([eurUsd], settings);
      const refusal = verdict(house, enter(house, when));
      assert.equal(refusal?.code ?? null, code);
      for (const [key, value] of Object.entries(numbers)) assert.equal(refusal?.numbers[key], value);
      assert.deepEqual(await verified(house), []);
    });
  }

  it('SS-1 a holiday, an early close, and a calendar that nobody has', async () => {
    const { sessions } = settings;
    const option = { symbol: 'SPY', broker: 'ibkr', sessionCalendar: 'US_EQUITY_OPTIONS' } as const;
    const said = (when: string, instrument: Parameters<typeof entrySessionRefusal>[0] = option) => {
      const refusals = [
        entrySessionRefusal(instrument, { ...(sessions && { sessions }) }, at(when)),
        exitSessionRefusal(instrument, settings, at(when)),
      ];
      return refusals.map((refusal) => refusal?.numbers['why'] ?? null);
    };
    assert.deepEqual(said('2026-12-25T16:00:00Z'), ['holiday', 'holiday']);
    assert.deepEqual(said('2026-11-27T17:59:00Z'), [null, null]);
    assert.deepEqual(said('2026-11-27T18:00:00Z'), ['closed', 'closed']);
    assert.deepEqual(said('2006-06-01T15:00:00Z'), ['unknown', 'unknown']);
    assert.deepEqual(said('2026-01-07T17:00:00Z', { ...option, sessionCalendar: 'MARS' }), ['unknown', null], 'it lets out, and nobody in');
    await Promise.resolve();
  });

  it('SS-1 what trades around the clock, and a journal without calendars, know no sessions', () => {
    const always = new House([spot], settings);
    assert.equal(verdict(always, entryOn(always.quoteAt(SATURDAY, 100))), null);
    const old = new House([eurUsd], base);
    assert.equal(verdict(old, enter(old, SATURDAY)), null);
  });

  it('SS-1 RG-2 why names the gate with its numbers, after the order was refused by it and where it passed', () => {
    const house = new House([eurUsd], settings);
    house.intend(enter(house, BREAK));
    const [stopped] = orderGates(house.governor.memory.cases, {}, 'forex').map(({ gates }) => gates.at(-1));
    assert.deepEqual([stopped?.gate, stopped?.rule, stopped?.outcome], ['session', 'SS-1', 'stopped']);
    assert.match(stopped?.sentence ?? '', /EUR\/USD: IDEALPRO is closed/);
    const open = holding();
    const gates = orderGates(open.governor.memory.cases, {}, 'forex')[0]?.gates ?? [];
    const own = gates.find(({ gate }) => gate === 'session');
    assert.deepEqual([own?.outcome, own?.numbers], ['passed', { calendar: 'IDEALPRO', at: OPEN }]);
  });

  it('SS-1 an exit waits where the venue is closed, and goes where the broker is only about to be away', () => {
    const closed = holding();
    const quote = closed.quoteAt(BREAK, 1.25, eurUsd);
    assert.equal(verdict(closed, exitOn(quote, '10', eurUsd))?.code, 'SESSION_CLOSED');
    const guarded = holding();
    assert.equal(verdict(guarded, exitOn(guarded.quoteAt(GUARD, 1.25, eurUsd), '10', eurUsd)), null);
  });

  it('SS-1 PX-2 a stop that a quote touches while the venue is closed fills at the open, at the gap', async () => {
    const house = holding();
    house.quoteAt(BREAK - 10 * 60_000, 1.22, eurUsd);
    house.quoteAt(BREAK, 1.15, eurUsd);
    house.quoteAt(BREAK + 1000, 1.15, eurUsd);
    assert.equal(house.fills.length, 1, 'nothing trades now');
    const reopened = at('2026-01-07T22:15:00Z');
    house.quoteAt(reopened, 1.1, eurUsd);
    const fill = house.fills[1];
    assert.deepEqual([fill?.reason, fill?.filledAt, Number(fill?.price) < 1.1], ['stop_loss', reopened, true]);
    assert.deepEqual(await verified(house), []);
  });

  it('VF-1 SS-1 an order that was approved, accepted or filled in a closed market is found', async () => {
    const house = holding();
    house.quoteAt(BREAK - 60_000 * 6, 1.18, eurUsd);
    house.quoteAt(BREAK - 60_000 * 6 + 1000, 1.18, eurUsd);
    assert.equal(house.fills.length, 2);
    const shut = { ...settings.sessions, calendars: {} };
    for (const [rules, found] of [
      [{ ...settings, sessions: { ...shut, resets: {} } }, /SESSION: .* was approved at .*SESSION: .* was accepted/s],
      [{ ...settings, sessions: { ...settings.sessions, resets: {}, calendars: { IDEALPRO: CLOSED } } }, /SESSION: .* was filled at/],
    ] as const) {
      const problems = await verified(house, (fact) =>
        fact.type === 'settings.loaded' ? { ...fact, body: { ...fact.body, settings: rules } } : fact,
      );
      assert.match(problems.join('\n'), found);
    }
  });
});

const CLOSED = {
  ...{ name: 'IDEALPRO', weekly: [[], [], [], [], [], [], []], holidays: [], earlyCloses: {} },
  ...{ knownFrom: '2013-01-01', knownTo: '2028-12-31' },
};
