/** VF-1: proves the journal, of a stopped or of a running system. Exits 1 and names the first record that fails. */
import { existsSync } from 'node:fs';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { paths } from '#state/data-dir.ts';
import { JournalError } from '#state/errors.ts';
import { verifyDataDir, type VerifyReport } from '#state/verify.ts';
import { AdminError, askSystem } from './admin-client.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';

const RUNNING_ANSWER_MS_MAX = 600_000;
const PROBLEMS_SHOWN = 10;

export async function verify(context: Context, options: { readonly from: number }): Promise<number> {
  const places = paths(context.dataDir, context.market);
  if (!existsSync(places.leveldb)) {
    throw new UsageError(`--data-dir ${context.dataDir}: holds no journal of the ${context.market} market; run "npm run system" first`);
  }
  const report = await proved(context, options.from);
  if (report === null) return EXIT.failed;
  if (report.ok && options.from > report.records)
    throw new UsageError(`--from ${options.from}: the journal has ${report.records} records, so nothing would be proven; name one of them`);
  const { ok, records, intents, paperFills, liveFills, rederived, problems, chainHead } = report;
  context.output.answer(report, [
    `${ok ? 'ok' : 'FAILED'}: ${records} records, ${intents} intents, ${paperFills} paper fills (${rederived} derived again), ${liveFills} live fills, head ${chainHead.slice(0, 16)}`,
    ...problems.slice(0, PROBLEMS_SHOWN).map(({ seq, rule, what }) => `  record ${seq}  ${rule}  ${what}`),
    ...(problems.length > PROBLEMS_SHOWN ? [`  and ${problems.length - PROBLEMS_SHOWN} more`] : []),
  ]);
  return ok ? EXIT.ok : EXIT.failed;
}

/** Null where a run holds the journal and does not answer: it has just been told. */
async function proved(context: Context, from: number): Promise<VerifyReport | null> {
  const places = paths(context.dataDir, context.market);
  try {
    return await verifyDataDir(places, { from });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.code === 'NO_JOURNAL') throw new UsageError(error.message);
    if (error.code !== 'LOCKED') throw error;
  }
  // The running system holds the store, so it walks its own journal.
  try {
    return (await askSystem(adminSocketPath(places.adminSocket), { command: 'verify', from }, RUNNING_ANSWER_MS_MAX)) as VerifyReport;
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    context.output.complain(`not verified: a run holds the journal and did not answer (${error.message}); try again once it has started or stopped`);
    return null;
  }
}
