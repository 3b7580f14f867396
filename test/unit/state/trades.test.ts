import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DomainEvent } from '#trading/model/events.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import { openJournal, type OpenJournal } from '#state/journal.ts';
import { openTradeFiles, rebuildTradeFiles, tradeFilePath } from '#state/trades-file.ts';
import { tradesSha256 } from '#state/trades-hash.ts';
import { memoryAnchor, memoryStore } from '../../support/memory-store.ts';
import { inTempDir } from '../../support/temp-dir.ts';
import { sample } from './events.ts';

const golden = sample('trade.closed');
assert.ok(golden.type === 'trade.closed');
const base = golden.body.trade;
const closed = (trade: Partial<ClosedTrade>): DomainEvent => ({ type: 'trade.closed', body: { trade: { ...base, ...trade } } });
const ids = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as ClosedTrade).tradeId);

const journalOf = (): Promise<OpenJournal> =>
  openJournal({ dir: 'memory', anchorPath: 'memory', createStore: () => memoryStore(), createAnchor: () => memoryAnchor() });

describe('trade files', () => {
  it('RT-2 hold paper and live apart, live by broker', () => {
    assert.equal(tradeFilePath('s', 'crypto_spot', 'paper'), join('s', 'paper', 'trades_crypto_spot.jsonl'));
    assert.equal(tradeFilePath('s', 'crypto_futures', 'live'), join('s', 'live', 'bybit', 'trades_crypto_futures.jsonl'));
    assert.equal(tradeFilePath('s', 'options', 'live'), join('s', 'live', 'ibkr', 'trades_options.jsonl'));
  });

  it('follow the journal, one line a trade', () =>
    inTempDir(async (dir) => {
      const journal = await journalOf();
      await journal.append('governor', null, [closed({ tradeId: 'before' })], 1);
      const files = await openTradeFiles(dir, journal);
      await journal.append('governor', null, [closed({ tradeId: 'after' }), closed({ tradeId: 'other', asset: 'forex', mode: 'live' })], 2);
      await files.close();
      await journal.append('governor', null, [closed({ tradeId: 'unseen' })], 3);
      assert.deepEqual(ids(tradeFilePath(dir, 'crypto_spot', 'paper')), ['before', 'after']);
      assert.deepEqual(ids(tradeFilePath(dir, 'forex', 'live')), ['other']);
      assert.equal(existsSync(tradeFilePath(dir, 'options', 'paper')), false);
    }));

  it('are made again from the journal where they differ, and left alone where they do not', () =>
    inTempDir(async (dir) => {
      const journal = await journalOf();
      await (await openTradeFiles(dir, journal)).close();
      await journal.append('governor', null, [closed({ tradeId: 'one' }), closed({ tradeId: 'two' })], 1);
      const path = tradeFilePath(dir, 'crypto_spot', 'paper');
      assert.deepEqual((await rebuildTradeFiles(dir, journal)).rewritten, [path]);
      const whole = readFileSync(path, 'utf8');
      for (const damaged of ['', whole.slice(0, -20), whole + whole, whole.replace('"two"', '"too"')]) {
        writeFileSync(path, damaged);
        assert.deepEqual((await rebuildTradeFiles(dir, journal)).rewritten, [path]);
        assert.equal(readFileSync(path, 'utf8'), whole);
      }
      assert.deepEqual(await rebuildTradeFiles(dir, journal), { trades: 2, lastSeq: 2, rewritten: [] });
    }));

  it('written live are byte for byte what a rebuild writes', () =>
    inTempDir(async (dir) => {
      const journal = await journalOf();
      const files = await openTradeFiles(dir, journal);
      await Promise.all(['a', 'b', 'c'].map((tradeId) => journal.append('governor', null, [closed({ tradeId })], 1)));
      await files.flush();
      assert.deepEqual((await rebuildTradeFiles(dir, journal)).rewritten, []);
    }));

  it('tell at the flush when the disk refused a line', () =>
    inTempDir(async (dir) => {
      const journal = await journalOf();
      const files = await openTradeFiles(dir, journal);
      writeFileSync(join(dir, 'paper'), 'a file where a directory must be');
      await journal.append('governor', null, [closed({})], 1);
      await assert.rejects(files.flush(), { code: 'EEXIST' });
    }));
});

describe('the hash of the trades', () => {
  const trades = (['crypto_spot', 'forex'] as const).flatMap((asset) =>
    [1, 2, 2].map((closedAt, index): ClosedTrade => ({ ...base, asset, closedAt, tradeId: `${asset}-${index}` })),
  );

  it('does not depend on the order in which assets closed, nor on the order of keys', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(trades, { minLength: trades.length }), (shuffled) => {
        const rekeyed = shuffled.map((trade) => Object.fromEntries(Object.entries(trade).reverse()) as unknown as ClosedTrade);
        assert.equal(tradesSha256(rekeyed), tradesSha256(trades));
      }),
    );
  });

  it('changes with any value of any trade', () => {
    assert.notEqual(tradesSha256(trades.slice(1)), tradesSha256(trades));
    for (const key of Object.keys(base)) assert.notEqual(tradesSha256([{ ...base, [key]: 'x' }]), tradesSha256([base]), key);
  });
});
