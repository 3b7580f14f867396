/** Where one market's files lie. What is earned on the embedded venue never mixes with what is earned on the real one. */
import type { Market } from '#trading/model/market.ts';
import { chmod } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ensureDirectory } from './files.ts';

export interface DataPaths {
  readonly root: string;
  /** Trade files: `paper/trades_<asset>.jsonl`, `live/<broker>/trades_<asset>.jsonl`. */
  readonly stateDir: string;
  readonly leveldb: string;
  readonly anchor: string;
  readonly snapshots: string;
  /** The kill latch: while this file exists nothing is entered. */
  readonly latch: string;
  /** Preferred; where the path is too long for a socket, supervisors/ derives a shorter one from it. */
  readonly adminSocket: string;
  readonly pageSecret: string;
  /** What the embedded venue keeps of its accounts over the end of its process: Bybit's, and TWS's. */
  readonly venueAccount: string;
  readonly twsAccount: string;
  /** Logs, models and metrics are shared by all markets. */
  readonly logs: string;
  readonly models: string;
  readonly metrics: string;
}

/** The paths only; creates nothing. */
export function paths(dataDir: string, market: Market): DataPaths {
  const base = resolve(dataDir);
  const root = join(base, market);
  const stateDir = join(root, 'state');
  return {
    root,
    stateDir,
    leveldb: join(stateDir, 'leveldb'),
    anchor: join(stateDir, 'anchor.json'),
    snapshots: join(root, 'snapshots'),
    latch: join(root, 'KILL'),
    adminSocket: join(root, 'admin.sock'),
    pageSecret: join(root, 'page.secret'),
    venueAccount: join(root, 'venue-account.jsonl'),
    twsAccount: join(root, 'tws-account.jsonl'),
    logs: join(base, 'logs'),
    models: join(base, 'models'),
    metrics: join(base, 'metrics'),
  };
}

/** Creates the directories of a market, readable by the owner only (CF-4). */
export async function createDataDir(dataDir: string, market: Market): Promise<DataPaths> {
  const all = paths(dataDir, market);
  for (const dir of [all.root, all.stateDir, all.leveldb, all.snapshots, all.logs]) ensureDirectory(dir);
  // An older or hand-made directory may be open to others.
  await chmod(all.root, 0o700);
  return all;
}
