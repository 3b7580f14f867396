/** The switch is pulled while a gateway in another process works through 20,000 entries: what it sends after, by its own stamps and by the venue's. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACTOR } from '#supervisors/tree.ts';
import { FakeJournal, FakeSnapshots } from '#test/support/fake-journal.ts';
import { T0 } from '#test/unit/trading/trader/fixtures.ts';
import { openDialogue } from './kill-child.ts';
import type { GatewayOrder, GatewayRun } from './kill-gateway.ts';
import type { HandSource } from './kill-hand.ts';
import { QUOTES_PER_SECOND } from './kill-queue.ts';
import { openSwitchboard } from './kill-sources.ts';
import { judge, NS_PER_MS } from './kill-stamps.ts';
import { openCountingVenue } from './kill-venue.ts';
import { percentile } from './measure.ts';
import { startRing } from './ring.ts';

/** Entries in the gateway's queue at every trip. */
export const FORKED_QUEUE = 20_000;

/** The switch is pulled once the venue has this many, at least, and up to so many more. */
const SENT_MIN = 50;
const SENT_SPREAD = 997;
export const GATEWAY = fileURLToPath(new URL('./kill-gateway.ts', import.meta.url));

export interface ForkedFigures {
  /** Sent after the latch stood: by the gateway's own stamps, and by those that came to the venue. */
  readonly afterAtGate: number;
  readonly afterAtVenue: number;
  readonly underWay: number;
  readonly before: number;
  readonly refused: number;
  /** Trips that found the queue empty, because the machine stood still meanwhile: they prove nothing and were made again. */
  readonly again: number;
  /** Entries that the gateway sent and the venue never saw, or the other way round. */
  readonly lost: number;
  readonly quotesPerSecond: number;
  readonly closedMs: readonly number[];
}

export async function killForkedGateway(dir: string, trips: number, source: HandSource): Promise<ForkedFigures> {
  const latchPath = join(dir, 'KILL');
  const journal = new FakeJournal();
  const ring = await startRing({ journal, snapshots: new FakeSnapshots(), latchPath, actors: [ACTOR.killSwitch], traders: [], start: T0 });
  const board = await openSwitchboard(dir, latchPath, ring);
  const venue = await openCountingVenue();
  const gateway = openDialogue<GatewayOrder, GatewayRun>(GATEWAY, [latchPath, String(venue.port)]);
  const sum = { afterAtGate: 0, afterAtVenue: 0, underWay: 0, before: 0, refused: 0, again: 0, lost: 0 };
  const quotes: number[] = [];
  const closedMs: number[] = [];
  try {
    for (let trip = 0; closedMs.length < trips; trip++) {
      venue.begin(trip);
      const told = gateway.ask({ run: trip, first: 0, entries: FORKED_QUEUE, quotesPerSecond: QUOTES_PER_SECOND });
      // A gateway that sends nothing is done before.
      await Promise.race([venue.received(SENT_MIN + ((trip * 389) % SENT_SPREAD)), told]);
      const pressed = await board.press(source);
      const run = await told;
      await venue.received(run.sent);
      // A gate that has refused may not open again by itself.
      const kill = { pressedAt: pressed.pressedAt, closedAt: Math.min(pressed.latchAt, run.refusedAt ?? Infinity) };
      const [atGate, atVenue] = [
        judge(run.readAt, kill),
        judge(
          venue.entries().map(({ readAt }) => readAt),
          kill,
        ),
      ];
      sum.afterAtGate += atGate.after;
      sum.afterAtVenue += atVenue.after;
      sum.underWay += atGate.underWay;
      sum.before += atGate.before;
      sum.refused += run.refused;
      sum.lost += Math.abs(venue.entries().length - run.sent);
      quotes.push(run.quotesPerSecond);
      if (run.refusedAt !== null && atGate.before > 0) closedMs.push((run.refusedAt - pressed.pressedAt) / NS_PER_MS);
      else if (++sum.again > trips) throw new Error(`${sum.again} trips found the queue empty: the gateway is too fast, or the hand too slow`);
      await ring.activity.settled();
      await board.rearm();
    }
  } finally {
    gateway.close();
    await board.close();
    await ring.close();
    venue.close();
  }
  return { ...sum, quotesPerSecond: percentile(quotes, 50), closedMs };
}
