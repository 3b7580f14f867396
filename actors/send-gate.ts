/**
 * KS-1: the send gate. It is asked before every order, after the intent is durable, and answers from a memory flag and the latch file, so that
 * a kill holds behind any queue and in a process whose main process is hung (about a microsecond an answer while no latch is there).
 */
import { coveringScope } from '#trading/model/kill-scope.ts';
import { statSync } from 'node:fs';
import type { Asset } from '#trading/model/instrument.ts';
import type { KillScope, Refusal } from '#trading/model/events.ts';
import { readLatch } from './latch.ts';

export interface SendGate {
  /** Closes it at once, for this process; other processes see the latch file. */
  trip(scopes: readonly KillScope[]): void;
  /** Why no entry of this asset may be sent, or null. */
  closedFor(asset: Asset): Refusal | null;
  /** Everything it is closed for, from flag and file. */
  closed(): readonly KillScope[];
  /** Clears the memory flag. The latch file, while it is there, keeps the gate closed. */
  rearm(): void;
}

/** Gates of one process: one a data directory and market. */
export const GATES_MAX = 1024;

const gates = new Map<string, SendGate>();

/** The one gate of a latch file in this process. @throws RangeError beyond GATES_MAX. */
export function sendGate(latchPath: string): SendGate {
  const known = gates.get(latchPath);
  if (known !== undefined) return known;
  if (gates.size >= GATES_MAX) throw new RangeError(`at most ${GATES_MAX} send gates a process`);
  const gate = new LatchedGate(latchPath);
  gates.set(latchPath, gate);
  return gate;
}

const OPEN: readonly KillScope[] = [];
const ALL: readonly KillScope[] = ['all'];

class LatchedGate implements SendGate {
  readonly #latchPath: string;
  #flag: readonly KillScope[] = OPEN;
  /** Scopes of the latch file as last read, and which file that was. */
  #read: { readonly identity: string; readonly scopes: readonly KillScope[] } | null = null;

  constructor(latchPath: string) {
    this.#latchPath = latchPath;
  }

  trip(scopes: readonly KillScope[]): void {
    this.#flag = [...new Set([...this.#flag, ...scopes])];
  }

  rearm(): void {
    this.#flag = OPEN;
  }

  closedFor(asset: Asset): Refusal | null {
    const scopes = this.closed();
    if (scopes.length === 0) return null;
    const scope = coveringScope(scopes, asset);
    if (scope === undefined) return null;
    return { code: 'CLOSE_ONLY', rule: 'KS-1', numbers: { scope }, sentence: `${asset}: the send gate is closed for ${scope}` };
  }

  closed(): readonly KillScope[] {
    const latched = this.#latched();
    if (latched.length === 0) return this.#flag;
    return this.#flag.length === 0 ? latched : [...new Set([...this.#flag, ...latched])];
  }

  #latched(): readonly KillScope[] {
    let file;
    try {
      file = statSync(this.#latchPath, { throwIfNoEntry: false });
    } catch {
      // Whether there is a latch cannot be known: then there is one.
      return ALL;
    }
    if (file === undefined) return OPEN;
    const identity = `${file.ino} ${file.size} ${file.mtimeMs}`;
    if (this.#read?.identity !== identity) this.#read = { identity, scopes: [...new Set(readLatch(this.#latchPath)?.scopes)] };
    return this.#read.scopes;
  }
}
