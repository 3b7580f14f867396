/**
 * What was handed to TWS under which ids, written before it leaves: an order that TWS holds back is in no list of its own, so that only our
 * word names it (venues/ibkr §3.2).
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import type { Instant } from '#trading/model/instrument.ts';
import { z } from 'zod';

/** One placement: the ids of its family, parent first. */
export interface SentFamily {
  readonly ref: string;
  readonly ids: readonly number[];
  readonly conId: number;
  /** Market time. */
  readonly sentAt: Instant;
  /** What the account held of the contract before, signed decimal text; null where it was not known. */
  readonly held: string | null;
  /** Of the connection that it left on. */
  readonly session: string;
}

const BYTES_MAX = 16 * 1024 * 1024;
/** What is kept of them: whatever is older, a lookup answers without. */
export const FAMILIES_KEPT_MAX = 512;
const MODE = 0o600;
const IDS_MAX = 8;

const line = z.strictObject({
  ref: z.string(),
  ids: z.array(z.int().min(1)).min(1).max(IDS_MAX),
  conId: z.int(),
  sentAt: z.number(),
  held: z.string().nullable(),
  session: z.string(),
});

export class SentFile {
  /** By ref, oldest first. */
  readonly #families = new Map<string, SentFamily>();
  readonly #descriptor: number;
  #isClosed = false;

  /** Its directory exists. @throws Error where the file is damaged or too large. */
  constructor(path: string) {
    for (const family of existsSync(path) ? read(path) : []) this.#keep(family);
    this.#descriptor = rewritten(path, [...this.#families.values()]);
  }

  /** A lost process loses nothing; a lost machine may lose the last lines. */
  record(family: SentFamily): void {
    this.#keep(family);
    writeSync(this.#descriptor, `${JSON.stringify(family)}\n`);
  }

  family(ref: string): SentFamily | undefined {
    return this.#families.get(ref);
  }

  families(): readonly SentFamily[] {
    return [...this.#families.values()];
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#descriptor);
  }

  #keep(family: SentFamily): void {
    this.#families.set(family.ref, family);
    if (this.#families.size > FAMILIES_KEPT_MAX) for (const oldest of [...this.#families.keys()].slice(0, 1)) this.#families.delete(oldest);
  }
}

function read(path: string): readonly SentFamily[] {
  const { size } = statSync(path);
  if (size > BYTES_MAX) throw new Error(`${path}: ${size} bytes, more than ${BYTES_MAX}`);
  const text = readFileSync(path, 'utf8');
  // Whoever wrote a line without its end died over it, and nothing left.
  const rows = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return rows.flatMap((row, index) => {
    if (row === '') return [];
    const parsed = line.safeParse(jsonOf(row));
    if (!parsed.success)
      throw new Error(`${path}: line ${index + 1} is not one of ours; move the file away once TWS shows no order that is held back`);
    return [parsed.data];
  });
}

/** The families that are kept, as a new file in the place of the old one. Returns its descriptor. */
function rewritten(path: string, families: readonly SentFamily[]): number {
  const draft = `${path}.new`;
  const descriptor = openSync(draft, 'w', MODE);
  writeSync(descriptor, families.map((family) => `${JSON.stringify(family)}\n`).join(''));
  fsyncSync(descriptor);
  renameSync(draft, path);
  return descriptor;
}

function jsonOf(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return null;
  }
}
