import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CANDLE_HEADER, openRowFile } from '#venues/history/candle-file.ts';
import { HistoryError } from '#venues/history/history-error.ts';
import { inTempDir } from '#test/support/temp-dir.ts';
import { candle, upTo } from './source.ts';

const text = (lines: readonly string[]): string => [CANDLE_HEADER, ...lines].map((line) => `${line}\n`).join('');

describe('a file of rows that grows page by page', () => {
  it('cut at any byte it goes on after the last whole row, and says how much it cut', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'a.csv');
      const lines = upTo(4);
      const whole = text(lines);
      for (let cut = 0; cut <= whole.length; cut++) {
        writeFileSync(path, whole.slice(0, cut));
        const file = await openRowFile(path, CANDLE_HEADER);
        const kept = whole.slice(0, cut).split('\n').slice(1, -1);
        assert.equal(file.lastLine, kept.at(-1) ?? null, `cut at ${cut}`);
        assert.equal(file.firstLine, kept[0] ?? null);
        const wholeBytes = kept.length === 0 && cut < CANDLE_HEADER.length + 1 ? 0 : text(kept).length;
        assert.equal(file.cutBytes, cut - wholeBytes);
        await file.append(lines.slice(kept.length));
        await file.close();
        assert.equal(readFileSync(path, 'utf8'), whole, `cut at ${cut}`);
      }
    }));

  it('any rows in any pages, cut anywhere, give the same file', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'a.csv');
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 25 }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (count, page, where) => {
            const lines = upTo(count);
            const whole = text(lines);
            writeFileSync(path, whole);
            truncateSync(path, Math.floor(whole.length * where));
            const file = await openRowFile(path, CANDLE_HEADER);
            const done = file.lastLine === null ? 0 : lines.indexOf(file.lastLine) + 1;
            for (let at = done; at < count; at += page) await file.append(lines.slice(at, at + page));
            await file.close();
            assert.equal(readFileSync(path, 'utf8'), whole);
          },
        ),
        { numRuns: 60 },
      );
    }));

  it('what never was a file of ours is refused and not touched', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'notes.csv');
      for (const other of ['my notes', 'ts_ms,rate\n1704672000000,0.0001\n', `${CANDLE_HEADER}\n${'x'.repeat(3000)}`]) {
        writeFileSync(path, other);
        await assert.rejects(openRowFile(path, CANDLE_HEADER), HistoryError);
        assert.equal(readFileSync(path, 'utf8'), other);
      }
    }));

  it('a second writer is noticed before anything is mixed', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'a.csv');
      const file = await openRowFile(path, CANDLE_HEADER);
      await file.append([candle(0)]);
      appendFileSync(path, `${candle(1)}\n`);
      await assert.rejects(file.append([candle(2)]), /only one process/);
      await file.close();
      assert.equal(readFileSync(path, 'utf8'), text([candle(0), candle(1)]));
    }));

  it('a new file without a row leaves no trace; one that was there stays', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'a.csv');
      await (await openRowFile(path, CANDLE_HEADER)).close();
      assert.equal(existsSync(path), false);
      writeFileSync(path, text([]));
      await (await openRowFile(path, CANDLE_HEADER)).close();
      assert.equal(existsSync(path), true);
    }));

  it('a place that cannot be written is one clear line', () =>
    assert.rejects(
      openRowFile('/nowhere/at/all.csv', CANDLE_HEADER),
      (error) => error instanceof HistoryError && /cannot be created/.test(error.message),
    ));
});
