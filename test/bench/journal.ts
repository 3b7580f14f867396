/** Group commit: many actors append one event each, again and again; against the same bytes written by synced batches without a journal. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal, type OpenJournal } from '#state/journal.ts';
import { levelStore, type RawRecord } from '#state/store.ts';
import { ZERO_QTY } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import { percentile, spread } from './measure.ts';
import { result, type Benchmark } from './result.ts';

const CALLERS = 256;
const ROUNDS = 11;
const ROUNDS_QUICK = 5;
const APPENDS_A_CALLER = 32;
const EVENTS_PER_S_MIN = 20_000;
const MS_PER_S = 1000;

export const journal: Benchmark = async ({ quick, dir }) => {
  mkdirSync(join(dir, 'journal'));
  const log = await openJournal({ dir: join(dir, 'journal'), anchorPath: join(dir, 'anchor') });
  const raw = levelStore(join(dir, 'raw'));
  await raw.open();
  const rates: number[] = [];
  const rawRates: number[] = [];
  const waits: number[] = [];
  for (let round = 0; round < (quick ? ROUNDS_QUICK : ROUNDS); round++) {
    const head = log.head().seq;
    const from = performance.now();
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => append(log, caller, waits)));
    rates.push((CALLERS * APPENDS_A_CALLER * MS_PER_S) / (performance.now() - from));
    rawRates.push(await writeRaw(raw, await recordsAfter(log, head)));
  }
  await Promise.all([log.close(), raw.close()]);
  const { p50, p99 } = spread(waits);
  return {
    results: [
      result({
        name: `journal: events on disk, ${CALLERS} callers`,
        unit: 'events/s',
        ours: percentile(rates, 50),
        baseline: percentile(rawRates, 50),
        target: { of: 'ours', is: 'at least', value: EVENTS_PER_S_MIN },
      }),
      result({ name: `journal: append until on disk, ${CALLERS} callers, p50`, unit: 'ms', ours: p50 }),
      result({ name: `journal: append until on disk, ${CALLERS} callers, p99`, unit: 'ms', ours: p99 }),
    ],
    broken: [],
    notes: [
      `**journal**: ${CALLERS} callers that append one event after another; every event is checked against its schema and owner, chained by hash and synced before its caller goes on. Baseline: the very records it wrote, in synced batches of ${CALLERS} into a second store, without check, chain or callers. Medians of rounds that take turns.`,
    ],
  };
};

async function append(log: OpenJournal, caller: number, waits: number[]): Promise<void> {
  for (let time = 0; time < APPENDS_A_CALLER; time++) {
    const from = performance.now();
    await log.append('gateway.paper', `bench.${caller}`, [ended(`p${caller}x${time}`)], 1);
    waits.push(performance.now() - from);
  }
}

function ended(clientOrderId: string): DomainEvent {
  const key = { clientOrderId, asset: 'crypto_spot', mode: 'paper', symbol: 'BTC/USDT' } as const;
  return { type: 'order.ended', body: { ...key, status: 'cancelled', filledQty: ZERO_QTY, reason: 'benchmark' } };
}

async function recordsAfter(log: OpenJournal, seq: number): Promise<readonly RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const record of log.raw(seq)) records.push(record);
  return records;
}

/** Events a second. */
async function writeRaw(store: ReturnType<typeof levelStore>, records: readonly RawRecord[]): Promise<number> {
  const from = performance.now();
  for (let start = 0; start < records.length; start += CALLERS) await store.write(records.slice(start, start + CALLERS));
  return (records.length * MS_PER_S) / (performance.now() - from);
}
