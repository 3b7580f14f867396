import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import type { Fill, OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { badKindOf } from '#venues/embedded/market/bad-quotes.ts';
import { listingKey } from '#venues/embedded/listing.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, ROOT, run } from '#test/support/command.ts';
import { journalRecords, type JournalRecord } from '#test/support/journal-records.ts';

const EVERY = 10;
/** One at which each of the checks of QS-1 and QS-2, broken, prices something. */
const SEED = 12;
const DAY_BARS = 1440;
const QUOTES_A_BAR = 4;
const MINUTE_MS = 60_000;
const AGE_MS_MAX = 2000;
const COLLAR = 0.1;

interface Report {
  readonly ok: boolean;
  readonly quotes: number;
  readonly fills: number;
  readonly closedTrades: number;
  readonly restarts: number;
}

/** A quote that something was priced on, and when. */
interface Use {
  readonly seq: number;
  readonly what: string;
  readonly snapshot: QuoteSnapshot;
  readonly at: number;
}

async function playDay(...what: readonly string[]): Promise<{ readonly report: Report; readonly records: readonly JournalRecord[] }> {
  const dataDir = freshDirectory();
  const shared = ['--no-page', '--json', '--speed', 'max', '--seed', String(SEED), '--data-dir', dataDir];
  const finished = await run('system', '--play', ...what, '--bad-quotes', String(EVERY), ...shared);
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
  const proof = await run('verify', '--data-dir', dataDir, '--json');
  assert.equal(proof.code, 0, proof.stdout.slice(-3000));
  assert.doesNotMatch(finished.stderr, /did not arrive in time/, 'no frozen or stale quote is waited for in vain');
  return { report: json<Report>(finished), records: await journalRecords(dataDir) };
}

/** Every snapshot in the journal that priced an intent, an approval or a fill. */
function usesIn(records: readonly JournalRecord[]): readonly Use[] {
  return records.flatMap(({ seq, at, type, body }): Use[] => {
    if (type === 'order.intended' || type === 'order.approved') {
      const { snapshot, intendedAt } = body.intent as OrderIntent; // as its schema holds it
      return [{ seq, what: type, snapshot, at: type === 'order.intended' ? intendedAt : at }];
    }
    if (type !== 'fill.recorded') return [];
    const { paper, filledAt } = body.fill as Fill; // as its schema holds it
    return paper === null ? [] : [{ seq, what: type, snapshot: paper.pricedOn, at: filledAt }];
  });
}

/** Null, or what is wrong with it: by the venue's own seeded choice, and by its own numbers. */
function badness({ seq, what, snapshot, at }: Use): string | null {
  const { asset, id, bid, ask, exchangeAt, receivedAt } = snapshot;
  const complain = (why: string): string => `record ${seq}, ${what}: ${id} ${why}`;
  const [venueSymbol = '', update = '', sequence = ''] = id.split('-');
  const key = listingKey(asset === 'crypto_spot' ? 'spot' : 'linear', venueSymbol);
  const kind = badKindOf(String(SEED), EVERY, key, Number(update));
  if (kind !== null) return complain(`was made ${kind} by the venue`);
  // The gateway marks a book that is shown again: at full speed only the venue's fault shows one again.
  if (sequence.includes('.')) return complain('was frozen by the venue');
  if (!(at - Math.min(exchangeAt, receivedAt) <= AGE_MS_MAX)) return complain(`is ${at - Math.min(exchangeAt, receivedAt)} ms old`);
  if (!(Number(bid) > 0 && Number(ask) >= Number(bid))) return complain(`has bid ${bid} and ask ${ask}`);
  return null;
}

function assertClean(records: readonly JournalRecord[]): readonly Use[] {
  const uses = usesIn(records);
  assert.deepEqual(
    uses.map(badness).filter((problem) => problem !== null),
    [],
  );
  for (const type of ['order.intended', 'order.approved', 'fill.recorded']) {
    assert.ok(uses.filter(({ what }) => what === type).length >= 10, `${type}: too few to prove anything`);
  }
  return uses;
}

/** How many books of a listing the venue made bad, by the choice that the test derives for itself; the first book is the opening one. */
const badBooks = (category: 'spot' | 'linear', venueSymbol: string, books: number): number =>
  Array.from({ length: books }, (_, index) => badKindOf(String(SEED), EVERY, listingKey(category, venueSymbol), index + 2)).filter(
    (kind) => kind !== null,
  ).length;

describe('a day with every tenth quote crossed, frozen, stale, ten times off, zero or no number', function () {
  this.timeout(300_000);

  describe('of written candles, three symbols', () => {
    const made = [
      { name: 'BTCUSDT-made-1m.csv', category: 'spot', venueSymbol: 'BTCUSDT', seed: 1, price: 60_000 },
      { name: 'ETHUSDT-made-1m.csv', category: 'spot', venueSymbol: 'ETHUSDT', seed: 2, price: 3000 },
      { name: 'SOLUSDT-linear-made-1m.csv', category: 'linear', venueSymbol: 'SOLUSDT', seed: 3, price: 90 },
    ] as const;
    const bars = new Map<string, ReadonlyMap<number, readonly [low: number, high: number]>>();
    let day: Awaited<ReturnType<typeof playDay>>;

    before(async () => {
      const directory = freshDirectory();
      const files = made.map((options) => writeCandles(directory, { ...options, bars: DAY_BARS }));
      for (const [index, { venueSymbol }] of made.entries()) bars.set(venueSymbol, barsOf(files[index] ?? ''));
      day = await playDay(...files, '--until-end');
    });

    it('QS-1 QS-2 not one order is priced on a bad quote, and trades close', () => {
      const { report, records } = day;
      assert.equal(report.ok, true);
      assert.equal(report.restarts, 0, 'a restarted venue would number its books anew');
      assert.equal(report.quotes, made.length * DAY_BARS * QUOTES_A_BAR, 'a bad quote is counted too');
      const priced = new Set(assertClean(records).map(({ snapshot }) => snapshot.id.split('-')[0]));
      assert.deepEqual(priced, new Set(made.map(({ venueSymbol }) => venueSymbol)), 'every symbol traded');
      assert.ok(report.closedTrades >= 10, `${report.closedTrades} closed trades`);
    });

    it('one book of ten was bad, of every symbol', () => {
      const books = DAY_BARS * QUOTES_A_BAR;
      for (const { category, venueSymbol } of made) assert.ok(Math.abs(badBooks(category, venueSymbol, books) - books / EVERY) <= 1, venueSymbol);
    });

    it('QS-2 every price lies within the collar of what the candles really say', () => {
      for (const { seq, snapshot } of usesIn(day.records)) {
        const minute = snapshot.exchangeAt - (snapshot.exchangeAt % MINUTE_MS);
        const [low, high] = bars.get(snapshot.id.split('-')[0] ?? '')?.get(minute) ?? [NaN, NaN];
        const isNear = Number(snapshot.bid) >= low * (1 - COLLAR) && Number(snapshot.ask) <= high * (1 + COLLAR);
        assert.ok(isNear, `record ${seq}: bid ${snapshot.bid}, ask ${snapshot.ask}, but the bar went from ${low} to ${high}`);
      }
    });

    it('the journal says that the venue lied', () => {
      const started = day.records.find(({ type }) => type === 'system.started');
      assert.match(String(started?.body.play), /, one quote of 10 bad$/);
    });
  });

  it('QS-1 QS-2 of a recorded day, not one order is priced on a bad quote', async function () {
    const file = join(ROOT, '..', 'shared', 'data', 'crypto_spot', 'candles', 'BTCUSDT-binance-1m.csv.gz');
    if (!existsSync(file)) {
      process.stderr.write('      skipped: the recorded day needs ../shared\n');
      this.skip();
    }
    const { report, records } = await playDay(file, '--from', '2024-08-05T00:00:00Z', '--to', '2024-08-05T23:59:59Z', '--until-end');
    assert.equal(report.quotes, DAY_BARS * QUOTES_A_BAR);
    assertClean(records);
    assert.ok(report.closedTrades >= 5, `${report.closedTrades} closed trades`);
  });

  it('QS-1 QS-2 of the synthetic market, whose quotes come every second: a frozen one is old enough to matter', async () => {
    const { records } = await playDay('synthetic', '--assets', 'crypto_spot,crypto_futures', '--for', '25s');
    const uses = usesIn(records);
    assert.ok(uses.length > 0, 'nothing was priced');
    assert.deepEqual(
      uses.map(badness).filter((problem) => problem !== null),
      [],
    );
  });
});

describe('--bad-quotes', function () {
  this.timeout(60_000);

  it('is the embedded venue’s, and between 2 and 1000: else exit 2 and one line', async () => {
    for (const [words, ...args] of [
      [/--bad-quotes makes the embedded venue lie; --market is mainnet/, '--market', 'mainnet', '--bad-quotes', '10'],
      [/--bad-quotes/, '--bad-quotes', '1'],
      [/--bad-quotes/, '--bad-quotes', 'many'],
    ] as const) {
      const finished = await run('system', '--no-page', '--data-dir', freshDirectory(), ...args);
      assert.equal(finished.code, 2, finished.stderr);
      assert.match(finished.stderr, words);
    }
  });
});

/** Low and high by the bar's open. */
function barsOf(file: string): ReadonlyMap<number, readonly [low: number, high: number]> {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [at, , high, low] = line.split(',').map(Number);
      return [at ?? NaN, [low ?? NaN, high ?? NaN]];
    }),
  );
}
