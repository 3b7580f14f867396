/** The public feed under a flood of books: what a second of it costs, and whether a quote that waited was ever taken for a fresh one. */
import { WebSocket } from 'ws';
import { checkQuote } from '#trading/market/freshness.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { ratio } from '#trading/money/decimal.ts';
import { CorrectedTime } from '#venues/shared/clock.ts';
import { Counters } from '#venues/shared/counters.ts';
import { createExchange } from '#venues/bybit/create.ts';
import { marketDataUrls, type Endpoints } from '#venues/bybit/endpoints.ts';
import { Feed } from '#venues/bybit/feed.ts';
import { LIMITS } from '#venues/bybit/market-data.ts';
import { instrumentOf } from '#venues/bybit/markets.ts';
import { sleep } from '#venues/shared/retry.ts';
import { createTransport } from '#venues/bybit/transport.ts';
import type { Dialogue } from './kill-child.ts';
import { COINS, SYMBOLS, type VenueOrder, type VenueReply } from './gateway-words.ts';

export const BOOKS_A_SECOND = 5000;
export const FRESH_MS = 250;
const STALL_MS = 600;
const BATCH_MAX = 256;
const WARM_MS = 1500;
const MS_PER_S = 1000;
const LIMIT = { quoteAgeMsMax: FRESH_MS, quoteCollar: ratio('0.5') };

export interface FeedCost {
  /** Of one core, in percent. */
  readonly ours: number;
  readonly raw: number;
  readonly quotes: number;
  readonly sent: number;
  /** Quotes that were older than they may be when they came: refused, and taken for fresh. */
  readonly refused: number;
  readonly accepted: number;
}

type Venue = Dialogue<VenueOrder, VenueReply>;

export async function feedCost(venue: Venue, endpoints: Endpoints, ms: number): Promise<FeedCost> {
  const raw = await rawCost(venue, endpoints, ms);
  const transport = createTransport(LIMITS.requestMs);
  const time = new CorrectedTime(() => Date.now());
  let feed: Feed | null = null;
  let quotes = 0;
  let [refused, accepted] = [0, 0];
  const exchange = await createExchange(
    { ...LIMITS, environment: 'embedded', endpoints, categories: ['spot', 'linear'], fetch: transport.fetch },
    {
      beforeRequest: () => Promise.resolve(),
      onResponse: () => undefined,
      onMessage: (socket, message) => feed?.onMessage(socket, message) ?? true,
      onConnected: (socket) => feed?.onConnected(socket),
      onLost: (socket, reason) => feed?.onLost(socket, reason),
    },
  );
  const markets = await exchange.loadMarkets(true);
  const nothing = (): void => undefined;
  const said = new Said(venue);
  feed = new Feed(
    SYMBOLS.map((symbol) => instrumentOf(symbol, markets)),
    marketDataUrls(endpoints).api.ws.public,
    { exchange, time, counters: new Counters() },
    LIMITS.feed,
    {
      ...{ onDropped: nothing, onState: nothing, onInstrument: nothing },
      onQuote: (quote) => {
        quotes += 1;
        said.say(quote);
        // The bench's venue stamps with this machine's clock: how old the book is, is no guess here.
        if (Date.now() - quote.exchangeAt <= FRESH_MS) return;
        if (checkQuote(quote, null, LIMIT, time.now()) === null) accepted += 1;
        else refused += 1;
      },
    },
  );
  try {
    await feed.start();
    const cost = await costOf(venue, ms, () => quotes);
    await stalled(venue);
    return { ours: cost.percent, raw: raw.percent, quotes: cost.heard, sent: cost.sent, refused, accepted };
  } finally {
    feed.close();
    await transport.close();
  }
}

/** As a gateway's host does (supervisors/host.ts): what is said goes to the main process in batches, one on its way at a time. */
class Said {
  readonly #venue: Venue;
  #waiting: QuoteSnapshot[] = [];
  #isSending = false;

  constructor(venue: Venue) {
    this.#venue = venue;
  }

  say(quote: QuoteSnapshot): void {
    this.#waiting.push(quote);
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) await this.#venue.ask({ ask: 'hear', quotes: this.#waiting.splice(0, BATCH_MAX) });
    this.#isSending = false;
  }
}

async function costOf(
  venue: Venue,
  ms: number,
  heard: () => number,
): Promise<{ readonly percent: number; readonly heard: number; readonly sent: number }> {
  await venue.ask({ ask: 'flood', perSecond: BOOKS_A_SECOND });
  await sleep(WARM_MS);
  await venue.ask({ ask: 'still' });
  const before = heard();
  await venue.ask({ ask: 'flood', perSecond: BOOKS_A_SECOND });
  const [from, used] = [performance.now(), process.cpuUsage()];
  await sleep(ms);
  const { user, system } = process.cpuUsage(used);
  const wallMs = performance.now() - from;
  const { sent } = await venue.ask({ ask: 'still' });
  for (let waited = 0; heard() - before < sent && waited < MS_PER_S; waited += 1) await sleep(1);
  return { percent: ((user + system) / MS_PER_S / wallMs) * 100, heard: heard() - before, sent };
}

/** This process stands still while books go on coming: what waited is old, and must not be taken for fresh. */
async function stalled(venue: Venue): Promise<void> {
  await venue.ask({ ask: 'flood', perSecond: BOOKS_A_SECOND });
  await sleep(WARM_MS / 3);
  const until = performance.now() + STALL_MS;
  while (performance.now() < until);
  await sleep(WARM_MS / 3);
  await venue.ask({ ask: 'still' });
}

/** The same books over the same sockets, parsed and thrown away. */
async function rawCost(venue: Venue, { ws }: Endpoints, ms: number): Promise<{ readonly percent: number }> {
  let heard = 0;
  const sockets = await Promise.all((['spot', 'linear'] as const).map((category) => opened(`${ws}/v5/public/${category}`, () => (heard += 1))));
  const args = COINS.map((coin) => `orderbook.1.${coin}USDT`);
  for (const socket of sockets) socket.send(JSON.stringify({ op: 'subscribe', args }));
  await sleep(WARM_MS / 3);
  const cost = await costOf(venue, ms, () => heard);
  for (const socket of sockets) socket.terminate();
  await sleep(WARM_MS / 3);
  return cost;
}

async function opened(url: string, onBook: () => void): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (data: Buffer) => {
    if ('topic' in (JSON.parse(data.toString()) as object)) onBook();
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}
