/** Recorded files for tests, written where the test says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export const CANDLES = 'ts_ms,open,high,low,close,volume';
export const QUOTES = 'ts_ms,bid,ask,bid_size,ask_size';
export const START = 1_700_000_040_000;
export const MINUTE = 60_000;

export function write(dir: string, name: string, rows: readonly string[]): string {
  const path = join(dir, name);
  const text = `${rows.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

/** Minute `index`, OHLC and volume. */
export const bar = (index: number, ...cells: readonly (string | number)[]): string => [START + index * MINUTE, ...cells].join(',');
