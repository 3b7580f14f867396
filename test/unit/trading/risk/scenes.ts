/** Random scenes for the properties: markets, orders, kills, crashes; and what is asked of the journal that comes out. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { add, money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Fill } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { FillRules } from '#state/verify/fills.ts';
import { instrumentKey, OrderBook } from '#state/verify/order-book.ts';
import { OrderRules } from '#state/verify/orders.ts';
import type { Report } from '#state/verify/report.ts';
import { TradeRules } from '#state/verify/trades.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, SEED, settings as base } from './house.ts';

const small = { minNotional: money('1') };
const INSTRUMENTS: readonly Instrument[] = [
  { ...spot, ...small },
  { ...spot, ...small, id: 'eth', symbol: 'ETH/USDT', venueSymbol: 'ETHUSDT', base: 'ETH', underlying: 'ETH' },
  { ...perp, ...small, multiplier: ratio('10') },
  { ...perp, ...small, id: 'eur', asset: 'forex', broker: 'ibkr', symbol: 'EUR/USD', venueSymbol: 'EURUSD', base: 'EUR', underlying: 'EUR' },
];
export const settings: Settings = {
  ...base,
  alloc: { crypto_spot: money('40'), crypto_futures: money('60'), forex: money('500'), options: money('0') },
  perTradeRisk: { ...base.perTradeRisk, crypto_spot: ratio('0.7'), crypto_futures: ratio('0.9') },
  leverageCaps: { ...base.leverageCaps, crypto_futures: ratio('3'), forex: ratio('10') },
  risk: { ...base.risk, maxLossPerOrder: ratio('0.05'), dailyLossCap: ratio('0.004'), maxDrawdown: ratio('0.02') },
  paper: { harsh: true, slippageBps: 8, partialProbability: 0.4, latencyMsMin: 0, latencyMsMax: 2500 },
  cooldownSeconds: 5,
};

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('quote' as const),
      of: fc.nat(3),
      bps: fc.integer({ min: -250, max: 250 }),
      ms: fc.integer({ min: 0, max: 1500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bad' as const), of: fc.nat(3), kind: fc.nat(2), ms: fc.integer({ min: 0, max: 1500 }) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('enter' as const),
      of: fc.nat(3),
      short: fc.boolean(),
      usd: fc.integer({ min: 1, max: 45 }),
      naked: fc.nat(9),
      oldMs: fc.nat(3000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('exit' as const), of: fc.nat(3), part: fc.constantFrom(0.3, 1, 1, 2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(100, 3000, 20_000, 86_400_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      scope: fc.constantFrom('all' as const, 'bybit' as const, 'forex' as const),
      flatten: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rearm' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), held: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export const STEPS = fc.array(step, { minLength: 20, maxLength: 100 });

export function play(steps: readonly Step[], rules: Settings = settings): House {
  const house = new House(INSTRUMENTS, rules);
  const mids = INSTRUMENTS.map(() => 1000);
  INSTRUMENTS.forEach((instrument) => house.quoteAt(T0, 1000, instrument));
  steps.forEach((each, index) => take(house, mids, each, index));
  return house;
}

function take(house: House, mids: number[], each: Step, index: number): void {
  const instrument = INSTRUMENTS['of' in each ? each.of : 0] ?? spot;
  const mid = mids['of' in each ? each.of : 0] ?? 1000;
  switch (each.do) {
    case 'quote':
      mids[each.of] = Number((mid * (1 + each.bps / 10_000)).toFixed(2));
      return void house.quoteAt(house.now + each.ms, mids[each.of] ?? mid, instrument);
    case 'bad': {
      const at = house.now + each.ms;
      const bad = [{ bid: price('2000'), ask: price('1') }, { bid: price('0') }, { exchangeAt: at - 2001 }][each.kind] ?? {};
      return void house.quoteAt(at, mid * 0.5, instrument, bad);
    }
    case 'enter':
      return enter(house, instrument, mid, each, index);
    case 'exit': {
      const held = house.governor.state.positions[`${instrument.asset}|paper|${instrument.symbol}`];
      const snapshot = house.quoteAt(house.now, mid, instrument);
      const wanted = (Number(held?.qty ?? '0.01') * each.part).toFixed(3);
      if (Number(wanted) === 0) return;
      return house.intend(exitOn(snapshot, wanted, instrument, { clientOrderId: `x${index}`, side: held?.side === 'sell' ? 'buy' : 'sell' }));
    }
    case 'clock':
      return house.clock(house.now + each.ms);
    case 'kill':
      return house.append('kill-switch', [
        { type: 'kill.tripped', body: { scope: each.scope, reason: 'test', source: 'test', flatten: each.flatten } },
      ]);
    case 'rearm':
      return house.append('kill-switch', [{ type: 'kill.rearmed', body: { source: 'test', reason: 'test' } }]);
    case 'crash':
      if (each.held) {
        house.isHeld = true;
        enter(house, instrument, mid, { short: false, usd: 10, naked: 0, oldMs: 0 }, index);
      }
      return house.crash();
  }
}

function enter(
  house: House,
  instrument: Instrument,
  mid: number,
  { short, usd, naked, oldMs }: Pick<Extract<Step, { do: 'enter' }>, 'short' | 'usd' | 'naked' | 'oldMs'>,
  index: number,
): void {
  const snapshot = house.quoteAt(house.now, mid, instrument);
  if (oldMs > 1800) house.now += oldMs;
  const wanted = (usd / (mid * Number(instrument.multiplier))).toFixed(3);
  const made = entryOn(snapshot, instrument, { clientOrderId: `e${index}`, side: short ? 'sell' : 'buy', qty: qty(wanted), intendedAt: house.now });
  house.intend(naked === 1 ? { ...made, bracket: null } : made);
}

/** The rules of verify over facts that no store holds. */
export function verified(facts: readonly Fact[]): readonly string[] {
  const found: string[] = [];
  const book = new OrderBook();
  book.seed = SEED;
  const orders = new OrderRules(book);
  const trades = new TradeRules(book);
  const fills = new FillRules(book, (of, by, trip, report) => trades.closed(of, by, trip, report));
  for (const fact of facts) {
    const report: Report = (rule, what) => void found.push(`${fact.seq} ${rule}: ${what}`);
    if (fact.type === 'settings.loaded') book.settings = fact.body.settings;
    if (fact.type === 'instrument.changed') book.instruments.set(instrumentKey(fact.body.instrument), fact.body.instrument);
    orders.check(fact, report);
    fills.check(fact, true, report);
    trades.check(fact, report);
  }
  return found;
}

/** The fill with one of its numbers changed. */
export function forge(fill: Fill, what: string, by: number): Fill {
  assert.ok(fill.paper !== null);
  const { draws } = fill.paper;
  const withDraws = (more: Partial<typeof draws>): Fill => ({
    ...fill,
    paper: fill.paper === null ? null : { ...fill.paper, draws: { ...draws, ...more } },
  });
  switch (what) {
    case 'price':
      return { ...fill, price: price((Number(fill.price) + by).toFixed(3)) };
    case 'qty':
      return { ...fill, qty: qty((Number(fill.qty) + by).toFixed(3)) };
    case 'fee':
      return { ...fill, fee: add(fill.fee, money(String(by))) };
    case 'latency':
      return withDraws({ latencyMs: draws.latencyMs + Math.ceil(Math.abs(by) * 10) });
    case 'fraction':
      return withDraws({ fillFraction: ratio((Number(draws.fillFraction) * 0.9 + 0.001).toFixed(4)) });
    default:
      return withDraws({ seed: `${draws.seed}0` });
  }
}
