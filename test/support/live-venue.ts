/**
 * A venue in memory behind the order port, in market time: it drops, loses, delays, answers ambiguously, and tells by a stream that drops,
 * repeats and shuffles. Whether an id may be used again once its order is over is the venue's model of uniqueness.
 */
import {
  add,
  atMost,
  isPositive,
  isZero,
  money,
  price,
  qty,
  scale,
  smaller,
  subtract,
  ZERO_QTY,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import type { Account, OrderEntry, OrderReports } from '#protocol/ports.ts';
import type {
  Amendment,
  ChangeOutcome,
  Lookup,
  OrderRef,
  OrderTerms,
  Placement,
  PlaceOutcome,
  VenueBalance,
  VenueExecution,
  VenueFunding,
  VenueOrder,
  VenuePosition,
} from '#trading/model/live.ts';
import type { Asset } from '#trading/model/instrument.ts';
import { opposite, type Bracket, type Side } from '#trading/model/order.ts';
import { NO_FAULTS, random, requestUnder, type Answers, type Faults } from './faults.ts';

export const TERMS: OrderTerms = {
  ...{ broker: 'bybit', nativeBracket: [], deadlineMs: 2000, receiveWindowMs: 2500, marginMs: 2000, answeredMarginMs: 15_000 },
  ...{ absencesNeeded: 2, pollMs: 500, restingPollMs: 4000, placements: { limit: 100, windowMs: 1000 } },
};

interface Row {
  order: VenueOrder;
  readonly placement: Placement | null;
  readonly createdAt: number;
}

export class LiveVenue implements OrderEntry, Account {
  /** Of everything that is traded here. */
  asset: Asset = 'crypto_spot';
  /** What a buy pays of its coins; null where fees are paid in money. */
  coinFee: Ratio | null = null;
  /** Chance that a limit order is met after a while; where it is 0 none ever is. */
  limitsTouched = 0;
  /** How long an order that was accepted stays unseen by lookups. */
  lagMs = 300;
  /** What it answers of funding. */
  readonly fundings: VenueFunding[] = [];
  readonly terms: OrderTerms;
  faults: Faults;
  now: number;
  /** Calls of `place`, by client order id. */
  readonly requests = new Map<string, number>();
  readonly rows: Row[] = [];
  readonly executions: VenueExecution[] = [];
  readonly held = new Map<string, Qty>();
  /** Triggers of stops that were changed, in order. */
  readonly moves: { readonly venueOrderId: string; readonly parentId: string | null; readonly from: Price; readonly to: Price }[] = [];
  /** Cancels and lookups asked for. */
  readonly asked: { readonly what: 'cancel' | 'lookup' | 'place' | 'amend'; readonly clientOrderId: string; readonly at: number }[] = [];
  readonly #uniqueness: 'forever' | 'while open';
  readonly #random: () => number;
  #reports: OrderReports | null = null;
  #due: { readonly at: number; readonly run: () => void }[] = [];
  #ids = 0;

  constructor(now: number, seed: number, faults: Faults = NO_FAULTS, terms: OrderTerms = TERMS, uniqueness: 'forever' | 'while open' = 'forever') {
    this.now = now;
    this.#random = random(seed);
    this.faults = faults;
    this.terms = terms;
    this.#uniqueness = uniqueness;
  }

  advance(now: number): void {
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= now).sort((left, right) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = now;
  }

  get isIdle(): boolean {
    return this.#due.length === 0;
  }

  place(order: Placement): Promise<PlaceOutcome> {
    const { clientOrderId, deadlineAt } = order;
    this.requests.set(clientOrderId, (this.requests.get(clientOrderId) ?? 0) + 1);
    this.asked.push({ what: 'place', clientOrderId, at: this.now });
    if (this.now > deadlineAt) throw new Error(`${clientOrderId} was placed after its deadline`);
    return this.#request<PlaceOutcome>(deadlineAt, (stampedAt) => this.#accept(order, stampedAt), {
      silence: { kind: 'unknown', reason: 'timeout', answered: false },
      ambiguous: { kind: 'unknown', reason: '10016', answered: true },
      rejected: { kind: 'rejected', code: '110007', text: 'insufficient balance' },
      taken: (row) =>
        row === null
          ? { kind: 'unknown', reason: '110072 duplicate', answered: true }
          : { kind: 'acknowledged', venueOrderId: row.order.venueOrderId },
    });
  }

  #request<T, Arrived = Row | null>(deadlineAt: number, arrive: (stampedAt: number) => Arrived, answers: Answers<T, Arrived>): Promise<T> {
    const venue = { now: () => this.now, at: (at: number, run: () => void) => this.#at(at, run), ...this.terms, faults: this.faults };
    const { inMs, answer } = requestUnder(venue, this.#random, deadlineAt, arrive, answers);
    return this.#answer(inMs, answer);
  }

  cancel({ clientOrderId, venueOrderId }: OrderRef): Promise<ChangeOutcome> {
    this.asked.push({ what: 'cancel', clientOrderId, at: this.now });
    return this.#answer(30, (): ChangeOutcome => {
      const row = this.rows.find(
        ({ order }) =>
          order.status === 'open' && (order.clientOrderId === clientOrderId || (venueOrderId !== null && order.venueOrderId === venueOrderId)),
      );
      if (row === undefined) return { kind: 'gone' };
      this.#end(row, 'cancelled', 'asked for');
      return { kind: 'done' };
    });
  }

  /** As Bybit's position/trading-stop: of the symbol's position, whichever that is when it arrives. */
  amend({ clientOrderId, symbol }: OrderRef, { stopLoss }: Bracket, limits?: Pick<Amendment, 'stop' | 'deadlineAt'>): Promise<ChangeOutcome> {
    const { deadlineAt = this.now + this.terms.deadlineMs, stop = null } = limits ?? {};
    this.asked.push({ what: 'amend', clientOrderId, at: this.now });
    if (this.now > deadlineAt) throw new Error(`the stop of ${clientOrderId} was moved after its deadline`);
    return this.#request<ChangeOutcome, boolean>(deadlineAt, (stampedAt) => this.#moveStop(symbol, stop, stopLoss, stampedAt), {
      silence: { kind: 'unknown', reason: 'timeout' },
      ambiguous: { kind: 'unknown', reason: '10016' },
      rejected: { kind: 'rejected', code: '10001', text: 'beyond the mark' },
      taken: (isMoved) => ({ kind: isMoved ? 'done' : 'gone' }),
    });
  }

  #moveStop(symbol: string, own: OrderRef | null, to: Price, stampedAt: number): boolean {
    if (this.now > stampedAt + this.terms.receiveWindowMs) return false;
    const isIt = ({ order }: Row): boolean =>
      order.status === 'open' && (own === null ? order.symbol === symbol && order.leg === 'stop_loss' : order.clientOrderId === own.clientOrderId);
    const row = this.rows.find(isIt);
    if (row === undefined) return false;
    this.moves.push({ venueOrderId: row.order.venueOrderId, parentId: row.order.parentId, from: row.order.trigger ?? to, to });
    row.order = { ...row.order, trigger: to };
    this.#report(row.order);
    return true;
  }

  lookup({ clientOrderId }: OrderRef): Promise<Lookup> {
    this.asked.push({ what: 'lookup', clientOrderId, at: this.now });
    return this.#answer(20 + this.#random() * 80, (): Lookup => {
      if (this.faults !== NO_FAULTS && this.#random() < 0.05) return { kind: 'unavailable', reason: '503' };
      const row = this.rows.find(({ order, createdAt }) => order.clientOrderId === clientOrderId && createdAt + this.lagMs <= this.now);
      if (row === undefined) return { kind: 'absent' };
      return { kind: 'found', order: row.order, executions: this.executions.filter((one) => one.clientOrderId === clientOrderId) };
    });
  }

  openOrders(): Promise<readonly VenueOrder[]> {
    return this.#answer(20, () => this.rows.map(({ order }) => order).filter(({ status }) => status === 'open'));
  }

  executionsSince(since: number): Promise<readonly VenueExecution[]> {
    return this.#answer(40, () => this.executions.filter(({ executedAt }) => executedAt >= since));
  }

  fundingSince(since: number): Promise<readonly VenueFunding[]> {
    return this.#answer(40, () => this.fundings.filter(({ executedAt }) => executedAt >= since));
  }

  positions(): Promise<readonly VenuePosition[]> {
    return this.#answer(60, () =>
      [...this.held].flatMap(([symbol, signed]) => {
        if (isZero(signed)) return [];
        const side = isPositive(signed) ? ('buy' as const) : ('sell' as const);
        const amount = side === 'buy' ? signed : subtract(ZERO_QTY, signed);
        return [{ asset: this.asset, symbol, side, qty: amount, averagePrice: price('100') }];
      }),
    );
  }

  observe(): void {
    // Its clock is the test's.
  }

  caughtUp(): Promise<void> {
    return Promise.resolve();
  }

  wallet(): Promise<{ readonly equity: Money; readonly available: Money }> {
    return Promise.resolve({ equity: money('1000'), available: money('1000') });
  }

  balances(): Promise<readonly VenueBalance[]> {
    return Promise.resolve([]);
  }

  subscribe(reports: OrderReports): Promise<void> {
    this.#reports = reports;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#reports = null;
    return Promise.resolve();
  }

  /** Somebody else's doing. */
  foreignOrder(symbol: string): void {
    this.rows.push({
      order: this.#newOrder({ symbol, side: 'buy', qty: qty('1'), clientOrderId: 'web-7', parentId: null, leg: null }),
      placement: null,
      createdAt: 0,
    });
  }

  #accept(placement: Placement, stampedAt: number): Row | null {
    if (this.now > stampedAt + this.terms.receiveWindowMs) return null;
    const { clientOrderId, symbol, side, qty: amount } = placement;
    const isTaken = this.rows.some(
      ({ order }) => order.clientOrderId === clientOrderId && (this.#uniqueness === 'forever' || order.status === 'open'),
    );
    if (isTaken) return null;
    const row: Row = {
      order: this.#newOrder({
        ...{ symbol, side, qty: amount, clientOrderId, parentId: null, leg: null },
        ...(placement.pricing.type === 'stop' ? { trigger: placement.pricing.trigger } : {}),
      }),
      placement,
      createdAt: this.now,
    };
    this.rows.push(row);
    this.#report(row.order);
    if (placement.pricing.type === 'market') this.#execute(row, 1 + Math.floor(this.#random() * 3));
    if (placement.pricing.type === 'limit' && this.limitsTouched > 0) this.#touch(row);
    return row;
  }

  #newOrder(of: Pick<VenueOrder, 'symbol' | 'side' | 'qty' | 'clientOrderId' | 'parentId' | 'leg' | 'trigger'>): VenueOrder {
    this.#ids += 1;
    return { ...of, venueOrderId: `v${this.#ids}`, asset: this.asset, status: 'open', cumQty: ZERO_QTY, reason: '' };
  }

  #execute(row: Row, parts: number): void {
    for (let part = 1; part <= parts; part += 1) {
      this.#at(this.now + part * 30 + this.#random() * 100, () => {
        if (row.order.status !== 'open') return;
        const left = subtract(row.order.qty, row.order.cumQty);
        const share = part === parts ? left : smaller(left, qty('0.3'));
        this.fill(row, row.placement?.purpose === 'entry' ? share : smaller(share, this.#closable(row.order)));
        if (part === parts && row.order.status === 'open') this.#end(row, 'cancelled', 'nothing to reduce');
      });
    }
  }

  /** A limit that is met, whole or in part; what it finds nothing to reduce for is cancelled, as Bybit does. */
  #touch(row: Row): void {
    if (this.#random() >= this.limitsTouched) return;
    this.#at(this.now + 500 + this.#random() * 3000, () => {
      if (row.order.status !== 'open') return;
      const left = subtract(row.order.qty, row.order.cumQty);
      const share = this.#random() < 0.5 ? left : smaller(left, qty('0.1'));
      const closable = this.#closable(row.order);
      this.fill(row, smaller(share, closable));
      if (row.order.status === 'open' && !isPositive(closable)) this.#end(row, 'cancelled', 'CancelByReduceOnly');
    });
  }

  #closable({ symbol, side }: VenueOrder): Qty {
    const signed = this.held.get(symbol) ?? ZERO_QTY;
    const closes = side === 'sell' ? signed : subtract(ZERO_QTY, signed);
    return isPositive(closes) ? closes : ZERO_QTY;
  }

  /** At 100, whatever was asked: prices are not what is tested here. */
  fill(row: Row, amount: Qty): void {
    if (!isPositive(amount)) return;
    const { order } = row;
    this.#ids += 1;
    const cumQty = add(order.cumQty, amount);
    row.order = { ...order, cumQty, status: atMost(order.qty, cumQty) ? 'filled' : 'open' };
    const { clientOrderId, parentId, venueOrderId, asset, symbol, side, leg } = order;
    const execution: VenueExecution = {
      ...{ executionId: `x${this.#ids}`, clientOrderId, parentId, venueOrderId, asset, symbol, side, leg },
      ...{
        price: price('100'),
        qty: amount,
        fee: money('0.01'),
        feeQty: this.coinFee !== null && side === 'buy' ? scale(amount, this.coinFee) : null,
      },
      executedAt: this.now,
    };
    this.executions.push(execution);
    this.#move(symbol, side, subtract(amount, execution.feeQty ?? ZERO_QTY));
    this.#tell(() => this.#reports?.onExecution(execution));
    this.#report(row.order);
    if ((row.placement?.bracket ?? null) !== null) this.#attach(row, amount);
    if (isZero(this.held.get(symbol) ?? ZERO_QTY)) this.#dropLegs(symbol);
  }

  #move(symbol: string, side: Side, amount: Qty): void {
    const before = this.held.get(symbol) ?? ZERO_QTY;
    this.held.set(symbol, side === 'buy' ? add(before, amount) : subtract(before, amount));
  }

  #attach({ order, placement }: Row, amount: Qty): void {
    const { symbol, side, clientOrderId } = order;
    for (const leg of ['stop_loss', 'take_profit'] as const) {
      const known = this.rows.find((row) => row.order.parentId === clientOrderId && row.order.leg === leg);
      if (known !== undefined) {
        known.order = { ...known.order, qty: add(known.order.qty, amount) };
        continue;
      }
      const { stopLoss, takeProfit } = placement?.bracket ?? { stopLoss: price('0'), takeProfit: price('0') };
      const trigger = leg === 'stop_loss' ? stopLoss : takeProfit;
      const of = { symbol, side: opposite(side), qty: amount, clientOrderId: null, parentId: clientOrderId, leg, trigger };
      const row: Row = { order: this.#newOrder(of), placement: null, createdAt: this.now };
      this.rows.push(row);
      if (leg !== 'stop_loss' || this.#random() >= this.faults.legTouched) continue;
      this.#at(this.now + 1000 + this.#random() * 3000, () => {
        if (row.order.status !== 'open') return;
        this.fill(row, smaller(row.order.qty, this.#closable(row.order)));
      });
    }
  }

  /** As venues do with legs of a position that is gone. */
  #dropLegs(symbol: string): void {
    for (const row of this.rows) {
      if (row.order.symbol === symbol && row.order.parentId !== null && row.order.status === 'open')
        this.#end(row, 'cancelled', 'the position is gone');
    }
  }

  #end(row: Row, status: VenueOrder['status'], reason: string): void {
    row.order = { ...row.order, status, reason };
    this.#report(row.order);
  }

  /** For venues of other rules. */
  protected tellOrder(order: VenueOrder): void {
    this.#report(order);
  }

  protected later(inMs: number, run: () => void): void {
    this.#at(this.now + inMs, run);
  }

  #report(order: VenueOrder): void {
    this.#tell(() => this.#reports?.onOrder(order));
  }

  #tell(report: () => void): void {
    if (this.#random() < this.faults.reportLost) return;
    const times = this.#random() < this.faults.reportTwice ? 2 : 1;
    for (let time = 0; time < times; time += 1) this.#at(this.now + (this.faults === NO_FAULTS ? 5 : this.#random() * 800), report);
  }

  #answer<T>(inMs: number, outcome: () => T): Promise<T> {
    return new Promise((resolve) => this.#at(this.now + inMs, () => resolve(outcome())));
  }

  #at(at: number, run: () => void): void {
    this.#due.push({ at: Math.ceil(at), run });
  }
}
