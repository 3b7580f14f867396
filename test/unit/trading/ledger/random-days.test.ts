/** SZ-8 over 10,000 random days of fills and prices, against sums of whole numbers that share nothing with the decimal library. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createGovernor } from '#trading/risk/governor.ts';
import type { GovernorMemory } from '#trading/risk/memory.ts';
import type { GovernorState } from '#trading/risk/state.ts';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import { ASSETS, MODES, type Asset, type Instrument, type Mode } from '#trading/model/instrument.ts';
import type { Allowance, Message } from '#trading/model/messages.ts';
import type { Fill } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { perp, quoteOf, settings as base, spot, T0 } from '../trader/fixtures.ts';

const DAYS = 10_000;
const DAY_MS = 86_400_000;
const SEED = 20_261_125;
/** Prices have 5 decimals, quantities 6 and fees 11: so has every product of a price and a quantity. */
const PLACES = 11;

const MARKETS: readonly Instrument[] = [
  spot,
  { ...spot, id: 'eth', symbol: 'ETH/USDT' },
  { ...perp, multiplier: ratio('10') },
  { ...perp, id: 'eur', asset: 'forex', broker: 'ibkr', symbol: 'EUR/USD' },
  { ...perp, id: 'aapl', asset: 'options', broker: 'ibkr', symbol: 'AAPL-20150117-C-95', multiplier: ratio('100') },
];
const ALLOC: Readonly<Record<Asset, string>> = { crypto_spot: '1000', crypto_futures: '1500', forex: '5000.01', options: '3000' };
const settings: Settings = {
  ...base,
  alloc: { crypto_spot: money('1000'), crypto_futures: money('1500'), forex: money('5000.01'), options: money('3000') },
};

/** A generator of its own (mulberry32), so that the days are the same everywhere. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Canonical text of `units` of 10^-places. */
function textOf(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -places)}${fraction === '' ? '' : `.${fraction}`}`;
}

const unitsOf = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
};

/** What the test knows of a position, in whole numbers. */
interface Held {
  readonly side: 'buy' | 'sell';
  readonly orderId: string;
  qty: bigint;
  cash: bigint;
}

/** The governor alone, under fills that any gateway could have written. */
class Days {
  readonly governor = createGovernor({ name: 'governor' });
  readonly random: (below: number) => number;
  readonly realised = new Map<string, bigint>();
  readonly held = new Map<string, Held>();
  readonly trades: { readonly key: string; readonly pnl: string; readonly before: string; readonly after: string }[] = [];
  readonly rules: Settings;
  state: GovernorState;
  memory: GovernorMemory;
  now = T0;
  fills = 0;
  #seq = 0;

  constructor(rules: Settings, seed: number) {
    this.rules = rules;
    this.random = randomOf(seed);
    this.state = this.governor.initial;
    this.memory = this.governor.blank;
    this.record('system', { type: 'settings.loaded', body: { settings: rules, source: 'test' } });
    for (const instrument of MARKETS) this.record('catalog', { type: 'instrument.changed', body: { instrument } });
  }

  tell(message: Message): unknown {
    const { events, memory, reply } = this.governor.decide(this.state, this.memory, message, this.now);
    if (memory !== undefined) this.memory = memory;
    for (const event of events) this.#evolve('governor', event);
    for (const event of events) {
      if (event.type !== 'trade.closed') continue;
      const { asset, mode, pnl, budgetBefore, budgetAfter } = event.body.trade;
      this.trades.push({ key: `${asset}|${mode}`, pnl, before: budgetBefore, after: budgetAfter });
    }
    return reply;
  }

  record(actor: string, event: DomainEvent): void {
    const fact = this.#evolve(actor, event);
    this.tell({ type: 'fact.recorded', body: { fact } });
  }

  /** A day: prices that move nothing, and up to four fills that open, add, reduce or close. */
  day(): void {
    this.now += DAY_MS;
    for (let left = this.random(5); left > 0; left--) {
      const market = MARKETS[this.random(MARKETS.length)] ?? spot;
      this.tell({ type: 'quote.received', body: { quote: quoteOf(market, this.now, 50 + this.random(10_000) / 100) } });
      this.fill(market, MODES[this.random(2)] ?? 'paper');
    }
  }

  fill(market: Instrument, mode: Mode): void {
    const { asset, symbol } = market;
    const key = `${asset}|${mode}|${symbol}`;
    const before = this.held.get(key);
    const isClosing = before !== undefined && this.random(3) > 0;
    const side =
      before === undefined ? (['buy', 'sell'] as const)[this.random(2)] : isClosing ? (before.side === 'buy' ? 'sell' : 'buy') : before.side;
    if (side === undefined) return;
    const orderId = before?.orderId ?? `o${this.fills}`;
    const wanted = BigInt(1 + this.random(90_000_000));
    const units = isClosing && (this.random(2) === 0 || wanted > before.qty) ? before.qty : wanted;
    const at = BigInt(1 + this.random(900_000_000));
    const fee = BigInt(this.random(2 ** 31)) * BigInt(this.random(900));
    this.#book(key, { side, orderId, qty: 0n, cash: 0n }, isClosing ? -units : units, at * units * BigInt(market.multiplier), side, fee);
    const fill: Fill = {
      fillId: `f${this.fills++}`,
      clientOrderId: orderId,
      asset,
      mode,
      symbol,
      strategyId: `s${this.random(3)}`,
      side,
      reason: isClosing ? 'exit' : 'entry',
      price: price(textOf(at, 5)),
      qty: qty(textOf(units, 6)),
      fee: money(textOf(fee, PLACES)),
      filledAt: this.now,
      paper: null,
      venueExecutionId: 'v',
    };
    this.record('gateway.test', { type: 'fill.recorded', body: { fill } });
  }

  /** The independent computation: cash in less cash out less fees, booked when the position is gone. */
  #book(key: string, opened: Held, units: bigint, value: bigint, side: 'buy' | 'sell', fee: bigint): void {
    const held = this.held.get(key) ?? opened;
    held.qty += units;
    held.cash += (side === 'sell' ? value : -value) - fee;
    this.held.set(key, held);
    if (held.qty > 0n) return;
    this.held.delete(key);
    const account = key.split('|').slice(0, 2).join('|');
    this.realised.set(account, (this.realised.get(account) ?? 0n) + held.cash);
  }

  budgets(): ReadonlyMap<string, string> {
    const all = this.tell({ type: 'actor.asked', body: { query: 'allowances', args: [] } }) as readonly Allowance[];
    return new Map(all.map(({ asset, mode, budget }) => [`${asset}|${mode}`, budget]));
  }

  #evolve(actor: string, event: DomainEvent): Fact {
    const fact: Fact = { ...event, seq: ++this.#seq, at: this.now, actor, version: 1, cause: null };
    this.state = this.governor.evolve(this.state, fact);
    return fact;
  }
}

function lived(days: Days, count: number, allotted: (asset: Asset, mode: Mode) => bigint): void {
  for (let day = 0; day < count; day++) {
    const before = days.trades.length;
    days.day();
    if (days.trades.length === before && day % 50 > 0) continue;
    const budgets = days.budgets();
    for (const asset of ASSETS) {
      for (const mode of MODES) {
        const expected = allotted(asset, mode) + (days.realised.get(`${asset}|${mode}`) ?? 0n);
        assert.equal(budgets.get(`${asset}|${mode}`), textOf(expected, PLACES), `${asset} ${mode} on day ${day}`);
      }
    }
  }
}

describe('ledger: random days', function () {
  this.timeout(120_000);

  it(`SZ-8 for ${DAYS} days of fills and prices: budget = alloc + Σ realised, to the last decimal`, () => {
    const days = new Days(settings, SEED);
    lived(days, DAYS, (asset) => unitsOf(ALLOC[asset]));
    assert.ok(days.fills > DAYS && days.trades.length > DAYS / 4, `${days.fills} fills, ${days.trades.length} trades`);
    const sums = new Map<string, string>();
    for (const { key, before, after } of days.trades) {
      assert.equal(before, sums.get(key) ?? before, `${key}: what one trade leaves the next one finds`);
      sums.set(key, after);
    }
    assert.equal(sums.size, ASSETS.length * MODES.length, 'every asset and mode traded');
  });

  it('SZ-8 the same with shares of a wallet', () => {
    const shares = { ...ALLOC, crypto_spot: '0.25', crypto_futures: '0.125', forex: '0.5', options: '0.0625' };
    const alloc = { crypto_spot: money('0.25'), crypto_futures: money('0.125'), forex: money('0.5'), options: money('0.0625') };
    const days = new Days({ ...settings, allocMode: 'percent', alloc, paperWallet: { bybit: money('4000'), ibkr: money('8000') } }, SEED + 1);
    for (const broker of ['bybit', 'ibkr'] as const) {
      days.tell({ type: 'wallet.reported', body: { broker, mode: 'live', equity: money('16000'), available: money('16000'), at: T0 } });
    }
    const baseOf = (asset: Asset, mode: Mode): bigint => (mode === 'live' ? 16_000n : asset.startsWith('crypto') ? 4000n : 8000n);
    lived(days, 1000, (asset, mode) => unitsOf(shares[asset]) * baseOf(asset, mode));
  });

  it('SZ-8 without profit_rollover the budget is what is allotted, whatever was realised', () => {
    const days = new Days({ ...settings, profitRollover: false }, SEED + 2);
    for (let day = 0; day < 200; day++) days.day();
    assert.ok(days.trades.length > 20);
    for (const [key, budget] of days.budgets()) assert.equal(budget, settings.alloc[key.split('|')[0] as Asset], key);
  });
});
