import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { drawOrder, drawTriggered } from '#trading/paper/draws.ts';
import type { PaperRules } from '#trading/model/settings.ts';

const rules: PaperRules = { harsh: true, slippageBps: 8, partialProbability: 0.2, latencyMsMin: 40, latencyMsMax: 250 };
const ids = Array.from({ length: 5000 }, (_none, index) => `p${index}`);

/** Worked out with another program: 48 bits each of sha256 over the JSON array [seed, id]. */
const GOLDEN = {
  first: { seed: '1', latencyMs: 105, fillFraction: '1' },
  partial: { seed: '1', latencyMs: 190, fillFraction: '0.4759' },
  triggered: { seed: '1', latencyMs: 0, fillFraction: '0.4774' },
};

describe('paper/draws', () => {
  it('PX-1 the same seed and order give the same draws: golden values, which journals rest on', () => {
    assert.deepEqual(drawOrder('1', 'p0001', rules), GOLDEN.first);
    assert.deepEqual(drawOrder('1', 'p0002', { ...rules, partialProbability: 1 }), GOLDEN.partial);
    assert.deepEqual(drawTriggered('1', 'p0001-x1', { ...rules, partialProbability: 1 }), GOLDEN.triggered);
  });

  it('PX-1 another seed or another order gives other draws', () => {
    assert.notDeepEqual(drawOrder('1', 'p0001', rules), { ...drawOrder('2', 'p0001', rules), seed: '1' });
    assert.notDeepEqual(drawOrder('1', 'p0001', rules), drawOrder('1', 'p0002', rules));
    assert.notEqual(drawOrder('1', '1p', rules).latencyMs, drawOrder('11', 'p', rules).latencyMs, 'where one ends and the other begins counts');
  });

  it('PX-1 latency is whole milliseconds over the whole range, both ends included', () => {
    const narrow = ids.map((id) => drawOrder('1', id, { ...rules, latencyMsMin: 3, latencyMsMax: 6 }).latencyMs);
    assert.deepEqual(
      [...new Set(narrow)].sort((left, right) => left - right),
      [3, 4, 5, 6],
    );
    const wide = ids.map((id) => drawOrder('1', id, rules).latencyMs);
    assert.ok(wide.every((ms) => Number.isInteger(ms) && ms >= 40 && ms <= 250));
    const mean = wide.reduce((sum, ms) => sum + ms, 0) / wide.length;
    assert.ok(Math.abs(mean - 145) < 4, `mean ${mean}`);
  });

  it('PX-1 about the given share of orders fills in part, 0.2 to 0.8 of it', () => {
    const parts = ids.map((id) => drawOrder('1', id, rules).fillFraction).filter((fraction) => fraction !== '1');
    assert.ok(Math.abs(parts.length / ids.length - 0.2) < 0.03, `${parts.length} of ${ids.length}`);
    assert.ok(parts.every((fraction) => Number(fraction) >= 0.2 && Number(fraction) <= 0.8));
  });

  it('PX-1 never and always are possible', () => {
    assert.ok(ids.every((id) => drawOrder('1', id, { ...rules, partialProbability: 0 }).fillFraction === '1'));
    assert.ok(ids.every((id) => drawOrder('1', id, { ...rules, partialProbability: 1 }).fillFraction !== '1'));
  });

  it('PX-1 off, every order fills whole; a triggered fill has no latency', () => {
    assert.ok(ids.every((id) => drawOrder('1', id, { ...rules, harsh: false, partialProbability: 1 }).fillFraction === '1'));
    assert.equal(drawTriggered('1', 'p-x1', rules).latencyMs, 0);
  });
});
