/** The kill-switch in a real browser: fast, explicit, and never assumed to have worked. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { AdminRequest } from '#protocol/admin.ts';
import type { PageActor } from '#test/support/page-actor.ts';
import { pageSuite, type PageBench } from '#test/support/page-suite.ts';
import type { PageStory } from '#test/support/page-story.ts';

let actor: PageActor;
let story: PageStory;
let nextRequest: PageBench['request'];
let open: PageBench['open'];
let page: Page;

/** What the main process does about it: the fact first, then the answer. */
async function happens(request: AdminRequest): Promise<void> {
  const before = story.facts.length;
  if (request.command === 'kill') story.kill(request.reason, request.source);
  else story.rearm();
  await actor.record(...story.facts.slice(before));
  await actor.feed(story.feed());
}

describe('the kill-switch on the page', () => {
  pageSuite((bench) => ({ actor, story, open, request: nextRequest } = bench));
  beforeEach(async () => (page = await open()));

  it('KS-1 two keys trip it: Shift+K opens the dialog, Enter confirms; close-only appears with the fact', async () => {
    await page.keyboard.press('Shift+K');
    await page.getByTestId('kill-dialog').waitFor();
    assert.equal(await page.evaluate('document.activeElement.dataset.testid'), 'kill-confirm');
    await page.keyboard.press('Enter');
    const request = await nextRequest(0);
    assert.deepEqual({ ...request, id: '' }, { id: '', command: 'kill', scope: 'all', reason: '', flatten: false, source: 'page' });
    await happens(request);
    await actor.answer(request.id, true, { tripped: true });
    await page.getByTestId('close-only').waitFor();
    assert.match(await page.getByTestId('close-only').innerText(), /CLOSE-ONLY.*everything.*by page.*3\.2 ms/s);
    await page.getByTestId('kill-dialog').waitFor({ state: 'detached' });
    assert.match(await page.getByTestId('wallet').innerText(), /close-only/i);
    assert.match(await page.title(), /^CLOSE-ONLY/);
  });

  it('UI-3 it is pending until its fact returns, answer or not; scope, reason and flatten are chosen there', async () => {
    await page.getByTestId('kill-button').click();
    await page.getByTestId('kill-scope').selectOption('bybit');
    await page.getByTestId('kill-reason').fill('venue looks wrong');
    await page.getByTestId('kill-flatten').check();
    assert.equal(await page.getByTestId('kill-confirm').innerText(), 'Kill and flatten');
    await page.getByTestId('kill-confirm').click();
    const request = await nextRequest(0);
    assert.ok(request.command === 'kill');
    assert.deepEqual([request.scope, request.reason, request.flatten], ['bybit', 'venue looks wrong', true]);
    assert.match(await page.getByTestId('kill-confirm').innerText(), /Pending/);
    await actor.answer(request.id, true, { tripped: true });
    await page.getByText('Waiting for the journal…').waitFor();
    assert.equal(await page.getByTestId('close-only').count(), 0, 'no fact, no banner');
    story.kill('venue looks wrong');
    const fact = story.facts.at(-1);
    assert.ok(fact?.type === 'kill.tripped');
    await actor.record({ ...fact, body: { ...fact.body, scope: 'bybit' } });
    await page.getByTestId('kill-dialog').waitFor({ state: 'detached' });
    assert.match(await page.getByTestId('close-only').innerText(), /Bybit/);
  });

  it('a refusal is shown, and the switch can be tried again', async () => {
    await page.keyboard.press('Shift+K');
    await page.keyboard.press('Enter');
    const first = await nextRequest(0);
    await actor.answer(first.id, false, 'the latch could not be written: no space left');
    await page.getByText('no space left').waitFor();
    await page.keyboard.press('Enter');
    assert.notEqual((await nextRequest(1)).id, first.id);
  });

  it('KS-1 re-arming takes the typed word, and ends with the fact', async () => {
    await happens({ id: 'x', command: 'kill', scope: 'all', reason: 'before', flatten: false, source: 'cli' });
    await page.getByTestId('rearm-button').click();
    const confirm = page.getByTestId('rearm-confirm');
    await page.getByTestId('rearm-word').fill('rearm');
    assert.equal(await confirm.isDisabled(), true);
    await page.getByTestId('rearm-reason').fill('checked');
    await page.getByTestId('rearm-word').fill('REARM');
    await page.keyboard.press('Enter');
    const request = await nextRequest(0);
    assert.deepEqual({ ...request, id: '' }, { id: '', command: 'rearm', confirm: 'REARM', reason: 'checked', source: 'page' });
    await happens(request);
    await actor.answer(request.id, true, { tripped: false });
    await page.getByTestId('rearm-dialog').waitFor({ state: 'detached' });
    assert.equal(await page.getByTestId('close-only').count(), 0);
  });

  it('VF-1 verify is asked for and its verdict shown, good or bad', async () => {
    await page.getByTestId('verify').click();
    const first = await nextRequest(0);
    assert.equal(first.command, 'verify');
    await actor.answer(first.id, true, { ok: true, records: 94, rederived: 55, problems: [] });
    await page.getByText('94 records proven, 55 paper fills derived again').waitFor();
    await page.getByTestId('verify').click();
    const second = await nextRequest(1);
    await actor.answer(second.id, true, { ok: false, records: 94, problems: [{ seq: 12, rule: 'VF-1', what: 'the hash does not fit' }] });
    await page.getByText('record 12, VF-1: the hash does not fit').waitFor();
  });
});
