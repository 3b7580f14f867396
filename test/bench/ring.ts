/** The real cells of the real tree, all in memory, without venue, gateway and page: what lies between a quote and an accepted order. */
import type { Journal, Log, Snapshots } from '#protocol/ports.ts';
import { Activity } from '#supervisors/activity.ts';
import { Cell } from '#supervisors/cell.ts';
import type { CellLimits } from '#supervisors/cell-spec.ts';
import { createSpawner } from '#supervisors/comedy.ts';
import type { Placement } from '#supervisors/processes.ts';
import { MarketClock } from '#supervisors/market-clock.ts';
import { Outbox } from '#supervisors/outbox.ts';
import { Router } from '#supervisors/router.ts';
import type { ActorSpec, ChildSpec } from '#supervisors/supervisor-spec.ts';
import { ACTOR, treeOf } from '#supervisors/tree.ts';
import type { TraderConfig } from '#trading/trader/config.ts';

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface RingOptions {
  readonly journal: Journal & { hashAt(seq: number): Promise<string | null> };
  readonly snapshots: Snapshots;
  readonly latchPath: string;
  readonly actors: readonly string[];
  readonly traders: readonly TraderConfig[];
  /** Whose quiet the journal waits for before it writes. */
  readonly activity?: Activity;
  readonly start: number;
  readonly limits?: Partial<CellLimits>;
  /** In memory where absent. */
  readonly forked?: Placement;
  /** Actors of the tree with another module in their place. */
  readonly replaced?: Readonly<Record<string, { readonly module: string; readonly params: unknown }>>;
}

export interface Ring {
  readonly router: Router;
  readonly activity: Activity;
  readonly clock: MarketClock;
  readonly log: Log;
  mailbox(name: string): number;
  close(): Promise<void>;
}

/** @throws what an actor failed over: a benchmark of a tree that restarts measures something else. */
export async function startRing(options: RingOptions): Promise<Ring> {
  const { journal, snapshots, latchPath, start, limits } = options;
  const clock = new MarketClock(start);
  const activity = options.activity ?? new Activity();
  const router = new Router({ journal, clock, log: SILENT, run: 'bench' });
  const outbox = new Outbox(journal, activity);
  const spawner = createSpawner({ onUnattributed: fail });
  const context = { journal, snapshots, clock, router, activity, outbox, spawner, log: SILENT };
  const tree = treeOf({
    seed: '7',
    latchPath,
    traders: options.traders.map((params) => ({ asset: params.asset, mode: params.mode, params })),
    venue: null,
    gateway: () => ({}),
    ibkr: null,
    liveOrders: { bybit: () => ({}) },
    dashboard: null,
    forked: options.forked ?? 'in-memory',
  });
  const cells = actorsOf(tree)
    .filter(({ name }) => options.actors.includes(name))
    .map((spec) => new Cell({ ...spec, ...options.replaced?.[spec.name], ...(limits === undefined ? {} : { limits }) }, context));
  for (const cell of cells) {
    cell.onFailure = ({ reason }) => fail(new Error(`${cell.name}: ${reason}`));
    router.register(cell);
  }
  // Traders ask it for history; here they are warmed by quotes.
  router.handle(ACTOR.bybit, () => undefined);
  for (const cell of cells) await cell.start();
  return {
    router,
    activity,
    clock,
    log: SILENT,
    mailbox: (name) => cells.find((cell) => cell.name === name)?.view(null)[0]?.mailbox ?? 0,
    async close() {
      for (const cell of cells.toReversed()) await cell.stop(true);
      router.close();
      await spawner.close();
    },
  };
}

/** Outside any turn, so that nothing catches it. */
function fail(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

function actorsOf(spec: ChildSpec): readonly ActorSpec[] {
  return spec.kind === 'actor' ? [spec] : spec.children.flatMap(actorsOf);
}
