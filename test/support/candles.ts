/** Made-up recorded candles: a seeded random walk with trends, so that averages cross and brackets are hit. No recorded data in the repository. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface CandleOptions {
  readonly name?: string;
  readonly bars: number;
  readonly seed?: number;
  readonly start?: number;
  readonly price?: number;
}

const MINUTE_MS = 60_000;

/** One CSV line a bar: ts_ms,open,high,low,close,volume. */
export function candleLines({ bars, seed = 1, start = Date.UTC(2024, 0, 8), price = 60_000 }: CandleOptions): string[] {
  const generator = xoroshiro128plus(seed);
  const uniform = (): number => (generator.next() >>> 0) / 2 ** 32;
  const lines: string[] = [];
  let close = price;
  let drift = 0;
  for (let index = 0; index < bars; index++) {
    if (index % 40 === 0) drift = (uniform() - 0.5) * 0.0008;
    const open = close;
    close = open * (1 + drift + (uniform() - 0.5) * 0.0012);
    const high = Math.max(open, close) * (1 + uniform() * 0.0004);
    const low = Math.min(open, close) * (1 - uniform() * 0.0004);
    lines.push([start + index * MINUTE_MS, ...[open, high, low, close].map((value) => value.toFixed(2)), (1 + uniform() * 5).toFixed(5)].join(','));
  }
  return lines;
}

/** Writes the file and returns its path. */
export function writeCandles(directory: string, options: CandleOptions, edit: (lines: string[]) => string[] = (lines) => lines): string {
  const path = join(directory, options.name ?? 'BTCUSDT-made-1m.csv');
  writeFileSync(path, `${['ts_ms,open,high,low,close,volume', ...edit(candleLines(options))].join('\n')}\n`);
  return path;
}
