/** The admin socket: JSON lines over an owner-only local socket, one answer a request. CLI and REPL speak it. */
import type { Asset, Mode } from '#trading/model/instrument.ts';
import { z } from 'zod';
import { asset, killScope, mode, name, text } from './values.ts';
import type { PendingView } from './view.ts';

export const ADMIN_LINE_BYTES_MAX = 65_536;

export const adminRequest = z.discriminatedUnion('command', [
  z.strictObject({ id: name, command: z.literal('tree') }),
  z.strictObject({ id: name, command: z.literal('status') }),
  z.strictObject({ id: name, command: z.literal('ask'), actor: name, query: name, args: z.array(text).max(16) }),
  z.strictObject({ id: name, command: z.literal('tell'), actor: name, type: name, body: z.unknown() }),
  z.strictObject({ id: name, command: z.literal('why'), asset: name }),
  z.strictObject({ id: name, command: z.literal('kill'), scope: killScope, reason: text, flatten: z.boolean(), source: name }),
  z.strictObject({ id: name, command: z.literal('rearm'), confirm: text, reason: text, source: name }),
  z.strictObject({ id: name, command: z.literal('mode.set'), asset, mode, on: z.boolean(), source: name }),
  z.strictObject({ id: name, command: z.literal('mode.confirm'), asset, nonce: name, typed: text, source: name }),
  z.strictObject({ id: name, command: z.literal('crash'), actor: name }),
  z.strictObject({ id: name, command: z.literal('verify'), from: z.int().min(1).exactOptional() }),
  z.strictObject({ id: name, command: z.literal('reload') }),
  z.strictObject({ id: name, command: z.literal('login') }),
]);
export type AdminRequest = z.infer<typeof adminRequest>;

export type AdminAnswer =
  { readonly id: string; readonly ok: true; readonly result: unknown } | { readonly id: string; readonly ok: false; readonly error: string };

/** One line for a person: of a request that does not fit, where it does not and what would. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  return error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}

/** What a kill answers: which actor closed its gate, how many milliseconds after the trip. */
export interface KillAck {
  readonly actor: string;
  readonly ms: number;
}

/** What `mode.set` and `mode.confirm` answer; a refusal is an error `CODE: sentence` instead. */
export interface ModeAnswer {
  readonly asset: Asset;
  readonly mode: Mode;
  /** How it stands now. */
  readonly on: boolean;
  /** False where nothing had to change. */
  readonly changed: boolean;
  /** Live that waits for what the person has to type, or null. */
  readonly pending: PendingView | null;
}
