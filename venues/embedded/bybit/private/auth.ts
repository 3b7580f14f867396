/** Who may speak for the account: the key, the signature, and the time of signing. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Code } from './codes.ts';

export interface Keys {
  readonly apiKey: string;
  readonly secret: string;
}

const TIMESTAMP_WRONG = 10002;
const KEY_INVALID = 10003;
const SIGNATURE_WRONG = 10004;
const PERMISSION_DENIED = 10005;
const RECV_WINDOW_MS = 5000;
const RECV_WINDOW_MS_MAX = 60_000;
/** A request from further in the future than this is refused. */
const AHEAD_MS_MAX = 1000;

export interface Signed {
  readonly apiKey: string | undefined;
  readonly timestamp: string | undefined;
  readonly recvWindow: string | undefined;
  readonly signature: string | undefined;
}

export const sign = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

/**
 * Null where the request is the account's. `payload` is the raw query of a GET or the raw body of a POST, as they were sent.
 * `clocks`: the venue plays recorded days, so a request in time by any of them is in time.
 */
export function wrongAuth(keys: Keys, { apiKey, timestamp, recvWindow, signature }: Signed, payload: string, clocks: readonly number[]): Code | null {
  if (apiKey === undefined) return { retCode: PERMISSION_DENIED, retMsg: 'Permission denied, please check your API key permissions.' };
  if (apiKey !== keys.apiKey) return { retCode: KEY_INVALID, retMsg: 'API key is invalid.' };
  const window = recvWindow === undefined ? RECV_WINDOW_MS : Number(recvWindow);
  const late = wrongTime(timestamp ?? '', window, clocks);
  if (late !== null) return late;
  const expected = sign(keys.secret, `${timestamp ?? ''}${apiKey}${recvWindow ?? ''}${payload}`);
  return equal(expected, signature ?? '') ? null : { retCode: SIGNATURE_WRONG, retMsg: 'error sign! origin_string[redacted]' };
}

/** Bybit: server − recv_window ≤ timestamp < server + 1 s. */
export function wrongTime(timestamp: string, window: number, clocks: readonly number[]): Code | null {
  const at = /^\d{13}$/.test(timestamp) ? Number(timestamp) : NaN;
  const inTime = window > 0 && window <= RECV_WINDOW_MS_MAX && clocks.some((now) => at >= now - window && at < now + AHEAD_MS_MAX);
  if (inTime) return null;
  const server = Math.round(clocks[0] ?? 0);
  const retMsg = `invalid request, please check your server timestamp or recv_window param. req_timestamp[${timestamp.slice(0, 20)}],server_timestamp[${server}],recv_window[${window}]`;
  return { retCode: TIMESTAMP_WRONG, retMsg };
}

/** The private and the trade stream: `["key", expires, signature of GET/realtime + expires]`. */
export function wrongLogin(keys: Keys, args: readonly unknown[], clocks: readonly number[]): Code | null {
  const [apiKey, expires, signature] = args;
  if (apiKey !== keys.apiKey) return { retCode: KEY_INVALID, retMsg: 'API key is invalid.' };
  const until = Number(expires);
  if (!clocks.some((now) => until > now)) return { retCode: SIGNATURE_WRONG, retMsg: 'Params Error: expires is in the past' };
  const right = typeof signature === 'string' && equal(sign(keys.secret, `GET/realtime${String(expires)}`), signature);
  return right ? null : { retCode: SIGNATURE_WRONG, retMsg: 'error sign!' };
}

function equal(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
