/** A browser tab on the page, which remembers everything that a page of ours must never do. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** The built page. @throws Error where it was not built. */
export function builtPage(): string {
  const dir = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'ui', 'dist');
  if (!existsSync(join(dir, 'index.html'))) throw new Error('ui/dist is not built: run "npx vite build ui --config ui/vite.config.ts"');
  return dir;
}

const LOOK_MS = 20;

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export interface Tab {
  readonly page: Page;
  /** Errors of scripts, refusals of the page's policy, and requests to anybody but the server. Must stay empty. */
  readonly wrongs: readonly string[];
  close(): Promise<void>;
}

export async function openTab(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const wrongs: string[] = [];
  page.on('pageerror', (error) => wrongs.push(error.message));
  page.on('console', (message) => {
    // A lost connection is said by the browser itself, and is what some tests are about.
    if (message.type() === 'error' && !/WebSocket connection|ERR_CONNECTION|Failed to load resource/.test(message.text()))
      wrongs.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) wrongs.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, wrongs, close: () => context.close() };
}

/** Waits until an expression is true in the page. Asked from outside: the page's policy forbids what the browser's own waiting would evaluate. */
export async function holdsIn(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate<boolean>(expression))) await page.waitForTimeout(LOOK_MS);
}

export interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly where: readonly string[];
}

/** What axe-core finds that is serious or worse. */
export async function seriousViolations(page: Page): Promise<readonly Violation[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated by the debugger's way, which the page's policy does not forbid; a script element would be refused.
  await page.evaluate(source);
  const found = await page.evaluate<Violation[]>(`axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) =>
    ({ id, impact, where: nodes.map(({ html, failureSummary }) => html.slice(0, 160) + ' ' + failureSummary) })))`);
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}
