/** Runs the benchmarks asked for, one after the other: each measures itself and its baseline. Exit 1 only where a count did not hold. */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments, type Arguments } from './arguments.ts';
import { BENCHMARKS } from './benchmarks.ts';
import type { Outcome, Result } from './result.ts';
import { document, table } from './table.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PART = fileURLToPath(new URL('./part.ts', import.meta.url));
const DOCUMENT = join(ROOT, 'docs', 'benchmarks.md');

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

/** In a process of its own: what one benchmark leaves (flags of V8, hooks on promises, a grown heap) is nothing to the next. */
function measured(name: string, quick: boolean): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const part = fork(PART, [name, quick ? 'quick' : 'full']);
    // Both ends are of this room.
    part.once('message', (outcome) => resolve(outcome as Outcome));
    part.once('error', reject);
    part.once('exit', (code, signal) => reject(new Error(`its process ended (${signal ?? `exit ${code}`})`)));
  });
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
