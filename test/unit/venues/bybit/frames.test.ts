import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseBook, parseTrades, timeOf } from '#venues/bybit/frames.ts';

const AT = 1_722_003_300_000;
const book = (data: object = {}, more: object = {}): object => ({
  topic: 'orderbook.1.BTCUSDT',
  type: 'snapshot',
  ts: AT + 5,
  cts: AT,
  data: { s: 'BTCUSDT', b: [['100.10', '1.50']], a: [['100.2', '2']], u: 7, seq: 77, ...data },
  ...more,
});
const reasonOf = (frame: unknown): string => {
  const parsed = parseBook(frame, 'BTCUSDT');
  return 'reason' in parsed ? parsed.reason : 'accepted';
};

describe('Bybit frames', () => {
  it('QS-1 a book becomes canonical decimals with the times of engine and sender', () => {
    assert.deepEqual(parseBook(book(), 'BTCUSDT'), {
      value: { bid: '100.1', ask: '100.2', bidQty: '1.5', askQty: '2', update: 7, sequence: '77', sentAt: AT + 5, matchedAt: AT },
    });
  });

  it('counters that ccxt made text of, and a frame without cts, are accepted', () => {
    const parsed = parseBook({ ...book({ seq: '140612148849382' }), cts: undefined }, 'BTCUSDT');
    assert.ok('value' in parsed);
    assert.equal(parsed.value.sequence, '140612148849382');
    assert.equal(parsed.value.matchedAt, null);
  });

  it('QS-2 a crossed or zero price is a quote still: the core refuses it, and must be seen to', () => {
    assert.equal(reasonOf(book({ b: [['100.3', '1']] })), 'accepted');
    assert.equal(reasonOf(book({ b: [['0', '1']] })), 'accepted');
  });

  const bad: readonly (readonly [string, object, string])[] = [
    ['NaN', book({ b: [['NaN', '1']] }), 'not_a_number'],
    ['Infinity', book({ a: [['Infinity', '1']] }), 'not_a_number'],
    ['empty text', book({ a: [['', '1']] }), 'not_a_number'],
    ['text of letters', book({ a: [['100', 'x']] }), 'not_a_number'],
    ['a negative price', book({ b: [['-1', '1']] }), 'negative'],
    ['a negative quantity', book({ b: [['1', '-1']] }), 'negative'],
    ['no bids', book({ b: [] }), 'missing_side'],
    ['no asks', book({ a: [] }), 'missing_side'],
    ['a level without quantity', book({ a: [['100', '0']] }), 'missing_side'],
    ['another symbol', book({ s: 'ETHUSDT' }), 'wrong_symbol'],
    ['a price that is a number', book({ b: [[100, '1']] }), 'malformed data.b.0.0'],
    ['a delta', book({}, { type: 'delta' }), 'malformed type'],
    ['no data', book({}, { data: null }), 'malformed data'],
    ['no update number', book({ u: undefined }), 'malformed data.u'],
    ['a time before there was bitcoin', book({}, { ts: 1 }), 'malformed ts'],
    ['a time that is text', book({}, { ts: 'now' }), 'malformed ts'],
  ];
  for (const [name, frame, reason] of bad) it(`QS-2 ${name} is dropped as ${reason}`, () => assert.equal(reasonOf(frame), reason));

  it('a drop tells the time of the frame where it can be read', () => {
    assert.deepEqual(parseBook(book({ b: [] }), 'BTCUSDT'), { reason: 'missing_side', at: AT });
    assert.deepEqual(parseBook({ ts: AT }, 'BTCUSDT'), { reason: 'malformed type', at: AT });
    assert.equal(timeOf({ ts: -1, cts: 'x' }), null);
    assert.equal(timeOf(null), null);
  });

  it('trades are taken in order; block trades are no price of the book', () => {
    const row = (p: string, v: string, more: object = {}) => ({ T: AT, s: 'BTCUSDT', S: 'Buy', v, p, i: 'x', BT: false, ...more });
    const parsed = parseTrades({ ts: AT, data: [row('100.50', '1'), row('90', '500', { BT: true }), row('101', '0.20')] }, 'BTCUSDT');
    assert.deepEqual(parsed, {
      value: [
        { price: '100.5', qty: '1' },
        { price: '101', qty: '0.2' },
      ],
    });
    for (const [rows, reason] of [
      [[row('NaN', '1')], 'not_a_number'],
      [[row('1', '-1')], 'negative'],
      [[row('0', '1')], 'negative'],
      [[row('1', '1', { s: 'ETHUSDT' })], 'wrong_symbol'],
      ['none', 'malformed data'],
    ] as const) {
      assert.deepEqual(parseTrades({ ts: AT, data: rows }, 'BTCUSDT'), { reason, at: AT });
    }
  });

  it('whatever JSON comes, nothing throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (whole, part) => {
        for (const frame of [
          whole,
          book({}, { data: part }),
          book({ b: part }),
          book({ a: [[part, part]] }),
          book({ u: part }),
          book({}, { ts: part }),
        ]) {
          parseBook(frame, 'BTCUSDT');
          parseTrades(frame, 'BTCUSDT');
          timeOf(frame);
        }
      }),
    );
  });
});
