import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { whyText } from '#cli/why.ts';
import { whyStory } from '#test/support/why-story.ts';

describe('why at the prompt', () => {
  it('OP-2 RG-2 is a line a gate: its mark, who asked, the rule, the sentence, and every number', () => {
    const lines = whyText(whyStory()).split('\n');
    assert.equal(lines[0], 'BTC/USDT (crypto_spot paper), signal at 2026-03-02T13:00:00.000Z');
    assert.match(lines[1] ?? '', /^ {2}✓ trader +quote +QS-1 +bid 64210\.50.* \[bid=64210\.50 ask=64211\.10 ageMs=310 maxMs=2000\]$/);
    assert.match(lines[3] ?? '', /^ {2}– trader +session/);
    assert.match(lines[4] ?? '', /^ {2}✕ trader +cool-down +RK-1 .*431000 ms more.* \[code=COOL_DOWN remainingMs=431000 cooldownSeconds=900\]$/);
    assert.equal(lines[5], '');
    assert.deepEqual(lines.slice(-3), ['', 'BTC/USDT (crypto_spot live), no signal since the start', lines.at(-1)]);
    assert.match(lines.at(-4) ?? '', /✓ execution fill/);
    assert.match(lines.at(-1) ?? '', /✕ governor +mode +RT-2 .*\[code=MODE_OFF /);
  });

  it('says why there is nothing to tell', () => {
    assert.equal(whyText(whyStory('forex')), 'forex: no trader runs for forex: nothing of it is traded in this run');
    const silent = whyText({
      asset: 'crypto_spot',
      note: null,
      chains: whyStory()
        .chains.slice(0, 1)
        .map((chain) => ({ ...chain, signalAt: null, gates: [] })),
    });
    assert.equal(silent, 'BTC/USDT (crypto_spot paper), no signal since the start');
  });
});
