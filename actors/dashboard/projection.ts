/** Facts and the feed of the main process into the page's view, and from one look to the next into a patch. No clock, no I/O. */
import { notional, price, rounded, subtract, type Money } from '#trading/money/decimal.ts';
import { positionKey, type BookedPosition } from '#trading/ledger/positions.ts';
import { walletKey } from '#trading/ledger/wallet.ts';
import type { Fact } from '#trading/model/events.ts';
import type {
  ActorView,
  ChartBar,
  JournalView,
  PositionView,
  QuoteView,
  RunView,
  View,
  ViewPatch,
  ViewSnapshot,
  WalletView,
  WindowFeed,
} from '#protocol/view.ts';
import { mergeBars } from '#protocol/view-patch.ts';
import { diffViews } from './diff.ts';
import { BLANK_FACTS, evolvePage, type PageFacts } from './page-facts.ts';

/** Symbols whose quotes and bars are kept; a feed that names more is not one of ours. */
export const SYMBOLS_SHOWN_MAX = 200;
const UNREALISED_PLACES = 8;

export class Projection {
  #facts: PageFacts;
  #run: RunView;
  #journal: JournalView = { seq: 0, head: '' };
  #actors: readonly ActorView[] = [];
  #latch = false;
  #killLatencyMs: number | null = null;
  #modes: View['modes'] = {};
  #wallets: ReadonlyMap<string, WalletView> = new Map();
  readonly #quotes = new Map<string, QuoteView>();
  readonly #bars = new Map<string, readonly ChartBar[]>();
  #told: View;
  #seq = 0;

  constructor(market: string, facts: PageFacts = BLANK_FACTS) {
    this.#facts = facts;
    this.#run = { market, play: '', seed: '', speed: '', marketNow: 0, startedAt: 0, quotes: 0, ended: false };
    this.#told = this.view();
  }

  /** What a restart goes on from. */
  get facts(): PageFacts {
    return this.#facts;
  }

  apply(fact: Fact): void {
    this.#facts = evolvePage(this.#facts, fact);
  }

  /** @throws RangeError where the feed names more symbols than are kept. */
  feed({ run, journal, actors, latch, killLatencyMs, modes, quotes, bars, allowances }: WindowFeed): void {
    this.#run = run;
    this.#journal = journal;
    this.#actors = actors;
    this.#latch = latch;
    this.#modes = modes;
    this.#killLatencyMs = killLatencyMs;
    this.#modes = modes;
    this.#wallets = new Map(allowances.map((wallet) => [walletKey(wallet), wallet]));
    for (const quote of quotes) this.#quotes.set(quote.symbol, quote);
    for (const [symbol, more] of Object.entries(bars)) this.#bars.set(symbol, mergeBars(this.#bars.get(symbol) ?? [], more));
    if (Math.max(this.#quotes.size, this.#bars.size) > SYMBOLS_SHOWN_MAX) {
      throw new RangeError(`the window's feed names more than ${SYMBOLS_SHOWN_MAX} symbols`);
    }
  }

  view(): View {
    const { trades, refusals, markers, equity, totals, kill, positions } = this.#facts;
    return {
      run: this.#run,
      kill: {
        ...kill,
        // Fails closed: a latch that no fact speaks of yet is a kill as well.
        tripped: kill.scopes.length > 0 || this.#latch,
        latch: this.#latch,
        latencyMs: this.#killLatencyMs,
      },
      journal: this.#journal,
      modes: this.#modes,
      wallets: Object.fromEntries(this.#wallets),
      quotes: Object.fromEntries(this.#quotes),
      positions: Object.fromEntries(Object.values(positions).map((position) => [positionKey(position), this.#marked(position)])),
      totals,
      actors: this.#actors,
      trades,
      refusals,
      bars: Object.fromEntries(this.#bars),
      markers,
      equity,
    };
  }

  /** What changed since the last take, however much came in between; null where nothing did. */
  takePatch(): ViewPatch | null {
    const now = this.view();
    const body = diffViews(this.#told, now);
    this.#told = now;
    return body === null ? null : { seq: ++this.#seq, ...body };
  }

  /** Where the last patch led. */
  snapshot(): ViewSnapshot {
    return { seq: this.#seq, view: this.#told };
  }

  #marked(position: BookedPosition): PositionView {
    const { asset, mode, symbol, strategyId, side, qty, averagePrice, fees, realised, bracket, entryOrderId, openedAt, funding } = position;
    const quote = this.#quotes.get(symbol);
    const mark = quote === undefined ? null : side === 'buy' ? quote.bid : quote.ask;
    return {
      ...{ asset, mode, symbol, strategyId, side, qty, averagePrice, fees, realised, bracket, entryOrderId, openedAt },
      ...(funding === undefined ? {} : { funding }),
      mark,
      unrealised: mark === null ? null : unrealisedOf(position, mark),
    };
  }
}

/** (mark − average price) × quantity × multiplier, the other way round for a short; USD, before fees. */
function unrealisedOf({ side, qty, averagePrice, multiplier }: BookedPosition, mark: string): Money {
  const worth = notional(price(mark), qty, multiplier);
  const cost = notional(averagePrice, qty, multiplier);
  return rounded(side === 'buy' ? subtract(worth, cost) : subtract(cost, worth), UNREALISED_PLACES);
}
