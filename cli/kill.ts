/** OP-3, KS-2: the latch first, talk second. Works while the system is up, hung, stopped or down. */
import { existsSync } from 'node:fs';
import { killScope } from '#protocol/values.ts';
import type { KillAck } from '#protocol/admin.ts';
import type { KillScope } from '#trading/model/events.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { readLatch, removeLatch, writeLatch, type Latch } from '#supervisors/latch.ts';
import { openJournal } from '#state/journal.ts';
import { paths, type DataPaths } from '#state/data-dir.ts';
import { JournalError } from '#state/errors.ts';
import { ensureDirectory } from '#state/files.ts';
import { AdminError, askSystem } from './admin-client.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';

interface KillOptions {
  readonly scope: string;
  readonly reason: string;
  readonly flatten?: boolean;
  readonly rearm?: boolean;
  readonly confirm?: string;
  readonly status?: boolean;
}

interface KillResult {
  readonly tripped: boolean;
  readonly scope: KillScope | readonly KillScope[] | null;
  readonly latch: boolean;
  readonly acks: readonly KillAck[];
  readonly latencyMs: number;
}

const ANSWER_MS_MAX = 3000;
const CONFIRMATION = 'REARM';
const SOURCE = 'cli';

export function kill(context: Context, options: KillOptions): Promise<number> {
  const places = paths(context.dataDir, context.market);
  refuseContradictions(options);
  if (options.status === true) return Promise.resolve(status(context, places));
  return options.rearm === true ? rearm(context, places, options) : trip(context, places, options);
}

/** A re-arm opens everything, and a status changes nothing: what else was asked for would be left undone without a word. */
function refuseContradictions({ status: shows, rearm: opens, flatten, scope }: KillOptions): void {
  if (shows === true && (opens === true || flatten === true)) throw new UsageError('--status shows the latch and changes nothing; give it alone');
  if (opens !== true) return;
  if (flatten === true) throw new UsageError('--rearm and --flatten contradict each other; give one of them');
  if (scope !== 'all') throw new UsageError(`--rearm opens everything that was tripped, not ${scope} alone; give it without --scope`);
}

function status(context: Context, places: DataPaths): number {
  const latch = readLatch(places.latch);
  const result: KillResult = { tripped: latch !== null, scope: latch?.scopes ?? null, latch: latch !== null, acks: [], latencyMs: 0 };
  context.output.answer(result, [latch === null ? 'not tripped' : `TRIPPED (${latch.scopes.join(', ')}) by ${latch.source}: ${latch.reason}`]);
  return EXIT.ok;
}

async function trip(context: Context, places: DataPaths, options: KillOptions): Promise<number> {
  const scope = killScope.safeParse(options.scope);
  if (!scope.success) throw new UsageError(`--scope ${options.scope}: must be all, bybit, ibkr, crypto_spot, crypto_futures, forex or options`);
  const from = performance.now();
  const isFirst = !existsSync(places.leveldb);
  const failure = latch(places, latchOf(scope.data, options));
  const latchedMs = performance.now() - from;
  let acks: readonly KillAck[] = [];
  let note = '';
  try {
    const answer = (await askSystem(
      adminSocketPath(places.adminSocket),
      { command: 'kill', scope: scope.data, reason: options.reason, flatten: options.flatten === true, source: SOURCE },
      ANSWER_MS_MAX,
    )) as { readonly acks: readonly KillAck[] };
    ({ acks } = answer);
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    if (failure !== null) {
      const wanted = `--data-dir ${context.dataDir} must be that of the system that runs, and one that you may write`;
      context.output.complain(
        `NOT TRIPPED: the latch ${places.latch} cannot be written (${failure}), and no system answers (${error.message}); ${wanted}`,
      );
      return EXIT.failed;
    }
    note = error.code === 'NOT_RUNNING' ? downNote(context, isFirst) : `no answer (${error.message}); the latch holds without it`;
  }
  const written = failure === null ? `Latch written in ${latchedMs.toFixed(1)} ms.` : `The latch could not be written: ${failure}.`;
  const latencyMs = Math.round((acks.length === 0 ? latchedMs : performance.now() - from) * 1000) / 1000;
  context.output.answer({ tripped: true, scope: scope.data, latch: failure === null, acks, latencyMs } satisfies KillResult, [
    `TRIPPED (${scope.data}): close-only, nothing new is entered. ${written}`,
    ...(note === '' ? acks.map(({ actor, ms }) => `  ${actor} after ${ms} ms`) : [`  ${note}`]),
  ]);
  return EXIT.ok;
}

/** Null where it is written. What a disk refuses must not keep the kill from a system that is up. */
function latch(places: DataPaths, words: Latch): string | null {
  try {
    ensureDirectory(places.root);
    writeLatch(places.latch, words);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A switch pulled in the wrong directory stops nobody: that must be seen at once. */
const downNote = ({ dataDir, market }: Context, isFirst: boolean): string =>
  isFirst
    ? `nothing ever ran on the ${market} market in --data-dir ${dataDir}: a system that runs now has another one, and goes on`
    : 'the system is down; it will start close-only';

const latchOf = (scope: KillScope, options: KillOptions): Latch => ({
  scopes: [scope],
  reason: options.reason,
  source: SOURCE,
  at: Date.now(),
  flatten: options.flatten === true,
});

async function rearm(context: Context, places: DataPaths, options: KillOptions): Promise<number> {
  if (options.confirm !== CONFIRMATION) throw new UsageError(`--rearm takes the typed confirmation --confirm ${CONFIRMATION}`);
  const from = performance.now();
  try {
    await askSystem(
      adminSocketPath(places.adminSocket),
      { command: 'rearm', confirm: options.confirm, reason: options.reason, source: SOURCE },
      ANSWER_MS_MAX,
    );
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    if (error.code !== 'NOT_RUNNING') {
      context.output.complain(`not re-armed: ${error.message}`);
      return EXIT.failed;
    }
    const refusal = await rearmStopped(places, options.reason);
    if (refusal !== null) {
      context.output.complain(`not re-armed: ${refusal}`);
      return EXIT.failed;
    }
  }
  const latencyMs = Math.round(performance.now() - from);
  context.output.answer({ tripped: false, scope: null, latch: false, acks: [], latencyMs } satisfies KillResult, [
    're-armed: entries are allowed again',
  ]);
  return EXIT.ok;
}

/** Re-arming is a fact also while the system is down: the journal would otherwise bring the latch back at the next start. */
async function rearmStopped(places: DataPaths, reason: string): Promise<string | null> {
  try {
    // Before the store does it, whose own way of making directories may never end (state/files.ts).
    ensureDirectory(places.leveldb);
  } catch (error) {
    return `the journal ${places.leveldb} cannot be made (${(error as Error).message}); name the --data-dir of the system that was tripped`;
  }
  try {
    const journal = await openJournal({ dir: places.leveldb, anchorPath: places.anchor });
    try {
      if (journal.head().seq > 0)
        await journal.append('kill-switch', null, [{ type: 'kill.rearmed', body: { source: SOURCE, reason } }], journal.lastAt() ?? 0);
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (error instanceof JournalError) return error.message;
    throw error;
  }
  removeLatch(places.latch);
  return null;
}
