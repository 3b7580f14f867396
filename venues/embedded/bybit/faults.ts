/** What a venue may do to its readers, on demand: nonsense instead of a book, a crossed book, a topic that falls silent, lost connections. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Board, Exchange } from '../exchange.ts';
import { CATEGORIES, type Category } from '../listing.ts';
import type { BadQuotes } from '../market/bad-quotes.ts';
import { IDLE_MS, IDLE_MS_MIN, type Connections } from './connections.ts';
import { bookFrame, bookTopic } from './frames.ts';
import type { Hub } from './hub.ts';
import { FAILURE_MODES } from './failure-modes.ts';
import { checkWords, TOPIC_FAULTS } from './fault-words.ts';
import type { PrivateSide } from './private/side.ts';

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
  /** The frame that a topic repeats. */
  readonly #frozen = new Map<Target, string>();
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
   * `garbage`, `malformed` and `crossed` spoil the next book frame of the target; `mute` silences a topic and `freeze` repeats its book, until
   * `unmute` and `thaw` or until somebody subscribes to it anew; `drop` cuts every connection; `idle 500` those that are silent for so many milliseconds,
   * from now on; `FM-8` is a failure mode by its number. The others are faults of the private side, some with a value. Returns what was done.
   * @throws RangeError where it is not understood.
   */
  inject(name: string, ...takes: readonly string[]): object {
    const mode = /^FM-(\d{1,3})$/.exec(name)?.[1];
    if (mode !== undefined) return this.#mode(Number(mode), takes);
    checkWords(name, takes);
    const [target = '*', value = ''] = takes;
    const done = this.#private.inject(name, target, value) ?? this.#own(name, target);
    this.injected++;
    return done;
  }

  #own(name: string, target: string): object {
    if (name === 'drop') return { fault: name, target: '*', sockets: this.#hub.dropAll() + this.#private.dropAll() };
    if (name === 'idle') return this.#idle(target);
    const fault = TOPIC_FAULTS.find((known) => known === name);
    if (fault === undefined) throw new RangeError(`fault ${name} belongs to nobody`);
    if (target !== '*' && !this.#topics().includes(target)) {
      throw new RangeError(`no topic ${JSON.stringify(target.slice(0, 60))}; name one of ${this.#topics().join(', ')}, or *`);
    }
    if (fault === 'garbage' || fault === 'malformed' || fault === 'crossed') {
      if (this.#waiting.length >= WAITING_MAX) throw new RangeError(`${WAITING_MAX} faults wait already`);
      this.#waiting.push({ fault, target });
    } else for (const topic of target === '*' ? this.#topics() : [target]) this.#silence(fault, topic);
    return { fault, target };
  }

  /** One of the reported failure modes, by its number: on, or off where it lasts. */
  #mode(number: number, [to = 'on', ...more]: readonly string[]): object {
    const mode = FAILURE_MODES[number];
    const name = `FM-${number}`;
    if (mode === undefined) throw new RangeError(`no failure mode ${name}; there are FM-1 to FM-${Object.keys(FAILURE_MODES).length}`);
    if ((to !== 'on' && to !== 'off') || more.length > 0)
      throw new RangeError(`${name} takes on or off, and was given ${JSON.stringify([to, ...more].join(' ').slice(0, 60))}`);
    const { what, on, off } = mode;
    if (on.length === 0) return { mode: name, what, always: true };
    if (to === 'off' && off.length === 0) throw new RangeError(`${name} is over by itself: there is nothing to turn off`);
    return { mode: name, what, on: to === 'on', faults: (to === 'on' ? on : off).map(([fault, ...words]) => this.inject(fault, ...words)) };
  }

  mutes(category: Category, topic: string): boolean {
    return this.#muted.size > 0 && this.#muted.has(`${category}/${topic}`);
  }

  /** Subscribing anew heals a silent topic, as it does at the real venue. */
  heal(category: Category, topic: string): void {
    this.#muted.delete(`${category}/${topic}`);
    this.#frozen.delete(`${category}/${topic}`);
  }

  /** The spoilt frame to send in place of the book, or null. */
  spoil(category: Category, topic: string, board: Board): string | null {
    const frozen = this.#frozen.size === 0 ? undefined : this.#frozen.get(`${category}/${topic}`);
    if (frozen !== undefined) return frozen;
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
    this.#connections.setIdle(ms);
    return { fault: 'idle', ms };
  }

  #silence(fault: 'mute' | 'unmute' | 'freeze' | 'thaw', topic: Target): void {
    if (fault === 'mute') this.#muted.add(topic);
    else if (fault === 'unmute') this.#muted.delete(topic);
    else if (fault === 'thaw') this.#frozen.delete(topic);
    else {
      const found = this.#boards().find(([name]) => name === topic)?.[1];
      if (found !== undefined) this.#frozen.set(topic, bookFrame(found, this.#exchange.now));
    }
  }

  /** Books only: a silent book is what a reader must notice. */
  #topics(): readonly Target[] {
    return this.#boards().map(([topic]) => topic);
  }

  #boards(): readonly (readonly [topic: Target, board: Board])[] {
    return CATEGORIES.flatMap((category) =>
      this.#exchange.boards(category).map((board) => [`${category}/${bookTopic(board.symbol)}`, board] as const),
    );
  }
}

function bad(badQuotes: BadQuotes, board: Board, sentAt: Instant): string | null {
  const { book, update, sequence, changedAt } = board;
  const shown = badQuotes.spoil({ book, update, sequence, changedAt, sentAt });
  return shown === null ? null : bookFrame({ ...board, ...shown }, shown.sentAt);
}
