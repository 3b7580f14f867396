import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openLog, readable } from '#config/log.ts';

const read = (directory: string): string =>
  readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('');

describe('the log', () => {
  it('OP-7 CF-4 secrets reach neither the file nor the terminal, by key or by text', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ledgerwood-log-'));
    const shown: string[] = [];
    const log = await openLog({ directory, terminal: { write: (text) => shown.push(text) }, secrets: ['CANARY-TEXT'] });
    log.info({ actor: 'gateway', apiKey: 'CANARY-1', nested: { secret: 'CANARY-2', deep: { token: 'CANARY-3' } } }, 'connected');
    log.error({ error: 'sign failed for CANARY-TEXT' }, 'refused CANARY-TEXT');
    await log.close();
    const everything = read(directory) + shown.join('');
    assert.match(everything, /connected/);
    assert.match(everything, /refused/);
    assert.doesNotMatch(everything, /CANARY/);
  });

  it('OP-7 the file holds JSON lines, the terminal one readable line an event', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ledgerwood-log-'));
    const shown: string[] = [];
    const log = await openLog({ directory, terminal: { write: (text) => shown.push(text) }, now: () => Date.UTC(2026, 0, 5, 12, 0, 1) });
    log.info({ actor: 'governor', code: 'COOL_DOWN', seconds: 12 }, 'refused BTC/USDT');
    log.debug({}, 'not at this level');
    await log.close();
    assert.deepEqual(shown, ['12:00:01 info  governor  refused BTC/USDT  code=COOL_DOWN  seconds=12\n']);
    const lines = read(directory).trim().split('\n');
    assert.equal(lines.length, 1);
    assert.equal((JSON.parse(lines[0] ?? '') as { code: string }).code, 'COOL_DOWN');
  });

  it('a text with control characters stays on its line', () => {
    const line = readable(JSON.stringify({ level: 30, time: 0, msg: 'x\n\u001b[2Jforged', symbol: 'A\u0007' }), false);
    assert.equal(line.indexOf('\n'), line.length - 1);
    // eslint-disable-next-line no-control-regex -- the control characters under test
    assert.doesNotMatch(line, /[\u0007\u001b]/);
  });
});
