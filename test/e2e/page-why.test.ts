/** Why nothing was traded, asked in a real browser. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { PHONE, seriousViolations } from '#test/support/browser-page.ts';
import type { PageActor } from '#test/support/page-actor.ts';
import { pageSuite, type PageBench } from '#test/support/page-suite.ts';
import type { PageStory } from '#test/support/page-story.ts';
import { whyStory } from '#test/support/why-story.ts';

let actor: PageActor;
let story: PageStory;
let open: PageBench['open'];
let request: PageBench['request'];
let answered = 0;

/** Waits for the page's next question and answers it. */
async function answerNext(answer: unknown = whyStory(), ok = true): Promise<void> {
  const asked = await request(answered);
  answered += 1;
  assert.deepEqual({ ...asked, id: '' }, { id: '', command: 'why', asset: 'crypto_spot' });
  return actor.answer(asked.id, ok, answer);
}

describe('why on the page', () => {
  pageSuite((bench) => ({ actor, story, open, request } = bench));
  beforeEach(() => (answered = 0));

  it('UI-2 RG-2 nothing is asked until it is opened; then every gate is a row, down to the one that stopped the signal', async () => {
    const page = await open();
    assert.deepEqual(actor.requests(), []);
    await page.getByTestId('why-open').click();
    await answerNext();
    await page.getByText('Stopped at “cool-down” (RK-1)').waitFor();
    const rows = page.getByTestId('gate');
    assert.deepEqual(await page.evaluate<string[]>(`[...document.querySelectorAll('[data-testid=gate]')].map((row) => row.dataset.outcome)`), [
      'passed',
      'passed',
      'skipped',
      'stopped',
    ]);
    assert.match(await rows.last().innerText(), /cool-down.*RK-1.*stopped.*431000 ms more.*COOL_DOWN.*431,000/s);
    await page.getByRole('button', { name: 'ETH/USDT · paper' }).click();
    await page.getByText('8 gates passed, down to “fill”').waitFor();
    assert.match(await page.getByTestId('why').innerText(), /Trader.*B 1000.*T 1000.*Governor.*Execution/s);
    // Live has gates of its own, on or off.
    await page.getByRole('button', { name: 'BTC/USDT · live' }).click();
    await page.getByText('Stopped at “mode” (RT-2)').waitFor();
  });

  it('UI-2 it is asked again when a refusal or an approval moves the journal, and one question at a time', async () => {
    const page = await open();
    await page.getByTestId('why-open').click();
    await answerNext({ ...whyStory(), chains: [] });
    story.refuse();
    await actor.record(...story.facts.slice(-1));
    await actor.feed(story.feed());
    await answerNext();
    await page.getByText('Stopped at “cool-down” (RK-1)').waitFor();
    await page.getByTestId('why-open').click();
    assert.equal(await page.getByTestId('gate').first().isVisible(), false);
  });

  it('UI-2 an error and an asset nobody trades are said in words', async () => {
    const page = await open();
    await page.getByTestId('why-open').click();
    await answerNext('trader.crypto_spot.paper did not answer within 5000 ms', false);
    assert.match(await page.getByTestId('why-error').innerText(), /did not answer/);
    await page.getByTestId('why-open').click();
    await page.getByTestId('why-open').click();
    await answerNext({ asset: 'crypto_spot', chains: [], note: 'no trader runs for crypto_spot: nothing of it is traded in this run' });
    assert.match(await page.getByTestId('why-note').innerText(), /no trader runs/);
  });

  for (const colorScheme of ['dark', 'light'] as const) {
    it(`UI-2 ${colorScheme}: axe finds nothing serious in the open panel, on a desk and on a phone`, async () => {
      for (const viewport of [undefined, PHONE]) {
        const page = await open({ colorScheme, ...(viewport && { viewport, hasTouch: true, isMobile: true }) });
        await page.getByTestId('why-open').click();
        await answerNext();
        await page.getByTestId('gate').first().waitFor();
        assert.deepEqual(await seriousViolations(page), []);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= (viewport?.width ?? width));
        await page.getByTestId('why-open').click();
      }
    });
  }
});
