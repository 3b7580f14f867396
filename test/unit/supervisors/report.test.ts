import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { tellEnd } from '#supervisors/report.ts';

describe('the end of a market', () => {
  it('says why nothing was played, and nothing more where something was', () => {
    const said: string[] = [];
    const say = (_fields: object, line: string): void => void said.push(line);
    const log = { debug: say, info: say, warn: say, error: say };
    tellEnd(log, 7, 0);
    assert.deepEqual(said, ['the market ended']);
    tellEnd(log, 0, Date.UTC(2026, 0, 5, 12));
    assert.match(said.at(-1) ?? '', /nothing was played: the facts of this data directory reach 2026-01-05T12:00:00.000Z; .*--data-dir/);
  });
});
