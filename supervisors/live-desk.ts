/**
 * RT-2: what stands behind live trading of a broker: its order port, its live orders and the reconciler. They sleep until live is first switched on, and are
 * woken at boot where the journal ever sent an order: what was left open must be watched. They stay awake when live goes off.
 */
import type { Log } from '#protocol/ports.ts';
import type { EventType, Fact } from '#trading/model/events.ts';
import { brokerOf, type Asset, type Broker } from '#trading/model/instrument.ts';
import type { LiveVenue } from '#trading/model/messages.ts';
import { venuesOf } from './live-venues.ts';
import type { Sleepers } from './mode-path.ts';
import type { Router } from './router.ts';
import { SystemError } from './system-error.ts';
import type { SystemOptions } from './system-options.ts';
import { ACTOR, LIVE_OF } from './tree.ts';

/** Facts of earlier runs that it must see. */
export const LIVE_DESK_FACTS: readonly EventType[] = ['order.sending'];

const SETTLE_MS_MAX = 10_000;
/** An answer that makes another call, which makes another: orders have far fewer steps. */
const ROUNDS_MAX = 50;

export interface LiveDeskPorts {
  readonly router: Router;
  readonly root: Sleepers;
  /** Those with an order port in the tree. */
  readonly brokers: readonly Broker[];
  readonly venueOf: (asset: Asset) => LiveVenue;
  readonly settled: () => Promise<void>;
  /** The broker's venue cannot be reached by anybody: nobody waits for its port to come back. */
  readonly isAway?: (broker: Broker) => boolean;
  readonly log: Log;
}

/** Of a running system. */
export function createLiveDesk(
  options: SystemOptions,
  router: Router,
  root: Sleepers,
  settled: () => Promise<void>,
  isTwsAway: () => boolean,
): LiveDesk {
  const brokers = [...new Set(options.assets.map(({ asset }) => brokerOf(asset)))];
  return new LiveDesk({
    router,
    root,
    brokers,
    venueOf: venuesOf(options),
    settled,
    isAway: (broker) => broker === 'ibkr' && isTwsAway(),
    log: options.log,
  });
}

export class LiveDesk {
  readonly #ports: LiveDeskPorts;
  readonly #owed = new Set<Broker>();
  readonly #open: Broker[] = [];
  #awake: readonly string[] = [];

  constructor(ports: LiveDeskPorts) {
    this.#ports = ports;
    // Whom the reconciler asks while it sleeps: no answer is no view.
    for (const broker of ports.brokers) ports.router.handle(LIVE_OF[broker].port, () => undefined);
  }

  /** Who must hear of time, and of a kill: nobody while it sleeps. Ports do what they are asked to. */
  get actors(): readonly string[] {
    return this.#awake;
  }

  /** Whose stops follow the quotes of a broker; null while it sleeps. */
  ordersOf(broker: Broker): string | null {
    return this.#open.includes(broker) ? LIVE_OF[broker].orders : null;
  }

  /** CF-3: a fact of an earlier run, at boot. @throws SystemError where it left live orders behind that nobody could watch now. */
  before(fact: Fact): void {
    if (fact.type !== 'order.sending') return;
    const { asset } = fact.body;
    const broker = brokerOf(asset);
    if (this.#owed.has(broker) || !this.#ports.brokers.includes(broker)) return;
    const { unavailable } = this.#ports.venueOf(asset);
    if (unavailable !== null) {
      throw new SystemError(
        `live ${asset}: ${unavailable}; orders were sent to ${broker} from this data directory, and what is left of them must be watched. Set them in .env, or name another --data-dir`,
      );
    }
    this.#owed.add(broker);
  }

  /** At boot: what an earlier run sent is watched again. */
  resume(): void {
    for (const broker of this.#owed) this.open(broker);
  }

  /** Idempotent. */
  open(broker: Broker): void {
    if (this.#open.includes(broker)) return;
    const { router, log } = this.#ports;
    const { port, orders } = LIVE_OF[broker];
    router.unregister(port);
    for (const name of [port, orders, ...(this.#open.length === 0 ? [ACTOR.reconciler] : [])]) this.#wake(name);
    this.#open.push(broker);
    this.#awake = [...this.#open.map((each) => LIVE_OF[each].orders), ACTOR.reconciler];
    log.info({ actor: orders }, 'live orders can be sent: the port, the orders and the reconciler start');
  }

  /** A played market stands until the venues have answered everything and their reports have been handled. */
  async settled(): Promise<void> {
    const { settled, log } = this.#ports;
    await settled();
    for (let round = 0; this.#open.length > 0; round++) {
      if (round === ROUNDS_MAX) return log.warn({ actor: ACTOR.reconciler }, `live orders did not come to rest in ${ROUNDS_MAX} rounds`);
      const worked = await Promise.all(this.#open.map((broker) => this.#settle(broker)));
      await settled();
      if (!worked.includes(true)) return;
    }
  }

  #settle(broker: Broker): Promise<boolean> {
    const args = this.#ports.isAway?.(broker) === true ? ['away'] : [];
    return this.#ports.router.ask(LIVE_OF[broker].port, { type: 'actor.asked', body: { query: 'settle', args } }, SETTLE_MS_MAX).then(
      (reply) => (reply as { readonly worked?: boolean } | null)?.worked === true, // what the port answers to it
      () => false,
    );
  }

  #wake(name: string): void {
    const { root, router } = this.#ports;
    const cell = root.wake(name);
    if (cell === null) throw new Error(`${name} is not in the tree`);
    router.register(cell);
  }
}
