/** What a venue may do to its readers, on demand: nonsense instead of a book, a crossed book, a topic that falls silent, lost connections. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Board, Exchange } from '../exchange.ts';
import { CATEGORIES, type Category } from '../listing.ts';
import type { BadQuotes } from '../market/bad-quotes.ts';
import { IDLE_MS, IDLE_MS_MIN, type Connections } from './connections.ts';
import { bookFrame, bookTopic } from './frames.ts';
import type { Hub } from './hub.ts';
import { PRIVATE_FAULTS, type PrivateSide } from './private/side.ts';

export const FAULTS = ['garbage', 'malformed', 'crossed', 'mute', 'unmute', 'drop', 'idle'] as const;

const GARBAGE = '{"topic":"orderbook.1.';
const WAITING_MAX = 100;

/** `spot/orderbook.1.BTCUSDT`, or `*` for the next book of any listing. */
type Target = string;

export interface FaultsOptions {
  readonly exchange: Exchange;
  readonly hub: Hub;
  readonly side: PrivateSide;
  readonly connections: Connections;
  /** Null where every quote is true. */
  readonly badQuotes: BadQuotes | null;
}

export class Faults {
  readonly #exchange: Exchange;
  readonly #hub: Hub;
  readonly #private: PrivateSide;
  readonly #connections: Connections;
  readonly #badQuotes: BadQuotes | null;
  readonly #muted = new Set<Target>();
  #waiting: { readonly fault: 'garbage' | 'malformed' | 'crossed'; readonly target: Target }[] = [];
  injected = 0;

  constructor({ exchange, hub, side, connections, badQuotes }: FaultsOptions) {
    this.#connections = connections;
    this.#private = side;
    this.#exchange = exchange;
    this.#hub = hub;
    this.#badQuotes = badQuotes;
  }

  /**
   * `garbage`, `malformed` and `crossed` spoil the next book frame of the target; `mute` silences a topic until `unmute` or until somebody
   * subscribes to it anew; `drop` cuts every connection; `idle 500` those that are silent for so many milliseconds, from now on. The others are faults of the private side, some with a value. Returns what was done.
   * @throws RangeError where it is not understood.
   */
  inject(name: string, target = '*', value = ''): object {
    const own = this.#private.inject(name, target, value);
    if (own !== null) {
      this.injected++;
      return own;
    }
    const fault = FAULTS.find((known) => known === name);
    if (fault === undefined)
      throw new RangeError(`no fault ${JSON.stringify(name.slice(0, 40))}; there are ${[...FAULTS, ...PRIVATE_FAULTS].join(', ')}`);
    if (fault === 'idle') return this.#idle(target);
    if (target !== '*' && !this.#topics().includes(target)) {
      throw new RangeError(`no topic ${JSON.stringify(target.slice(0, 60))}; name one of ${this.#topics().join(', ')}, or *`);
    }
    this.injected++;
    if (fault === 'drop') return { fault, target: '*', sockets: this.#hub.dropAll() + this.#private.dropAll() };
    if (fault === 'mute' || fault === 'unmute') this.#mute(fault, target);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ fault, target });
    return { fault, target };
  }

  mutes(category: Category, topic: string): boolean {
    return this.#muted.size > 0 && this.#muted.has(`${category}/${topic}`);
  }

  /** Subscribing anew heals a silent topic, as it does at the real venue. */
  heal(category: Category, topic: string): void {
    this.#muted.delete(`${category}/${topic}`);
  }

  /** The spoilt frame to send in place of the book, or null. */
  spoil(category: Category, topic: string, board: Board): string | null {
    if (this.#waiting.length === 0) return this.#badQuotes === null ? null : bad(this.#badQuotes, board, this.#exchange.now);
    const name = `${category}/${topic}`;
    const found = this.#waiting.find(({ target }) => target === '*' || target === name);
    if (found === undefined) return null;
    this.#waiting = this.#waiting.filter((entry) => entry !== found);
    const { now } = this.#exchange;
    if (found.fault === 'garbage') return GARBAGE;
    if (found.fault === 'malformed') return `{"topic":"${topic}","ts":${now},"type":"snapshot","data":{"s":"${board.symbol}"}}`;
    const { bid, ask } = board.book;
    return bookFrame({ ...board, book: { ...board.book, bid: ask, ask: bid } }, now);
  }

  #idle(text: string): object {
    const ms = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    if (!(ms >= IDLE_MS_MIN && ms <= IDLE_MS))
      throw new RangeError(`idle ${JSON.stringify(text.slice(0, 20))}: must be ${IDLE_MS_MIN} to ${IDLE_MS} milliseconds`);
    this.injected++;
    this.#connections.setIdle(ms);
    return { fault: 'idle', ms };
  }

  #mute(fault: 'mute' | 'unmute', target: Target): void {
    const targets = target === '*' ? this.#topics() : [target];
    for (const topic of targets) {
      if (fault === 'mute') this.#muted.add(topic);
      else this.#muted.delete(topic);
    }
  }

  /** Books only: a silent book is what a reader must notice. */
  #topics(): readonly Target[] {
    return CATEGORIES.flatMap((category) => this.#exchange.boards(category).map(({ symbol }) => `${category}/${bookTopic(symbol)}`));
  }
}

function bad(badQuotes: BadQuotes, board: Board, sentAt: Instant): string | null {
  const { book, update, sequence, changedAt } = board;
  const shown = badQuotes.spoil({ book, update, sequence, changedAt, sentAt });
  return shown === null ? null : bookFrame({ ...board, ...shown }, shown.sentAt);
}
