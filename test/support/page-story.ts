/** A market and its trades, made up but consistent, for tests of the page: the same story each time, told as facts and feeds. */
import { money, price, qty, ratio, rounded, scale, subtract, notional, add, type Money, type Price } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact, Refusal } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Bracket, Fill, OrderIntent, Side } from '#trading/model/order.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import { EVENT_VERSION } from '#protocol/events.ts';
import type { ActorView, ChartBar, PendingView, View, WindowFeed } from '#protocol/view.ts';

/** 2026-03-02 09:00 UTC. */
export const STORY_START = Date.UTC(2026, 2, 2, 9);
export const MINUTE_MS = 60_000;
const BARS = 240;
const FEE = ratio('0.001');
const BUDGET = money('1000');
const ASSET = 'crypto_spot';
const MODE = 'paper';
const STRATEGY = 'ema-cross';
const PRICE_PLACES = 2;

export interface StorySymbol {
  readonly symbol: string;
  readonly start: number;
  readonly qty: string;
}
const BTC: StorySymbol = { symbol: 'BTC/USDT', start: 64_200, qty: '0.0003' };
const ETH: StorySymbol = { symbol: 'ETH/USDT', start: 3180, qty: '0.006' };

export class PageStory {
  readonly facts: Fact[] = [];
  readonly bars: Record<string, ChartBar[]> = {};
  now = STORY_START;
  budget: Money = BUDGET;
  killed = false;
  latencyMs: number | null = null;
  modes: View['modes'] = { [ASSET]: { paper: true, live: false, pending: null } };
  #realisedToday: Money = money('0');
  #quotes = 0;
  #trades = 0;
  #state: number;

  constructor(seed = 7) {
    this.#state = seed;
    for (const { symbol } of [BTC, ETH]) this.#add('catalog', { type: 'instrument.changed', body: { instrument: instrumentOf(symbol) } });
  }

  /** Four hours of market with a round trip every few minutes, two of them still open at the end. */
  tell(): this {
    for (let minute = 0; minute < BARS; minute++) {
      this.minute();
      if (minute % 9 === 5) this.trade(minute % 2 === 0 ? BTC : ETH, minute % 4 !== 1);
      if (minute % 31 === 7) this.refuse(minute % 2 === 0 ? BTC : ETH);
    }
    this.open(BTC);
    this.minute();
    this.minute();
    return this;
  }

  /** One more minute of both symbols. */
  minute(): void {
    this.now += MINUTE_MS;
    this.#quotes += 24;
    for (const { symbol, start } of [BTC, ETH]) {
      const bars = (this.bars[symbol] ??= []);
      const open = bars.at(-1)?.close ?? start;
      const close = open * (1 + (this.#draw() - 0.498) * 0.0016);
      const wick = open * 0.0004 * this.#draw();
      const two = (value: number): number => Math.round(value * 100) / 100;
      bars.push({
        time: Math.floor((this.now - MINUTE_MS) / 1000),
        open: two(open),
        high: two(Math.max(open, close) + wick),
        low: two(Math.min(open, close) - wick),
        close: two(close),
      });
    }
  }

  /** A round trip that closes now. */
  trade(of: StorySymbol = BTC, isGain = true): ClosedTrade {
    const openedAt = this.now - 4 * MINUTE_MS;
    const entry = this.price(of.symbol);
    const exit = rounded(scale(entry, ratio(isGain ? '1.0052' : '0.9974')), PRICE_PLACES);
    const id = `story-${++this.#trades}`;
    this.#fill(of, id, 'buy', 'entry', entry, openedAt);
    this.#fill(of, id, 'sell', isGain ? 'take_profit' : 'stop_loss', exit, this.now);
    const fees = add(feeOf(entry, of), feeOf(exit, of));
    const pnl = subtract(subtract(notional(exit, qty(of.qty)), notional(entry, qty(of.qty))), fees);
    const budgetBefore = this.budget;
    this.budget = add(this.budget, pnl);
    this.#realisedToday = add(this.#realisedToday, pnl);
    const trade: ClosedTrade = {
      ...{ tradeId: id, asset: ASSET, mode: MODE, symbol: of.symbol, strategyId: STRATEGY, side: 'buy', qty: qty(of.qty) },
      ...{ entryPrice: entry, exitPrice: exit, fees, pnl, exitReason: isGain ? 'take_profit' : 'stop_loss' },
      ...{ openedAt, closedAt: this.now, budgetBefore, budgetAfter: this.budget },
    };
    this.#add('governor', { type: 'trade.closed', body: { trade } });
    return trade;
  }

  /** An entry that stays open, with its bracket. */
  open(of: StorySymbol = ETH): void {
    const entry = this.price(of.symbol);
    const id = `story-${++this.#trades}`;
    const bracket = {
      takeProfit: rounded(scale(entry, ratio('1.006')), PRICE_PLACES),
      stopLoss: rounded(scale(entry, ratio('0.997')), PRICE_PLACES),
    };
    this.#add('trader.crypto_spot.paper', { type: 'order.intended', body: { intent: this.#intent(of, id, entry, bracket) } });
    this.#fill(of, id, 'buy', 'entry', entry, this.now);
    this.#add('gateway.paper', {
      type: 'order.ended',
      body: { clientOrderId: id, asset: ASSET, mode: MODE, symbol: of.symbol, status: 'filled', filledQty: qty(of.qty), reason: '' },
    });
  }

  refuse(of: StorySymbol = BTC, refusal: Refusal = COOL_DOWN): void {
    const body = { clientOrderId: `no-${this.facts.length}`, asset: ASSET, mode: MODE, symbol: of.symbol, kind: 'entry', refusal } as const;
    this.#add('governor', { type: 'order.refused', body });
  }

  kill(reason: string, source = 'page'): void {
    this.killed = true;
    this.latencyMs = 3.2;
    this.#add('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason, source, flatten: false } });
  }

  rearm(): void {
    this.killed = false;
    this.#add('kill-switch', { type: 'kill.rearmed', body: { source: 'page', reason: '' } });
  }

  price(symbol: string): Price {
    return price((this.bars[symbol]?.at(-1)?.close ?? 100).toFixed(PRICE_PLACES));
  }

  /** What the main process would feed now; with `all` to a page that just started, else the newest bars alone. */
  feed({ all = true } = {}): WindowFeed {
    const run = { market: 'embedded', play: 'synthetic', seed: '42', speed: '60', startedAt: STORY_START, quotes: this.#quotes, ended: false };
    const closeOnly = this.killed ? KILLED : null;
    const wallet = { asset: ASSET, mode: MODE, budget: this.budget, walletAvailable: this.budget, closeOnly } as const;
    return {
      run: { ...run, marketNow: this.now },
      journal: { seq: this.facts.length, head: HEAD },
      actors: storyActors(),
      latch: this.killed,
      killLatencyMs: this.latencyMs,
      modes: this.modes,
      quotes: Object.keys(this.bars).map((symbol) => this.#quote(symbol)),
      bars: Object.fromEntries(Object.entries(this.bars).map(([symbol, bars]) => [symbol, all ? bars : bars.slice(-2)])),
      allowances: [{ ...wallet, usable: subtract(this.budget, money('19.26')), realisedToday: this.#realisedToday, sizing: STORY_SIZING }],
    };
  }

  #quote(symbol: string): WindowFeed['quotes'][number] {
    const bid = this.price(symbol);
    return { asset: ASSET, symbol, bid, ask: rounded(scale(bid, ratio('1.0001')), PRICE_PLACES), last: bid, at: this.now - 400 };
  }

  #fill(of: StorySymbol, id: string, side: Side, reason: Fill['reason'], at: Price, filledAt: number): void {
    const fill: Fill = {
      ...{ fillId: `${id}-${reason}`, clientOrderId: id, asset: ASSET, mode: MODE, symbol: of.symbol, strategyId: STRATEGY },
      ...{ side, reason, price: at, qty: qty(of.qty), fee: feeOf(at, of), filledAt, paper: null, venueExecutionId: null },
    };
    this.#add('gateway.paper', { type: 'fill.recorded', body: { fill } });
  }

  #intent(of: StorySymbol, clientOrderId: string, at: Price, bracket: Bracket): OrderIntent {
    const snapshot = {
      ...({ id: `q-${clientOrderId}`, broker: 'bybit', asset: ASSET, symbol: of.symbol, bid: at, ask: at, bidQty: null, askQty: null } as const),
      ...{ last: at, volume: null, exchangeAt: this.now, receivedAt: this.now },
    };
    return {
      ...{ clientOrderId, strategyId: STRATEGY, asset: ASSET, mode: MODE, symbol: of.symbol, side: 'buy', kind: 'entry', qty: qty(of.qty) },
      ...{ snapshot, bracket, sizing: null, signal: 'cross up', nonce: 1, intendedAt: this.now },
    };
  }

  #add(actor: string, event: DomainEvent): void {
    this.facts.push({ ...event, seq: this.facts.length + 1, at: this.now, actor, version: EVENT_VERSION[event.type], cause: null });
  }

  /** In [0, 1): a small generator of its own, so that the story is the same each time. */
  #draw(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}

const STORY_SIZING = { multiplier: '1', risk: '0.02', baseCap: '20', notionalCap: '20', orderMax: '20' };
/** Live of the story's asset, waiting for its confirmation until `expiresAt` (UTC milliseconds). */
export function pendingLive(expiresAt: number): PendingView {
  const type = 'LIVE crypto_spot';
  const caps = { leverageCap: ratio('1'), maxPositions: 5, maxLossPerOrder: ratio('0.01'), dailyLossCap: ratio('0.03'), maxDrawdown: ratio('0.1') };
  const venue = { market: 'testnet', broker: 'bybit', account: 'UID 1234567', unavailable: null } as const;
  return { nonce: 'n-1', expiresAt, type, summary: { budget: BUDGET, allocMode: 'absolute', ...caps, ...venue, type } };
}

const HEAD = '9f2c41d07be6aa153c08ef94d1b7520e63a9cc82f7105bd4e88a610f3d92c75b';

const COOL_DOWN: Refusal = {
  code: 'COOL_DOWN',
  rule: 'RK-1',
  numbers: { waitedMs: 421_000, cooldownMs: 900_000 },
  sentence: 'The symbol was closed 421 s ago; entries wait 900 s after a close',
};
const KILLED: Refusal = { code: 'CLOSE_ONLY', rule: 'KS-1', numbers: {}, sentence: 'The kill-switch is tripped for everything' };

const feeOf = (at: Price, { qty: size }: StorySymbol): Money => rounded(scale(notional(at, qty(size)), FEE), 8);

function instrumentOf(symbol: string): Instrument {
  return {
    ...{ id: `bybit:${symbol}`, asset: ASSET, broker: 'bybit', symbol, venueSymbol: symbol.replace('/', ''), type: 'spot' },
    ...{ base: symbol.split('/')[0] ?? '', quote: 'USDT', underlying: symbol.split('/')[0] ?? '', expiry: null, multiplier: ratio('1') },
    ...{ tickSize: price('0.01'), lotSize: qty('0.000001'), minQty: qty('0.000001'), maxQty: null, minNotional: money('1') },
    ...{ takerFee: FEE, makerFee: FEE, settlement: 'none', exerciseStyle: 'none', fundingSchedule: null, sessionCalendar: 'always' },
  };
}

function storyActors(): readonly ActorView[] {
  const base = { restarts: 0, mailbox: 0, epoch: 1, pid: null, idleMs: 300, lastError: null, state: 'running' } as const;
  const supervisor = (name: string, parent: string | null): ActorView => ({ ...base, name, parent, kind: 'supervisor', mode: null, idleMs: null });
  const actor = (name: string, parent: string, pid: number | null = null): ActorView => ({
    ...{ ...base, name, parent, pid },
    ...({ kind: 'actor', mode: pid === null ? 'in-memory' : 'forked' } as const),
  });
  return [
    supervisor('root', null),
    supervisor('records', 'root'),
    actor('catalog', 'records'),
    supervisor('safety', 'root'),
    actor('kill-switch', 'safety'),
    actor('governor', 'safety'),
    supervisor('brokers', 'root'),
    actor('gateway.paper', 'brokers'),
    actor('venue.embedded', 'brokers', 41_201),
    { ...actor('gateway.bybit', 'brokers', 41_215), restarts: 1, epoch: 2, idleMs: 12_400, lastError: 'the socket was closed by the venue' },
    supervisor('traders', 'root'),
    actor('trader.crypto_spot.paper', 'traders', 41_230),
    supervisor('window', 'root'),
    actor('dashboard', 'window', 41_246),
  ];
}
