/** The switch as it is wired, for every hand that may pull it: the page's server, the admin socket, the latch file. The hand is another process. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendGate } from '#actors/send-gate.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { openAdminServer } from '#supervisors/admin-server.ts';
import { adminTable, parseAndRun, type AdminPowers } from '#supervisors/admin-table.ts';
import { KillPath } from '#supervisors/kill-path.ts';
import type { AdminRequest } from '#protocol/admin.ts';
import type { Log } from '#protocol/ports.ts';
import { startPageActor } from '#test/support/page-actor.ts';
import { openDialogue } from './kill-child.ts';
import type { HandOrder, HandPlaces, HandPressed, HandSource } from './kill-hand.ts';
import { stampNs } from './kill-stamps.ts';
import type { Ring } from './ring.ts';

export const SOURCES = ['page', 'cli', 'repl'] as const satisfies readonly HandSource[];

export interface Pressed {
  readonly pressedAt: number;
  /** The memory flag of this process was set, or the latch stood, whichever came first. */
  readonly flagAt: number;
  /** The latch stood under its name: what a gateway in another process can know. */
  readonly latchAt: number;
}

export interface Switchboard {
  readonly kill: KillPath;
  /** Resolves when the hand has its answer. */
  press(source: HandSource): Promise<Pressed>;
  /** Opens the gate again. */
  rearm(): Promise<void>;
  close(): Promise<void>;
}

const HAND = fileURLToPath(new URL('./kill-hand.ts', import.meta.url));

export async function openSwitchboard(dir: string, latchPath: string, ring: Ring): Promise<Switchboard> {
  const seen = { flagAt: Infinity, latchAt: Infinity };
  const stampGate = sendGate(latchPath);
  const setFlag = stampGate.trip.bind(stampGate);
  stampGate.trip = (scopes) => {
    setFlag(scopes);
    seen.flagAt = Math.min(seen.flagAt, stampNs());
  };
  // The kill path says so once the latch is written.
  const log: Log = { ...ring.log, warn: (_fields, text) => void (text === 'KILL' && (seen.latchAt = Math.min(seen.latchAt, stampNs()))) };
  const kill = new KillPath({ latchPath, router: ring.router, gates: () => [], log, now: () => ring.clock.now() });
  // A kill asks for nothing else of the powers.
  const run = (request: AdminRequest): Promise<unknown> => adminTable(request, { kill } as AdminPowers);
  const adminSocket = adminSocketPath(join(dir, 'admin.sock'));
  const admin = await openAdminServer(adminSocket, run);
  const pageDir = join(dir, 'page');
  mkdirSync(pageDir);
  const page = await startPageActor({
    dir: pageDir,
    onTell(tell) {
      if (tell.type !== 'admin.requested') return;
      const { id, request } = tell.body;
      void parseAndRun(request, run).then(({ ok, result }) => page.answer(id, ok, result));
    },
  });
  const hand = openDialogue<HandOrder, HandPressed>(HAND, []);
  const places: HandPlaces = { latchPath, adminSocket, page: { port: page.port, cookie: await page.cookie() } };
  return {
    kill,
    async press(source) {
      seen.flagAt = seen.latchAt = Infinity;
      const { pressedAt, closedAt } = await hand.ask({ source, places });
      const latchAt = Math.min(seen.latchAt, closedAt ?? Infinity);
      return { pressedAt, flagAt: Math.min(seen.flagAt, latchAt), latchAt };
    },
    async rearm() {
      await kill.rearm({ confirm: 'REARM', reason: 'bench', source: 'bench' });
    },
    async close() {
      hand.close();
      await page.stop();
      await admin.close();
    },
  };
}
