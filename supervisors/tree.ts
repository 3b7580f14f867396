/** The supervision tree as data (DESIGN: start left to right, stop right to left). */
import { BROKERS, type Asset, type Broker, type Mode } from '#trading/model/instrument.ts';
import type { Fact } from '#trading/model/events.ts';
import { TRADER_SUBSCRIPTIONS } from '#trading/trader/state.ts';
import { GOVERNOR_FACTS } from '#trading/risk/governor.ts';
import { KILL_SWITCH_FACTS } from '#trading/risk/kill-switch.ts';
import { MODE_SWITCH_FACTS } from '#trading/risk/mode-switch.ts';
import { CATALOG_FACTS } from '#trading/risk/catalog.ts';
import { PORT_FACTS } from '#actors/order-port.ts';
import { LIVE_FACTS } from '#trading/execution/live-gateway.ts';
import { PAPER_FACTS } from '#trading/paper/simulator.ts';
import { RECONCILER_FACTS } from '#trading/reconcile/reconciler.ts';
import { EVENT_BODIES, isEventType } from '#protocol/events.ts';
import type { Placement } from './processes.ts';
import type { ActorSpec, SupervisorSpec } from './supervisor-spec.ts';

export const ACTOR = {
  catalog: 'catalog',
  killSwitch: 'kill-switch',
  modeSwitch: 'mode-switch',
  governor: 'governor',
  paper: 'gateway.paper',
  venue: 'venue.embedded',
  bybit: 'gateway.bybit',
  bybitOrders: 'gateway.bybit.orders',
  bybitPort: 'gateway.bybit.port',
  ibkr: 'gateway.ibkr',
  ibkrOrders: 'gateway.ibkr.orders',
  ibkrPort: 'gateway.ibkr.port',
  reconciler: 'reconciler',
  dashboard: 'dashboard',
} as const;
/** Whose live orders are decided where, and sent by whom. */
export const LIVE_OF = {
  bybit: { orders: ACTOR.bybitOrders, port: ACTOR.bybitPort },
  ibkr: { orders: ACTOR.ibkrOrders, port: ACTOR.ibkrPort },
} as const satisfies Record<Broker, { readonly orders: string; readonly port: string }>;
/** Names served by functions of the main process. */
export const CONDUCTOR = 'conductor';
export const ADMIN = 'admin';

export const traderName = (asset: Asset, mode: Mode = 'paper'): string => `trader.${asset}.${mode}`;

export interface TreeParams {
  readonly seed: string;
  readonly latchPath: string;
  readonly traders: readonly { readonly asset: Asset; readonly mode: Mode; readonly params: unknown }[];
  /** Null on a real market. A function, since a venue that restarts resumes at the market time of that moment. */
  readonly venue: (() => unknown) | null;
  /** Of each broker; null where none of its assets is traded. */
  readonly gateway: (() => unknown) | null;
  readonly ibkr: (() => unknown) | null;
  /** Of the order port of each broker whose assets are traded. A function, as keys and addresses are asked for at every start. */
  readonly liveOrders: Readonly<Partial<Record<Broker, () => unknown>>>;
  readonly dashboard: unknown;
  /** Where forked actors run; tests put all of them in memory. */
  readonly forked: Placement;
}

const SECOND_MS = 1000;

export function treeOf(params: TreeParams): SupervisorSpec {
  const { seed, latchPath, forked } = params;
  const supervisor = (
    name: string,
    strategy: SupervisorSpec['strategy'],
    max: number,
    seconds: number,
    children: readonly ActorSpec[],
  ): SupervisorSpec => ({
    kind: 'supervisor',
    name,
    strategy,
    intensity: { max, withinMs: seconds * SECOND_MS },
    children,
  });
  const records = supervisor('records', 'rest_for_one', 3, 60, [
    actor(ACTOR.catalog, '#actors/catalog.ts', 'in-memory', {}, { facts: CATALOG_FACTS, listens: ['instrument.listed'] }),
  ]);
  const safety = supervisor('safety', 'rest_for_one', 3, 60, [
    actor(ACTOR.killSwitch, '#actors/kill-switch.ts', 'in-memory', {}, { facts: KILL_SWITCH_FACTS, listens: [] }),
    {
      ...actor(ACTOR.modeSwitch, '#actors/mode-switch.ts', 'in-memory', {}, { facts: MODE_SWITCH_FACTS, listens: [] }),
      wants: (fact: Fact) => fact.type !== 'trade.closed' || fact.body.trade.mode === 'live',
    },
    actor(ACTOR.governor, '#actors/governor.ts', 'in-memory', {}, { facts: GOVERNOR_FACTS, listens: ['instrument.listed', 'feed.changed'] }),
  ]);
  const brokers = supervisor('brokers', 'one_for_one', 5, 60, [
    actor(ACTOR.paper, '#actors/gateway-paper.ts', 'in-memory', { seed, latchPath }, { facts: PAPER_FACTS, listens: ['instrument.listed'] }),
    ...(params.venue === null
      ? []
      : [actor(ACTOR.venue, '#supervisors/entries/venue-embedded.ts', forked, params.venue, { facts: [], listens: [] })]),
    ...(params.gateway === null
      ? []
      : [actor(ACTOR.bybit, '#supervisors/entries/gateway-bybit.ts', forked, params.gateway, { facts: [], listens: [] })]),
    ...(params.ibkr === null ? [] : [actor(ACTOR.ibkr, '#supervisors/entries/gateway-ibkr.ts', forked, params.ibkr, { facts: [], listens: [] })]),
    ...liveBrokersOf(params).flatMap((broker) => [orderPortOf(broker, params.liveOrders[broker], forked), liveOrdersOf(broker, latchPath)]),
  ]);
  const live = liveBrokersOf(params);
  const truth = live.length === 0 ? [] : [supervisor('truth', 'rest_for_one', 5, 60, [reconcilerOf(live)])];
  const traders = supervisor(
    'traders',
    'one_for_one',
    10,
    60,
    params.traders.map(({ asset, mode, params: own }) => ({
      ...actor(traderName(asset, mode), '#actors/trader.ts', forked, own, { facts: TRADER_SUBSCRIPTIONS, listens: ['instrument.listed'] }),
      wants: (fact: Fact) => concerns(fact, asset, mode),
      // RT-2: a live trader exists only while live is on (supervisors/mode-path.ts).
      dormant: mode === 'live',
    })),
  );
  const page =
    params.dashboard === null
      ? []
      : [
          supervisor('window', 'one_for_one', 10, 60, [
            {
              ...actor(ACTOR.dashboard, '#supervisors/entries/dashboard.ts', forked, params.dashboard, { facts: ALL_FACTS, listens: [] }),
              counted: false,
            },
          ]),
        ];
  return { ...supervisor('root', 'one_for_one', 3, 60, []), children: [records, safety, brokers, ...truth, traders, ...page] };
}

const ALL_FACTS = Object.keys(EVENT_BODIES).filter(isEventType);

function actor(name: string, module: string, placement: Placement, params: unknown, hears: Pick<ActorSpec, 'facts' | 'listens'>): ActorSpec {
  return { kind: 'actor', name, module: import.meta.resolve(module), placement, params, ...hears };
}

export const liveBrokersOf = ({ liveOrders }: Pick<TreeParams, 'liveOrders'>): readonly Broker[] =>
  BROKERS.filter((broker) => liveOrders[broker] !== undefined);

const PORT_MODULES: Readonly<Record<Broker, string>> = {
  bybit: '#supervisors/entries/bybit-port.ts',
  ibkr: '#supervisors/entries/ibkr-port.ts',
};
const ORDERS_MODULES: Readonly<Record<Broker, string>> = {
  bybit: '#supervisors/entries/bybit-orders.ts',
  ibkr: '#supervisors/entries/ibkr-orders.ts',
};

/** RT-2: the order ports, live orders and the reconciler sleep until live is first switched on (supervisors/live-desk.ts). */
const orderPortOf = (broker: Broker, params: unknown, placement: Placement): ActorSpec => ({
  ...actor(LIVE_OF[broker].port, PORT_MODULES[broker], placement, params, { facts: PORT_FACTS, listens: ['instrument.listed'] }),
  wants: concernsLive,
  dormant: true,
});

const liveOrdersOf = (broker: Broker, latchPath: string): ActorSpec => ({
  ...actor(
    LIVE_OF[broker].orders,
    ORDERS_MODULES[broker],
    'in-memory',
    { latchPath, port: LIVE_OF[broker].port },
    { facts: LIVE_FACTS, listens: [] },
  ),
  wants: concernsLive,
  dormant: true,
});

/** RELIABILITY control 23: every 15 s. */
const RECONCILE_MS = 15 * SECOND_MS;
function reconcilerOf(brokers: readonly Broker[]): ActorSpec {
  const params = { brokers: brokers.map((broker) => ({ broker, ...LIVE_OF[broker] })), everyMs: RECONCILE_MS };
  return {
    ...actor(ACTOR.reconciler, '#actors/reconciler.ts', 'in-memory', params, { facts: RECONCILER_FACTS, listens: [] }),
    wants: concernsLive,
    dormant: true,
  };
}

/** What paper does is nothing to live orders. */
function concernsLive(fact: Fact): boolean {
  switch (fact.type) {
    case 'order.intended':
      return fact.body.intent.mode === 'live';
    case 'fill.recorded':
      return fact.body.fill.mode === 'live';
    default:
      return !('mode' in fact.body) || fact.body.mode === 'live';
  }
}

/** A trader hears of its own asset's orders in its own mode, and of what concerns everybody. */
function concerns(fact: Fact, asset: Asset, mode: Mode): boolean {
  switch (fact.type) {
    case 'order.intended':
      return fact.body.intent.asset === asset && fact.body.intent.mode === mode;
    case 'fill.recorded':
      return fact.body.fill.asset === asset && fact.body.fill.mode === mode;
    case 'trade.closed':
      return fact.body.trade.asset === asset && fact.body.trade.mode === mode;
    case 'order.approved':
    case 'order.refused':
    case 'order.clamped':
    case 'order.accepted':
    case 'order.ended':
    case 'tripwire.tripped':
    case 'dust.set_aside':
    case 'position.settled':
    case 'reconcile.adjusted':
      return fact.body.asset === asset && fact.body.mode === mode;
    default:
      return true;
  }
}
