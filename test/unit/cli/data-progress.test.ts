import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { progressLine, progressView } from '#cli/data-progress.ts';

function shown(isTTY: boolean, wallMs: readonly number[]): string {
  let [text, tick] = ['', 0];
  const view = progressView({ isTTY, write: (part: string | Uint8Array) => ((text += String(part)), true) }, () =>
    tick === 0 ? (tick++, 0) : (wallMs[tick++ - 1] ?? 0),
  );
  for (const [index] of wallMs.entries())
    view.show({ doneMs: ((index + 1) * 1000) / wallMs.length, totalMs: 1000, added: (index + 1) * 10, pages: index + 1 });
  view.end();
  return text;
}

describe('progress', () => {
  it('says percent, rows, rate and the time left of this run', () => {
    assert.equal(progressLine({ doneMs: 600, totalMs: 1000, added: 500, pages: 2 }, 100, 2000), '60 %, 500 rows in 2 pages, 250 rows/s, 8 s left');
    assert.match(progressLine({ doneMs: 0, totalMs: 1000, added: 0, pages: 1 }, 0, 0), /^0 %, 0 rows/);
    assert.match(progressLine({ doneMs: 1, totalMs: 100, added: 0, pages: 1 }, 1, 1000), /1 min 39 s left$/);
  });

  it('draws over one line on a terminal', () => {
    const text = shown(true, [150, 160, 400, 500]);
    assert.equal(text.split('\r').length - 1, 3);
    assert.match(text, /\[#{24}\] 100 %.*\n$/s);
  });

  it('says plain lines now and then elsewhere, and the last always', () => {
    const lines = shown(false, [100, 5200, 5300, 5400]).trimEnd().split('\n');
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /^50 %/);
    assert.match(lines[1] ?? '', /^100 %/);
    assert.ok(!lines.join('').includes('\r') && !lines.join('').includes('\u001B'));
  });
});
