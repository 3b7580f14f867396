import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { listingKey } from '#venues/embedded/listing.ts';
import { badKindOf, BadQuotes, type BadQuoteKind, type ShownBook } from '#venues/embedded/market/bad-quotes.ts';
import { parseBook } from '#venues/bybit/frames.ts';
import { bookFrame } from '#venues/embedded/bybit/frames.ts';
import type { Board } from '#venues/embedded/exchange.ts';

const KEY = listingKey('spot', 'BTCUSDT');
const SEED = 'seven';
const EVERY = 10;
const STEP_MS = 1000;
const START = 1_700_000_000_000;

const shownAt = (update: number, bid = '99.5', ask = '100.25'): ShownBook => {
  const at = START + update * STEP_MS;
  return { book: { key: KEY, bid, bidSize: '1', ask, askSize: '2' }, update, sequence: at, changedAt: at, sentAt: at };
};

/** The first bad book of each kind among the first thousand, beside the true one, with all before it played. */
function firstOf(
  kind: BadQuoteKind,
  bid?: string,
  ask?: string,
): { readonly bad: ShownBook; readonly shown: ShownBook; readonly stamps: readonly number[] } {
  const quotes = new BadQuotes(SEED, EVERY);
  for (let update = 2; update < 2000; update++) {
    const shown = shownAt(update, bid, ask);
    const bad = quotes.spoil(shown);
    const stamps = quotes.takeOldStamps();
    if (badKindOf(SEED, EVERY, KEY, update) !== kind || update < 20) continue;
    assert.ok(bad !== null);
    return { bad, shown, stamps };
  }
  throw new Error(`no ${kind} book`);
}

describe('bad quotes of the embedded venue', () => {
  it('one of every ten, at a place of its own in each ten, and every kind comes', () => {
    const kinds = new Map<BadQuoteKind, number>();
    for (let ten = 0; ten < 500; ten++) {
      const found = Array.from({ length: EVERY }, (_, index) => badKindOf(SEED, EVERY, KEY, ten * EVERY + index)).filter((kind) => kind !== null);
      assert.equal(found.length, 1);
      for (const kind of found) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    assert.deepEqual([...kinds.keys()].sort(), ['crossed', 'frozen', 'not-a-number', 'stale', 'tenth', 'times-ten', 'zero']);
    for (const [kind, count] of kinds) assert.ok(count >= 10, `${kind}: ${count}`);
  });

  it('the same seed and listing choose the same, whatever was asked before; others choose otherwise', () => {
    const choice = (seed: string, symbol: string) =>
      Array.from({ length: 200 }, (_, index) => badKindOf(seed, EVERY, listingKey('spot', symbol), index)).join();
    assert.equal(choice(SEED, 'BTCUSDT'), choice(SEED, 'BTCUSDT'));
    assert.notEqual(choice(SEED, 'BTCUSDT'), choice('eight', 'BTCUSDT'));
    assert.notEqual(choice(SEED, 'BTCUSDT'), choice(SEED, 'ETHUSDT'));
    const quotes = new BadQuotes(SEED, EVERY);
    for (let update = 2; update < 200; update++) {
      assert.equal(quotes.spoil(shownAt(update)) === null, badKindOf(SEED, EVERY, KEY, update) === null, `book ${update}`);
    }
  });

  it('each kind is what its name says', () => {
    const bookOf = (kind: BadQuoteKind, bid?: string, ask?: string) => {
      const { book } = firstOf(kind, bid, ask).bad;
      return [book.bid, book.ask];
    };
    assert.deepEqual(bookOf('crossed'), ['100.25', '99.5']);
    assert.deepEqual(bookOf('crossed', '100', '100'), ['100', '10.0'], 'a locked book becomes a crossed one too');
    assert.deepEqual(bookOf('times-ten'), ['995', '1002.5']);
    assert.deepEqual(bookOf('times-ten', '0.78', '0.7801'), ['7.8', '7.801']);
    assert.deepEqual(bookOf('tenth'), ['9.95', '10.025']);
    assert.deepEqual(bookOf('tenth', '7', '70'), ['0.7', '7.0']);
    assert.deepEqual(bookOf('zero'), ['0', '100.25']);
    assert.deepEqual(bookOf('not-a-number'), ['99.5', 'NaN']);
  });

  it('QS-1 a stale or frozen book is older than any order may be priced on, and its time is told', () => {
    const stale = firstOf('stale');
    assert.deepEqual(stale.bad.book, stale.shown.book);
    assert.equal(stale.bad.sentAt, stale.shown.sentAt);
    assert.ok(stale.shown.changedAt - stale.bad.changedAt >= 3000);
    assert.deepEqual(stale.stamps, [stale.bad.changedAt]);
    const frozen = firstOf('frozen');
    assert.ok(frozen.shown.sentAt - frozen.bad.sentAt >= 3000);
    assert.deepEqual(frozen.bad, shownAt(frozen.bad.update), 'a book that was shown before, whole, with its number and its times');
    assert.equal(badKindOf(SEED, EVERY, KEY, frozen.bad.update), null);
    assert.deepEqual(frozen.stamps, [frozen.bad.changedAt]);
    assert.deepEqual(firstOf('crossed').stamps, []);
  });

  it('QS-2 all but the number that is none get through the gateway’s parser: it is the core that must refuse them', () => {
    for (const kind of ['crossed', 'frozen', 'stale', 'times-ten', 'tenth', 'zero', 'not-a-number'] as const) {
      const { bad } = firstOf(kind);
      const board = { symbol: 'BTCUSDT', ...bad } as unknown as Board; // bookFrame reads nothing else of a board
      const parsed = parseBook(JSON.parse(bookFrame(board, bad.sentAt)), 'BTCUSDT');
      assert.equal('value' in parsed, kind !== 'not-a-number', kind);
    }
  });

  it('counts what it did by kind', () => {
    const quotes = new BadQuotes(SEED, EVERY);
    for (let update = 10; update < 110; update++) quotes.spoil(shownAt(update));
    assert.equal(
      Object.values(quotes.counts).reduce((sum, count) => sum + count, 0),
      10,
    );
  });

  it('every must be a whole number from 2 to 1000', () => {
    for (const every of [0, 1, 1001, 2.5, NaN]) assert.throws(() => new BadQuotes(SEED, every), RangeError);
  });
});
