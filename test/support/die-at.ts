/** A system that is killed with -9 at an exact point of what its main process does to the disk (die-at.mjs). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startWith, type Running } from './command.ts';

export interface DeathPoint {
  readonly what: 'batch' | 'rename';
  readonly when: 'before' | 'after';
  /** All of them in one record of the batch, or in the path. */
  readonly with: readonly string[];
}

const PRELOAD = fileURLToPath(new URL('./die-at.mjs', import.meta.url));

const environmentOf = (point: DeathPoint): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${PRELOAD}`,
  DIE_AT: JSON.stringify(point),
});

export function startToDie(point: DeathPoint, dataDir: string, ...args: readonly string[]): Running {
  return startWith(environmentOf(point), 'system', '--no-page', '--json', '--data-dir', dataDir, ...args);
}

export async function died(system: Running): Promise<void> {
  const { signal, code, stderr } = await system.done;
  assert.equal(signal, 'SIGKILL', `it ended with ${code} and never came to the point: ${stderr.slice(-2000)}`);
}

/** A process that does nothing but save snapshots into `dir`, until it comes to the point. */
export async function writesSnapshots(dir: string, point: DeathPoint): Promise<void> {
  const writer = fileURLToPath(new URL('./snapshot-writer.ts', import.meta.url));
  const env = { ...process.env, ...environmentOf(point) };
  const child = spawn(process.execPath, ['--conditions=source', '--import=tsx', writer, dir], { stdio: ['ignore', 'ignore', 'inherit'], env });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  assert.equal(signal, 'SIGKILL', 'it never came to the point');
}
