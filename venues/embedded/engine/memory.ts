/** What an exchange must remember to go on after its process was lost: of every change the new state of whatever changed. */
import { ONE, ZERO_MONEY, type Money, type Ratio } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { holdingOf, isEnded, type Counters, type Holding, type Live, type Room, type State } from './state.ts';
import type { ContractKey, ExchangeEvent, Execution, Leverage, MarginMode, OrderId } from './types.ts';

interface RoomMemory {
  readonly contract: ContractKey;
  /** One of both sides in files of before. */
  readonly leverage: Leverage | Ratio;
  readonly hedge: boolean;
  readonly fundedAt: Instant | null;
  readonly holdings: readonly Holding[];
}

/** What executions of files of before do not say. */
const WITHOUT = { openFee: ZERO_MONEY, leverage: ONE } as const;

/** Plain JSON. */
export interface Memory {
  readonly counters: Counters;
  /** Absent in files of before: cross. */
  readonly marginMode?: MarginMode;
  readonly openedAt?: Instant;
  readonly lives: readonly Live[];
  readonly executions: readonly Execution[];
  readonly wallet: Readonly<Record<string, Money>>;
  readonly realised: Readonly<Record<string, Money>>;
  readonly rooms: readonly RoomMemory[];
}

/** What these events changed, and which orders followed the price, as it all stands now. */
export function memoryOf(state: State, events: readonly ExchangeEvent[], trailed: ReadonlySet<OrderId>): Memory {
  const orders = new Set<OrderId>(trailed);
  const rooms = new Set<Room>();
  const currencies = new Set<string>();
  const executions: Execution[] = [];
  for (const event of events) {
    if (event.kind === 'order') orders.add(event.order.id);
    else if (event.kind === 'execution') executions.push(event.execution);
    else if (event.kind === 'account') for (const currency of event.currencies) currencies.add(currency);
    else rooms.add(roomOf(state, event.position.contract));
  }
  for (const id of trailed) rooms.add(roomOf(state, state.orders.get(id)?.request.contract ?? ''));
  return {
    counters: state.counters,
    marginMode: state.marginMode,
    openedAt: state.openedAt,
    lives: [...orders].flatMap((id) => liveOf(state, id)),
    executions,
    wallet: pick(state.wallet, currencies),
    realised: pick(state.realised, currencies),
    rooms: [...rooms].map(({ terms, leverage, hedge, fundedAt, holdings }) => ({
      contract: terms.key,
      leverage,
      hedge,
      fundedAt,
      holdings: [...holdings.values()],
    })),
  };
}

/** Memories in the order in which they were made, into a state that nothing has happened to yet. @throws RangeError for a contract that is gone. */
export function recall(state: State, memories: Iterable<Memory>): void {
  for (const { counters, marginMode, openedAt, lives, executions, wallet, realised, rooms } of memories) {
    state.counters = counters;
    state.marginMode = marginMode ?? 'cross';
    for (const live of lives) recallOrder(state, live);
    state.openedAt = openedAt ?? state.openedAt;
    for (const execution of executions) state.executions.push({ ...WITHOUT, ...execution });
    for (const [currency, own] of Object.entries(wallet)) state.wallet.set(currency, own);
    for (const [currency, own] of Object.entries(realised)) state.realised.set(currency, own);
    for (const { contract, holdings, leverage, ...rest } of rooms) {
      const room = roomOf(state, contract);
      Object.assign(room, rest, { leverage: typeof leverage === 'string' ? { long: leverage, short: leverage } : leverage });
      room.holdings.clear();
      for (const holding of holdings) Object.assign(holdingOf(room, holding.slot), holding);
    }
  }
}

function recallOrder(state: State, live: Live): void {
  const { id, request, state: stands } = live.order;
  const room = roomOf(state, request.contract);
  state.orders.set(id, live.order);
  const at = room.live.findIndex(({ order }) => order.id === id);
  if (isEnded(stands)) room.live = room.live.filter((_, index) => index !== at);
  else if (at >= 0) room.live[at] = { ...live };
  else state.enlist(room, { ...live });
  state.remember(room, live.order);
}

/** An ended order has no place in the book any more. */
function liveOf(state: State, id: OrderId): readonly Live[] {
  const order = state.orders.get(id);
  if (order === undefined) return [];
  return [
    roomOf(state, order.request.contract).live.find((live) => live.order.id === id) ?? { order, ahead: order.leaves, follows: null, held: false },
  ];
}

function roomOf(state: State, contract: ContractKey): Room {
  const room = state.rooms.get(contract);
  if (room === undefined) throw new RangeError(`the account remembers ${contract}, which is not listed any more`);
  return room;
}

const pick = (from: ReadonlyMap<string, Money>, keys: ReadonlySet<string>): Record<string, Money> =>
  Object.fromEntries([...from].filter(([key]) => keys.has(key)));
