/** A message of the server before it is written for one session's version. */
import { encodeFrame } from './codec/frame.ts';
import { encode, type Layout } from './codec/layout.ts';
import { MESSAGES, type MessageName, type MessageRow } from './codec/server-messages.ts';
import type { Contract } from './contracts.ts';

export type Said = { readonly [N in MessageName]: { readonly name: N; readonly row: MessageRow<N> } }[MessageName];

export function say<N extends MessageName>(name: N, row: MessageRow<N>): Said {
  // One member of the union, by N.
  return { name, row } as Said;
}

/** A refusal or a notice; `id` is the request's or the order's, -1 for what concerns the session. */
export function sayError(id: number, code: number, text: string, advancedReject = ''): Said {
  return say('error', { id, code, text, advancedReject });
}

export function fieldsOf(said: Said, version: number): readonly string[] {
  const message: Layout = MESSAGES[said.name];
  return encode(message, said.row, version);
}

export const frameOf = (said: Said, version: number): Buffer => encodeFrame(fieldsOf(said, version));

/** The eleven fields that name a contract in orders, executions and positions. */
export function orderedContract(contract: Contract, right = contract.right as string) {
  const { conId, symbol, secType, expiry, strike, multiplier, exchange, currency, localSymbol, tradingClass } = contract;
  return { conId, symbol, secType, expiry, strike, right, multiplier, exchange, currency, localSymbol, tradingClass };
}
