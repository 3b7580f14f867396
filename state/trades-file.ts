/**
 * The trade files: JSON lines, one a closed trade, one file an asset and mode. A projection: the journal is the truth, so a file
 * that differs from it at the start is rewritten whole, and nothing here is ever read to decide something.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Fact } from '#trading/model/events.ts';
import { ASSETS, brokerOf, MODES, type Asset, type Mode } from '#trading/model/instrument.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import type { Journal } from '#protocol/ports.ts';
import { canonicalJson } from './chain.ts';
import { ensureDirectory, isNotFound, writeFileAtomic } from './files.ts';

/** Lines that may wait for the disk. */
export const PENDING_LINES_MAX = 100_000;

export interface TradeFiles {
  /** The files that were not what the journal says when they were opened. */
  readonly rewritten: readonly string[];
  /** Resolves when every trade closed so far is in its file; rejects with the first write that failed. */
  flush(): Promise<void>;
  /** Stops following the journal, and flushes. */
  close(): Promise<void>;
}

export const tradeFilePath = (stateDir: string, asset: Asset, mode: Mode): string =>
  join(stateDir, mode === 'paper' ? 'paper' : join('live', brokerOf(asset)), `trades_${asset}.jsonl`);

/** Makes the files what the journal says and appends to them from then on. */
export async function openTradeFiles(stateDir: string, journal: Pick<Journal, 'read' | 'onAppended'>): Promise<TradeFiles> {
  const appender = new Appender(stateDir);
  // Before the rebuild reads, so that no trade falls between the two.
  const unsubscribe = journal.onAppended((facts) => appender.take(facts));
  const { rewritten, lastSeq } = await rebuildTradeFiles(stateDir, journal);
  appender.startAfter(lastSeq);
  return {
    rewritten,
    flush: () => appender.flush(),
    close: () => {
      unsubscribe();
      return appender.flush();
    },
  };
}

/** Compares every trade file with the journal and atomically rewrites those that differ. `lastSeq` is the newest trade's record. */
export async function rebuildTradeFiles(
  stateDir: string,
  journal: Pick<Journal, 'read'>,
): Promise<{ readonly trades: number; readonly lastSeq: number; readonly rewritten: readonly string[] }> {
  const lines = new Map<string, string[]>();
  let trades = 0;
  let lastSeq = 0;
  for await (const fact of journal.read(0, new Set(['trade.closed']))) {
    if (fact.type !== 'trade.closed') continue;
    const { trade } = fact.body;
    const path = tradeFilePath(stateDir, trade.asset, trade.mode);
    const known = lines.get(path);
    if (known === undefined) lines.set(path, [line(trade)]);
    else known.push(line(trade));
    trades += 1;
    lastSeq = fact.seq;
  }
  const rewritten: string[] = [];
  for (const path of MODES.flatMap((mode) => ASSETS.map((asset) => tradeFilePath(stateDir, asset, mode)))) {
    const expected = (lines.get(path) ?? []).join('');
    if ((await contentOf(path)) === expected) continue;
    ensureDirectory(dirname(path));
    await writeFileAtomic(path, expected);
    rewritten.push(path);
  }
  return { trades, lastSeq, rewritten };
}

class Appender {
  readonly #stateDir: string;
  #waiting: Fact[] = [];
  /** Null while the files are being rebuilt. */
  #lastSeq: number | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  take(facts: readonly Fact[]): void {
    const closed = facts.filter((fact) => fact.type === 'trade.closed');
    if (closed.length === 0 || this.#failure !== null) return;
    this.#waiting.push(...closed);
    if (this.#waiting.length > PENDING_LINES_MAX) this.#failure = new Error(`${this.#waiting.length} trades wait to be written to ${this.#stateDir}`);
    if (this.#lastSeq !== null) this.#write();
  }

  startAfter(seq: number): void {
    this.#lastSeq = seq;
    this.#write();
  }

  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  #write(): void {
    this.#writing = this.#writing.then(async () => {
      try {
        for (const fact of this.#waiting.splice(0)) await this.#append(fact);
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      }
    });
  }

  async #append(fact: Fact): Promise<void> {
    // A fact the rebuild has read already, or one handed over twice.
    if (fact.type !== 'trade.closed' || fact.seq <= (this.#lastSeq ?? 0)) return;
    const { trade } = fact.body;
    const path = tradeFilePath(this.#stateDir, trade.asset, trade.mode);
    ensureDirectory(dirname(path));
    await appendFile(path, line(trade), { mode: 0o600 });
    this.#lastSeq = fact.seq;
  }
}

/** Sorted keys, so that a trade reads the same whether it came from memory or from disk. */
const line = (trade: ClosedTrade): string => `${canonicalJson(trade)}\n`;

/** An absent file is as good as an empty one. */
async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isNotFound(error)) return '';
    throw error;
  }
}
