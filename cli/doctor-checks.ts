/** What `doctor` looks at, one function each: returns what it found, throws an Error that says what is wrong and what would be right. */
import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { loadSettings, type EnvironmentRules } from '#config/budgets.ts';
import type { Market } from '#config/environment.ts';
import { loadMarkets, loadStrategy, WIRED_ASSETS } from '#config/markets.ts';
import type { DataPaths } from '#state/data-dir.ts';
import { JournalError } from '#state/errors.ts';
import { inspectJournal } from '#state/inspect.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { readLatch } from '#supervisors/latch.ts';
import { checkStrategies, refusePortInUse } from '#supervisors/preflight.ts';
import { freePort } from '#supervisors/venue-control.ts';
import { probeVenueTime, type VenueTimeProbe } from '#supervisors/venue-probe.ts';
import { AdminError, askSystem } from './admin-client.ts';
import { packageFile } from './root.ts';

/** Room for the journal, its snapshots and the logs to grow while somebody notices. */
const FREE_BYTES_MIN = 1024 ** 3;
/** A kill that stands longer has probably been forgotten. */
const LATCH_STALE_MS = 24 * 3_600_000;
const ADMIN_ANSWER_MS_MAX = 3000;
const VENUE_ANSWER_MS_MAX = 5000;
/** Half of what a quote's age may be (QS-1): beyond it fresh quotes begin to look stale, or stale ones fresh. */
const CLOCK_SKEW_MS_MAX = 1000;
const OTHERS = 0o077;

/** Null on the embedded market, which needs no network. Started once, looked at by two checks. */
export type VenueTime = Promise<VenueTimeProbe> | null;

export function node(version: string): string {
  const { version: ours, engines } = packageFile();
  const [wantedMajor = 0, wantedMinor = 0] = (/(\d+)\.(\d+)/.exec(engines.node) ?? []).slice(1).map(Number);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor))
    throw new Error(`Node ${version} is too old; Ledgerwood needs ${engines.node}`);
  return `Node ${version} (needs ${engines.node}), Ledgerwood ${ours}`;
}

export async function configuration(configDir: string, rules: EnvironmentRules): Promise<string> {
  await loadSettings(join(configDir, 'budgets.json'), rules);
  const markets = await loadMarkets(configDir);
  for (const asset of WIRED_ASSETS) {
    const { strategy, symbols } = markets[asset];
    checkStrategies({ assets: [{ asset, strategy, symbols }], strategies: { [strategy]: await loadStrategy(configDir, strategy) } });
  }
  return `budgets, markets and strategies of ${configDir} load`;
}

/** CF-4: a file with keys is its owner's only. That it is right in itself was found out before any check ran. */
export async function environmentFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) return 'there is no .env here: defaults hold, and no keys lie in a file';
  const variables = Object.entries(parseEnv(await readFile(path, 'utf8')));
  const keys = variables.filter(([name, value]) => /KEY|SECRET/.test(name) && value !== '').map(([name]) => name);
  const mode = (found.mode & 0o777).toString(8);
  if (keys.length === 0) return `${path} holds no keys (mode ${mode})`;
  if ((found.mode & OTHERS) !== 0) throw new Error(`${path} holds ${keys.join(', ')} and others may read it (mode ${mode}); run chmod 600 ${path}`);
  return `${path} holds keys and is its owner's only (mode ${mode})`;
}

/** Where it is not there yet, the directory that it would be made in. */
export async function dataDirectory(dataDir: string): Promise<string> {
  const there = await nearest(dataDir);
  if (!(await stat(there)).isDirectory()) throw new Error(`${there} is a file; name a directory`);
  await access(there, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new Error(`${there} cannot be written (${(error as NodeJS.ErrnoException).code}); name a directory that you may write`);
  });
  return there === resolve(dataDir) ? `${there} can be written` : `${resolve(dataDir)} is not there yet and can be made in ${there}`;
}

export async function disk(dataDir: string, freeBytes = freeBytesAt): Promise<string> {
  const free = await freeBytes(await nearest(dataDir));
  const shown = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free < FREE_BYTES_MIN)
    throw new Error(`${shown}, fewer than ${FREE_BYTES_MIN / 1024 ** 3}: a full disk stops the journal, and with it all trading`);
  return shown;
}

async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

async function nearest(dir: string): Promise<string> {
  let path = resolve(dir);
  while (dirname(path) !== path && (await stat(path).catch(() => null)) === null) path = dirname(path);
  return path;
}

/** @throws Error where a system is there and does not answer. */
export async function adminState(preferred: string): Promise<{ readonly running: boolean; readonly detail: string }> {
  const path = adminSocketPath(preferred);
  try {
    const { journalSeq } = (await askSystem(path, { command: 'status' }, ADMIN_ANSWER_MS_MAX)) as { readonly journalSeq: number };
    return { running: true, detail: `runs and answers, at record ${journalSeq}` };
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    if (error.code !== 'NOT_RUNNING')
      throw new Error(`a system holds ${path} and does not answer (${error.message}); it hangs, or it is stopped`, { cause: error });
    const left = (await stat(path).catch(() => null)) !== null;
    return { running: false, detail: left ? 'not running; the socket of a killed run is left, and the next start replaces it' : 'not running' };
  }
}

export async function pagePort(port: number, running: boolean): Promise<string> {
  try {
    await refusePortInUse(port);
    return `${port} is free`;
  } catch (error) {
    if (running) return `${port} is in use while the system runs, as it should be where its page is there`;
    throw error;
  }
}

/** A kill is a decision and no defect, so a fresh latch passes and is told; a forgotten one, or one that nobody can read, is a failure. */
export function latch(path: string): string {
  const found = readLatch(path);
  if (found === null) return 'not tripped';
  const { mtimeMs } = statSync(path);
  const said = `TRIPPED (${found.scopes.join(', ')}) by ${found.source} at ${new Date(mtimeMs).toISOString()}: ${found.reason}`;
  const way = 'entries are refused until npm run kill -- --rearm --confirm REARM';
  if (found.at === 0) throw new Error(`${said}; it counts as a kill of all, and ${way}`);
  if (Date.now() - mtimeMs > LATCH_STALE_MS) throw new Error(`${said}; stale: more than ${LATCH_STALE_MS / 3_600_000} hours old, and ${way}`);
  return `${said}; ${way}`;
}

/** A running system checked its chain when it started, and holds the store; `npm run verify` walks that. */
export async function journal(places: DataPaths, running: boolean): Promise<string> {
  if (running) return 'held by the running system, which checked it at its start; npm run verify proves it';
  try {
    const { seq, hash } = await inspectJournal(places);
    return `${seq} records, the chain holds, head ${hash.slice(0, 16)}`;
  } catch (error) {
    if (error instanceof JournalError && error.code === 'NO_JOURNAL') return 'none yet: nothing has run with this data directory and market';
    throw error;
  }
}

export function venueTime(market: Market, rest?: string): VenueTime {
  if (market === 'embedded') return null;
  const asked = probeVenueTime(market, VENUE_ANSWER_MS_MAX, rest);
  // Both checks that look at it tell the failure; nobody else is to be alarmed by it.
  asked.catch(() => undefined);
  return asked;
}

export async function venue(market: Market, time: VenueTime): Promise<string> {
  if (time === null) {
    await freePort();
    return 'the embedded venue plays on loopback and needs no network';
  }
  const { host, roundTripMs } = await time;
  return `${host} (${market}) answers in ${roundTripMs} ms`;
}

export async function clock(market: Market, time: VenueTime): Promise<string> {
  if (time === null) return `market time is played on the ${market} market: this machine's clock does not matter`;
  const { skewMs, roundTripMs } = await time.catch(() => {
    throw new Error('unknown: the venue could not be asked for its time');
  });
  const said = `${Math.abs(skewMs)} ms ${skewMs > 0 ? 'behind' : 'ahead of'} the venue, give or take ${Math.ceil(roundTripMs / 2)} ms`;
  if (Math.abs(skewMs) - roundTripMs / 2 > CLOCK_SKEW_MS_MAX)
    throw new Error(`${said}; at most ${CLOCK_SKEW_MS_MAX} ms: synchronise this machine's clock`);
  return said;
}
