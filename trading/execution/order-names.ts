/** Names that follow from content, so that doing something twice names the same thing. Bybit takes 36 characters of [A-Za-z0-9_-]. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Broker } from '../model/instrument.ts';
import type { Placement, Purpose } from '../model/live.ts';

const RADIX = 36;
const DIGITS = 26;
const LETTER: Readonly<Partial<Record<Purpose, string>>> = { stop_loss: 's', take_profit: 't', flatten: 'x' };
const OWN_ID = /^l[0-9a-z]{26}(-[stx][1-9][0-9]{0,6})?$/;

/** The `n`th order of the house's own for an entry: `entry-s1` a stop, `-t2` a take-profit, `-x3` a close at market. */
export function childId(entryId: string, purpose: 'stop_loss' | 'take_profit' | 'flatten', n: number): string {
  const suffix = `-${LETTER[purpose] ?? 'x'}${n}`;
  return OWN_ID.test(entryId) ? entryId + suffix : `l${digits(entryId)}${suffix}`;
}

/** True for an id that only this house makes for live orders: an unknown one at a venue is an orphan of ours, any other is foreign. */
export const isOwnOrderId = (clientOrderId: string | null): boolean => clientOrderId !== null && OWN_ID.test(clientOrderId);

/** One execution is one fill, whoever reports it and how often. Names the order that executed: `idOfFill` is its inverse. */
export const fillIdOf = (broker: Broker, orderId: string, executionId: string): string => `${orderId}:${digits(`${broker}|${executionId}`)}`;

/** The order whose execution a live fill is: a leg of the house's own is booked on its entry. */
export const orderOfFill = (fillId: string): string => fillId.split(':', 1)[0] ?? fillId;

/** An id for a difference or an adjustment: 26 base-36 digits of what it says. */
export const contentId = (...parts: readonly (string | number | null)[]): string => digits(JSON.stringify(parts));

/** sha256 of the placement, hexadecimal, without the deadline: what the venue is asked for. */
export function payloadHash({ clientOrderId, asset, symbol, side, purpose, qty, pricing, bracket, reduceOnly }: Placement): string {
  const said = [clientOrderId, asset, symbol, side, purpose, qty, entries(pricing), bracket === null ? null : entries(bracket), reduceOnly];
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(said))));
}

/** In one order of keys, whoever wrote the object. */
const entries = (of: object): readonly (readonly [string, unknown])[] =>
  Object.entries(of).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));

function digits(text: string): string {
  let number = 0n;
  for (const byte of sha256(utf8ToBytes(text))) number = number * 256n + BigInt(byte);
  return number.toString(RADIX).padStart(DIGITS, '0').slice(-DIGITS);
}
