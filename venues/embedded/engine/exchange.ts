/** The exchange itself: one account, deterministic. The same requests, quotes and times give the same events. */
import { absolute, add, greaterThan, isZero, toStep, ZERO_QTY, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Account } from './account.ts';
import { admitted, marginsWith } from './admission.ts';
import { amendmentOf, wrongAmendment } from './amend.ts';
import { endPair, followTrails, syncPosition } from './exits.ts';
import { fund } from './fills.ts';
import { closeAll, liquidate, liquidateIsolated } from './liquidation.ts';
import { accountOf, isBankrupt, positionOf } from './margin.ts';
import { memoryOf, recall, type Memory } from './memory.ts';
import { activate, endOpen, fireTriggers, matchResting } from './matching.ts';
import { holdingOf, isResting, markOf, State, type ExchangeOptions, type Holding, type Live, type Room, type Switches } from './state.ts';
import type { ExitLeg, Exits, PartialExits, StopKind } from './triggers.ts';
import type {
  Amendment,
  CancelReason,
  ContractKey,
  ContractTerms,
  Depth,
  Exchange,
  ExchangeEvent,
  Execution,
  Leverage,
  MarginMode,
  Order,
  OrderFilter,
  OrderRef,
  OrderRequest,
  Outcome,
  Position,
  PositionSlot,
  Quote,
  Refusal,
} from './types.ts';
import { addPartialExits } from './partial-exits.ts';
import { changedExits } from './set-exits.ts';
import { changeHedge, changeLeverage, changeMarginMode, slotsOf } from './settings.ts';
import { priceLimitsOf, refusal, unaffordable } from './validate.ts';

const NOTHING: readonly ExchangeEvent[] = [];

export class MatchingExchange implements Exchange {
  readonly #state: State;
  /** What changed, before anybody is told. */
  onMemory: ((memory: Memory) => void) | null = null;

  /** `memories`: what an exchange of the same contracts handed to `onMemory`, in that order; this one goes on from there. */
  constructor(options: ExchangeOptions, memories: Iterable<Memory> = []) {
    this.#state = new State(options);
    recall(this.#state, memories);
  }

  get openedAt(): Instant {
    return this.#state.openedAt;
  }

  get switches(): Switches {
    return this.#state.switches;
  }

  terms(contract: ContractKey): ContractTerms | undefined {
    return this.#state.rooms.get(contract)?.terms;
  }

  contracts(): readonly ContractTerms[] {
    return [...this.#state.rooms.values()].map(({ terms }) => terms);
  }

  setTerms(terms: ContractTerms): void {
    const room = this.#state.rooms.get(terms.key);
    if (room === undefined) throw new RangeError(`no contract ${terms.key}`);
    room.terms = terms;
  }

  submit(asked: OrderRequest, now: Instant): Outcome<Order> {
    return this.#with(asked.contract, now, (state, room) => {
      const live = admitted(state, room, asked);
      if ('code' in live) return live;
      state.enlist(room, live);
      if (live.order.state === 'untriggered') state.change(room, live, {});
      else activate(state, room, live);
      return live.order;
    });
  }

  /** What an order would do to the margin of the account; it is not placed. */
  preview(asked: OrderRequest, now: Instant): Outcome<ReturnType<typeof marginsWith> & { readonly order: Order }> {
    return this.#with(asked.contract, now, (state, room) => {
      if (asked.trigger !== null) return refusal('BAD_REQUEST', 'a conditional order changes nothing before it is triggered');
      const live = admitted(state, room, asked);
      return 'code' in live ? live : { order: live.order, ...marginsWith(state, room, live.order) };
    });
  }

  amend(ref: OrderRef, amendment: Amendment, now: Instant): Outcome<Order> {
    return this.#with(ref.contract, now, (state, room) => {
      const live = this.#open(room, ref);
      if ('code' in live) return live;
      const wrong = wrongAmendment(state, room, live, amendment);
      if (wrong !== null) return wrong;
      const patch = amendmentOf(state, room, live.order, amendment);
      const short = unaffordable(state, room, { ...live.order, ...patch });
      if (short !== null) return short;
      const moved = patch.price !== live.order.price || greaterThan(patch.qty, live.order.qty);
      live.order = { ...live.order, ...patch };
      if (live.follows === 'position') retarget(room, live.order);
      if (isResting(live) && moved) {
        // It loses its place in the queue.
        room.live = [...room.live.filter((other) => other !== live), live];
        activate(state, room, live);
      } else state.change(room, live, {});
      return live.order;
    });
  }

  cancel(ref: OrderRef, now: Instant, reason: CancelReason = 'user'): Outcome<Order> {
    return this.#with(ref.contract, now, (_, room) => {
      const live = this.#open(room, ref);
      if ('code' in live) return live;
      if (reason === 'user') endPair(this.#state, room, live);
      this.#drop(room, live, reason);
      return live.order;
    });
  }

  cancelAll(which: (order: Order) => boolean, now: Instant, reason: CancelReason = 'user'): Outcome<readonly Order[]> {
    this.#state.now = now;
    const ended: Order[] = [];
    for (const room of this.#state.rooms.values()) {
      for (const live of room.live.filter(({ order }) => which(order))) {
        if (!room.live.includes(live)) continue;
        this.#drop(room, live, reason);
        ended.push(live.order);
      }
    }
    return { ok: true, value: ended, events: this.#drain() };
  }

  setLeverage(contract: ContractKey, leverage: Leverage, now: Instant): Outcome<null> {
    return this.#with(contract, now, (state, room) => changeLeverage(state, room, leverage));
  }

  setMarginMode(mode: MarginMode, now: Instant): Outcome<null> {
    this.#state.now = now;
    const refused = changeMarginMode(this.#state, mode);
    const events = this.#drain();
    return refused === null ? { ok: true, value: null, events } : { ok: false, refusal: refused, events };
  }

  marginMode(): MarginMode {
    return this.#state.marginMode;
  }

  setHedge(contract: ContractKey, hedge: boolean, now: Instant): Outcome<null> {
    return this.#with(contract, now, (state, room) => changeHedge(state, room, hedge));
  }

  setExits(contract: ContractKey, slot: PositionSlot, exits: Exits, now: Instant): Outcome<Position> {
    return this.#with(contract, now, (state, room) => {
      const holding = holdingOf(room, slot);
      const changed = changedExits(state, room, holding, exits);
      if (isRefusal(changed)) return changed;
      Object.assign(holding, changed, { updatedAt: now });
      syncPosition(state, room, slot, null);
      state.touch(room, holding);
      return positionOf(state, room, holding);
    });
  }

  addExits(contract: ContractKey, slot: PositionSlot, exits: PartialExits, now: Instant): Outcome<readonly Order[]> {
    return this.#with(contract, now, (state, room) => addPartialExits(state, room, slot, exits));
  }

  close(contract: ContractKey, origin: 'deleveraging' | 'settlement', now: Instant): readonly ExchangeEvent[] {
    const room = this.#state.rooms.get(contract);
    const at = room === undefined ? null : markOf(room);
    if (room === undefined || room.terms.kind !== 'margin') throw new RangeError(`${contract} has no positions`);
    this.#state.now = now;
    if (at !== null) closeAll(this.#state, room, origin, toStep(at, room.terms.tick, 'down'));
    return this.#drain();
  }

  wants(contract: ContractKey): boolean {
    const room = this.#state.rooms.get(contract);
    if (room === undefined) return false;
    if (room.live.length > 0) return true;
    for (const { size } of room.holdings.values()) if (size !== '0') return true;
    return false;
  }

  onQuote(quote: Quote, now: Instant): readonly ExchangeEvent[] {
    const room = this.#state.rooms.get(quote.contract);
    if (room === undefined) return NOTHING;
    const funding = this.#fund(room, now);
    room.quote = quote;
    room.last = quote.trade?.price ?? room.last;
    room.liquidity.renew(quote);
    if (!this.wants(quote.contract)) return funding ? this.#drain() : NOTHING;
    this.#state.now = now;
    matchResting(this.#state, room, quote);
    followTrails(this.#state, room);
    fireTriggers(this.#state, room);
    if (this.#state.marginMode === 'isolated') liquidateIsolated(this.#state, room);
    else if (isBankrupt(this.#state)) liquidate(this.#state);
    return this.#drain();
  }

  onTime(now: Instant): readonly ExchangeEvent[] {
    let funded = false;
    for (const room of this.#state.rooms.values()) funded = this.#fund(room, now) || funded;
    return funded ? this.#drain() : NOTHING;
  }

  book(contract: ContractKey, levels: number): Depth | undefined {
    const liquidity = this.#state.rooms.get(contract)?.liquidity;
    return liquidity === undefined ? undefined : { bids: liquidity.side('bids').slice(0, levels), asks: liquidity.side('asks').slice(0, levels) };
  }

  /** Books are their played top alone, or have depth again. */
  setThin(thin: boolean): void {
    for (const { liquidity } of this.#state.rooms.values()) liquidity.setThin(thin);
  }

  /** Funding of a contract now, beside what its interval settles. */
  settle(contract: ContractKey, now: Instant): Outcome<null> {
    return this.#with(contract, now, (state, room) => {
      const { funding } = room.terms;
      if (funding === null) return refusal('BAD_REQUEST', `${contract} has no funding`);
      for (const holding of room.holdings.values()) fund(state, room, holding, funding.rateAt(now));
      return null;
    });
  }

  priceLimits(contract: ContractKey): { readonly buy: Price; readonly sell: Price } | undefined {
    const room = this.#state.rooms.get(contract);
    return room === undefined ? undefined : (priceLimitsOf(room) ?? undefined);
  }

  mark(contract: ContractKey): Price | undefined {
    const room = this.#state.rooms.get(contract);
    return room === undefined ? undefined : (markOf(room) ?? undefined);
  }

  /** Of this account: a long and a short of it are two. */
  openContracts(contract: ContractKey): Qty {
    const holdings = this.#state.rooms.get(contract)?.holdings ?? new Map<PositionSlot, Holding>();
    return [...holdings.values()].reduce<Qty>((sum, { size }) => add(sum, absolute(size)), ZERO_QTY);
  }

  leverage(contract: ContractKey): Leverage | undefined {
    return this.#state.rooms.get(contract)?.leverage;
  }

  hedged(contract: ContractKey): boolean {
    return this.#state.rooms.get(contract)?.hedge ?? false;
  }

  order(ref: OrderRef): Order | undefined {
    const { orders } = this.#state;
    if (ref.id !== null) {
      const order = orders.get(ref.id);
      return order?.request.contract === ref.contract ? order : undefined;
    }
    const kind = this.#state.rooms.get(ref.contract)?.terms.kind;
    const order = kind === undefined || ref.linkId === null ? undefined : this.#state.byLink(kind, ref.linkId);
    return order?.request.contract === ref.contract ? order : undefined;
  }

  orders({ contract, id, linkId, states }: OrderFilter): readonly Order[] {
    const source =
      states === 'open' ? [...this.#state.rooms.values()].flatMap(({ live }) => live.map(({ order }) => order)) : [...this.#state.orders.values()];
    const picked = source.filter(
      ({ id: own, request }) =>
        (contract === undefined || request.contract === contract) &&
        (id === undefined || own === id) &&
        (linkId === undefined || request.linkId === linkId),
    );
    return picked.sort((left, right) => right.createdAt - left.createdAt || right.sequence - left.sequence);
  }

  executions(contract?: ContractKey): readonly Execution[] {
    return this.#state.executions.filter((execution) => contract === undefined || execution.contract === contract).reverse();
  }

  positions(contract?: ContractKey): readonly Position[] {
    const rooms = contract === undefined ? [...this.#state.rooms.values()] : [this.#state.rooms.get(contract)].filter((room) => room !== undefined);
    return rooms
      .filter(({ terms }) => terms.kind === 'margin')
      .flatMap((room) => {
        const holdings = slotsOf(room)
          .map((slot) => holdingOf(room, slot))
          .filter(({ size }) => contract !== undefined || !isZero(size));
        return holdings.map((holding) => positionOf(this.#state, room, holding));
      });
  }

  account(): Account {
    return accountOf(this.#state);
  }

  /** Settles every interval that ended since the last time, at the mark as it stands. */
  #fund(room: Room, now: Instant): boolean {
    const { funding } = room.terms;
    if (funding === null) return false;
    const period = now - (now % funding.intervalMs);
    const before = room.fundedAt;
    room.fundedAt = Math.max(period, before ?? period);
    if (before === null || period <= before) return false;
    let funded = false;
    for (const holding of room.holdings.values()) {
      if (isZero(holding.size)) continue;
      funded = true;
      for (let at = before + funding.intervalMs; at <= period; at += funding.intervalMs) {
        this.#state.now = at;
        fund(this.#state, room, holding, funding.rateAt(at));
      }
    }
    this.#state.now = now;
    return funded;
  }

  #drop(room: Room, live: Live, reason: CancelReason): void {
    const { follows } = live;
    const { slot, stopKind } = live.order.request;
    // Cancelling an exit of the whole position takes it off the position, or it would come back.
    if (follows === 'position') clearExit(holdingOf(room, slot), stopKind);
    if (follows === 'entry') this.#state.unprotect(live.order.entry, stopKind);
    endOpen(this.#state, room, live, reason);
  }

  #open(room: Room, ref: OrderRef): Live | Refusal {
    const live = room.live.find(({ order }) => (ref.id !== null ? order.id === ref.id : order.request.linkId === ref.linkId));
    if (live !== undefined) return live;
    const ended = this.order(ref);
    const name = ref.id ?? ref.linkId ?? '';
    return ended === undefined ? refusal('ORDER_NOT_FOUND', `no order ${name}`) : refusal('ORDER_ENDED', `order ${name} is ${ended.state}`);
  }

  #with<T extends object | null>(contract: ContractKey, now: Instant, act: (state: State, room: Room) => T | Refusal): Outcome<T> {
    const room = this.#state.rooms.get(contract);
    if (room === undefined) return { ok: false, refusal: refusal('UNKNOWN_CONTRACT', `no contract ${contract}`), events: NOTHING };
    this.#state.now = now;
    const value = act(this.#state, room);
    const events = this.#drain();
    return isRefusal(value) ? { ok: false, refusal: value, events } : { ok: true, value, events };
  }

  #drain(): readonly ExchangeEvent[] {
    const events = this.#state.drain((room, holding) => positionOf(this.#state, room, holding));
    const trailed = this.#state.takeTrailed();
    if (events.length + trailed.size > 0) this.onMemory?.(memoryOf(this.#state, events, trailed));
    return events;
  }
}

function clearExit(holding: Holding, kind: StopKind): void {
  if (kind === 'take-profit') holding.takeProfit = null;
  else if (kind === 'stop-loss') holding.stopLoss = null;
  else holding.trailing = null;
}

/** The exit of a position was amended: its position knows. */
function retarget(room: Room, { request, trigger, price }: Order): void {
  const holding = holdingOf(room, request.slot);
  if (trigger === null) return;
  const leg: ExitLeg = { trigger: trigger.price, by: trigger.by, limit: price };
  Object.assign(holding, request.stopKind === 'take-profit' ? { takeProfit: leg } : { stopLoss: leg });
}

const isRefusal = (value: object | null): value is Refusal => value !== null && 'code' in value && 'what' in value;
