/** What the page may ask for; everything else is refused and counted. Apart from view.ts, so that the page need not carry the parser. */
import { z } from 'zod';
import { asset, killScope, mode, name, text } from './values.ts';

export const pageCommand = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('snapshot') }),
  z.strictObject({ command: z.literal('kill'), scope: killScope, reason: text, flatten: z.boolean() }),
  z.strictObject({ command: z.literal('rearm'), confirm: text, reason: text }),
  z.strictObject({ command: z.literal('verify') }),
  z.strictObject({ command: z.literal('why.asked'), asset }),
  z.strictObject({ command: z.literal('mode.set'), asset, mode, on: z.boolean() }),
  z.strictObject({ command: z.literal('mode.confirm'), asset, nonce: name, typed: text }),
]);
export type PageCommand = z.infer<typeof pageCommand>;
export type PageAnswer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: string };
