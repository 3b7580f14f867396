/** FM-n in a title is row n of venues/bybit.md §9: each has at least one scenario. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { isBeside } from '../support/shapes.ts';

const MODES = 29;
const HERE = fileURLToPath(new URL('.', import.meta.url));
const BOOK = fileURLToPath(new URL('../../../shared/venues/bybit.md', import.meta.url));

const numbersOf = (text: string, row: RegExp): readonly number[] => [...new Set([...text.matchAll(row)].map(([, number]) => Number(number)))];
const inOrder = (numbers: readonly number[]): readonly number[] => numbers.toSorted((left, right) => left - right);
const ALL = Array.from({ length: MODES }, (_, index) => index + 1);

describe('the reported failure modes of Bybit: none is left out', () => {
  it(`FM-1 to FM-${MODES} are scenarios`, () => {
    const files = readdirSync(HERE).filter((name) => /^bybit-failure-modes.*\.test\.ts$/.test(name) && !name.includes('-list.'));
    const text = files.map((name) => readFileSync(HERE + name, 'utf8')).join('\n');
    assert.deepEqual(inOrder(numbersOf(text, /\bit\(\s*['"`]FM-(\d+)[a-z]? /g)), ALL);
  });

  it('are those of the specification', function () {
    if (!isBeside(BOOK, 'the specification of the venue (../shared/venues) is')) return this.skip();
    const [, section = ''] = readFileSync(BOOK, 'utf8').split('## 9. Reported failure modes');
    assert.deepEqual(inOrder(numbersOf(section.split('\n## ')[0] ?? '', /^\| (\d+) \|/gm)), ALL);
  });
});
