/** Every HTTP answer in Bybit's envelope, with its headers. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Allowance } from './private/limits.ts';

export interface Enveloped {
  readonly status: number;
  readonly retCode: number;
  readonly retMsg: string;
  readonly result: object;
  /** Of batches: what became of each order. */
  readonly retExtInfo?: object;
}

/** What the rate-limit headers of public answers say: Bybit allows 600 requests in 5 s; public ones are counted and not limited. */
const LIMIT = '600';

/** `half`: only the first half of the body is sent; then nothing, or the connection is cut. */
export function respond(
  response: ServerResponse,
  { status, retCode, retMsg, result, retExtInfo = {} }: Enveloped,
  now: number,
  allowance?: Allowance,
  half: 'hang' | 'cut' | null = null,
): void {
  const body = Buffer.from(JSON.stringify({ retCode, retMsg, result, retExtInfo, time: now }));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'X-Bapi-Limit': allowance === undefined ? LIMIT : String(allowance.limit),
    'X-Bapi-Limit-Status': allowance === undefined ? LIMIT : String(allowance.left),
    'X-Bapi-Limit-Reset-Timestamp': String(now + (allowance?.waitMs ?? 0)),
    Traceid: randomUUID().replaceAll('-', ''),
    Timenow: String(now),
  });
  if (half === null) return void response.end(body);
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => {
    if (half === 'cut') response.destroy();
  });
}
