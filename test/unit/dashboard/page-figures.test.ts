/** What the page computes by itself: order, sums, words. Its components are tested in a browser. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Projection } from '#actors/dashboard/projection.ts';
import { PageStory, STORY_START } from '#test/support/page-story.ts';
import { equityLines } from '../../../ui/src/equity-data.ts';
import { age, decimal, percent, priceText, signedUsd, usd } from '../../../ui/src/format.ts';
import { tabbed } from '../../../ui/src/price-data.ts';
import { grouped } from '../../../ui/src/refusal-groups.ts';
import { nextSort, sorted, sumsOf } from '../../../ui/src/trades-table.ts';
import { treeRows } from '../../../ui/src/tree-rows.ts';
import { verdictOf } from '../../../ui/src/verdict.ts';

function storyView() {
  const story = new PageStory().tell();
  const projection = new Projection('embedded');
  for (const fact of story.facts) projection.apply(fact);
  projection.feed(story.feed());
  return projection.view();
}

describe('figures of the page', () => {
  it('money keeps its sign, its cents, and what is less than a cent', () => {
    assert.deepEqual(
      [usd('1234.5'), usd('-3'), usd('0.0075'), usd('-0.05'), usd(0), signedUsd('2'), signedUsd('-2'), signedUsd('0')],
      ['$1,234.50', '−$3.00', '$0.0075', '−$0.0500', '$0.00', '+$2.00', '−$2.00', '$0.00'],
    );
  });

  it('decimals keep every digit, prices line up, ages are coarse', () => {
    assert.deepEqual([decimal('1234567.000120'), decimal('-1000'), decimal('0.5')], ['1,234,567.000120', '−1,000', '0.5']);
    assert.deepEqual(
      [priceText('64000'), priceText('3180.5'), priceText('0.123456789'), priceText('66979.226263'), priceText('1.23456', 5)],
      ['64,000.00', '3,180.50', '0.123457', '66,979.23', '1.23456'],
    );
    assert.deepEqual([age(999), age(59_999), age(60_000), age(3_600_000), age(172_800_000)], ['<1 s', '59 s', '1 min', '1 h', '2 d']);
    assert.equal(percent(-0.1234), '−12.3 %');
  });

  it('every symbol has a tab, of options those that are of use', () => {
    const symbols = ['BTC/USDT', 'AAPL', 'AAPL 2026-01-16 230 C', 'AAPL 2026-01-16 235 C'];
    const held = 'AAPL 2026-01-16 235 C';
    assert.deepEqual(
      tabbed(symbols, (symbol) => symbol === held),
      ['BTC/USDT', 'AAPL', held],
    );
  });

  it('UI-1 trades sort by symbol, strategy, date and result, and turn round at a second choice', () => {
    const { trades } = storyView();
    const byPnl = sorted(trades, { by: 'pnl', descending: true }).map(({ pnl }) => Number(pnl));
    assert.deepEqual(
      byPnl,
      byPnl.toSorted((left, right) => right - left),
    );
    const bySymbol = sorted(trades, { by: 'symbol', descending: false });
    assert.equal(bySymbol[0]?.symbol, 'BTC/USDT');
    assert.ok((bySymbol[0]?.closedAt ?? 0) > (bySymbol[1]?.closedAt ?? 0), 'of equal ones the newest first');
    assert.deepEqual(nextSort({ by: 'date', descending: true }, 'date'), { by: 'date', descending: false });
    assert.deepEqual(nextSort({ by: 'date', descending: true }, 'symbol'), { by: 'symbol', descending: false });
  });

  it('UI-1 win-rate and expectancy follow from the totals; of nothing there is neither', () => {
    const totals = { asset: 'crypto_spot', mode: 'paper', closed: 4, won: 3, pnl: '8', fees: '1' } as const;
    assert.deepEqual(sumsOf([totals]), { closed: 4, pnl: 8, fees: 1, winRate: 0.75, expectancy: 2 });
    assert.deepEqual(sumsOf([]), { closed: 0, pnl: 0, fees: 0, winRate: null, expectancy: null });
  });

  it('UI-1 the equity line starts at the budget, ends at the mark, and its times ascend', () => {
    const view = storyView();
    const { equity, budget, now } = equityLines(view, 'crypto_spot|paper');
    assert.equal(equity.length, budget.length);
    for (const [index, { time }] of equity.entries()) assert.ok(index === 0 || Number(time) > Number(equity[index - 1]?.time));
    const open = Object.values(view.positions).reduce((sum, { unrealised }) => sum + Number(unrealised), 0);
    assert.ok(open !== 0);
    assert.ok(Math.abs((now ?? 0) - ((view.equity.at(-1)?.value ?? 0) + open)) < 1e-9);
    const fresh = equityLines({ ...view, equity: [], positions: {} }, 'crypto_spot|paper');
    assert.equal(fresh.equity[0]?.time, STORY_START / 1000);
    assert.ok(equity.length <= 402);
    const steps = new Set(equity.slice(1, -1).map(({ time }, index) => Number(time) - Number(equity[index]?.time)));
    assert.deepEqual([...steps], [60], 'the axis is true to time');
    assert.equal(equityLines(view, 'forex|paper').now, null);
  });

  it('RG-2 the same refusal in a row is one line with a count', () => {
    const { refusals } = storyView();
    const [first] = refusals;
    assert.ok(first !== undefined);
    const groups = grouped([first, first, { ...first, symbol: 'X' }, first]);
    assert.deepEqual(
      groups.map(({ times }) => times),
      [2, 1, 1],
    );
    assert.equal(new Set(groups.map(({ key }) => key)).size, 3);
  });

  it('UI-2 the tree shows parents before children, and whoever has none at the top', () => {
    const rows = treeRows(storyView().actors);
    assert.deepEqual(
      rows.slice(0, 3).map(({ actor, depth }) => [actor.name, depth]),
      [
        ['root', 0],
        ['records', 1],
        ['catalog', 2],
      ],
    );
    const orphan = { ...(rows[2]?.actor as (typeof rows)[number]['actor']), parent: 'gone' };
    assert.deepEqual(
      treeRows([orphan]).map(({ depth }) => depth),
      [0],
    );
  });

  it('VF-1 what verify answered is said in a line, with the records that fail', () => {
    assert.deepEqual(verdictOf({ ok: true, records: 1200, rederived: 8 }, 5), {
      ok: true,
      line: '1,200 records proven, 8 paper fills derived again',
      problems: [],
    });
    const bad = verdictOf({ ok: false, problems: [{ seq: 7, rule: 'VF-1', what: 'hash' }] }, 5);
    assert.deepEqual(bad, { ok: false, line: '1 problem', problems: ['record 7, VF-1: hash'] });
    assert.equal(verdictOf('what', 5).ok, false);
  });
});
