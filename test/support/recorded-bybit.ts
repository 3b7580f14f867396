/** What Bybit's demonstration plays: recorded BTC spot, ADA and WIF perpetuals, and their funding as it was settled, every 8 h and every 4 h. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from './command.ts';

const DATA = join(ROOT, '..', 'shared', 'data');
const DAY_MS = 86_400_000;
/**
 * WIF was recorded in another season than the other two: its rows are played 155 days later, prices and rates as they are. Whole days keep its
 * settlements on the hours at which they were.
 */
const WIF_LATER_MS = 155 * DAY_MS;
const AS_RECORDED = [
  'crypto_spot/candles/BTCUSDT-bybit-5m.csv.gz',
  'crypto_perp/candles/ADAUSDT-bybit-linear-5m.csv.gz',
  'crypto_perp/funding/ADAUSDT-bybit-linear.csv.gz',
];
const LATER = ['crypto_perp/candles/WIFUSDT-bybit-linear-1m.csv.gz', 'crypto_perp/funding/WIFUSDT-bybit-linear.csv.gz'];

/** From when to when all three are there. */
export const RECORDED = { from: Date.UTC(2025, 8, 25, 6), to: Date.UTC(2025, 9, 16, 15) } as const;

/** Paths for `--play`, WIF's written below `directory`; null, and a line that says so, where the recordings are not there. */
export function recordedBybit(directory: string): readonly string[] | null {
  const missing = [...AS_RECORDED, ...LATER].find((file) => !existsSync(join(DATA, file)));
  if (missing !== undefined) {
    process.stderr.write(`      skipped: ../shared/data/${missing} is not there\n`);
    return null;
  }
  return [...AS_RECORDED.map((file) => join(DATA, file)), ...LATER.map((file) => later(directory, file))];
}

function later(directory: string, file: string): string {
  const [header = '', ...rows] = gunzipSync(readFileSync(join(DATA, file)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const moved = rows.map((row) => row.replace(/^\d+/, (at) => String(Number(at) + WIF_LATER_MS)));
  const kind = file.includes('/funding/') ? 'funding' : 'candles';
  const path = join(directory, kind, basename(file, '.gz'));
  mkdirSync(join(directory, kind), { recursive: true });
  writeFileSync(path, `${[header, ...moved].join('\n')}\n`);
  return path;
}
