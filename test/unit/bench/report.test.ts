import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseArguments } from '#test/bench/arguments.ts';
import { percentile, spread } from '#test/bench/measure.ts';
import { result } from '#test/bench/result.ts';
import { document, figure, table } from '#test/bench/table.ts';

const KNOWN = ['kill', 'journal', 'play'];
const slow = result({ name: 'a: slow', unit: 'ms', ours: 6, baseline: 2, target: { of: 'ratio', is: 'at most', value: 2.5 } });
const fast = result({ name: 'a: fast', unit: 'events/s', ours: 37_289.4, target: { of: 'ours', is: 'at least', value: 20_000 } });
const plain = result({ name: 'a: plain', unit: 'ms', ours: 0.01234 });

describe('bench: arguments', () => {
  it('no name is every benchmark, in their own order whatever was typed', () => {
    assert.deepEqual(parseArguments([], KNOWN), { names: KNOWN, quick: false, json: false, write: false });
    assert.deepEqual(parseArguments(['play', '--json', 'kill', '--quick'], KNOWN), {
      names: ['kill', 'play'],
      quick: true,
      json: true,
      write: false,
    });
  });

  it('an unknown name is refused with those there are, an unknown option too', () => {
    assert.equal(parseArguments(['kil'], KNOWN), 'bench: no benchmark is named kil; there are kill, journal, play');
    assert.equal(parseArguments(['--fast'], KNOWN), 'bench: unknown option --fast; there are --quick, --json, --write');
  });

  it('--write takes no names: half a document would replace the whole', () => {
    assert.match(String(parseArguments(['kill', '--write'], KNOWN)), /takes no names/);
  });
});

describe('bench: percentiles', () => {
  it('nearest rank, in any order, and by number rather than by text', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(spread(hundred), { p50: 50, p99: 99, max: 100 });
    assert.deepEqual(spread([7]), { p50: 7, p99: 7, max: 7 });
    assert.equal(percentile([10, 9, 100], 50), 10);
  });

  it('refuses no samples and a percentile that is none', () => {
    assert.throws(() => percentile([], 50), /no samples/);
    for (const percent of [0, 101, NaN]) assert.throws(() => percentile([1], percent), RangeError);
  });
});

describe('bench: results', () => {
  it('a target is held against the ratio or the figure, whichever it names', () => {
    assert.deepEqual([slow.ratio, slow.target, slow.pass], [3, 'ratio ≤ 2.5', false]);
    assert.deepEqual([fast.baseline, fast.ratio, fast.target, fast.pass], [null, null, '≥ 20,000 events/s', true]);
    assert.deepEqual([plain.target, plain.pass], [null, null]);
  });

  it('a target on a ratio without a baseline is refused: it could never be missed', () => {
    const target = { of: 'ratio', is: 'at most', value: 1 } as const;
    assert.throws(() => result({ name: 'a', unit: 'ms', ours: 1, target }), /needs a baseline above 0/);
    assert.throws(() => result({ name: 'a', unit: 'ms', ours: 1, baseline: 0, target }), /needs a baseline above 0/);
  });

  it('carries exactly the keys that --json promises', () => {
    for (const { length } of [slow, fast, plain].map(Object.keys)) assert.equal(length, 7);
    assert.deepEqual(Object.keys(slow), ['name', 'unit', 'ours', 'baseline', 'ratio', 'target', 'pass']);
  });
});

describe('bench: the table', () => {
  it('figures have three digits and never an exponent', () => {
    assert.deepEqual([null, 0, 3, 0.000123456, 2.4567, 99.96, 123.4, 96_804.4].map(figure), [
      '–',
      '0',
      '3',
      '0.000123',
      '2.46',
      '100',
      '123',
      '96,804',
    ]);
    assert.equal(figure(1.5e-9), '0.0000000015');
  });

  it('lines up, and a missed target stands out', () => {
    const [head, first, second, third] = table([slow, fast, plain]);
    assert.match(head ?? '', /^ +unit +ours +baseline +ratio +target$/);
    assert.match(first ?? '', /^a: slow +ms +6 +2 +3 +ratio ≤ 2\.5 +MISSED$/);
    assert.match(second ?? '', /^a: fast +events\/s +37,289 +– +– +≥ 20,000 events\/s +met$/);
    assert.match(third ?? '', /^a: plain +ms +0\.0123 +– +– +–$/);
  });

  it('the document says when, with what, the figures and how to repeat them', () => {
    const text = document({ date: '2024-01-08', node: '20.19.0', cpus: 2, quick: false, results: [slow], notes: ['a note'] });
    assert.match(text, /on 2024-01-08, Node 20\.19\.0, 2 CPUs/);
    assert.match(text, /\n\| a: slow \| ms \| 6 \| 2 \| 3 \| ratio ≤ 2\.5 \| MISSED \|\n/);
    assert.match(text, /\n- a note\n/);
    assert.match(text, /npm run bench -- kill/);
  });
});
