/** What a client says on a stream of Bybit. */
const ECHO_LENGTH_MAX = 100;

/** Null where it is no JSON object. */
export function parseOp(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    // An object of unknown fields is all that is claimed.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Of a value of a client: what a refusal repeats. */
export const shown = (value: unknown): string => String(typeof value === 'string' ? value : typeof value).slice(0, ECHO_LENGTH_MAX);
