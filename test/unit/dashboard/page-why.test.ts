import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LiveSummary } from '#trading/model/events.ts';
import { endingOf, stagesOf } from '../../../ui/src/why-chain.ts';
import { secondsLeft, summaryLines } from '../../../ui/src/live-summary.ts';
import { whyStory } from '#test/support/why-story.ts';
import { pendingLive } from '#test/support/page-story.ts';

describe('the page’s reading of why and of live', () => {
  const [stopped, filled] = whyStory().chains;

  it('RG-2 the ending is the gate that stopped it, else what is waited for, else how far it came', () => {
    assert.ok(stopped && filled);
    assert.deepEqual(endingOf(stopped), { outcome: 'stopped', line: 'Stopped at “cool-down” (RK-1)' });
    assert.deepEqual(endingOf(filled), { outcome: 'passed', line: '8 gates passed, down to “fill”' });
    assert.deepEqual(endingOf({ gates: [] }), { outcome: 'waiting', line: 'Nothing happened yet' });
    const waits = filled.gates.slice(0, 1).map((gate) => ({ ...gate, outcome: 'waiting' as const }));
    assert.deepEqual(endingOf({ gates: waits }), { outcome: 'waiting', line: 'Waiting at “quote” (QS-1)' });
  });

  it('UI-2 gates stand under who asked them, in order, none lost', () => {
    assert.ok(filled);
    const stages = stagesOf(filled.gates);
    assert.deepEqual(
      stages.map(({ name, gates }) => [name, gates.length]),
      [
        ['Trader', 5],
        ['Governor', 2],
        ['Execution', 2],
      ],
    );
    assert.deepEqual(
      stages.flatMap(({ gates }) => gates),
      filled.gates,
    );
  });

  it('UI-1 the summary names budget, caps, venue and account; a share of a wallet is a percentage', () => {
    const { summary } = pendingLive(0);
    assert.deepEqual(Object.fromEntries(summaryLines(summary))['Budget'], '$1,000.00');
    const share: LiveSummary = { ...summary, allocMode: 'percent', budget: '0.25' as LiveSummary['budget'] };
    assert.deepEqual(Object.fromEntries(summaryLines(share))['Budget'], '25.00 % of the account’s wallet');
    assert.deepEqual([secondsLeft(5000, 1500), secondsLeft(5000, 9000)], [3, 0]);
  });
});
