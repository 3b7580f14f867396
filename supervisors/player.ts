/** Who hands the market on: an embedded one is played at the pace of the tree, a real one plays itself. */
import type { Log } from '#protocol/ports.ts';
import type { OpenJournal } from '#state/journal.ts';
import type { Message } from '#trading/model/messages.ts';
import type { Activity } from './activity.ts';
import { Conductor } from './conductor.ts';
import { Drill } from './drill.ts';
import type { Audience } from './hand-out.ts';
import { GATEWAY_OF } from './feeds.ts';
import type { MarketClock } from './market-clock.ts';
import { RealMarket } from './real-market.ts';
import type { Router } from './router.ts';
import { ACTOR, LIVE_OF } from './tree.ts';
import type { VenueControl } from './venue-control.ts';

export type Player = Conductor | RealMarket;

export interface PlayerParts {
  /** Null on a real market. */
  readonly played: MarketClock | null;
  readonly speed: number;
  readonly audience: Audience;
  readonly router: Router;
  readonly activity: Pick<Activity, 'isDeciding'>;
  readonly journal: Pick<OpenJournal, 'drill'>;
  readonly venue: VenueControl;
  /** Everybody has handled what there was; of a played market, the venue's answers as well. */
  readonly settled: () => Promise<void>;
  readonly ready: () => Promise<boolean>;
  readonly feeds: () => Promise<boolean>;
  readonly log: Log;
}

export function createPlayer(parts: PlayerParts): Player {
  const { played, speed, router, venue, settled, ready, feeds, log } = parts;
  const audience: Audience = { ...parts.audience, port: ({ broker }) => LIVE_OF[broker].port };
  const ports = {
    settled,
    // As fast as the tree can follow, nobody waits for an order.
    drill: played === null || Number.isFinite(speed) ? drillOf(parts) : null,
    deliver: (to: string, message: Message) => router.deliver(to, message, gatewayOf(message)),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  if (played === null) return new RealMarket(ports, audience);
  const wall = (): number => performance.now();
  const stage = { step: () => venue.step(), idle: (ms: number) => venue.idle(ms), ready, feeds, wall, log };
  return new Conductor(played, { ...ports, ...stage }, { ...audience, speed });
}

export const drillOf = ({ router, activity, journal }: Pick<PlayerParts, 'router' | 'activity' | 'journal'>): Drill =>
  new Drill({ journal: () => journal.drill(), actor: (name) => router.drill(name), isDeciding: () => activity.isDeciding });

const gatewayOf = (message: Message): string => (message.type === 'quote.received' ? GATEWAY_OF[message.body.quote.broker] : ACTOR.bybit);
