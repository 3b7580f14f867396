import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { freshDirectory, json, run, start } from '#test/support/command.ts';

describe('signals', function () {
  this.timeout(120_000);

  it('OP-1 SIGTERM while the tree is still starting stops it in order, and the journal says so', async () => {
    const dataDir = freshDirectory();
    const system = start('system', '--data-dir', dataDir, '--no-page', '--json', '--assets', 'crypto_spot', '--rehearse', 'crypto_spot');
    await system.line(/system {2}starting/);
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, `${finished.signal ?? ''} ${finished.stderr}`);
    assert.match(finished.stderr, /system {2}stopping {2}reason=SIGTERM/);
    assert.equal(json<{ ok: boolean }>(finished).ok, true);
    const verified = await run('verify', '--data-dir', dataDir, '--json');
    assert.equal(verified.code, 0, verified.stderr);
  });
});
