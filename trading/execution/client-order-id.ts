import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Instant, Mode } from '../model/instrument.ts';

const RADIX = 36;
/** 36^26 ≈ 2^134: as many of the hash's bits as the shortest venue limit (36 characters, Bybit's orderLinkId) leaves room to read. */
const HASH_DIGITS = 26;
const MODE_LETTER: Readonly<Record<Mode, string>> = { paper: 'p', live: 'l' };

/**
 * ST-2: the same intent has the same id after any restart: a letter for the mode (`p` or `l`) and 26 base-36 digits of
 * sha256 over the JSON array [mode, strategyId, symbol, ts, nonce], 27 of `[a-z0-9]` in all. As JSON no two tuples share one text.
 *
 * @param ts what the signal belongs to (the open of its bar), UTC milliseconds: not the time of the decision, which a restart changes.
 * @throws RangeError where `ts` or `nonce` is not a non-negative safe integer.
 */
export function clientOrderId(mode: Mode, strategyId: string, symbol: string, ts: Instant, nonce: number): string {
  for (const [name, value] of Object.entries({ ts, nonce })) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`client order id: ${name} must be a non-negative integer, got ${value}`);
  }
  const digest = sha256(utf8ToBytes(JSON.stringify([mode, strategyId, symbol, ts, nonce])));
  return (
    MODE_LETTER[mode] +
    BigInt(`0x${bytesToHex(digest)}`)
      .toString(RADIX)
      .padStart(HASH_DIGITS, '0')
      .slice(-HASH_DIGITS)
  );
}
