/** Candles on the public streams: the open one as it grows, and each once more when it has closed. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Board, Exchange } from '../exchange.ts';
import type { TapeBar } from '../market/process.ts';
import type { Hub } from './hub.ts';
import { decimal, INTERVALS, pricesRow } from './rest.ts';

/** An open candle is pushed at most this often, market time. */
const KLINE_MS = 1000;
const MINUTE_MS = 60_000;
/** Candles looked at for one that has closed: more lie only behind a gap in the market. */
const BARS = 3;

const klineTopic = (interval: string, symbol: string): string => `kline.${interval}.${symbol}`;

interface Topic {
  readonly interval: string;
  readonly minutes: number;
  readonly name: string;
  /** With the category. */
  readonly key: string;
}

interface Told {
  /** Open of the newest candle that was told as closed, or that had closed before anybody listened. */
  closed: Instant;
  pushedAt: Instant;
}

export class KlineFeed {
  readonly #exchange: Exchange;
  readonly #hub: Hub;
  readonly #topics = new Map<Board, readonly Topic[]>();
  readonly #told = new Map<string, Told>();

  constructor(exchange: Exchange, hub: Hub) {
    this.#exchange = exchange;
    this.#hub = hub;
  }

  /** The market moved, or its clock did. */
  push(board: Board): void {
    for (const topic of this.#topicsOf(board)) {
      if (this.#hub.wanted(board.category, topic.name)) this.#push(board, topic, this.#toldOf(topic));
      else if (this.#told.size > 0) this.#told.delete(topic.key);
    }
  }

  #topicsOf(board: Board): readonly Topic[] {
    const known = this.#topics.get(board);
    if (known !== undefined) return known;
    const topics = Object.entries(INTERVALS).map(([interval, minutes]) => {
      const name = klineTopic(interval, board.symbol);
      return { interval, minutes, name, key: `${board.category}/${name}` };
    });
    this.#topics.set(board, topics);
    return topics;
  }

  #toldOf({ key, minutes }: Topic): Told {
    const known = this.#told.get(key);
    if (known !== undefined) return known;
    // What closed before the first push is history: REST has it.
    const fresh = { closed: this.#exchange.now - minutes * MINUTE_MS, pushedAt: -Infinity };
    this.#told.set(key, fresh);
    return fresh;
  }

  #push(board: Board, topic: Topic, told: Told): void {
    const { now } = this.#exchange;
    const { minutes, name } = topic;
    const bars = this.#exchange.history(board, { intervalMinutes: minutes, from: 0, before: now + 1, limit: BARS, keep: 'newest' });
    for (const bar of bars) {
      const confirm = now >= bar.at + minutes * MINUTE_MS;
      if (bar.at <= told.closed || (!confirm && now - told.pushedAt < KLINE_MS)) continue;
      if (confirm) told.closed = bar.at;
      else told.pushedAt = now;
      this.#hub.publish(board.category, name, frame(board, topic, { bar, confirm }, now));
    }
  }
}

interface Candle {
  readonly bar: TapeBar;
  readonly confirm: boolean;
}

function frame(board: Board, { interval, minutes, name }: Topic, { bar, confirm }: Candle, now: Instant): string {
  const [, open, high, low, close] = pricesRow(bar, board);
  const end = bar.at + minutes * MINUTE_MS - 1;
  const traded = Math.min(Math.max(board.trades.last?.at ?? bar.at, bar.at), end);
  const sums = { volume: decimal(bar.volume), turnover: decimal(bar.turnover) };
  const row = { start: bar.at, end, interval, open, close, high, low, ...sums, confirm, timestamp: traded };
  return JSON.stringify({ topic: name, data: [row], ts: now, type: 'snapshot' });
}
