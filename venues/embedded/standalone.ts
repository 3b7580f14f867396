/** The embedded venues by themselves, at their own pace: for any client that speaks Bybit v5 or the TWS API. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '#trading/model/instrument.ts';
import type { VenueParams } from './params.ts';
import { REPUSH_MS } from './exchange.ts';
import type { TwsVenueParams } from './tws/params.ts';
import type { TwsCounters } from './tws/tws.ts';
import { openTwsVenue, type TwsVenueInfo } from './tws/venue.ts';
import { openVenue, type Venue, type VenueCounters, type VenueInfo } from './venue.ts';

export interface RunOptions<Params> {
  readonly params: Params;
  /** Times real time; Infinity plays as fast as it can. */
  readonly speed: number;
}

interface Running<Info, Counters> {
  readonly info: Info;
  /** Resolves when the market ended or `stop` was called; rejects where playing failed. Requests are answered until `stop`. */
  readonly over: Promise<'ended' | 'stopped'>;
  counters(): Counters;
  /** @throws RangeError where the fault or its target is not known. */
  fault(name: string, target?: string, value?: string): unknown;
  stop(): Promise<void>;
}

export interface RunningVenue extends Running<VenueInfo, VenueCounters> {
  readonly keys: Venue['keys'];
}
export type RunningTws = Running<TwsVenueInfo, TwsCounters>;

interface Moment {
  readonly now: Instant;
  readonly ended: boolean;
  readonly next: Instant | null;
}

interface Playable {
  idle(ms: number): Moment;
  step(): Promise<Moment>;
}

/** Wall time the player sleeps at least: shorter naps cost more than they are worth. */
const NAP_MS = 5;
/** Where it falls behind by more than this wall time (a suspended machine), it goes on from here and does not race. */
const BEHIND_MS_MAX = 2000;

/** @throws as `openVenue`, RangeError where the speed is not above zero. */
export async function runVenue({ params, speed }: RunOptions<VenueParams>): Promise<RunningVenue> {
  const venue = await openVenue(refuseStandstill(speed, params));
  return { info: venue.info(), keys: venue.keys, counters: () => venue.counters(), ...running(venue, speed) };
}

/** @throws as `openTwsVenue`, RangeError where the speed is not above zero. */
export async function runTws({ params, speed }: RunOptions<TwsVenueParams>): Promise<RunningTws> {
  const venue = await openTwsVenue(refuseStandstill(speed, params));
  return { info: venue.info(), counters: () => venue.counters(), ...running(venue, speed) };
}

function refuseStandstill<P>(speed: number, params: P): P {
  if (!(speed > 0)) throw new RangeError(`speed ${speed}: must be above zero`);
  return params;
}

/** Plays from now on. */
function running(
  venue: Playable & { fault(name: string, target?: string, value?: string): unknown; close(): Promise<void> },
  speed: number,
): Pick<RunningVenue, 'over' | 'fault' | 'stop'> {
  const halt = new AbortController();
  const over = play(venue, speed, halt.signal);
  over.catch(() => undefined);
  return {
    over,
    fault: (name, target, value) => venue.fault(name, target, value),
    stop: async () => {
      halt.abort();
      await over.catch(() => undefined);
      await venue.close();
    },
  };
}

async function play(venue: Playable, speed: number, signal: AbortSignal): Promise<'ended' | 'stopped'> {
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
