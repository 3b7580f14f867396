/** A page's actor without a system around it: its own directory, a port of its own, and what it tells the main process. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import DashboardEntry from '#supervisors/entries/dashboard.ts';
import type { Start } from '#protocol/actor.ts';
import type { AdminRequest } from '#protocol/admin.ts';
import type { WindowFeed } from '#protocol/view.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Message, Tell } from '#trading/model/messages.ts';
import { envelope } from './envelopes.ts';

export interface PageActor {
  readonly actor: DashboardEntry;
  readonly port: number;
  readonly told: readonly Tell[];
  /** A fresh login link. */
  loginUrl(): Promise<string>;
  /** A cookie of a browser that logged in, as it sends it. */
  cookie(): Promise<string>;
  counters(): Promise<{ readonly pages: number; readonly pending: number; readonly refused: Readonly<Record<string, number>> }>;
  /** Facts as a cell hands them over: applied first, then received. */
  record(...facts: readonly Fact[]): Promise<void>;
  feed(feed: WindowFeed): Promise<void>;
  answer(id: string, ok: boolean, result: unknown): Promise<void>;
  requests(): readonly AdminRequest[];
  stop(): Promise<void>;
}

export interface PageActorOptions {
  readonly dir: string;
  /** The built page; by default a page of one line. */
  readonly uiDir?: string;
  readonly port?: number;
  readonly epoch?: number;
  readonly snapshot?: Start['snapshot'];
  readonly facts?: readonly Fact[];
  readonly onTell?: (tell: Tell) => void;
}

export async function startPageActor({ dir, uiDir = tinyPage(dir), port = 0, onTell, ...more }: PageActorOptions): Promise<PageActor> {
  const actor = new DashboardEntry();
  const told: Tell[] = [];
  const params = { port, uiDir, secretPath: join(dir, 'page.secret'), market: 'embedded' };
  await actor.start(
    { name: 'dashboard', epoch: more.epoch ?? 1, params, now: 1, snapshot: more.snapshot ?? null, facts: more.facts ?? [] },
    (tell) => {
      told.push(tell);
      onTell?.(tell);
    },
  );
  let count = 0;
  const receive = (message: Message): Promise<unknown> => Promise.resolve(actor.receive(envelope(`m${++count}`, message)).reply);
  const ask = (query: string): Promise<unknown> => receive({ type: 'actor.asked', body: { query, args: [] } });
  const loginUrl = async (): Promise<string> => ((await ask('login')) as { url: string }).url;
  return {
    actor,
    port: Number(new URL(await loginUrl()).port),
    told,
    loginUrl,
    cookie: async () => {
      const response = await fetch(await loginUrl(), { redirect: 'manual' });
      return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    },
    counters: async () => (await ask('counters')) as Awaited<ReturnType<PageActor['counters']>>,
    record: async (...facts) => {
      for (const fact of facts) {
        actor.apply([fact]);
        await receive({ type: 'fact.recorded', body: { fact } });
      }
    },
    feed: async (feed) => void (await receive({ type: 'window.fed', body: { feed } })),
    answer: async (id, ok, result) => void (await receive({ type: 'admin.answered', body: { id, ok, result } })),
    requests: () => told.flatMap((tell) => (tell.type === 'admin.requested' ? [tell.body.request as AdminRequest] : [])),
    stop: () => actor.stop(),
  };
}

function tinyPage(dir: string): string {
  const uiDir = join(dir, 'ui');
  mkdirSync(join(uiDir, 'assets'), { recursive: true });
  writeFileSync(join(uiDir, 'index.html'), '<!doctype html><title>tiny page</title>');
  writeFileSync(join(uiDir, 'assets', 'main-1234.js'), 'export {};');
  return uiDir;
}
