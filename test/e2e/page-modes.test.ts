/** The switches of paper and live in a real browser: nothing moves before its fact, and live takes two acts. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ModesView, PendingView } from '#protocol/view.ts';
import { PHONE, seriousViolations } from '#test/support/browser-page.ts';
import type { PageActor } from '#test/support/page-actor.ts';
import { pageSuite, type PageBench } from '#test/support/page-suite.ts';
import { pendingLive, type PageStory } from '#test/support/page-story.ts';

let actor: PageActor;
let story: PageStory;
let open: PageBench['open'];
let request: PageBench['request'];

/** The main process feeds how the switches stand. */
async function stand(modes: Partial<ModesView>): Promise<void> {
  story.modes = { crypto_spot: { paper: true, live: false, pending: null, ...modes } };
  await actor.feed(story.feed());
}

const soon = (ms = 60_000): PendingView => pendingLive(Date.now() + ms);

describe('the mode switches on the page', () => {
  pageSuite((bench) => ({ actor, story, open, request } = bench));

  it('UI-1 UI-3 paper goes off and on again; the switch moves with the fact, not with the click and not with the answer', async () => {
    const page = await open();
    const paper = page.getByTestId('paper-crypto_spot');
    for (const [index, on] of [false, true].entries()) {
      await paper.click();
      await page.getByText('pending…').waitFor();
      const asked = await request(index);
      assert.deepEqual({ ...asked, id: '' }, { id: '', command: 'mode.set', asset: 'crypto_spot', mode: 'paper', on, source: 'page' });
      await actor.answer(asked.id, true, { asset: 'crypto_spot', mode: 'paper', on, changed: true, pending: null });
      assert.equal(await paper.getAttribute('aria-checked'), String(!on), 'no fact, no change');
      await stand({ paper: on });
      await page.locator(`[data-testid=paper-crypto_spot][aria-checked=${String(on)}]`).waitFor();
      assert.match(await paper.innerText(), on ? /on$/ : /off$/);
    }
    assert.equal(actor.requests().length, 2);
  });

  it('UI-3 a refused switch says its sentence and stands as it stood', async () => {
    const page = await open();
    await page.getByTestId('paper-crypto_spot').click();
    await actor.answer((await request(0)).id, false, 'NOT_CONFIGURED: no settings were loaded');
    await page.getByText('NOT_CONFIGURED: no settings were loaded').waitFor();
    assert.equal(await page.getByTestId('paper-crypto_spot').getAttribute('aria-checked'), 'true');
  });

  it('UI-1 RT-2 live takes two acts: what would hold, then the typed word in time; the banner comes with the fact', async () => {
    const page = await open();
    await page.getByTestId('live-crypto_spot').click();
    await page.getByTestId('live-dialog').waitFor();
    assert.deepEqual(actor.requests(), [], 'opening it asks for nothing');
    await page.getByTestId('live-confirm').click();
    const asked = await request(0);
    assert.deepEqual({ ...asked, id: '' }, { id: '', command: 'mode.set', asset: 'crypto_spot', mode: 'live', on: true, source: 'page' });
    const pending = soon();
    await stand({ pending });
    await actor.answer(asked.id, true, { asset: 'crypto_spot', mode: 'live', on: false, changed: true, pending });
    const summary = await page.getByTestId('live-summary').innerText();
    for (const text of ['$1,000.00', '1×', '3.00 %', '10.00 %', 'Bybit, testnet', 'UID 1234567']) assert.ok(summary.includes(text), text);
    assert.match(await page.getByTestId('live-left').innerText(), /^(60|5\d) s left to confirm$/);
    const confirm = page.getByTestId('live-confirm');
    await page.getByTestId('live-word').fill(pending.type.toLowerCase());
    assert.equal(await confirm.isDisabled(), true, 'to the letter');
    await page.getByTestId('live-word').fill(pending.type);
    // Another asset's switch moves meanwhile: what was typed stays.
    story.modes = { ...story.modes, forex: { paper: false, live: false, pending: null } };
    await actor.feed(story.feed());
    await confirm.click();
    const second = await request(1);
    const { nonce, type } = pending;
    assert.deepEqual({ ...second, id: '' }, { id: '', command: 'mode.confirm', asset: 'crypto_spot', nonce, typed: type, source: 'page' });
    await actor.answer(second.id, true, { asset: 'crypto_spot', mode: 'live', on: true, changed: true, pending: null });
    await page.getByText('Waiting for the journal…').waitFor();
    assert.equal(await page.getByTestId('live-banner').count(), 0, 'no fact, no banner');
    await stand({ live: true });
    await page.getByTestId('live-banner').waitFor();
    assert.match(await page.getByTestId('live-banner').innerText(), /LIVE ENABLED Crypto spot/);
    await page.getByTestId('live-dialog').waitFor({ state: 'detached' });
    await page.getByTestId('live-crypto_spot').click();
    const off = await request(2);
    assert.ok(off.command === 'mode.set' && !off.on && off.mode === 'live', 'off is one act');
  });

  it('UI-1 where there is no live venue the dialog says so, and the refusal of the confirmation is shown with its sentence', async () => {
    const page = await open();
    const unavailable = 'the embedded market has no live venue';
    const pending = { ...soon(), summary: { ...soon().summary, unavailable } };
    await stand({ pending });
    await page.getByTestId('live-crypto_spot').click();
    assert.match(await page.getByTestId('live-unavailable').innerText(), /the embedded market has no live venue/);
    await page.getByTestId('live-word').fill(pending.type);
    await page.getByTestId('live-confirm').click();
    await actor.answer((await request(0)).id, false, `LIVE_NOT_AVAILABLE: ${unavailable}`);
    await page.getByTestId('live-error').getByText('LIVE_NOT_AVAILABLE').waitFor();
    assert.equal(await page.getByTestId('live-banner').count(), 0);
    assert.equal(await page.getByTestId('live-crypto_spot').getAttribute('aria-checked'), 'false');
  });

  it('RT-2 a request whose time is over is asked for again', async () => {
    const page = await open();
    await stand({ pending: soon(1500) });
    await page.getByTestId('live-crypto_spot').click();
    await page.getByTestId('live-word').waitFor();
    await page.getByTestId('live-expired').waitFor();
    assert.equal(await page.getByTestId('live-word').count(), 0);
    await page.getByTestId('live-confirm').click();
    assert.equal((await request(0)).command, 'mode.set');
  });

  for (const colorScheme of ['dark', 'light'] as const) {
    it(`UI-1 ${colorScheme}: axe finds nothing serious in switches, banner and dialog, on a desk and on a phone`, async () => {
      await stand({ live: true });
      for (const viewport of [undefined, PHONE]) {
        const page = await open({ colorScheme, ...(viewport && { viewport, hasTouch: true, isMobile: true }) });
        await stand({ live: true });
        await page.getByTestId('live-banner').waitFor();
        assert.deepEqual(await seriousViolations(page), []);
        await stand({ pending: soon() });
        await page.getByTestId('live-banner').waitFor({ state: 'detached' });
        await page.getByTestId('live-crypto_spot').click();
        await page.getByTestId('live-word').waitFor();
        assert.deepEqual(await seriousViolations(page), [], 'with the dialog');
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= (viewport?.width ?? width));
      }
    });
  }
});
