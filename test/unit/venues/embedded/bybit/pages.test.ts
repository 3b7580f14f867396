import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { BadRequest } from '#venues/embedded/bybit/private/order-request.ts';
import { pageOf, windowOf } from '#venues/embedded/bybit/private/pages.ts';

const DAY_MS = 86_400_000;
const ids = (from: number, to: number): readonly string[] => Array.from({ length: from - to + 1 }, (_, index) => String(from - index));
const query = (fields: Readonly<Record<string, string>>): URLSearchParams => new URLSearchParams(fields);
const page = (rows: readonly string[], fields: Readonly<Record<string, string>>) => pageOf(rows, (id) => id, query(fields), 20, 50);

describe('embedded venue: pages', () => {
  it('has a default and a most, and the last page no cursor', () => {
    const rows = ids(65, 1);
    assert.equal(page(rows, {}).rows.length, 20);
    assert.equal(page(rows, { limit: '100' }).rows.length, 50);
    assert.deepEqual(page(ids(20, 1), {}).nextPageCursor, '');
  });

  it('rows that come new do not shift the next page, whether the cursor comes back as it went or decoded', () => {
    const { nextPageCursor } = page(ids(65, 1), {});
    const newer = ids(70, 1);
    assert.equal(nextPageCursor, 'page_token%3D46%26');
    assert.equal(page(newer, { cursor: nextPageCursor }).rows[0], '45');
    assert.equal(page(newer, { cursor: decodeURIComponent(nextPageCursor) }).rows[0], '45');
  });

  it('refuses cursors and limits that are none', () => {
    for (const fields of [{ cursor: 'x' }, { cursor: '%' }, { cursor: 'page_token=99&' }, { limit: '0' }, { limit: 'many' }]) {
      assert.throws(() => page(ids(65, 1), fields), BadRequest, JSON.stringify(fields));
    }
  });

  it('windows are at most seven days, the last seven by default', () => {
    const now = 100 * DAY_MS;
    assert.deepEqual(windowOf(query({}), now), { from: 93 * DAY_MS, to: now });
    assert.deepEqual(windowOf(query({ startTime: String(DAY_MS) }), now), { from: DAY_MS, to: 8 * DAY_MS });
    assert.throws(() => windowOf(query({ startTime: '0', endTime: String(8 * DAY_MS) }), now), BadRequest);
  });
});
