import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { removeLatch, writeLatch } from '#actors/latch.ts';
import { sendGate } from '#actors/send-gate.ts';
import type { KillScope } from '#trading/model/events.ts';
import { inTempDir } from '#test/support/temp-dir.ts';

const latched = (path: string, ...scopes: readonly KillScope[]): void =>
  writeLatch(path, { scopes, reason: 'fire', source: 'cli', at: 1, flatten: false });

describe('actors/send-gate', () => {
  it('KS-1 is open without flag and file', () =>
    inTempDir(async (dir) => {
      const gate = sendGate(join(dir, 'KILL'));
      assert.equal(gate.closedFor('crypto_spot'), null);
      assert.deepEqual(gate.closed(), []);
    }));

  it('KS-1 is one object a path: who trips it trips it for the whole process', () =>
    inTempDir(async (dir) => {
      sendGate(join(dir, 'KILL')).trip(['all']);
      const refusal = sendGate(join(dir, 'KILL')).closedFor('options');
      assert.deepEqual([refusal?.code, refusal?.rule, refusal?.numbers], ['CLOSE_ONLY', 'KS-1', { scope: 'all' }]);
      assert.equal(sendGate(join(dir, 'OTHER')).closedFor('options'), null);
    }));

  it('KS-1 covers what its scopes cover: all, a broker, an asset', () =>
    inTempDir(async (dir) => {
      const gate = sendGate(join(dir, 'KILL'));
      gate.trip(['bybit']);
      assert.ok(gate.closedFor('crypto_spot') !== null && gate.closedFor('crypto_futures') !== null && gate.closedFor('forex') === null);
      gate.trip(['forex']);
      assert.ok(gate.closedFor('forex') !== null && gate.closedFor('options') === null);
      assert.deepEqual(gate.closed(), ['bybit', 'forex']);
    }));

  it('KS-2 sees the latch file of another process at the next question, and sees what is added to it', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      const gate = sendGate(path);
      assert.equal(gate.closedFor('forex'), null);
      execFileSync(process.execPath, [
        '-e',
        `fs.writeFileSync(${JSON.stringify(path)}, '{"scopes":["bybit"],"reason":"r","source":"s","at":1,"flatten":false}')`,
      ]);
      assert.ok(gate.closedFor('crypto_spot') !== null && gate.closedFor('forex') === null);
      latched(path, 'ibkr');
      assert.ok(gate.closedFor('forex') !== null);
    }));

  it('KS-2 re-arming the flag does not open a gate that the file closes; removing the file does', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      const gate = sendGate(path);
      gate.trip(['all']);
      latched(path, 'all');
      gate.rearm();
      assert.ok(gate.closedFor('forex') !== null);
      removeLatch(path);
      assert.equal(gate.closedFor('forex'), null);
    }));

  it('KS-2 a latch that is garbage, or where it cannot be known, closes for all', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      const gate = sendGate(path);
      writeFileSync(path, 'garbage');
      assert.ok(gate.closedFor('options') !== null);
      rmSync(path);
      mkdirSync(path);
      assert.ok(gate.closedFor('options') !== null);
      writeFileSync(join(dir, 'file'), '');
      assert.ok(sendGate(join(dir, 'file', 'KILL')).closedFor('options') !== null, 'its directory is none');
    }));
});
