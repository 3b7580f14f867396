/** HTTP for ccxt with one deadline for everything: its own stops at the headers, and a body that stalls was measured to hang 301 s. */
import { Agent, request } from 'undici';

const CONNECTIONS_MAX = 8;
const IDLE_CONNECTION_MS = 60_000;
const RESPONSE_BYTES_MAX = 32 * 1024 * 1024;

/** What ccxt hands to a custom `fetchImplementation`, and what it reads of the answer. */
export interface FetchParams {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
export interface FetchAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: () => Promise<string>;
}
export type FetchImplementation = (url: string, params: FetchParams) => Promise<FetchAnswer>;

export interface Transport {
  readonly fetch: FetchImplementation;
  close(): Promise<void>;
}

/** @throws TypeError from `fetch` for whatever goes wrong on the wire, which ccxt makes a NetworkError of. */
export function createTransport(deadlineMs: number): Transport {
  const agent = (): Agent =>
    new Agent({ connections: CONNECTIONS_MAX, pipelining: 1, keepAliveTimeout: IDLE_CONNECTION_MS, maxResponseSize: RESPONSE_BYTES_MAX });
  // What changes something has connections of its own: behind reads it would wait for answers that nobody is in a hurry for.
  const [reads, writes] = [agent(), agent()];
  return {
    fetch: async (url, { method, headers, body }) => {
      try {
        const response = await request(url, {
          method,
          headers: headers ?? {},
          body: body ?? null,
          signal: AbortSignal.timeout(deadlineMs),
          dispatcher: method === 'GET' ? reads : writes,
        });
        const text = await response.body.text();
        return { status: response.statusCode, statusText: '', headers: flat(response.headers), text: () => Promise.resolve(text) };
      } catch (error) {
        const cause = error instanceof Error ? error : new Error(String(error));
        const what = cause.name === 'TimeoutError' ? new Error(`no whole answer within ${deadlineMs} ms`, { cause }) : cause;
        throw new TypeError('transport', { cause: what });
      }
    },
    close: async () => {
      await Promise.all([reads.destroy(), writes.destroy()]);
    },
  };
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Map<string, string> {
  const flattened = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flattened.set(name, Array.isArray(value) ? value.join(', ') : value);
  return flattened;
}
