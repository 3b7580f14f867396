/**
 * The failure modes that were reported of Bybit, by number (venues/bybit.md §9), each with the faults that bring it about. Some are no mishap: the venue
 * always does so, and there is nothing to turn on.
 */
export type FaultWords = readonly [name: string, ...takes: readonly string[]];

export interface FailureMode {
  /** What a client sees. */
  readonly what: string;
  /** Empty: always so. */
  readonly on: readonly FaultWords[];
  /** Empty: it spoils what comes next, and is over by itself. */
  readonly off: readonly FaultWords[];
}

const once = (what: string, ...on: readonly FaultWords[]): FailureMode => ({ what, on, off: [] });
const always = (what: string): FailureMode => ({ what, on: [], off: [] });
/** Switches, off again by their name. */
const whileOn = (what: string, ...names: readonly string[]): FailureMode => ({
  what,
  on: names.map((name) => [name, 'on']),
  off: names.map((name) => [name, 'off']),
});

export const FAILURE_MODES: Readonly<Record<number, FailureMode>> = {
  1: {
    what: 'books are repeated as they were, with their old times, and the private stream is silent; pongs come',
    on: [['freeze'], ['silent-private', 'on']],
    off: [['thaw'], ['silent-private', 'off']],
  },
  2: {
    what: 'a private subscription begins a second and a half after it was asked for',
    on: [['subscribe-lag', '1500']],
    off: [['subscribe-lag', '0']],
  },
  3: {
    what: 'an order is not found for two and a half seconds after it was placed',
    on: [
      ['realtime-lag', '2500'],
      ['history-lag', '2500'],
    ],
    off: [
      ['realtime-lag', '0'],
      ['history-lag', '0'],
    ],
  },
  4: once('the list of orders forgets all that ended, and every stream is cut: the venue restarts', ['restart']),
  5: whileOn('legs lie in a filter of their own, and no row names the entry that they protect', 'nameless-legs'),
  6: whileOn('a cancel that came too late tells the filled order once more, as cancelled', 'cancel-race'),
  7: once('a cancel reaches the venue a second and a half late, when its order may have filled', ['late-delivery', 'order/cancel', '1500']),
  8: once('a cancel is carried out, and its answer is lost', ['drop-reply', 'order/cancel']),
  9: once('funding is settled now, as an execution of the whole position', ['settle', '*']),
  10: whileOn('every execution is told twice', 'duplicate-fills'),
  11: once('10000 "Server Timeout", with the order placed all the same', ['code-after', 'order/create', '10000']),
  12: once(
    'an order over WebSocket is answered without the id of its request; over HTTP, the answer never ends',
    ['nameless-reply'],
    ['hang-body', 'order/create'],
  ),
  13: once('10006: the next order is one too many', ['code', 'order/create', '10006']),
  14: { what: 'the venue’s clock is ten seconds ahead', on: [['skew', '10000']], off: [['skew', '0']] },
  15: whileOn('the book is its best level alone: what is larger ends with a part, PartiallyFilledCanceled on spot', 'thin-book'),
  16: always('a spot buy pays its fee in what it bought, so that less can be sold than was bought'),
  17: always('a spot market order with exits is refused (170130), and a spot trigger beyond the price fires at once'),
  18: always('a new ccxt changes what it sends: no matter of the venue’s'),
  19: once('110017: there is no position to reduce', ['code', 'order/create', '110017']),
  20: whileOn('the account keeps long and short apart: "position idx not match position mode"', 'two-way'),
  21: whileOn('a position has a row for either side, and the first may be empty', 'two-way'),
  22: always('a client id of more than 36 characters is refused (10001)'),
  23: once('an order is placed, and its answer is lost', ['drop-reply', 'order/create']),
  24: whileOn('the totals of the account are empty text', 'isolated-margin'),
  25: whileOn('position rows lack isReduceOnly', 'missing-field'),
  26: once('403 with a page of HTML, as from a proxy', ['http', '*', '403']),
  27: whileOn('a market order is too large for the book: 10001 "buy: [x,y] invalid"', 'thin-book'),
  28: always('more than ten spot topics in one request are refused, without its id'),
  29: always('what is set already is refused as "not modified" (110043, 110025, 34040)'),
};
