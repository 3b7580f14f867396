/** Runs the command line as a user does, from the built tree. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUTPUT_CHARACTERS_MAX = 4_000_000;

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Finished>;
  /** Everything said so far, on both streams. */
  said(): string;
  /** Resolves when a line that fits was said. @throws where the command ends first. */
  line(pattern: RegExp): Promise<string>;
}

export const freshDirectory = (): string => mkdtempSync(join(tmpdir(), 'ledgerwood-run-'));

/** The compiled command line itself, without the set-up step: the suite was built before. */
export const start = (...args: readonly string[]): Running => startWith({}, ...args);

/** With more in its environment. */
export function startWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'ledgerwood.mjs'), ...args], {
    cwd: ROOT,
    env: { ...cleanEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const take = (chunk: string): void => {
    for (const watch of watchers) watch();
    if (chunk.length > OUTPUT_CHARACTERS_MAX) child.kill('SIGKILL');
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    take(stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    take(stderr);
  });
  const done = new Promise<Finished>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      for (const watch of watchers) watch();
    });
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = `${stdout}\n${stderr}`.split('\n').find((text) => pattern.test(text));
        if (found !== undefined) resolve(found);
        else if (child.exitCode !== null || child.signalCode !== null) reject(new Error(`ended before ${pattern}: ${stderr.slice(-2000)}`));
        else return;
        watchers.delete(watch);
      };
      watchers.add(watch);
      watch();
    });
  return { child, done, said: () => `${stdout}\n${stderr}`, line };
}

export const run = (...args: readonly string[]): Promise<Finished> => start(...args).done;

/** The last line of stdout, which `--json` promises to be one object. */
export function json<T>(finished: Finished): T {
  const last = finished.stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last) as T;
  } catch (error) {
    throw new Error(`the last line of stdout is not JSON (exit ${finished.code}): ${last.slice(0, 200)}\n${finished.stderr.slice(-2000)}`, {
      cause: error,
    });
  }
}

/** Mocha's own loader options would reach the command otherwise. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _loader, ...rest } = process.env;
  return rest;
}
