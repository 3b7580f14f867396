/** OP-1 end to end: the command a newcomer types, its link in a real browser, a trade arriving, and the switch. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '#test/support/browser.ts';
import { freshDirectory, json, run, start } from '#test/support/command.ts';

const TRADE_MS_MAX = 90_000;
const SHOWN_MS_MAX = 20_000;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

describe('the whole system in a browser', function () {
  this.timeout(180_000);
  let browser: Browser;

  before(async () => (browser = await launchBrowser()));
  after(() => browser.close());

  it('OP-1 UI-1 KS-1 the link logs in, a trade arrives, the switch is tripped and the page says close-only', async () => {
    const dataDir = freshDirectory();
    const system = start('system', '--port', String(await freePort()), '--speed', '240', '--seed', '5', '--data-dir', dataDir, '--json');
    const url = /http:\S+code=\S+/.exec(await system.line(/the page: /))?.[0] ?? '';
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator('[data-testid=connection][data-state=live]').waitFor({ timeout: SHOWN_MS_MAX });
    await page.getByTestId('trade').first().waitFor({ timeout: TRADE_MS_MAX });
    assert.match(await page.getByTestId('trade').first().innerText(), /USDT/);

    await page.getByTestId('kill-button').click();
    await page.getByTestId('kill-confirm').click();
    await page.getByTestId('close-only').waitFor({ timeout: SHOWN_MS_MAX });
    const status = json<{ tripped: boolean }>(await run('kill', '--status', '--data-dir', dataDir, '--json'));
    assert.equal(status.tripped, true);

    await page.close();
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-2000));
    const proof = json<{ ok: boolean; problems: unknown[] }>(await run('verify', '--data-dir', dataDir, '--json'));
    assert.deepEqual(proof.problems, []);
  });
});
