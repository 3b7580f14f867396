/** Which gateways bring quotes now, one for each broker whose assets are traded. A played market goes on while all of them do that can. */
import { BROKERS, type Broker } from '#trading/model/instrument.ts';
import type { Log } from '#protocol/ports.ts';
import type { MessageBody } from '#trading/model/messages.ts';
import type { Router } from './router.ts';
import { ACTOR } from './tree.ts';

export const GATEWAY_OF: Readonly<Record<Broker, string>> = { bybit: ACTOR.bybit, ibkr: ACTOR.ibkr };

const SETTLE_MS_MAX = 10_000;
const READY_LOOK_MS = 20;

interface Running {
  view(name: null): readonly { readonly name: string; readonly state: string }[];
  readonly running: boolean;
}

export class Feeds {
  readonly #brokers: readonly Broker[];
  readonly #router: Router;
  readonly #log: Log;
  readonly #up = new Set<Broker>();
  #isTwsAway = false;

  constructor(brokers: ReadonlySet<Broker>, router: Router, log: Log) {
    this.#brokers = BROKERS.filter((broker) => brokers.has(broker));
    this.#router = router;
    this.#log = log;
  }

  get up(): boolean {
    return this.#brokers.every((broker) => this.#up.has(broker) || (broker === 'ibkr' && this.#isTwsAway));
  }

  /** It is back at a market time: until then nobody waits for its gateway, which says by itself when quotes come again. */
  onTwsAway(isAway: boolean): void {
    if (isAway && !this.#isTwsAway) this.#up.delete('ibkr');
    this.#isTwsAway = isAway;
  }

  get isTwsAway(): boolean {
    return this.#isTwsAway;
  }

  onFeed({ broker, up, reason }: MessageBody<'feed.changed'>): void {
    this.#log.info({ actor: GATEWAY_OF[broker], reason }, up ? 'quotes come' : 'no quotes');
    if (up) this.#up.add(broker);
    else this.#up.delete(broker);
  }

  /** Resolves when the market can go on; false where it is over. */
  async ready(root: Running, venue: { look(): Promise<void> }, isOver: () => boolean): Promise<boolean> {
    while (!isOver()) {
      if (this.up && root.running) return true;
      await new Promise((resolve) => setTimeout(resolve, READY_LOOK_MS));
      // TWS may be away from the first moment on: then nobody has said so yet.
      if (root.running) await venue.look().catch(() => undefined);
    }
    return false;
  }

  /** BROKER_DOWN: a gateway that died cannot say so itself; it says when it is up again. */
  onState(root: Running): void {
    for (const broker of this.#brokers) {
      const gateway = root.view(null).find(({ name }) => name === GATEWAY_OF[broker]);
      if (!this.#up.has(broker) || gateway?.state === 'running' || gateway?.state === 'starting') continue;
      this.#up.delete(broker);
      this.#router.deliver('*', { type: 'feed.changed', body: { broker, up: false, reason: 'the gateway is not running' } });
    }
  }

  /** Of a played market: TWS's wire tells no time, so its gateway is told that all it was sent is of now. Never rejects. */
  async settled(): Promise<boolean> {
    if (!this.#brokers.includes('ibkr')) return true;
    const asked = this.#router.ask(ACTOR.ibkr, { type: 'actor.asked', body: { query: 'settle', args: [] } }, SETTLE_MS_MAX);
    return asked.then(
      () => true,
      () => false,
    );
  }
}
