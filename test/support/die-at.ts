/** A system that is killed with -9 at an exact point of what its main process does to the disk (die-at.mjs). */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { startWith, type Running } from './command.ts';

export interface DeathPoint {
  readonly what: 'batch' | 'rename';
  readonly when: 'before' | 'after';
  /** All of them in one record of the batch, or in the path. */
  readonly with: readonly string[];
}

const PRELOAD = fileURLToPath(new URL('./die-at.mjs', import.meta.url));

export function startToDie(point: DeathPoint, dataDir: string, ...args: readonly string[]): Running {
  const environment = { NODE_OPTIONS: `--import=${PRELOAD}`, DIE_AT: JSON.stringify(point) };
  return startWith(environment, 'system', '--no-page', '--json', '--data-dir', dataDir, ...args);
}

export async function died(system: Running): Promise<void> {
  const { signal, code, stderr } = await system.done;
  assert.equal(signal, 'SIGKILL', `it ended with ${code} and never came to the point: ${stderr.slice(-2000)}`);
}
