/** What actors tell that the main process takes for itself, whoever it was told to. */
import { brokerOf, type Broker, type Instant } from '#trading/model/instrument.ts';
import type { Allowance, MessageBody } from '#trading/model/messages.ts';
import type { Bar, QuoteSnapshot } from '#trading/model/quote.ts';
import { EVERYONE, type Router } from './router.ts';
import { ADMIN, CONDUCTOR } from './tree.ts';

export interface Intercepts {
  readonly onQuote: (quote: QuoteSnapshot) => void;
  readonly onDropped: (at: Instant | null, broker: Broker) => void;
  readonly onFeed: (feed: MessageBody<'feed.changed'>) => void;
  /** True where it goes on to who it is for. */
  readonly onAllowance: (to: string, allowance: Allowance) => boolean;
  readonly onHistory: (symbol: string, bars: readonly Bar[]) => void;
  readonly onKill: (order: MessageBody<'kill.trip'>) => void;
  readonly onAdmin: (request: MessageBody<'admin.requested'>) => void;
}

export function interceptTells(router: Router, on: Intercepts): void {
  router.intercept('quote.received', (envelope) => {
    if (envelope.type === 'quote.received') on.onQuote(envelope.body.quote);
  });
  router.intercept('frame.dropped', (envelope) => {
    if (envelope.type === 'frame.dropped') on.onDropped(envelope.body.exchangeAt, brokerOf(envelope.body.asset));
  });
  router.intercept('feed.changed', (envelope) => {
    if (envelope.type !== 'feed.changed') return;
    // A port tells its live orders that reports flow again: that is no word of quotes.
    if (envelope.to !== EVERYONE) return router.forward(envelope, envelope.to);
    on.onFeed(envelope.body);
    router.forward(envelope, EVERYONE);
  });
  router.intercept('allowance.changed', (envelope) => {
    if (envelope.type === 'allowance.changed' && on.onAllowance(envelope.to, envelope.body)) router.forward(envelope, envelope.to);
  });
  router.intercept('history.loaded', (envelope) => {
    if (envelope.type !== 'history.loaded') return;
    on.onHistory(envelope.body.symbol, envelope.body.bars);
    router.forward(envelope, envelope.to);
  });
  router.intercept('kill.trip', (envelope) => {
    if (envelope.type === 'kill.trip') on.onKill(envelope.body);
  });
  // A switch is a person's: no actor of the tree turns one.
  for (const type of ['mode.set', 'mode.confirm'] as const)
    router.intercept(type, (envelope) => router.deadLetter(envelope, 'no actor switches modes'));
  router.handle(CONDUCTOR, () => undefined);
  router.handle(ADMIN, (envelope) => {
    if (envelope.type === 'admin.requested') on.onAdmin(envelope.body);
  });
}
