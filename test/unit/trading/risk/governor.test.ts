import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Refusal } from '#trading/model/events.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { perp, quoteOf, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings, verdict } from './house.ts';

const eth = { ...spot, id: 'bybit:spot:ETHUSDT', symbol: 'ETH/USDT', venueSymbol: 'ETHUSDT', base: 'ETH', underlying: 'ETH' };

const risk = (more: Partial<Settings['risk']>): Settings => ({ ...settings, risk: { ...settings.risk, ...more } });

/** The refusal of one entry in a new house. */
function refusal(more: Partial<OrderIntent>, rules: Settings = settings, before: (house: House) => void = () => {}): Refusal | null {
  const house = new House([spot, perp, eth], rules);
  before(house);
  return verdict(house, entryOn(house.quoteAt(house.now, 100), spot, { clientOrderId: 'judged', ...more }));
}

function opened(rules: Settings = settings): House {
  const house = new House([spot, perp, eth], rules);
  assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100))), null);
  house.clock(T0 + 300);
  return house;
}

/** A position opened at 100 and stopped at `mid`. */
function lost(rules: Settings, mid = 98): House {
  const house = opened(rules);
  house.quoteAt(T0 + 1000, mid);
  assert.equal(house.of('trade.closed').length, 1);
  return house;
}

const allowance = (house: House): Allowance => {
  const all = house.tell('governor', { type: 'actor.asked', body: { query: 'allowances', args: [] } }) as readonly Allowance[];
  const found = all.find(({ asset }) => asset === 'crypto_spot');
  assert.ok(found !== undefined);
  return found;
};

describe('risk/governor: an entry', () => {
  it('RK-1 that passes everything is approved whole, with its notional, margin and loss at the stop', () => {
    const house = new House();
    const intent = entryOn(house.quoteAt(T0, 100));
    assert.equal(verdict(house, intent), null);
    const [approval] = house.of('order.approved');
    assert.deepEqual(approval?.intent, intent);
    // 0.15 at an ask of 100.01, the stop at 99.01.
    assert.deepEqual([approval?.notional, approval?.margin, approval?.maxLoss], ['15.0015', '15.0015', '0.15']);
  });

  it('SZ-5 its margin is the notional over the leverage where there is leverage', () => {
    const house = new House([perp], { ...settings, leverageCaps: { ...settings.leverageCaps, crypto_futures: ratio('3') } });
    house.intend(entryOn(house.quoteAt(T0, 100, perp), perp, { side: 'sell' }));
    assert.deepEqual([house.of('order.approved')[0]?.notional, house.of('order.approved')[0]?.margin], ['14.9985', '4.9995']);
  });

  const atAsk = { stopLoss: price('99'), takeProfit: price('102') };
  const stale = quoteOf(spot, T0 - 2001, 100);
  const cases: readonly (readonly [title: string, code: string, rule: string, refusal: () => Refusal | null])[] = [
    ['KS-3 while the switch is tripped', 'CLOSE_ONLY', 'KS-3', () => refusal({}, settings, (house) => kill(house, 'bybit'))],
    ['RT-5 while the feed is down', 'BROKER_DOWN', 'RT-5', () => refusal({}, settings, (house) => feed(house, false))],
    ['RT-2 in a mode that is off, as live is unless it was switched on', 'MODE_OFF', 'RT-2', () => refusal({ mode: 'live' })],
    ['CF-1 with a share of no wallet', 'BUDGET_EXHAUSTED', 'SZ-5', () => refusal({}, { ...settings, allocMode: 'percent' })],
    ['LC-1 of an instrument nobody listed', 'UNKNOWN_INSTRUMENT', 'LC-1', () => refusal({ symbol: 'NO/USDT' })],
    ['QS-1 on a quote older than two seconds', 'STALE_QUOTE', 'QS-1', () => refusal({ snapshot: stale })],
    ['QS-1 on the quote of another symbol', 'BAD_QUOTE', 'QS-1', () => refusal({ snapshot: quoteOf(eth, T0, 100) })],
    ['QS-2 on a crossed quote', 'BAD_QUOTE', 'QS-2', () => refusal({ snapshot: { ...quoteOf(spot, T0, 100), bid: price('101') } })],
    ['QS-2 on a quote far from the last good one', 'BAD_QUOTE', 'QS-2', () => refusal({ snapshot: quoteOf(spot, T0, 120), bracket: null })],
    ['BR-1 without a bracket', 'NO_BRACKET', 'BR-1', () => refusal({ bracket: null })],
    ['BR-1 with its stop above', 'BRACKET_WRONG_SIDE', 'BR-1', () => refusal({ bracket: { stopLoss: price('101'), takeProfit: price('102') } })],
    ['SZ-6 that sells spot short', 'NO_SHORT', 'SZ-6', () => refusal({ side: 'sell', bracket: { stopLoss: price('101'), takeProfit: price('98') } })],
    ['SZ-4 above its cap', 'MAX_ORDER_NOTIONAL', 'SZ-4', () => refusal({ qty: qty('0.2') })],
    [
      'SZ-4 below the minimum of the venue',
      'BELOW_MINIMUM',
      'SZ-4',
      () => refusal({}, { ...settings, perTradeRisk: { ...settings.perTradeRisk, crypto_spot: ratio('0.001') } }),
    ],
    ['RK-2 above the largest order', 'MAX_ORDER_NOTIONAL', 'RK-2', () => refusal({}, risk({ maxOrderNotional: money('14') }))],
    ['RK-1 that could lose too much', 'MAX_LOSS_PER_ORDER', 'RK-1', () => refusal({ bracket: atAsk }, risk({ maxLossPerOrder: ratio('0.00015') }))],
  ];
  for (const [title, code, rule, judged] of cases) {
    it(`${title} is refused with ${code}`, () => {
      const found = judged();
      assert.deepEqual([found?.code, found?.rule], [code, rule]);
      assert.ok(found !== null && found.sentence.length > 0);
    });
  }

  it('SZ-5 above what is usable is refused with BUDGET_EXHAUSTED', () => {
    const rules = {
      ...settings,
      alloc: { ...settings.alloc, crypto_spot: money('25') },
      perTradeRisk: { ...settings.perTradeRisk, crypto_spot: ratio('0.8') },
    };
    const house = opened({ ...rules, risk: { ...rules.risk, maxLossPerOrder: ratio('1') } });
    const second = entryOn(house.quoteAt(T0 + 400, 100, eth), eth, { qty: qty('0.12') });
    assert.deepEqual(verdict(house, second)?.code, 'BUDGET_EXHAUSTED');
  });

  it('SZ-6 above the leverage cap is refused with LEVERAGE_CAP', () => {
    const rules = { ...settings, leverageCaps: { ...settings.leverageCaps, crypto_futures: ratio('0.01') } };
    const house = new House([perp], rules);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100, perp), perp))?.code, 'LEVERAGE_CAP');
  });

  it('RK-1 counts positions and entries on their way, and names the lower of the two limits', () => {
    for (const [rules, code] of [
      [{ ...settings, maxConcurrent: 1 }, 'MAX_CONCURRENT'],
      [{ ...settings, maxPositions: { ...settings.maxPositions, crypto_spot: 1 } }, 'MAX_POSITIONS'],
    ] as const) {
      const house = new House([spot, eth, perp], rules);
      assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100))), null);
      assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 1, 100, eth), eth))?.code, code, 'an entry on its way');
      house.clock(T0 + 300);
      assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 400, 100, eth), eth))?.code, code, 'a position');
      assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 400, 100, perp), perp)), null, 'another asset is not concerned');
    }
  });

  it('RK-2 one entry a symbol at a time, RK-1 one position a symbol', () => {
    const house = new House();
    assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100))), null);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 1, 100)))?.code, 'DUPLICATE_INTENT');
    house.clock(T0 + 300);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 400, 100)))?.code, 'POSITION_EXISTS');
  });

  it('RK-1 cools down after a close, per symbol', () => {
    const house = lost(settings);
    const early = verdict(house, entryOn(house.quoteAt(T0 + 60_999, 98)));
    assert.deepEqual([early?.code, early?.numbers['leftMs']], ['COOL_DOWN', 1]);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 60_999, 100, eth), eth)), null);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 61_000, 98))), null);
  });

  it('RK-2 is throttled by the minute', () => {
    const house = new House([spot, eth, perp], risk({ ordersPerMinuteMax: 1 }));
    assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100))), null);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 59_999, 100, eth), eth))?.code, 'THROTTLED');
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 60_000, 100, eth), eth, { clientOrderId: 'later' })), null);
  });

  it('ST-2 the same order again is one order: no second verdict while it lives, a refusal afterwards', () => {
    const house = new House();
    const intent = entryOn(house.quoteAt(T0, 100));
    house.intend(intent);
    house.intend(intent);
    assert.deepEqual([house.of('order.approved').length, house.of('order.refused').length], [1, 0]);
    house.clock(T0 + 300);
    house.intend(intent);
    assert.deepEqual([house.of('order.approved').length, house.of('order.refused')[0]?.refusal.code], [1, 'DUPLICATE_INTENT']);
    assert.equal(house.fills.length, 1);
  });

  it('CF-1 before settings are loaded everything is refused', () => {
    const house = new House();
    house.governor.state = { ...house.governor.state, settings: null };
    assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100)))?.code, 'NOT_CONFIGURED');
    assert.equal(verdict(house, exitOn(house.quoteAt(T0, 100), '1'))?.code, 'NOT_CONFIGURED');
  });
});

describe('risk/governor: an exit', () => {
  it('KS-3 RK-1 passes a kill, a wire, an empty budget and a throttle', () => {
    const house = opened(risk({ ordersPerMinuteMax: 1 }));
    kill(house, 'all');
    feed(house, false);
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 1000, 100), '0.15')), null);
    assert.deepEqual([house.of('order.approved')[1]?.notional, house.of('order.approved')[1]?.margin], ['14.9985', '0']);
  });

  it('is refused with NOTHING_TO_CLOSE where it closes nothing, or more than there is', () => {
    const house = opened();
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 400, 100, eth), '0.15', eth))?.code, 'NOTHING_TO_CLOSE');
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 400, 100), '0.15', spot, { side: 'buy' }))?.code, 'NOTHING_TO_CLOSE');
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 401, 100), '0.151', spot, { clientOrderId: 'more' }))?.code, 'NOTHING_TO_CLOSE');
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 402, 100), '0.1')), null);
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 403, 100), '0.1', spot, { clientOrderId: 'twice' }))?.code, 'NOTHING_TO_CLOSE');
  });

  it('QS-1 needs a fresh quote', () => {
    const house = opened();
    const snapshot = house.quoteAt(T0 + 1000, 100);
    house.now = T0 + 3001;
    assert.equal(verdict(house, exitOn(snapshot, '0.15'))?.code, 'STALE_QUOTE');
  });
});

describe('risk/governor: closed trades and budgets', () => {
  it('SZ-8 books the trade on the budget, exactly, once', () => {
    const house = lost(settings);
    const [trade] = house.of('trade.closed').map((body) => body.trade);
    assert.ok(trade !== undefined);
    // Bought 0.15 at 100.1, sold at 97.91: −0.3285, fees 0.015015 and 0.0146865.
    assert.deepEqual(
      [trade.pnl, trade.fees, trade.exitReason, trade.budgetBefore, trade.budgetAfter, trade.tradeId],
      ['-0.3582015', '0.0297015', 'stop_loss', '1000', '999.6417985', house.fills[0]?.clientOrderId],
    );
    assert.equal(allowance(house).budget, '999.6417985');
    assert.deepEqual(house.problems(), []);
  });

  it('SZ-8 without profit_rollover the budget stays', () => {
    const house = lost({ ...settings, profitRollover: false });
    assert.deepEqual([house.of('trade.closed')[0]?.trade.budgetAfter, allowance(house).budget], ['1000', '1000']);
  });

  it('SZ-5 tells what may be used whenever it is another, and only then', () => {
    const house = new House();
    const told = () => house.tells.filter(({ to }) => to === 'trader.crypto_spot.paper').map(({ body }) => body as Allowance);
    assert.equal(told().length, 1, 'as soon as settings are known');
    house.quoteAt(T0, 100);
    house.clock(T0 + 10);
    assert.equal(told().length, 1);
    house.intend(entryOn(house.quoteAt(T0 + 20, 100)));
    assert.equal(told().length, 1, 'the order goes first');
    house.clock(T0 + 20);
    const { usable, liveEntries, openPositions } = told().at(-1) ?? allowance(house);
    assert.deepEqual([usable, liveEntries, openPositions], ['984.9985', 1, 0]);
    house.clock(T0 + 400);
    assert.deepEqual([told().at(-1)?.usable, told().at(-1)?.liveEntries, told().at(-1)?.openPositions], ['984.985', 0, 1]);
    assert.deepEqual([...new Set(house.tells.map(({ to }) => to))].sort(), [
      'trader.crypto_futures.paper',
      'trader.crypto_spot.paper',
      'trader.forex.paper',
      'trader.options.paper',
    ]);
  });

  it('SZ-7 the ladder follows the last seven days, and falls back when they have passed', () => {
    const scale = { enabled: true, windowDays: 7, ladder: [{ profit: money('0.1'), multiplier: ratio('1.5') }] };
    const house = opened({ ...settings, scale });
    house.quoteAt(T0 + 1000, 103);
    assert.deepEqual([house.of('trade.closed').length, allowance(house).multiplier], [1, '1.5']);
    const before = house.tells.length;
    house.clock(T0 + 8 * 86_400_000);
    assert.equal(allowance(house).multiplier, '1');
    assert.equal(house.tells.length, before + 1, 'time alone changed it');
  });

  it('KS-3 a kill is told to the traders it covers', () => {
    const house = new House();
    kill(house, 'crypto_spot');
    assert.equal(allowance(house).closeOnly?.code, 'CLOSE_ONLY');
    const last = house.tells.at(-1);
    assert.deepEqual([last?.to, (last?.body as Allowance).closeOnly?.rule], ['trader.crypto_spot.paper', 'KS-3']);
  });
});

describe('risk/governor: wires', () => {
  const tight = risk({ dailyLossCap: ratio('0.0003'), maxDrawdown: ratio('0.5') });

  it('RK-1 the daily loss cap trips until the next UTC midnight: close-only for its asset and mode', () => {
    const house = lost(tight);
    const [wire] = house.of('tripwire.tripped');
    const midnight = T0 - (T0 % 86_400_000) + 86_400_000;
    assert.deepEqual([wire?.asset, wire?.mode, wire?.refusal.code, wire?.until], ['crypto_spot', 'paper', 'DAILY_LOSS_CAP', midnight]);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 70_000, 98)))?.code, 'DAILY_LOSS_CAP');
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 70_000, 100, perp), perp)), null, 'another asset is not concerned');
    assert.equal(allowance(house).closeOnly?.code, 'DAILY_LOSS_CAP');
    house.clock(midnight);
    assert.equal(allowance(house).closeOnly, null);
    assert.equal((house.tells.at(-1)?.body as Allowance).closeOnly, null, 'the trader is told that the day turned');
    assert.equal(verdict(house, entryOn(house.quoteAt(midnight, 98), spot, { clientOrderId: 'next-day' })), null);
  });

  it('RK-1 the drawdown trips until re-armed, and counts from there', () => {
    const house = lost(risk({ maxDrawdown: ratio('0.0003') }));
    assert.deepEqual(
      house.of('tripwire.tripped').map(({ refusal: { code }, until }) => [code, until]),
      [['MAX_DRAWDOWN', null]],
    );
    house.clock(T0 + 3 * 86_400_000);
    assert.equal(verdict(house, entryOn(house.quoteAt(house.now, 98)))?.code, 'MAX_DRAWDOWN');
    house.append('kill-switch', [{ type: 'kill.rearmed', body: { source: 'test', reason: 'looked at it' } }]);
    assert.equal(verdict(house, entryOn(house.quoteAt(house.now + 1, 98), spot, { clientOrderId: 'again' })), null);
  });

  it('RK-1 a wire that is tripped is not tripped again by the next loss', () => {
    const house = new House([spot, eth], tight);
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.intend(entryOn(house.quoteAt(T0, 100, eth), eth));
    house.clock(T0 + 300);
    house.quoteAt(T0 + 1000, 98);
    house.quoteAt(T0 + 1000, 98, eth);
    assert.deepEqual([house.of('trade.closed').length, house.of('tripwire.tripped').length], [2, 1]);
  });

  it('CF-3 settings that change are told to the trader whose allowance they change, and to nobody else', () => {
    const house = new House();
    house.quoteAt(T0, 100);
    house.tells.length = 0;
    const alloc = { ...settings.alloc, crypto_spot: money('400') };
    house.append('system', [{ type: 'settings.loaded', body: { settings: { ...settings, alloc }, source: 'reload' } }]);
    assert.deepEqual(
      house.tells.map((tell) => [tell.to, tell.type === 'allowance.changed' ? tell.body.budget : null]),
      [['trader.crypto_spot.paper', '400']],
    );
    house.append('system', [{ type: 'settings.loaded', body: { settings: { ...settings, alloc }, source: 'reload' } }]);
    assert.equal(house.tells.length, 1);
  });

  it('RK-1 a cap that was lowered holds without a wire', () => {
    const house = lost(settings);
    house.append('system', [{ type: 'settings.loaded', body: { settings: tight, source: 'reload' } }]);
    assert.equal(house.of('tripwire.tripped').length, 0);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 70_000, 98)))?.code, 'DAILY_LOSS_CAP');
    house.append('system', [{ type: 'settings.loaded', body: { settings: risk({ maxDrawdown: ratio('0.0003') }), source: 'reload' } }]);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 70_001, 98)))?.code, 'MAX_DRAWDOWN');
  });
});

describe('risk/governor: crashes and asks', () => {
  it('ST-5 an intent without a verdict gets one after the restart; by then its quote is stale', () => {
    const house = new House();
    const snapshot = house.quoteAt(T0, 100);
    house.isHeld = true;
    house.intend(entryOn(snapshot));
    house.now = T0 + 60_000;
    house.crash();
    assert.equal(house.of('order.refused')[0]?.refusal.code, 'STALE_QUOTE');
    house.crash();
    assert.equal(house.of('order.refused').length, 1);
  });

  it('ST-5 a position closed by a fill becomes a trade after the restart, once', () => {
    const house = opened();
    house.isHeld = true;
    house.quoteAt(T0 + 1000, 95);
    assert.equal(house.of('trade.closed').length, 0);
    house.crash();
    house.crash();
    assert.equal(house.of('trade.closed').length, 1);
  });

  it('SZ-5 after a restart every trader is told again', () => {
    const house = new House();
    const before = house.tells.length;
    house.crash();
    assert.equal(house.tells.length, before + 4);
  });

  it('RG-2 why says the newest verdict with its numbers', () => {
    const house = new House();
    verdict(house, entryOn(house.quoteAt(T0, 100), spot, { bracket: null }));
    const why = house.tell('governor', { type: 'actor.asked', body: { query: 'why', args: ['crypto_spot'] } }) as readonly {
      readonly verdict: { readonly refusal: Refusal };
    }[];
    assert.deepEqual([why.length, why[0]?.verdict.refusal.code], [2, 'NO_BRACKET'], 'of paper, then of live');
    verdict(house, entryOn(house.quoteAt(T0 + 1, 100)));
    assert.deepEqual(house.governor.state.verdicts['crypto_spot|paper']?.approved, { notional: '15.0015', margin: '15.0015', maxLoss: '0.15' });
  });

  it('answers state and kill, and names what it answers otherwise', () => {
    const house = new House();
    const ask = (query: string) => house.tell('governor', { type: 'actor.asked', body: { query, args: [] } });
    assert.equal(ask('state'), house.governor.state);
    assert.deepEqual(ask('kill'), { killed: [], down: {} });
    assert.match(JSON.stringify(ask('secrets')), /answers allowances, why, state and kill/);
  });

  it('a quote changes the last good one and nothing else', () => {
    const house = new House();
    const { state, memory } = house.governor;
    const quote = house.quoteAt(T0, 100);
    assert.equal(house.governor.state, state);
    assert.deepEqual(house.governor.memory, { ...memory, lastGood: { 'crypto_spot|BTC/USDT': quote } });
  });

  it('SZ-8 a live order of the same symbol never touches the paper wallet', () => {
    const house = new House();
    assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100), spot, { mode: 'live' }))?.code, 'MODE_OFF');
    assert.equal(allowance(house).liveEntries, 0);
  });
});

function kill(house: House, scope: 'all' | 'bybit' | 'crypto_spot'): void {
  house.append('kill-switch', [{ type: 'kill.tripped', body: { scope, reason: 'test', source: 'test', flatten: false } }]);
}

function feed(house: House, up: boolean): void {
  house.tell('governor', { type: 'feed.changed', body: { broker: 'bybit', up, reason: 'test' } });
}
