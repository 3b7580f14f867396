/**
 * Orders and account at IBKR (the ports of protocol/ports.ts) over one session of the real client library. One call is one placement; nothing is
 * sent while TWS or its servers are away, and nothing a second time. An entry and its legs leave as one family.
 */
import type { Contract } from '@stoqey/ib';
import type { Account, OrderEntry, OrderReports } from '#protocol/ports.ts';
import type { Instant } from '#trading/model/instrument.ts';
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
  VenueOrder,
  VenuePosition,
} from '#trading/model/live.ts';
import type { Bracket } from '#trading/model/order.ts';
import { awayAt } from '#trading/calendar/sessions.ts';
import type { ResetWindow } from '#trading/model/calendar.ts';
import type { Money } from '#trading/money/decimal.ts';
import type { IbkrError } from '../codes.ts';
import { briefly } from '../../shared/retry.ts';
import type { Line } from '../line.ts';
import type { OrderIds } from '../order-ids.ts';
import type { IbkrSession, SessionState, SyncReason } from '../session.ts';
import { AWAY_MS, Troubles } from '../troubles.ts';
import { AccountPart, COMMISSION_MS_MAX } from './account-part.ts';
import { amendLegs } from './amending.ts';
import { Cancelling } from './cancelling.ts';
import { forgotten, unanswered } from './evidence.ts';
import { familyOf, type Numbered } from './family.ts';
import { placementOnGrid } from './grid.ts';
import { fromExecutions, notOurs } from './answers.ts';
import { Foreseen } from './foreseen.ts';
import { Guard } from './guard.ts';
import type { Mirrored } from './mirror.ts';
import type { OrderClient } from './order-client.ts';
import type { OrderContracts } from './order-contracts.ts';
import { Placing } from './placing.ts';
import { refuseReadOnly } from './probe.ts';
import type { SentFamily, SentFile } from './sent-file.ts';
import { withUsable } from './usable.ts';

export interface IbkrOrdersOptions {
  readonly session: IbkrSession<OrderClient>;
  readonly clientId: number;
  readonly contracts: OrderContracts;
  readonly ids: OrderIds;
  readonly sent: SentFile;
  readonly terms: OrderTerms;
  readonly resets: readonly ResetWindow[];
  /** UTC ms: the wall's, or what a played market was told last. */
  readonly clock: { now(): Instant; observe(now: Instant): void };
  /** Names this process among those that wrote the file before it. */
  readonly boot: string;
  /** After so long without a usable session a person is called. Wall milliseconds. */
  readonly awayMs?: number;
}

const CHANGE_MS_MAX = 4000;
/** Families of earlier connections that TWS may hold back still, and are looked at. */
const HELD_LOOKED_AT_MAX = 16;
const ROUND_TRIP_MS_MAX = 4000;
const LOOK_MS = 20;
const SECOND_MS = 1000;

export class IbkrOrders implements OrderEntry, Account {
  readonly terms: OrderTerms;
  readonly #options: IbkrOrdersOptions;
  readonly #part: AccountPart;
  readonly #placing: Placing;
  readonly #cancelling: Cancelling;
  readonly #guard: Guard;
  readonly #troubles: Troubles;
  readonly #foreseen: Foreseen;
  #reports: OrderReports | null = null;
  #wasUsable = false;

  /** The session is not open yet. */
  constructor(options: IbkrOrdersOptions) {
    this.#options = options;
    this.terms = options.terms;
    const { session, clientId, contracts, clock } = options;
    this.#part = new AccountPart({
      clientId,
      instrumentOf: (contract) => contracts.instrumentOf(contract),
      holdingOf: (contract) => contracts.holdingOf(contract),
      account: () => this.#account(),
      now: () => clock.now(),
      pace: () => session.pacing.pass(),
      prepared: (line, why) => this.#prepare(line, why),
      onOrder: (order) => this.#onOrder(order),
      onCapped: (order, at) => this.#troubles.capped(order, at),
      onExecution: (execution) => this.#reports?.onExecution(execution),
      onFee: (fee) => this.#reports?.onFee?.(fee),
      onHeard: (orderId, permId, status) => this.#onHeard(orderId, permId, status),
      onCode: (orderId, error) => this.#onCode(orderId, error),
      onRead: (line) => this.#discardHeld(line),
      onState: (state) => this.#onState(state),
    });
    this.#placing = new Placing({ discard: (ids) => this.#discard(ids) });
    this.#cancelling = new Cancelling(CHANGE_MS_MAX, session);
    this.#guard = new Guard({
      mirror: this.#part.mirror,
      arrived: async () => void (await session.line?.roundTrip(ROUND_TRIP_MS_MAX)),
      discard: (ids) => this.#discard(ids),
      clientId,
      hasLegs: (entryId) => (options.sent.family(entryId)?.ids.length ?? 0) > 1,
      unprotected: (order) => this.#reports?.onOrder(order),
    });
    this.#troubles = new Troubles('TWS', options.awayMs ?? AWAY_MS, (trouble) => this.#reports?.onTrouble?.(trouble));
    this.#foreseen = new Foreseen(contracts);
    session.add(this.#part);
  }

  async place(order: Placement): Promise<PlaceOutcome> {
    let line: Line<OrderClient>;
    let family: readonly Numbered[];
    let contract: Contract;
    try {
      contract = await this.#options.contracts.contractOf(this.#mayPlace(order), order.symbol);
      // Asking for a contract that was not known yet takes its time.
      line = this.#mayPlace(order);
      family = this.#familyOf(placementOnGrid(order, this.#options.contracts.ladderOf(order.symbol)), contract);
      this.#options.sent.record(this.#sentOf(order, family, contract, line));
    } catch (error) {
      return { kind: 'rejected', code: 'NOT_SENT', text: briefly(error) };
    }
    const ids = family.map(({ orderId }) => orderId);
    const outcome = this.#placing.begin(ids, Math.max(1, order.deadlineAt - this.#options.clock.now()));
    for (const each of family) line.client.placeOrder(each.orderId, contract, each.order as Parameters<OrderClient['placeOrder']>[2]);
    return outcome;
  }

  async cancel(order: OrderRef): Promise<ChangeOutcome> {
    const line = this.#options.session.usable;
    if (line === null) return { kind: 'unknown', reason: this.#away() };
    let found = this.#cancellable(order);
    try {
      if (found.length === 0) {
        await this.#part.read(line);
        found = this.#cancellable(order);
      }
    } catch (error) {
      return { kind: 'unknown', reason: briefly(error) };
    }
    const ids = found.flatMap(({ clientId, orderId }) => (clientId === this.#options.clientId && orderId !== null && orderId > 0 ? [orderId] : []));
    // It may be held back, where no list shows it.
    if (found.length === 0) ids.push(...(this.#options.sent.family(order.clientOrderId)?.ids.slice(0, 1) ?? []));
    if (ids.length === 0) return found.length === 0 ? { kind: 'gone' } : notOurs(found);
    return (await this.#cancelling.all(line, ids)).find(({ kind }) => kind !== 'done') ?? { kind: 'done' };
  }

  amend(order: OrderRef, bracket: Bracket, limits?: Pick<Amendment, 'stop' | 'deadlineAt'>): Promise<ChangeOutcome> {
    const { session, clientId, contracts, clock } = this.#options;
    const of = { mirror: this.#part.mirror, guard: this.#guard, contracts, clientId, account: () => this.#account(), now: () => clock.now() };
    return amendLegs({ ...of, usable: () => session.usable, away: this.#away }, order, bracket, limits);
  }

  /** Open, completed, executions; then, where nobody lists it, TWS is told to cancel its ids, and says what it knows of them. */
  async lookup(order: OrderRef): Promise<Lookup> {
    const line = this.#options.session.usable;
    if (line === null) return { kind: 'unavailable', reason: this.#away() };
    try {
      return (await this.#found(line, order.clientOrderId)) ?? (await this.#missing(line, order.clientOrderId));
    } catch (error) {
      return { kind: 'unavailable', reason: briefly(error) };
    }
  }

  foresee(symbol: string): void {
    this.#foreseen.add(symbol, this.#options.session.usable);
  }

  async openOrders(): Promise<readonly VenueOrder[]> {
    const { open } = await this.#part.read(this.#usable());
    return this.#part.mirror.open().flatMap(({ permId, order }) => (open.has(permId) ? [order] : []));
  }

  /** TWS keeps those of the day, and none over its restart: what was heard here before is among them still. */
  async executionsSince(since: Instant): Promise<readonly VenueExecution[]> {
    await this.#part.read(this.#usable());
    // TWS counts in seconds.
    return this.#part.fills.since(Math.floor(since / SECOND_MS) * SECOND_MS);
  }

  positions(): Promise<readonly VenuePosition[]> {
    return withUsable(this.#options.session, (line) => this.#part.positions(line));
  }

  balances(): Promise<readonly VenueBalance[]> {
    // What of a currency is bound TWS does not say; what is free of the whole account, `wallet` does.
    return withUsable(this.#options.session, async (line) => (await this.#part.balances(line)).map((row) => ({ ...row, available: row.total })));
  }

  wallet(): Promise<{ readonly equity: Money; readonly available: Money }> {
    return withUsable(this.#options.session, (line) => this.#part.summary(line));
  }

  async subscribe(reports: OrderReports): Promise<void> {
    this.#reports = reports;
    await this.#options.session.open();
  }

  observe(now: Instant): void {
    this.#options.clock.observe(now);
  }

  async caughtUp(isReachable = false): Promise<void> {
    const until = performance.now() + 2 * COMMISSION_MS_MAX;
    const { session } = this.#options;
    while (isReachable && !session.state.usable && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    for (;;) {
      const { line } = session;
      if (line === null || line.ended) return;
      await line.roundTrip(ROUND_TRIP_MS_MAX).catch(() => undefined);
      await this.#guard.rest();
      // An execution without its commission is not handed over yet.
      if (!this.#part.waiting || performance.now() > until) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  health(): Readonly<Record<string, unknown>> {
    const { mirror, fills } = this.#part;
    return {
      ...this.#options.session.health(),
      ...{ open: mirror.open().length, twins: mirror.twins, capped: mirror.capped, waiting: this.#placing.waiting },
      foreseen: this.#foreseen.size,
      ...{ feesEstimated: fills.estimated, feesDiffered: fills.lateDifferences, corrections: fills.corrections },
    };
  }

  close(): Promise<void> {
    this.#options.session.close();
    this.#placing.lost('the session was closed');
    this.#cancelling.lost('the session was closed');
    this.#part.close();
    this.#options.sent.close();
    return Promise.resolve();
  }

  /** @throws Error where nothing may leave now. */
  #mayPlace({ purpose, deadlineAt }: Placement): Line<OrderClient> {
    const line = this.#usable();
    const { misread } = this.#options.session.state;
    if (purpose === 'entry' && misread !== null)
      throw new Error(`TWS said what cannot be read (505), and its account is to be read anew: ${misread}`);
    if (this.#options.clock.now() > deadlineAt) throw new Error(`its deadline passed ${this.#options.clock.now() - deadlineAt} ms ago`);
    // What is written into the minute of a restart is lost without a word (mode 2); legs rest at the venue, and exits try.
    const away = purpose === 'entry' ? awayAt(this.#options.resets, this.#options.clock.now()) : null;
    if (away !== null) throw new Error(`no entry is sent into the ${away.window}, which ends at ${new Date(away.until).toISOString()}`);
    return line;
  }

  #familyOf(order: Placement, { conId = 0 }: Contract): readonly Numbered[] {
    let next = this.#options.ids.take(order.bracket === null ? 1 : 3);
    return familyOf(order, { account: this.#account(), group: this.#guard.groupFor(order, conId), nextId: () => next++ });
  }

  #sentOf({ clientOrderId: ref }: Placement, family: readonly Numbered[], { conId = 0 }: Contract, line: Line<OrderClient>): SentFamily {
    const ids = family.map(({ orderId }) => orderId);
    return { ref, ids, conId, sentAt: this.#options.clock.now(), held: this.#part.held(conId), session: this.#sessionName(line) };
  }

  #sessionName = ({ epoch }: Line<OrderClient>): string => `${this.#options.boot}/${epoch}`;

  #account(): string {
    return this.#options.session.greeting?.accounts[0] ?? '';
  }

  #usable(): Line<OrderClient> {
    const line = this.#options.session.usable;
    if (line === null) throw new Error(this.#away());
    return line;
  }

  #away = (): string => `TWS cannot be used now: ${this.#options.session.state.reason}`;

  /** By its name, or by its venue's id where that is all that is known of it. */
  #cancellable({ clientOrderId, venueOrderId }: OrderRef): readonly Mirrored[] {
    const { mirror } = this.#part;
    const byId = venueOrderId === null ? undefined : mirror.of(Number(venueOrderId));
    const found = byId === undefined ? mirror.named(clientOrderId).filter(({ isTwin }) => !isTwin) : [byId];
    return found.filter(({ order }) => order.status === 'open');
  }

  async #found(line: Line<OrderClient>, clientOrderId: string): Promise<Lookup | null> {
    const { open, completed } = await this.#part.read(line);
    const { mirror, fills } = this.#part;
    const executions = fills.since(0).filter((each) => each.clientOrderId === clientOrderId || each.parentId === clientOrderId);
    const [known] = mirror.named(clientOrderId);
    // What it says is open, and TWS does not list, says nothing any more.
    const stands = known !== undefined && (known.order.status !== 'open' || open.has(known.permId) || completed.has(known.permId));
    if (stands) return { kind: 'found', order: known.order, executions };
    const own = executions.filter((each) => each.clientOrderId === clientOrderId);
    const [first] = own;
    return first === undefined ? null : { kind: 'found', order: fromExecutions(first, own), executions };
  }

  /** It is in no list. That alone is no proof that it never was (mode 4). */
  async #missing(line: Line<OrderClient>, clientOrderId: string): Promise<Lookup> {
    const { mirror } = this.#part;
    // TWS told of it here, so whoever asks was told: that it is gone now is a contradiction, and is said as one.
    if (mirror.named(clientOrderId).length > 0) return { kind: 'absent' };
    const unclear = (why: string): Lookup => ({ kind: 'unavailable', reason: `${clientOrderId}: it is in no list, ${why}` });
    // A leg has no life without its entry, and what protects a position must not be asked away.
    if (mirror.legsOf(clientOrderId).length > 0) return unclear('and its legs are at the venue');
    const family = this.#options.sent.family(clientOrderId);
    if (family === undefined) return { kind: 'absent' };
    await this.#part.positions(line);
    const moved = this.#part.movedSince(family.conId, Math.floor(family.sentAt / SECOND_MS) * SECOND_MS);
    const doubt = forgotten(family, { held: this.#part.held(family.conId), moved, session: this.#sessionName(line) });
    if (doubt !== null) return unclear(doubt);
    const answers = await this.#cancelling.all(line, family.ids);
    const found = await this.#found(line, clientOrderId);
    if (found !== null) return found;
    const silence = unanswered(
      answers,
      family.ids.map((id) => this.#cancelling.lastCode(id)),
    );
    return silence === null ? { kind: 'absent' } : unclear(silence);
  }

  async #prepare(line: Line<OrderClient>, why: SyncReason): Promise<void> {
    const contract = await this.#options.contracts.prepare(line);
    if (why === 'connected' && contract !== null) await refuseReadOnly(line, contract, this.#options.ids.take(1), this.#account());
  }

  #onState(state: SessionState): void {
    // Without the connection or the servers nothing is answered any more.
    if (!state.uplink) {
      this.#placing.lost(state.reason);
      this.#cancelling.lost(state.reason);
    }
    if (state.usable && !this.#wasUsable) {
      this.#reports?.onResumed();
      void this.#foreseen.learn(this.#usable());
    }
    this.#wasUsable = state.usable;
    this.#troubles.state(state, () => this.#options.session.state.reason);
  }

  #onOrder(order: Mirrored): void {
    this.#guard.saw(order);
    // A leg that ends may leave its position naked: the guard tells of it, once it is known.
    this.#reports?.onOrder(order.order);
  }

  #onHeard(orderId: number, permId: number, status: string | null): void {
    this.#placing.heard(orderId, permId);
    if (status !== null) this.#cancelling.status(orderId, status);
  }

  #onCode(orderId: number, error: IbkrError): void {
    const text = briefly(error);
    this.#placing.code(orderId, error.code, text);
    this.#cancelling.code(orderId, error.code, text);
    this.#guard.code(orderId, error.code, text);
  }

  #discard(ids: readonly number[]): void {
    const line = this.#options.session.line;
    if (line === null || line.ended) return;
    for (const id of ids) line.client.cancelOrder(id);
  }

  /** A family that broke off with its connection may be held back: it is in no list, and a person could let it go (§3.2, 7). */
  #discardHeld(line: Line<OrderClient>): void {
    const { mirror } = this.#part;
    const suspects = this.#options.sent
      .families()
      .slice(-HELD_LOOKED_AT_MAX)
      .filter(({ ids, ref, session }) => ids.length > 1 && session !== this.#sessionName(line) && mirror.named(ref).length === 0);
    for (const { ids } of suspects) {
      for (const id of ids) if (mirror.withId(id) === undefined) line.client.cancelOrder(id);
    }
  }
}
