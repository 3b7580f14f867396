/** Feeds the page: quotes and bars conflated to a few feeds a second, so that a flood of quotes costs the page's process nothing. */
import type { SystemOptions } from './system-options.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { Bar, QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import { rounded, smaller } from '#trading/money/decimal.ts';
import { notionalCapOf } from '#trading/sizing/size.ts';
import {
  CHART_BARS_MAX,
  type ActorView,
  type ChartBar,
  type JournalView,
  type QuoteView,
  type RunView,
  type SizingView,
  type View,
  type WalletView,
  type WindowFeed,
} from '#protocol/view.ts';

const MINUTE_MS = 60_000;
const CAP_PLACES = 8;

export interface WindowSources {
  run(): RunView;
  journal(): JournalView;
  actors(): readonly ActorView[];
  allowances(): readonly Allowance[];
  settings(): Settings;
  realisedToday(allowance: Allowance): string;
  latch(): boolean;
  killLatencyMs(): number | null;
  modes(): View['modes'];
}

/** What the page says of the run. */
export function runView(
  { market, plan, seed, speed }: Pick<SystemOptions, 'market' | 'plan' | 'seed' | 'speed'>,
  startedAt: Instant,
  marketNow: Instant,
  quotes: number,
  ended: boolean,
): View['run'] {
  return { market, play: plan.label, seed: String(seed), speed: Number.isFinite(speed) ? String(speed) : 'max', marketNow, startedAt, quotes, ended };
}

/** Gathers what changed since the last feed; `takeAll` is for a page process that has just started. */
export class Window {
  readonly #sources: WindowSources;
  readonly #quotes = new Map<string, QuoteView>();
  readonly #bars = new Map<string, ChartBar[]>();
  readonly #changed = new Set<string>();
  /** First bar not yet fed, by symbol: an open bar is fed again while it moves. */
  readonly #fed = new Map<string, number>();

  constructor(sources: WindowSources) {
    this.#sources = sources;
  }

  onQuote(quote: QuoteSnapshot): void {
    const { asset, symbol, bid, ask, last, exchangeAt: at } = quote;
    this.#quotes.set(symbol, { asset, symbol, bid, ask, last, at });
    this.#changed.add(symbol);
    this.#onPrice(symbol, at, last === null ? (Number(bid) + Number(ask)) / 2 : Number(last));
  }

  /** Bars from before the first quote: the chart begins with what the indicators were warmed with. */
  onHistory(symbol: string, history: readonly Bar[]): void {
    const known = this.#bars.get(symbol) ?? [];
    const first = known[0]?.time ?? Infinity;
    const older = history.map(({ at, open, high, low, close }) => ({ time: at / 1000, open, high, low, close })).filter(({ time }) => time < first);
    if (older.length === 0) return;
    this.#bars.set(symbol, [...older, ...known].slice(-CHART_BARS_MAX));
    this.#fed.delete(symbol);
    this.#changed.add(symbol);
  }

  takeChanges(): WindowFeed {
    const changed = [...this.#changed];
    this.#changed.clear();
    const bars: Record<string, readonly ChartBar[]> = {};
    for (const symbol of changed) {
      const all = this.#bars.get(symbol) ?? [];
      const from = this.#fed.get(symbol) ?? 0;
      bars[symbol] = all.filter(({ time }) => time >= from);
      this.#fed.set(symbol, all.at(-1)?.time ?? 0);
    }
    return this.#feed(
      changed.flatMap((symbol) => this.#quotes.get(symbol) ?? []),
      bars,
    );
  }

  takeAll(): WindowFeed {
    this.#changed.clear();
    for (const [symbol, bars] of this.#bars) this.#fed.set(symbol, bars.at(-1)?.time ?? 0);
    return this.#feed([...this.#quotes.values()], Object.fromEntries(this.#bars));
  }

  #feed(quotes: readonly QuoteView[], bars: Readonly<Record<string, readonly ChartBar[]>>): WindowFeed {
    const { run, journal, actors, allowances, latch, killLatencyMs, modes } = this.#sources;
    return {
      run: run(),
      journal: journal(),
      actors: actors(),
      latch: latch(),
      killLatencyMs: killLatencyMs(),
      modes: modes(),
      quotes,
      bars,
      allowances: allowances().map((allowance) => this.#wallet(allowance)),
    };
  }

  #wallet(allowance: Allowance): WalletView {
    const { asset, mode, budget, walletAvailable, usable, closeOnly } = allowance;
    const sizing = sizingOf(allowance, this.#sources.settings());
    return { asset, mode, budget, walletAvailable, usable, closeOnly, sizing, realisedToday: this.#sources.realisedToday(allowance) };
  }

  #onPrice(symbol: string, at: Instant, price: number): void {
    if (!Number.isFinite(price)) return;
    const time = Math.floor(at / MINUTE_MS) * (MINUTE_MS / 1000);
    const bars = this.#bars.get(symbol) ?? [];
    const open = bars.at(-1);
    if (open === undefined || time > open.time) {
      bars.push({ time, open: price, high: price, low: price, close: price });
      if (bars.length > CHART_BARS_MAX) bars.shift();
      this.#bars.set(symbol, bars);
    } else if (time === open.time) {
      bars[bars.length - 1] = { ...open, high: Math.max(open.high, price), low: Math.min(open.low, price), close: price };
    }
  }
}

function sizingOf({ asset, budget, multiplier, usable }: Allowance, settings: Settings): SizingView {
  const { baseCap, notionalCap } = notionalCapOf({ settings, asset, budget, multiplier });
  return {
    multiplier,
    risk: settings.perTradeRisk[asset],
    baseCap: rounded(baseCap, CAP_PLACES),
    notionalCap: rounded(notionalCap, CAP_PLACES),
    orderMax: rounded(smaller(notionalCap, usable), CAP_PLACES),
  };
}
