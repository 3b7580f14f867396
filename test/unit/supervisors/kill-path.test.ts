import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { writeLatch } from '#actors/latch.ts';
import { sendGate } from '#actors/send-gate.ts';
import { KillPath, type KillOrder } from '#supervisors/kill-path.ts';
import type { Router } from '#supervisors/router.ts';
import { inTempDir } from '#test/support/temp-dir.ts';
import { until } from '#test/support/until.ts';

const ORDER = { scope: 'all', reason: 'test', source: 'cli', flatten: false } as const;

/** A house of one gate, whose kill-switch remembers `scopes`. */
function house(latchPath: string, scopes: readonly string[] = [], flattened: readonly string[] = []) {
  const asked: string[] = [];
  const tripped: string[] = [];
  const router = {
    ask: (actor: string, { type, body }: { readonly type: string; readonly body: Partial<KillOrder> }) => {
      asked.push(`${actor} ${type}`);
      if (type === 'kill.trip') tripped.push(`${body.scope ?? ''}${body.flatten === true ? ' flatten' : ''}`);
      return Promise.resolve({ scopes, flattened });
    },
  };
  const said: string[] = [];
  const say = (_fields: object, line: string): void => void said.push(line);
  const path = new KillPath({
    latchPath,
    router: router as Partial<Router> as Router,
    gates: () => ['gateway.paper'],
    log: { debug: say, info: say, warn: say, error: say },
    now: () => 1,
  });
  return { path, asked, tripped, said };
}

describe('the path of a kill', () => {
  it('KS-2 a latch that cannot be written keeps no gate from hearing: the flag is closed and the journal carries it on', () =>
    inTempDir(async (dir) => {
      const latchPath = join(dir, 'nowhere', 'KILL');
      const { path, asked, said } = house(latchPath);
      const { tripped, latch, acks } = await path.trip(ORDER);
      assert.deepEqual([tripped, latch], [true, false]);
      assert.deepEqual(
        acks.map(({ actor }) => actor),
        ['send-gate', 'kill-switch', 'gateway.paper'],
      );
      assert.deepEqual(asked, ['kill-switch kill.trip', 'gateway.paper actor.asked']);
      assert.deepEqual(sendGate(latchPath).closed(), ['all']);
      assert.ok(said.some((line) => line.includes('its latch cannot be written')));
    }));

  const LATCH = { reason: 'test', source: 'cli', at: 1 } as const;

  it('KS-1 at a start nothing is flattened but what was asked to be', () =>
    inTempDir(async (dir) => {
      const latchPath = join(dir, 'KILL');
      writeLatch(latchPath, { ...LATCH, scopes: ['bybit'], flatten: true });
      writeLatch(latchPath, { ...LATCH, scopes: ['forex'], flatten: false });
      const { path, tripped } = house(latchPath);
      await path.resume();
      assert.deepEqual(tripped, ['bybit flatten', 'forex']);
      const again = house(latchPath, ['bybit', 'forex'], ['bybit']);
      await again.path.resume();
      assert.deepEqual(again.tripped, [], 'and what the journal has is not tripped once more');
    }));

  it('KS-2 what another process adds to the latch is noticed, also after a kill that the journal has', () =>
    inTempDir(async (dir) => {
      const latchPath = join(dir, 'KILL');
      const { path, tripped } = house(latchPath);
      await path.trip({ ...ORDER, scope: 'forex' });
      path.look();
      assert.deepEqual(tripped, ['forex']);
      writeLatch(latchPath, { ...LATCH, scopes: ['bybit'], flatten: true });
      path.look();
      await until('the second kill', () => tripped.length > 1);
      assert.deepEqual(tripped, ['forex', 'bybit flatten']);
    }));

  it('KS-2 at a start a kill of the journal closes the gate, whether its latch can be written again or not', () =>
    inTempDir(async (dir) => {
      for (const [name, isWritten] of [
        ['there', true],
        ['nowhere', false],
      ] as const) {
        const latchPath = join(dir, name, 'KILL');
        if (isWritten) mkdirSync(join(dir, name));
        const { path } = house(latchPath, ['bybit']);
        await path.resume();
        assert.equal(existsSync(latchPath), isWritten);
        assert.ok(sendGate(latchPath).closedFor('crypto_spot'));
        assert.equal(sendGate(latchPath).closedFor('forex'), null);
      }
    }));
});
