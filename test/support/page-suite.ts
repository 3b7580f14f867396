/** What every browser test of the page stands on: one browser a suite; a page's actor with a told story, and its tabs, a test. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import type { AdminRequest } from '#protocol/admin.ts';
import { launchBrowser } from './browser.ts';
import { builtPage, openTab, type Tab } from './browser-page.ts';
import { startPageActor, type PageActor } from './page-actor.ts';
import { PageStory } from './page-story.ts';

const LOOK_MS = 5;

export interface PageBench {
  readonly story: PageStory;
  readonly actor: PageActor;
  /** A signed-in tab that shows its first wallet. */
  open(options?: Parameters<typeof openTab>[2]): Promise<Page>;
  /** The request of this number that the page made of the main process, once it is made. */
  request(index: number): Promise<AdminRequest>;
}

/** Within a describe: `begin` is called before every test. After it no tab may have done anything that a page of ours never does. */
export function pageSuite(begin: (bench: PageBench) => void): void {
  let browser: Browser;
  let dir: string;
  let actor: PageActor;
  const tabs: Tab[] = [];

  before(async () => (browser = await launchBrowser()));
  after(() => browser.close());
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ledgerwood-test-'));
    const story = new PageStory().tell();
    actor = await startPageActor({ dir, uiDir: builtPage(), facts: story.facts });
    await actor.feed(story.feed());
    begin({ story, actor, open, request });
  });
  afterEach(async () => {
    const wrongs = tabs.flatMap((tab) => tab.wrongs);
    for (const tab of tabs.splice(0)) await tab.close();
    await actor.stop();
    rmSync(dir, { recursive: true, force: true });
    assert.deepEqual(wrongs, []);
  });

  async function open(options: Parameters<typeof openTab>[2] = {}): Promise<Page> {
    const tab = await openTab(browser, await actor.loginUrl(), options);
    tabs.push(tab);
    await tab.page.getByTestId('wallet').first().waitFor();
    return tab.page;
  }

  async function request(index: number): Promise<AdminRequest> {
    for (;;) {
      const found = actor.requests()[index];
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
