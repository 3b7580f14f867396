/** A process of its own: at each message it writes one raw file, then the latch, and says when it began (the monotonic clock all processes share). */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { writeLatch } from '#actors/latch.ts';

export interface LatchWritten {
  /** Nanoseconds, as text. */
  readonly began: string;
  readonly rawMs: number;
}

const LATCH = { scopes: ['all'], reason: 'bench', source: 'bench', at: 1, flatten: false } as const;

process.on('message', (path: string) => {
  const rawMs = writeRaw(`${path}.raw`);
  const began = process.hrtime.bigint();
  writeLatch(path, LATCH);
  process.send?.({ began: String(began), rawMs } satisfies LatchWritten);
});

function writeRaw(path: string): number {
  const from = performance.now();
  const file = openSync(path, 'w');
  writeSync(file, JSON.stringify(LATCH));
  fsyncSync(file);
  closeSync(file);
  const ms = performance.now() - from;
  rmSync(path);
  return ms;
}
