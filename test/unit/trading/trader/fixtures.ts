/** Values that the tests of the trader's rooms share. Prices move on a grid of 0.01. */
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import type { TraderConfig } from '#trading/trader/config.ts';

export const T0 = 1_722_003_300_000;
export const MINUTE_MS = 60_000;

export const spot: Instrument = {
  id: 'bybit:spot:BTCUSDT',
  asset: 'crypto_spot',
  broker: 'bybit',
  symbol: 'BTC/USDT',
  venueSymbol: 'BTCUSDT',
  type: 'spot',
  base: 'BTC',
  quote: 'USDT',
  underlying: 'BTC',
  expiry: null,
  multiplier: ratio('1'),
  tickSize: price('0.01'),
  lotSize: qty('0.000001'),
  minQty: qty('0.000001'),
  maxQty: qty('1000'),
  minNotional: money('5'),
  takerFee: ratio('0.001'),
  makerFee: ratio('0.001'),
  settlement: 'none',
  exerciseStyle: 'none',
  fundingSchedule: null,
  sessionCalendar: 'always',
};

export const perp: Instrument = {
  ...spot,
  id: 'bybit:linear:ADAUSDT',
  asset: 'crypto_futures',
  symbol: 'ADA/USDT:USDT',
  venueSymbol: 'ADAUSDT',
  type: 'perp',
  base: 'ADA',
  underlying: 'ADA',
  lotSize: qty('0.001'),
  minQty: qty('0.001'),
};

const perAsset = <T>(value: T) => ({ crypto_spot: value, crypto_futures: value, forex: value, options: value });

export const settings: Settings = {
  allocMode: 'absolute',
  alloc: perAsset(money('1000')),
  perTradeRisk: perAsset(ratio('0.02')),
  percentSizingThreshold: money('1000'),
  percentSizingAboveThreshold: perAsset(ratio('0.0075')),
  profitRollover: true,
  enforceWalletAvailable: true,
  maxConcurrent: 5,
  maxPositions: perAsset(5),
  cooldownSeconds: 900,
  scale: { enabled: false, windowDays: 7, ladder: [] },
  leverageCaps: perAsset(ratio('1')),
  risk: {
    maxLossPerOrder: ratio('0.01'),
    dailyLossCap: ratio('0.03'),
    maxDrawdown: ratio('0.1'),
    quoteCollar: ratio('0.1'),
    quoteAgeMsMax: 2000,
    maxOrderNotional: money('10000'),
    ordersPerMinuteMax: 60,
    repeatedEntriesMax: 30,
    repeatedEntriesWindowSeconds: 3600,
    losingTradesMax: 0,
    duplicateWindowMs: 10_000,
    clockSkewMsMax: 1000,
  },
  paper: { harsh: true, slippageBps: 8, partialProbability: 0.2, latencyMsMin: 40, latencyMsMax: 250 },
  strictBrackets: true,
  rateLimit: ratio('0.9'),
};

export const allowanceFor = (config: TraderConfig): Allowance => ({
  asset: config.asset,
  mode: config.mode,
  budget: money('1000'),
  multiplier: ratio('1'),
  remaining: money('1000'),
  walletAvailable: money('1000'),
  usable: money('1000'),
  openPositions: 0,
  liveEntries: 0,
  closeOnly: null,
});

/** Short averages, so that a cross takes few bars. */
export const spotTrader: TraderConfig = {
  name: 'trader.crypto_spot.paper',
  asset: 'crypto_spot',
  mode: 'paper',
  strategyId: 'ema-cross',
  strategyParams: { fastBars: 2, slowBars: 4, atrBars: 3, stopAtr: 3, takeProfitAtr: 4, minStopPct: 0.003 },
  symbols: [spot.symbol, 'ETH/USDT'],
  quoteAgeMsMax: 2000,
  intervalMinutes: 1,
  gateway: 'gateway.bybit',
};

export const perpTrader: TraderConfig = { ...spotTrader, name: 'trader.crypto_futures.paper', asset: 'crypto_futures', symbols: [perp.symbol] };

export const quoteOf = (instrument: Instrument, at: number, mid: number, more: Partial<QuoteSnapshot> = {}): QuoteSnapshot => ({
  id: `q${at}`,
  broker: instrument.broker,
  asset: instrument.asset,
  symbol: instrument.symbol,
  bid: price((mid - 0.01).toFixed(2)),
  ask: price((mid + 0.01).toFixed(2)),
  bidQty: null,
  askQty: null,
  last: price(mid.toFixed(2)),
  volume: qty('1'),
  exchangeAt: at,
  receivedAt: at,
  ...more,
});

export const factOf = (seq: number, event: DomainEvent, at = T0): Fact => ({ ...event, seq, at, actor: 'test', version: 1, cause: null });
