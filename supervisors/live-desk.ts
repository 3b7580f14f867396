/**
 * RT-2: what stands behind live trading of a broker: its order port, its live orders and the reconciler. They sleep until live is first switched on, and are
 * woken at boot where the journal ever sent an order: what was left open must be watched. They stay awake when live goes off.
 */
import type { Log } from '#protocol/ports.ts';
import type { EventType, Fact } from '#trading/model/events.ts';
import type { Sleepers } from './mode-path.ts';
import type { Router } from './router.ts';
import { ACTOR } from './tree.ts';

/** Facts of earlier runs that it must see. */
export const LIVE_DESK_FACTS: readonly EventType[] = ['order.sending'];

const ACTORS = [ACTOR.bybitPort, ACTOR.bybitOrders, ACTOR.reconciler] as const;
/** The port does what it is asked to. */
const DECIDING: readonly string[] = [ACTOR.bybitOrders, ACTOR.reconciler];
const SETTLE_MS_MAX = 10_000;
/** An answer that makes another call, which makes another: orders have far fewer steps. */
const ROUNDS_MAX = 50;

export interface LiveDeskPorts {
  readonly router: Router;
  readonly root: Sleepers;
  readonly settled: () => Promise<void>;
  readonly log: Log;
}

export class LiveDesk {
  readonly #ports: LiveDeskPorts;
  #isOwed = false;
  #awake: readonly string[] = [];

  constructor(ports: LiveDeskPorts) {
    this.#ports = ports;
  }

  /** Who must hear of time, and of a kill: nobody while it sleeps. */
  get actors(): readonly string[] {
    return this.#awake;
  }

  before(fact: Fact): void {
    if (fact.type === 'order.sending') this.#isOwed = true;
  }

  /** At boot: what an earlier run sent is watched again. */
  resume(): void {
    if (this.#isOwed) this.open();
  }

  /** Idempotent. */
  open(): void {
    if (this.#awake.length > 0) return;
    const { root, router, log } = this.#ports;
    for (const name of ACTORS) {
      const cell = root.wake(name);
      if (cell === null) throw new Error(`${name} is not in the tree`);
      router.register(cell);
    }
    this.#awake = DECIDING;
    log.info({ actor: ACTOR.bybitOrders }, 'live orders can be sent: the port, the orders and the reconciler start');
  }

  /** A played market stands until the venue has answered everything and its reports have been handled. */
  async settled(): Promise<void> {
    const { router, settled, log } = this.#ports;
    await settled();
    for (let round = 0; this.#awake.length > 0; round++) {
      if (round === ROUNDS_MAX) return log.warn({ actor: ACTOR.bybitOrders }, `live orders did not come to rest in ${ROUNDS_MAX} rounds`);
      const worked = await router.ask(ACTOR.bybitPort, { type: 'actor.asked', body: { query: 'settle', args: [] } }, SETTLE_MS_MAX).then(
        (reply) => (reply as { readonly worked?: boolean } | null)?.worked === true, // what the port answers to it
        () => false,
      );
      await settled();
      if (!worked) return;
    }
  }
}
