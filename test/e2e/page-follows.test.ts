/** The page in a real browser, before the page's actor alone: what arrives is seen, and what breaks is said. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, afterEach, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '#test/support/browser.ts';
import { builtPage, holdsIn, openTab, PHONE, seriousViolations, type Tab } from '#test/support/browser-page.ts';
import { startPageActor, type PageActor } from '#test/support/page-actor.ts';
import { PageStory } from '#test/support/page-story.ts';

const HOSTILE = '<img src=x onerror="document.title=1">';

let browser: Browser;
let dir: string;
let story: PageStory;
let actor: PageActor;
let told = 0;
const tabs: Tab[] = [];

async function open(options: Parameters<typeof openTab>[2] = {}): Promise<Page> {
  const tab = await openTab(browser, await actor.loginUrl(), options);
  tabs.push(tab);
  await tab.page.getByTestId('wallets').waitFor();
  return tab.page;
}

/** Hands over what the story told since, as the main process would. */
async function catchUp(): Promise<void> {
  const news = story.facts.slice(told);
  told = story.facts.length;
  await actor.record(...news);
  await actor.feed(story.feed());
}

async function start(uiFacts: PageStory): Promise<void> {
  story = uiFacts;
  told = story.facts.length;
  actor = await startPageActor({ dir, uiDir: builtPage(), facts: story.facts });
  await actor.feed(story.feed());
}

const stateOf = (page: Page, state: string) => page.locator(`[data-testid=connection][data-state=${state}]`);

/** How many pixels of a chart's canvases are painted. */
const painted = (page: Page, testid: string): Promise<number> =>
  page.evaluate<number>(`[...document.querySelectorAll('[data-testid=${testid}] canvas')].reduce((sum, canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count++;
    return sum + count;
  }, 0)`);

describe('the page in a browser', () => {
  before(async () => (browser = await launchBrowser()));
  after(() => browser.close());
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ledgerwood-test-'));
  });
  afterEach(async () => {
    const wrongs = tabs.flatMap((tab) => tab.wrongs);
    for (const tab of tabs.splice(0)) await tab.close();
    await actor.stop();
    rmSync(dir, { recursive: true, force: true });
    assert.deepEqual(wrongs, [], 'no script failed, nothing broke the policy, nobody else was asked');
  });

  it('UI-1 a trade arrives: a row, new totals, and it is there after a reload without another login', async () => {
    await start(new PageStory().tell());
    const page = await open();
    const rows = page.getByTestId('trade');
    const before = await rows.count();
    assert.ok(before > 10);
    story.minute();
    const trade = story.trade();
    await catchUp();
    await holdsIn(page, `document.querySelectorAll('[data-testid=trade]').length === ${before + 1}`);
    const row = await rows.first().innerText();
    assert.match(row, new RegExp(trade.symbol));
    assert.match(row, /take-profit/);
    assert.match(await page.getByTestId('totals').innerText(), /Win-rate\s+\d+\.\d %/);
    await page.reload();
    await holdsIn(page, `document.querySelectorAll('[data-testid=trade]').length === ${before + 1}`);
  });

  it('UI-1 charts are drawn, an open position shows its bracket, a tab changes the symbol', async () => {
    await start(new PageStory().tell());
    const page = await open();
    for (const chart of ['price-chart', 'equity-chart']) {
      await page.getByTestId(chart).locator('canvas').first().waitFor();
      assert.ok((await painted(page, chart)) > 2000, chart);
    }
    assert.match(await page.getByTestId('position').innerText(), /stop.*target/s);
    await page.getByRole('button', { name: 'ETH/USDT' }).click();
    assert.equal(await page.getByRole('button', { name: 'ETH/USDT' }).getAttribute('aria-pressed'), 'true');
    await holdsIn(page, `document.querySelectorAll('[data-testid=price-chart] canvas').length > 0`);
    assert.ok((await painted(page, 'price-chart')) > 2000);
    for (let minute = 0; minute < 3; minute++) {
      story.minute();
      await actor.feed(story.feed({ all: false }));
    }
    await holdsIn(page, `Number(document.querySelector('[data-testid=price-chart]').dataset.bars) === ${story.bars['ETH/USDT']?.length}`);
  });

  it('UI-1 the table sorts from the keyboard', async () => {
    await start(new PageStory().tell());
    const page = await open();
    await page.getByTestId('sort-pnl').focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('th:has([data-testid=sort-pnl])').getAttribute('aria-sort'), 'descending');
    const results = await page.locator('[data-testid=trade] td:last-child').allInnerTexts();
    const values = results.map((text) => Number(text.replace('−', '-').replace(/[^\d.-]/g, '')));
    assert.deepEqual(
      values,
      values.toSorted((left, right) => right - left),
    );
  });

  it('S13 names and reasons from outside are text, never markup', async () => {
    const hostile = new PageStory();
    hostile.minute();
    hostile.refuse(
      { symbol: HOSTILE, start: 1, qty: '1' },
      { code: 'STALE_QUOTE', rule: HOSTILE, numbers: { [HOSTILE]: HOSTILE }, sentence: HOSTILE },
    );
    hostile.kill(HOSTILE, HOSTILE);
    await start(hostile);
    const page = await open();
    await actor.feed({ ...story.feed(), quotes: [{ asset: 'crypto_spot', symbol: HOSTILE, bid: '1', ask: '2', last: null, at: 1 }] });
    await page.getByRole('button', { name: HOSTILE }).click();
    assert.equal(await page.locator('img').count(), 0);
    assert.match(await page.getByTestId('refusal').innerText(), /<img src=x/);
    assert.match(await page.getByTestId('close-only').innerText(), /<img src=x/);
    assert.match(await page.title(), /CLOSE-ONLY/);
  });

  it('empty: the page says what it waits for', async () => {
    await start(new PageStory());
    const page = await open();
    for (const text of ['Waiting for the first quote…', 'Waiting for the first trade to close…', 'Nothing was refused yet.']) {
      await page.getByText(text).first().waitFor();
    }
  });

  it('UI-2 old figures say so, a lost server says so, and the page comes back by itself', async () => {
    await start(new PageStory().tell());
    const page = await open();
    const timer = setInterval(() => void actor.feed({ ...story.feed({ all: false }), journal: { seq: ++told, head: 'x' } }), 100);
    await stateOf(page, 'live').waitFor();
    clearInterval(timer);
    await stateOf(page, 'stale').waitFor();
    await page.getByTestId('stale').waitFor();
    const { port } = actor;
    await actor.stop();
    await stateOf(page, 'reconnecting').waitFor();
    actor = await startPageActor({ dir, uiDir: builtPage(), facts: story.facts, port, epoch: 2 });
    await actor.feed(story.feed());
    await stateOf(page, 'live').waitFor();
  });

  it('S3 a browser without a session is told how to log in', async () => {
    await start(new PageStory());
    const url = await actor.loginUrl();
    const first = await openTab(browser, url);
    tabs.push(first);
    await first.page.getByTestId('wallets').waitFor();
    assert.equal(new URL(first.page.url()).pathname, '/', 'the code is not left in the address');
    const second = await openTab(browser, url);
    tabs.push(second);
    await second.page.getByText('npm run repl -- -e login').waitFor();
  });

  for (const colorScheme of ['dark', 'light'] as const) {
    it(`UI-1 ${colorScheme}: axe finds nothing serious, on a desk and on a phone; a phone never scrolls sideways`, async () => {
      const full = new PageStory().tell();
      full.kill('Spread doubled on the venue');
      await start(full);
      for (const viewport of [undefined, PHONE]) {
        const page = await open({ colorScheme, ...(viewport && { viewport, hasTouch: true, isMobile: true }) });
        await page.getByTestId('trade').first().waitFor();
        assert.deepEqual(await seriousViolations(page), []);
        if (viewport !== undefined) {
          const width = await page.evaluate<number>('Math.max(document.documentElement.scrollWidth, window.innerWidth)');
          assert.equal(width, viewport.width);
        }
        await page.getByTestId('kill-button').click();
        assert.deepEqual(await seriousViolations(page), [], 'with the dialog');
        await page.keyboard.press('Escape');
        await page.getByTestId('rearm-button').click();
        assert.deepEqual(await seriousViolations(page), [], 'with the other dialog');
      }
    });
  }

  it('UI-1 the theme is chosen by hand too, and charts follow', async () => {
    await start(new PageStory().tell());
    const page = await open({ colorScheme: 'dark' });
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const dark = await ground();
    await page.getByTestId('theme').click();
    await page.getByTestId('theme').click();
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light');
    assert.notEqual(await ground(), dark);
    await page.reload();
    await page.getByTestId('wallets').waitFor();
    assert.notEqual(await ground(), dark, 'and is remembered');
  });
});
