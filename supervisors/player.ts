/** Who hands the market on: an embedded one is played at the pace of the tree, a real one plays itself. */
import type { Log } from '#protocol/ports.ts';
import type { Message } from '#trading/model/messages.ts';
import { Conductor } from './conductor.ts';
import type { Audience } from './hand-out.ts';
import { GATEWAY_OF } from './feeds.ts';
import type { MarketClock } from './market-clock.ts';
import { RealMarket } from './real-market.ts';
import type { Router } from './router.ts';
import { ACTOR } from './tree.ts';
import type { VenueControl } from './venue-control.ts';

export type Player = Conductor | RealMarket;

export interface PlayerParts {
  /** Null on a real market. */
  readonly played: MarketClock | null;
  readonly speed: number;
  readonly audience: Audience;
  readonly router: Router;
  readonly venue: VenueControl;
  /** Everybody has handled what there was; of a played market, the venue's answers as well. */
  readonly settled: () => Promise<void>;
  readonly ready: () => Promise<boolean>;
  readonly feeds: () => Promise<boolean>;
  readonly log: Log;
}

export function createPlayer({ played, speed, audience, router, venue, settled, ready, feeds, log }: PlayerParts): Player {
  const ports = {
    settled,
    deliver: (to: string, message: Message) => router.deliver(to, message, gatewayOf(message)),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  if (played === null) return new RealMarket(ports, audience);
  const wall = (): number => performance.now();
  const stage = { step: () => venue.step(), idle: (ms: number) => venue.idle(ms), ready, feeds, wall, log };
  return new Conductor(played, { ...ports, ...stage }, { ...audience, speed });
}

const gatewayOf = (message: Message): string => (message.type === 'quote.received' ? GATEWAY_OF[message.body.quote.broker] : ACTOR.bybit);
