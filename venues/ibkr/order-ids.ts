/**
 * Order ids of one client id: above whatever was used before, on this machine or at TWS. TWS rolls its next id back after a restart and gives ids out
 * again; an id that is used twice changes an old order instead of placing a new one.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** So many ids are claimed at once: a write every so many orders, and a gap after a crash, which TWS allows. */
const CLAIMED_AT_ONCE = 64;
/** Requests begin at 1,000,000,000. */
const ORDER_ID_MAX = 999_999_999;
const MODE = 0o600;

const schema = z.strictObject({ clientId: z.int().nonnegative(), claimedTo: z.int().nonnegative().max(ORDER_ID_MAX) });

export class OrderIds {
  readonly #path: string;
  readonly #clientId: number;
  /** On disk: no id up to it is given out again. */
  #claimedTo: number;
  #next: number;

  /** Its directory exists. @throws Error where the file is there and cannot be read: ids may not be guessed. */
  constructor(path: string, clientId: number) {
    this.#path = path;
    this.#clientId = clientId;
    this.#claimedTo = read(path, clientId);
    this.#next = this.#claimedTo + 1;
  }

  /** What TWS says is next. Lower than ours it is a roll-back, and not believed. */
  observe(nextValidId: number): void {
    this.#next = Math.max(this.#next, nextValidId);
  }

  /** The floor: every id below it may have been used. */
  get next(): number {
    return this.#next;
  }

  /** `count` ids in a row, for a bracket's family; durable before it returns. @throws Error where they cannot be written, or there are no more. */
  take(count: number): number {
    const first = this.#next;
    const last = first + count - 1;
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`order ids: ${count} were asked for; must be 1 or more`);
    if (last > ORDER_ID_MAX) throw new Error(`order ids of client ${this.#clientId} are used up at ${first}: reset the order ids at TWS`);
    if (last > this.#claimedTo) this.#claim(Math.min(last + CLAIMED_AT_ONCE, ORDER_ID_MAX));
    this.#next = last + 1;
    return first;
  }

  #claim(to: number): void {
    const temporary = `${this.#path}.new`;
    const file = openSync(temporary, 'w', MODE);
    try {
      writeSync(file, `${JSON.stringify({ clientId: this.#clientId, claimedTo: to })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
    const directory = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
    this.#claimedTo = to;
  }
}

function read(path: string, clientId: number): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const right = `right is {"clientId":${clientId},"claimedTo":N}, with N the highest order id that client ever used at TWS`;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new Error(`${path}: is not JSON; ${right}`);
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success || parsed.data.clientId !== clientId) throw new Error(`${path}: does not hold the order ids of client ${clientId}; ${right}`);
  return parsed.data.claimedTo;
}
