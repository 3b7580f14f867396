/** What TWS says of orders and executions, in whatever order: one picture. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { VenueExecution, VenueFee } from '#trading/model/live.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import { cancelAnswer, meaningOf } from '#venues/ibkr/trading/codes.ts';
import { forgotten, unanswered } from '#venues/ibkr/trading/evidence.ts';
import { Fills, stemOf, type ExecutionRow } from '#venues/ibkr/trading/fills.ts';
import { Mirror, type OrderRow, type StatusRow } from '#venues/ibkr/trading/mirror.ts';
import { instantOf } from '#venues/ibkr/trading/rows.ts';
import { eurUsd } from '../../../trading/paper/ibkr-instruments.ts';

const ID = `l${'0'.repeat(25)}1`;
const CLIENT = 7;

const row = (more: Partial<OrderRow> = {}): OrderRow => ({
  ...{ permId: 500, orderId: 10, clientId: CLIENT, orderRef: ID, parentOrderId: 0, ocaGroup: '', conId: 1, filled: null, said: '' },
  ...{ order: { asset: 'forex', symbol: 'EUR/USD', side: 'buy', qty: qty('100') }, status: 'Submitted', ...more },
});
const status = (more: Partial<StatusRow> = {}): StatusRow => ({
  permId: 500,
  status: 'Submitted',
  filled: qty('0'),
  whyHeld: '',
  marketCapPrice: 0,
  ...more,
});

const executed = (execId: string, more: Partial<ExecutionRow['execution']> = {}): ExecutionRow => ({
  ...{ execId, orderId: 10, clientId: CLIENT, permId: 500, conId: 1, isLiquidation: false, instrument: eurUsd },
  execution: {
    ...{ clientOrderId: ID, parentId: null, leg: null, venueOrderId: '500', asset: 'forex', symbol: 'EUR/USD', side: 'buy' },
    ...{ price: price('1.1'), qty: qty('100'), feeQty: null, executedAt: 1000, ...more },
  },
});

describe('IBKR: orders as TWS tells of them', () => {
  it('ST-3 what is over stays over, in whatever order and however often its messages come', () => {
    const messages: ((mirror: Mirror) => unknown)[] = [
      (mirror) => mirror.row(row()),
      (mirror) => mirror.status(status({ filled: qty('40') })),
      (mirror) => mirror.executed(500, qty('100')),
      (mirror) => mirror.status(status({ status: 'Filled', filled: qty('100') })),
      (mirror) => mirror.row(row({ status: 'Filled' })),
      (mirror) => mirror.row(row({ orderId: null, clientId: null, status: 'Filled', filled: qty('100') })),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], { minLength: 12 }), (order) => {
        const mirror = new Mirror(CLIENT);
        const told: string[] = [];
        mirror.row(row());
        for (const index of order) {
          messages[index]?.(mirror);
          told.push(mirror.of(500)?.order.status ?? '');
        }
        assert.deepEqual([mirror.of(500)?.order.status, mirror.of(500)?.order.cumQty], ['filled', '100']);
        assert.ok(!told.slice(told.indexOf('filled')).includes('open'), told.join());
      }),
    );
  });

  it('the same said twice is no news', () => {
    const mirror = new Mirror(CLIENT);
    assert.notEqual(mirror.row(row()), null);
    assert.equal(mirror.row(row()), null);
    assert.equal(mirror.status(status()), null);
  });

  it('Inactive is an end only with a code that says why; before any fill it was rejected', () => {
    const mirror = new Mirror(CLIENT);
    mirror.row(row({ status: 'Inactive' }));
    assert.equal(mirror.of(500)?.order.status, 'open');
    assert.equal(mirror.code(10, 201, 'margin')?.order.status, 'rejected');
    const early = new Mirror(CLIENT);
    early.code(10, 201, 'margin');
    assert.equal(early.row(row({ status: 'Inactive' }))?.order.status, 'rejected', 'the code came first');
    assert.equal(
      early.row(row({ permId: 501, clientId: 9, orderRef: 'x', status: 'Inactive' }))?.order.status,
      'open',
      'not of another client’s order',
    );
  });

  it('of two orders with one name ours is the one of our client, and the older of ours', () => {
    for (const rows of [
      [row({ permId: 500, clientId: 9 }), row({ permId: 501 }), row({ permId: 502 })],
      [row({ permId: 502 }), row({ permId: 501 }), row({ permId: 500, clientId: 9 })],
    ]) {
      const mirror = new Mirror(CLIENT);
      for (const each of rows) mirror.row(each);
      assert.deepEqual(
        mirror.named(ID).map(({ permId, isTwin, order }) => [permId, isTwin, order.clientOrderId]),
        [
          [501, false, ID],
          [502, true, null],
          [500, true, null],
        ],
      );
    }
  });
});

describe('IBKR: executions and what they cost', () => {
  it('each once, with its fee, in whatever order the two messages come and however often', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['e1', 'e1', 'e2', 'c1', 'c2', 'c1'], { minLength: 6 }), (order) => {
        const told: VenueExecution[] = [];
        const fills = new Fills({
          told: (each) => void told.push(each),
          charged: () => assert.fail('nothing came late'),
          corrected: () => assert.fail('nothing was corrected'),
        });
        for (const [index, each] of order.entries()) {
          const execId = `x.${each.slice(1)}.01`;
          if (each.startsWith('e')) fills.hear(executed(execId), index);
          else fills.charged(execId, money('2'));
        }
        assert.deepEqual(told.map(({ executionId, fee }) => `${executionId} ${fee}`).sort(), ['x.1 2', 'x.2 2']);
      }),
    );
  });

  it('one that is not charged in time is told at our own price, the minimum once an order; a late one is told, once, where it is another one', () => {
    const told: VenueExecution[] = [];
    const charged: VenueFee[] = [];
    const fills = new Fills({ told: (each) => void told.push(each), charged: (fee) => void charged.push(fee), corrected: () => undefined });
    fills.hear(executed('x.1.01'), 0);
    fills.hear(executed('x.2.01'), 0);
    fills.estimate(-1);
    assert.equal(told.length, 0);
    fills.estimate(0);
    // 0.2 basis points of 110 USD, at least 2 USD an order.
    assert.deepEqual(
      told.map(({ fee }) => fee),
      ['2', '0.0022'],
    );
    fills.charged('x.1.01', money('2'));
    for (let time = 0; time < 2; time++) fills.charged('x.2.01', money('0.5'));
    assert.deepEqual(
      charged.map(({ executionId, fee }) => [executionId, fee]),
      [['x.2', '0.5']],
    );
    assert.deepEqual(
      fills.since(0).map(({ fee }) => fee),
      ['2', '0.5'],
      'who asks again hears what it cost',
    );
    assert.deepEqual([told.length, fills.lateDifferences, fills.estimated], [2, 1, 2]);
  });

  it('a correction is told once, as nobody’s, and the first price stays', () => {
    const corrected: VenueExecution[] = [];
    const fills = new Fills({ told: () => undefined, charged: () => undefined, corrected: (each) => void corrected.push(each) });
    fills.hear(executed('x.1.01'), 0);
    fills.charged('x.1.01', money('2'));
    for (let time = 0; time < 3; time++) fills.hear(executed('x.1.02', { price: price('1.2') }), time);
    assert.deepEqual(
      corrected.map(({ executionId, clientOrderId, price: at }) => [executionId, clientOrderId, at]),
      [['x.1.02', null, '1.2']],
    );
    assert.deepEqual(
      fills.since(0).map(({ price: at }) => at),
      ['1.1'],
    );
    assert.equal(stemOf('0000e0d5.19ab.0001.01'), '0000e0d5.19ab.0001');
    assert.equal(stemOf('plain'), 'plain');
  });
});

describe('IBKR: codes, times and evidence', () => {
  it('a code that is not listed proves nothing', () => {
    assert.deepEqual([110, 201, 321, 399, 404, 2109, 2161, 202, 103, 104, 10197, 9999].map(meaningOf), [
      ...[
        'rejected',
        'rejected',
        'rejected',
        'warning',
        'warning',
        'warning',
        'warning',
        'cancelled',
        'duplicate',
        'duplicate',
        'unclear',
        'unclear',
      ],
    ]);
    assert.deepEqual(
      [202, 10147, 10148, 161].map((code) => cancelAnswer(code, '')?.kind),
      ['done', 'gone', 'gone', 'gone'],
    );
    assert.equal(cancelAnswer(2109, ''), null);
    assert.equal(cancelAnswer(9999, '')?.kind, 'unknown');
  });

  it('times carry a zone, over the change of the clock too; what cannot be read is not guessed', () => {
    assert.equal(instantOf('20261123 09:30:00 US/Eastern'), Date.UTC(2026, 10, 23, 14, 30));
    assert.equal(instantOf('20260723 09:30:00 America/New_York'), Date.UTC(2026, 6, 23, 13, 30));
    assert.equal(instantOf('20260308 03:00:00 US/Eastern'), Date.UTC(2026, 2, 8, 7, 0));
    assert.equal(instantOf('20261123-14:30:00'), Date.UTC(2026, 10, 23, 14, 30));
    for (const text of ['20261123 09:30:00', '20261123 09:30:00 Eastern Standard Time', '', 'now']) assert.equal(instantOf(text), null, text);
  });

  it('ST-2 in no list is absent only where the position says so, and TWS knows no id of it', () => {
    const family = { ref: ID, ids: [10], conId: 1, sentAt: 0, held: '0', session: 'a/1' };
    const still = { held: qty('0'), moved: qty('0'), session: 'a/2' };
    assert.equal(forgotten(family, still), null);
    assert.equal(forgotten(family, { ...still, held: qty('100'), moved: qty('100') }), null);
    assert.match(forgotten(family, { ...still, held: qty('100') }) ?? '', /100 is held .* 0 is explained/);
    assert.equal(forgotten(family, { ...still, held: qty('100'), session: 'a/1' }), null, 'one connection forgets nothing');
    assert.match(forgotten({ ...family, held: null }, still) ?? '', /not known/);
    assert.equal(unanswered([{ kind: 'gone' }, { kind: 'done' }], [10147, 202]), null);
    assert.match(unanswered([{ kind: 'gone' }], [10148]) ?? '', /over/);
    assert.match(unanswered([{ kind: 'unknown', reason: 'silence' }], [undefined]) ?? '', /silence/);
  });
});
