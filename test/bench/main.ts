/** Runs the benchmarks asked for, one after the other: each measures itself and its baseline. Exit 1 only where a count did not hold. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments, type Arguments } from './arguments.ts';
import type { Benchmark, Outcome, Result } from './result.ts';
import { document, table } from './table.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENT = join(ROOT, 'docs', 'benchmarks.md');

/** Loaded when asked for: one benchmark must not run in the heap of another's modules. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  kill: async () => (await import('./kill.ts')).kill,
  decision: async () => (await import('./decision.ts')).decision,
  'tick-to-order': async () => (await import('./tick-to-order.ts')).tickToOrder,
  journal: async () => (await import('./journal.ts')).journal,
  'gateway-ibkr': async () => (await import('./gateway-ibkr.ts')).gatewayIbkr,
  play: async () => (await import('./play.ts')).play,
  gateway: async () => (await import('./gateway.ts')).gateway,
  fence: async () => (await import('./fence.ts')).fence,
};

const parsed = parseArguments(process.argv.slice(2), Object.keys(BENCHMARKS));
if (typeof parsed === 'string') {
  process.stderr.write(`${parsed}\n`);
  process.exit(2);
}
process.exit(await run(parsed));

async function run({ names, quick, json, write }: Arguments): Promise<number> {
  const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const outcomes: Outcome[] = [];
  for (const name of names) {
    process.stderr.write(`bench: ${name} …\n`);
    const outcome = await measured(name, quick).catch((error: unknown) => unfinished(name, error));
    outcomes.push(outcome);
    for (const line of [
      ...(outcome.results.length === 0 ? [] : table(outcome.results)),
      ...outcome.broken.map((sentence) => `BROKEN: ${sentence}`),
      '',
    ])
      say(line);
  }
  const results = outcomes.flatMap((outcome) => outcome.results);
  const broken = outcomes.flatMap((outcome) => outcome.broken);
  const notes = outcomes.flatMap((outcome) => outcome.notes);
  for (const note of notes) say(`  ${note.replaceAll('**', '')}`);
  say(summary(results, broken));
  if (write) {
    const shared = { node: process.versions.node, cpus: availableParallelism(), quick, results, notes };
    writeFileSync(DOCUMENT, document({ date: new Date().toISOString().slice(0, 10), ...shared }));
  }
  const ok = broken.length === 0 && results.every(({ pass }) => pass !== false);
  if (json) process.stdout.write(`${JSON.stringify({ ok, results })}\n`);
  return broken.length === 0 ? 0 : 1;
}

async function measured(name: string, quick: boolean): Promise<Outcome> {
  const cache = join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'bench-'));
  try {
    const benchmark = await BENCHMARKS[name]?.();
    if (benchmark === undefined) throw new Error(`no benchmark is named ${name}`);
    return await benchmark({ quick, dir });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The others are measured all the same. */
function unfinished(name: string, error: unknown): Outcome {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return { results: [], broken: [`${name} did not finish: ${error instanceof Error ? error.message : String(error)}`], notes: [] };
}

function summary(results: readonly Result[], broken: readonly string[]): string {
  const missed = results.filter(({ pass }) => pass === false);
  const targets = results.filter(({ pass }) => pass !== null).length;
  const counts = broken.length === 0 ? 'every count held' : `${broken.length} counts did not hold`;
  return `${targets - missed.length} of ${targets} targets met; ${counts}${missed.length === 0 ? '' : `; missed: ${missed.map(({ name }) => name).join(', ')}`}`;
}
