/** Asks the real venue for its time, for `doctor`: the same hosts and the same transport as the gateway's, no keys. */
import { ENDPOINTS } from '#venues/bybit/endpoints.ts';
import { createTransport } from '#venues/bybit/transport.ts';
import { z } from 'zod';

export interface VenueTimeProbe {
  readonly host: string;
  readonly roundTripMs: number;
  /** Venue minus this machine, in milliseconds; the moment in between is known to half the round trip. */
  readonly skewMs: number;
}

const timeAnswer = z.object({ retCode: z.literal(0), result: z.object({ timeNano: z.string().regex(/^\d{16,20}$/) }) });
const NANOS_A_MS = 1e6;

/** `rest` is another base than the market's own. @throws Error saying what went wrong on the way. */
export async function probeVenueTime(
  market: 'testnet' | 'mainnet',
  deadlineMs: number,
  rest: string = ENDPOINTS[market].rest,
): Promise<VenueTimeProbe> {
  const { host } = new URL(rest);
  const transport = createTransport(deadlineMs);
  try {
    const sentAt = Date.now();
    const from = performance.now();
    const { status, text } = await transport.fetch(`${rest}/v5/market/time`, { method: 'GET' });
    const body = await text();
    const roundTripMs = performance.now() - from;
    const venueAt = status === 200 ? timeOf(body) : null;
    if (venueAt === null) throw new Error(`answered with status ${status} and no time`);
    return { host, roundTripMs: Math.round(roundTripMs), skewMs: Math.round(venueAt - (sentAt + roundTripMs / 2)) };
  } catch (error) {
    const { cause, message } = error as Error;
    throw new Error(`${host}: ${cause instanceof Error ? cause.message : message}`, { cause: error });
  } finally {
    await transport.close();
  }
}

function timeOf(body: string): number | null {
  try {
    return Number(timeAnswer.parse(JSON.parse(body)).result.timeNano) / NANOS_A_MS;
  } catch {
    return null;
  }
}
