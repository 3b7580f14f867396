/** The embedded venue by itself, at its own pace: for any client that speaks Bybit v5 or the TWS API. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VenueParams } from './params.ts';
import { REPUSH_MS } from './exchange.ts';
import { openVenue, type Venue, type VenueCounters, type VenueInfo } from './venue.ts';

export interface RunVenueOptions {
  readonly params: VenueParams;
  /** Times real time; Infinity plays as fast as it can. */
  readonly speed: number;
}

export interface RunningVenue {
  readonly info: VenueInfo;
  readonly keys: Venue['keys'];
  /** Resolves when the market ended or `stop` was called; rejects where playing failed. Requests are answered until `stop`. */
  readonly over: Promise<'ended' | 'stopped'>;
  counters(): VenueCounters;
  /** As the venue's. @throws RangeError where it is not understood. */
  fault(name: string, ...takes: readonly string[]): unknown;
  stop(): Promise<void>;
}

/** Wall time the player sleeps at least: shorter naps cost more than they are worth. */
const NAP_MS = 5;
/** Where it falls behind by more than this wall time (a suspended machine), it goes on from here and does not race. */
const BEHIND_MS_MAX = 2000;

/** @throws as `openVenue`, RangeError where the speed is not above zero. */
export async function runVenue({ params, speed }: RunVenueOptions): Promise<RunningVenue> {
  if (!(speed > 0)) throw new RangeError(`speed ${speed}: must be above zero`);
  const venue = await openVenue(params);
  const halt = new AbortController();
  const over = play(venue, speed, halt.signal);
  over.catch(() => undefined);
  return {
    info: venue.info(),
    keys: venue.keys,
    over,
    counters: () => venue.counters(),
    fault: (name, ...takes) => venue.fault(name, ...takes),
    stop: async () => {
      halt.abort();
      await over.catch(() => undefined);
      await venue.close();
    },
  };
}

async function play(venue: Venue, speed: number, signal: AbortSignal): Promise<'ended' | 'stopped'> {
  let { now, ended, next } = venue.idle(0);
  let origin = { wall: performance.now(), market: now };
  while (!signal.aborted && !ended && next !== null) {
    // A gap is not jumped: the clock moves on, and unchanged books are pushed again as they would be.
    const target = Math.min(next, now + REPUSH_MS);
    if (Number.isFinite(speed)) {
      const waitMs = origin.wall + (target - origin.market) / speed - performance.now();
      if (waitMs > NAP_MS) await nap(waitMs, signal);
      else if (waitMs < -BEHIND_MS_MAX) origin = { wall: performance.now(), market: target };
      if (signal.aborted) break;
    }
    ({ now, ended, next } = target === next ? await venue.step() : venue.idle(target - now));
    await breathe();
  }
  return signal.aborted ? 'stopped' : 'ended';
}

async function nap(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Lets the sockets in and out between two steps. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
