/** `--chaos N`: every N ms one actor is crashed, one process killed, stopped for a while, or left alone to recover. Embedded market only. */
import { createHash } from 'node:crypto';
import type { Log } from '#protocol/ports.ts';
import type { Cell } from './cell.ts';
import type { Supervisor } from './supervisor.ts';

const STOPPED_MS = 2000;
const DEEDS = ['crash', 'kill', 'stop'] as const;

/** Returns the way to end it. The order of deeds follows from the seed; who is alive then does not. */
export function startChaos(root: Supervisor<Cell>, everyMs: number, seed: string, log: Log): () => void {
  let count = 0;
  const resumed = new Set<NodeJS.Timeout>();
  const timer = setInterval(() => {
    const draw = createHash('sha256').update(`${seed}.chaos.${count++}`).digest();
    const actors = root.view(null).filter(({ kind, state }) => kind === 'actor' && state === 'running');
    const victim = actors[draw.readUInt32BE(0) % Math.max(1, actors.length)];
    if (victim === undefined) return;
    const deed = victim.pid === null ? 'crash' : (DEEDS[draw.readUInt32BE(4) % DEEDS.length] ?? 'crash');
    log.warn({ actor: 'chaos', victim: victim.name, deed }, 'chaos');
    if (deed === 'crash' || victim.pid === null) root.crash(victim.name);
    else if (deed === 'kill') signal(victim.pid, 'SIGKILL');
    else {
      const { pid } = victim;
      signal(pid, 'SIGSTOP');
      const wake = setTimeout(() => {
        resumed.delete(wake);
        signal(pid, 'SIGCONT');
      }, STOPPED_MS);
      resumed.add(wake);
    }
  }, everyMs);
  return () => {
    clearInterval(timer);
    for (const wake of resumed) clearTimeout(wake);
    for (const { pid } of root.view(null)) if (pid !== null) signal(pid, 'SIGCONT');
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
