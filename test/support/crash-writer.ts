/**
 * A process to kill: opens the journal of argv[2] and appends turns of one to four events from many callers, printing
 * `acked SEQ REASON` for every fact whose turn resolved. Where the disk refuses a write it prints `refused CODE`, tries once more
 * and prints `refused again CODE`. Run with `--conditions=source --import=tsx`.
 */
import { join } from 'node:path';
import type { Fact } from '#trading/model/events.ts';
import { JournalError } from '#state/errors.ts';
import { openJournal } from '#state/journal.ts';

const CALLERS = 8;
const TURN_EVENTS_MAX = 4;

async function main(dir: string): Promise<void> {
  const journal = await openJournal({ dir: join(dir, 'leveldb'), anchorPath: join(dir, 'anchor.json') });
  const caller = async (name: number): Promise<never> => {
    for (let turn = 0; ; turn += 1) {
      const events = Array.from({ length: 1 + (turn % TURN_EVENTS_MAX) }, (_, index) => ({
        type: 'system.stopped' as const,
        body: { reason: `caller ${name} turn ${turn} event ${index} ${'.'.repeat(turn % 200)}` },
      }));
      report(await journal.append('system', null, events, turn));
    }
  };
  const codeOf = (error: unknown): string => (error instanceof JournalError ? error.code : String(error));
  await Promise.all(Array.from({ length: CALLERS }, (_, name) => caller(name))).catch((error: unknown) =>
    process.stdout.write(`refused ${codeOf(error)}\n`),
  );
  const again = journal.append('system', null, [{ type: 'system.stopped', body: { reason: 'again' } }], 1);
  await again.catch((error: unknown) => process.stdout.write(`refused again ${codeOf(error)}\n`));
}

function report(facts: readonly Fact[]): void {
  process.stdout.write(facts.map((fact) => `acked ${fact.seq} ${fact.type === 'system.stopped' ? fact.body.reason : ''}\n`).join(''));
}

void main(process.argv[2] ?? '');
