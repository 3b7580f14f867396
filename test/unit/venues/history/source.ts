/** A venue's history in memory, paged as Bybit pages, with a count of what it was asked. */
import type { HistorySource } from '#venues/history/history-source.ts';

export const MINUTE_MS = 60_000;
export const START = Date.UTC(2024, 0, 8);

export const candle = (minute: number, mark = minute): string =>
  `${START + minute * MINUTE_MS},${100 + mark}.10,${101 + mark}.5,${99 + mark},${100 + mark}.20,1.50`;
export const candles = (...minutes: readonly number[]): string[] => minutes.map((minute) => candle(minute));
export const upTo = (count: number): string[] => candles(...Array.from({ length: count }, (_, minute) => minute));

export class MemorySource implements HistorySource {
  readonly pageRows: number;
  readonly rowMs: number = MINUTE_MS;
  readonly finalAfterMs: number;
  readonly asked: { readonly from: number; readonly to: number; readonly limit: number }[] = [];
  readonly lines: readonly string[];
  nowAt: number;
  /** Called before each page; may throw. */
  before: () => void = () => undefined;

  constructor(lines: readonly string[], { pageRows = 10, nowAt = START + 1e9, finalAfterMs = MINUTE_MS } = {}) {
    this.lines = lines;
    this.pageRows = pageRows;
    this.nowAt = nowAt;
    this.finalAfterMs = finalAfterMs;
  }

  now(): Promise<number> {
    return Promise.resolve(this.nowAt);
  }

  async rows(from: number, to: number, limit: number): Promise<readonly (readonly string[])[]> {
    this.before();
    this.asked.push({ from, to, limit });
    const within = this.lines.map((line) => line.split(',')).filter(([at]) => Number(at) >= from && Number(at) <= to);
    return Promise.resolve(within.slice(-limit));
  }
}
