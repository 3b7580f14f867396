/**
 * Market data lines of a session: subscribed at every connection anew, and again where TWS lost them (1101) or a farm came back (2104). A quote
 * whose older side is old is refreshed: TWS does not send again what has not changed, and a snapshot shows what it holds now.
 */
import type { Contract } from '@stoqey/ib';
import type { Instant } from '#trading/model/instrument.ts';
import type { FeedHandlers } from '#protocol/venue.ts';
import type { VenueTime } from '../shared/clock.ts';
import type { MarketClient } from './client.ts';
import { CODE, isNotice, type IbkrError } from './codes.ts';
import type { Line } from './line.ts';
import { QuoteLine, type LineName } from './quote-line.ts';
import type { IbkrSession, SessionPart, SessionState, SyncReason } from './session.ts';
import { Vigil, type VigilLimits } from './vigil.ts';

export interface TickerLimits {
  /** A side older than this is refreshed when the other one, or the underlying, moves. Market time. */
  readonly refreshAfterMs: number;
  /** Between two tries where somebody else is logged in (10197). Wall time. */
  readonly competingMs: number;
  /** Of pairs and shares; options may be quiet for longer. Market time. */
  readonly vigil: VigilLimits;
  readonly optionSilentMs: number;
  /** Between two looks whether lines live. Wall time; a played market is looked at with each step. */
  readonly lookMs: number;
}

/** Whether a symbol trades now; null where nobody knows. */
export type IsOpen = (symbol: string, now: Instant) => boolean | null;

interface Watched {
  readonly line: QuoteLine;
  readonly contract: Contract;
  /** Whose moves it is refreshed with. */
  readonly underlying: string | null;
  /** Ids of the subscription and of a snapshot under way. */
  subscription: number | null;
  snapshot: number | null;
  refreshedAt: Instant;
  /** Why there is no data. */
  problem: string | null;
  readonly vigil: Vigil;
  /** It was said that nothing comes. */
  isReported: boolean;
}

/** Market data lines that an account has by default. */
const LINES_MAX = 100;
const LIVE = 1;
/** A cancel and a subscription. */
const MESSAGES_OF_ANEW = 2;
const GIVING_UP_MAX = 6;
const SILENT = 'its market is open, it was asked for anew, and no tick comes';

export class Ticker implements SessionPart<MarketClient> {
  readonly #session: IbkrSession<MarketClient>;
  readonly #time: VenueTime;
  readonly #limits: TickerLimits;
  readonly #played: boolean;
  readonly #onTrouble: () => void;
  readonly #isOpen: IsOpen;
  readonly #watched = new Map<string, Watched>();
  readonly #byId = new Map<number, Watched>();
  readonly #counts = { ticks: 0, quotes: 0, dropped: 0, refreshes: 0, reissued: 0, silent: 0, blind: 0 };
  #handlers: FeedHandlers | null = null;
  #dirty = new Set<Watched>();
  #flush: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #competing = false;
  #farmUp = true;
  #watch: NodeJS.Timeout | undefined;
  /** Connections given up since the last tick, and not before when the next one is. */
  #givenUp = 0;
  #givesUpAt: Instant = 0;

  constructor(session: IbkrSession<MarketClient>, time: VenueTime, limits: TickerLimits, played: boolean, isOpen: IsOpen, onTrouble: () => void) {
    this.#session = session;
    this.#time = time;
    this.#limits = limits;
    this.#played = played;
    this.#isOpen = isOpen;
    this.#onTrouble = onTrouble;
  }

  attach(line: Line<MarketClient>): void {
    this.#byId.clear();
    this.#competing = false;
    for (const { vigil } of this.#watched.values()) vigil.begin();
    line.on('tickPrice', (id, type, value) => this.#onTick(id, (of) => of.onPrice(type, value)));
    line.on('tickSize', (id, type, value) => {
      if (type !== undefined && value !== undefined) this.#onTick(id, (of) => of.onSize(type, value));
    });
    line.on('tickOptionComputation', (id, type, _attribute, _volatility, delta) => this.#byId.get(id)?.line.onModel(type, delta));
    line.on('marketDataType', (id, type) => {
      const watched = this.#byId.get(id);
      if (watched !== undefined) watched.line.dataType = type;
    });
  }

  /** With data kept (1102) lines go on, and what they hold has aged as it should. */
  async sync(line: Line<MarketClient>, why: SyncReason): Promise<void> {
    line.client.reqMarketDataType(LIVE);
    if (why === 'data-kept') return;
    for (const watched of this.#watched.values()) {
      await this.#session.pacing.pass();
      this.#subscribe(line, watched);
    }
  }

  onState({ misread }: SessionState): void {
    // What was read together with what could not be is no price (mode 19).
    const up = this.#session.farmUp('market') && misread === null;
    const line = this.#session.usable;
    if (up && !this.#farmUp && line !== null) void this.#again(line);
    if (!up) for (const { line: of } of this.#watched.values()) of.forget();
    this.#farmUp = up;
  }

  onError(id: number, error: IbkrError): boolean {
    const watched = this.#byId.get(id);
    if (watched === undefined) return false;
    // Of a snapshot it is that request's alone: what is subscribed goes on (mode 28).
    if (error.code === CODE.competingSession) this.#compete(this.#competing || id === watched.subscription);
    else if (error.code === CODE.delayedShown) watched.line.dataType = 3;
    else if (!isNotice(error.code)) watched.problem = error.message;
    return true;
  }

  start(handlers: FeedHandlers): void {
    this.#handlers = handlers;
    this.#schedule();
    if (this.#played) return;
    this.#watch = setInterval(() => {
      const line = this.#session.usable;
      if (line !== null) this.#watchOver(line, this.#time.now());
    }, this.#limits.lookMs);
  }

  /** Idempotent. False where all the lines of an account are taken. */
  async watch(line: Line<MarketClient>, name: LineName, contract: Contract, underlying: string | null = null): Promise<boolean> {
    if (this.#watched.has(name.symbol)) return true;
    if (this.#watched.size >= LINES_MAX) return false;
    await this.#session.pacing.pass();
    const watched: Watched = {
      line: new QuoteLine(name),
      ...{ contract, underlying, subscription: null, snapshot: null, refreshedAt: 0, problem: null, vigil: new Vigil(), isReported: false },
    };
    this.#watched.set(name.symbol, watched);
    this.#subscribe(line, watched);
    return true;
  }

  /** It expired: its line is another's. */
  drop(line: Line<MarketClient>, symbol: string): void {
    const watched = this.#watched.get(symbol);
    if (watched === undefined) return;
    this.#watched.delete(symbol);
    this.#dirty.delete(watched);
    for (const id of [watched.subscription, watched.snapshot]) if (id !== null) this.#byId.delete(id);
    if (watched.subscription !== null) line.client.cancelMktData(watched.subscription);
  }

  /** The middle of a symbol's quote, or what it closed at; null where nothing is known. */
  spot(symbol: string): number | null {
    const line = this.#watched.get(symbol)?.line;
    return line?.middle() ?? line?.close ?? null;
  }

  /** Why no quote can be trusted, or null. */
  trouble(): string | null {
    const { misread } = this.#session.state;
    if (misread !== null) return `TWS says what cannot be read (505): ${misread}`;
    return this.#competing ? `${CODE.competingSession}: another session has the market data` : null;
  }

  /** Of a played market: everything that TWS sent before is a quote of `now` when it resolves. */
  async settle(now: Instant, deadlineMs: number): Promise<void> {
    const line = this.#session.usable;
    if (line === null) return;
    try {
      await line.roundTrip(deadlineMs);
      if (this.#refreshDue(line, now)) await line.roundTrip(deadlineMs);
      // What a line that lives holds is here after a round trip; one that is asked for twice in vain waits.
      while (!line.ended && this.#watchOver(line, now)) await line.roundTrip(deadlineMs);
    } catch (error) {
      // TWS went away over it: nothing is known to have arrived.
      if (!line.ended) throw error;
    }
    if (!line.ended) this.#emit(now);
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counts, lines: this.#watched.size };
  }

  health(): Readonly<Record<string, unknown>> {
    const now = this.#time.now();
    return Object.fromEntries(
      [...this.#watched].map(([symbol, { line, problem, vigil }]) => [symbol, problem ?? (vigil.isDead ? SILENT : { ageMs: line.ageMs(now) })]),
    );
  }

  close(): void {
    clearImmediate(this.#flush);
    clearInterval(this.#retry);
    clearInterval(this.#watch);
  }

  #onTick(id: number, take: (line: QuoteLine) => void): void {
    const watched = this.#byId.get(id);
    if (watched === undefined) return;
    this.#counts.ticks++;
    watched.problem = null;
    watched.isReported = false;
    watched.vigil.ticked(this.#time.now());
    this.#givenUp = 0;
    take(watched.line);
    if (this.#played) return;
    watched.line.stamp(this.#time.now());
    this.#schedule(watched);
  }

  /** Ticks of one quote come one by one: what the chunk brought is told together, the newest of each line. */
  #schedule(watched?: Watched): void {
    if (watched !== undefined) this.#dirty.add(watched);
    if (this.#played || this.#handlers === null || this.#flush !== undefined) return;
    this.#flush = setImmediate(() => {
      this.#flush = undefined;
      const line = this.#session.usable;
      // What came before the session is READY, or while TWS has lost its servers, prices nothing.
      if (line === null) return;
      this.#refreshDue(line, this.#time.now());
      const dirty = this.#dirty;
      this.#dirty = new Set();
      for (const each of dirty) this.#tell(each);
    });
  }

  #emit(now: Instant): void {
    for (const watched of this.#watched.values()) {
      if (!watched.line.touched) continue;
      watched.line.stamp(now);
      this.#tell(watched);
    }
  }

  #tell({ line }: Watched): void {
    const handlers = this.#handlers;
    if (handlers === null) return;
    const quote = line.quote();
    if (typeof quote === 'string') {
      this.#counts.dropped++;
      const { asset, symbol } = line.name;
      return handlers.onDropped({ asset, symbol, reason: quote, exchangeAt: null });
    }
    this.#counts.quotes++;
    if (this.#competing) this.#compete(false);
    handlers.onQuote(quote);
  }

  /** Asks for what a moving line holds of its other side, and for the options of a share that moves. True where anything was asked. */
  #refreshDue(line: Line<MarketClient>, now: Instant): boolean {
    const moved = new Set<string>();
    for (const [symbol, { line: of }] of this.#watched) if (of.touched || this.#isDirty(symbol)) moved.add(symbol);
    let asked = false;
    for (const [symbol, watched] of this.#watched) {
      const { underlying, refreshedAt } = watched;
      if (!moved.has(symbol) && !(underlying !== null && moved.has(underlying))) continue;
      if (now - refreshedAt < this.#limits.refreshAfterMs) continue;
      if (!this.#isOld(watched, now)) continue;
      if (this.#session.pacing.take('read') > 0) break;
      watched.refreshedAt = now;
      this.#snapshot(line, watched);
      asked = true;
    }
    return asked;
  }

  #isDirty(symbol: string): boolean {
    const watched = this.#watched.get(symbol);
    return watched !== undefined && this.#dirty.has(watched);
  }

  #isOld({ line }: Watched, now: Instant): boolean {
    const ageMs = line.ageMs(now);
    return ageMs !== null && ageMs > this.#limits.refreshAfterMs;
  }

  #snapshot(line: Line<MarketClient>, watched: Watched): void {
    if (watched.snapshot !== null) this.#byId.delete(watched.snapshot);
    watched.snapshot = line.nextId();
    this.#byId.set(watched.snapshot, watched);
    this.#counts.refreshes++;
    line.client.reqMktData(watched.snapshot, watched.contract, '', true, false);
  }

  #subscribe(line: Line<MarketClient>, watched: Watched): void {
    if (watched.subscription !== null) this.#byId.delete(watched.subscription);
    watched.line.forget();
    watched.vigil.asked(this.#time.now());
    watched.subscription = line.nextId();
    this.#byId.set(watched.subscription, watched);
    line.client.reqMktData(watched.subscription, watched.contract, '', false, false);
  }

  /**
   * Lines of open markets that have been silent are asked for anew; those that stay silent are reported, and where all of them do the connection is given up.
   * True where anything was asked for.
   */
  #watchOver(line: Line<MarketClient>, now: Instant): boolean {
    if (this.#competing || !this.#farmUp) return false;
    let [asked, open, dead] = [false, 0, 0];
    for (const watched of this.#watched.values()) {
      const { vigil, problem, underlying } = watched;
      const { symbol } = watched.line.name;
      const silentMs = underlying === null ? this.#limits.vigil.silentMs : this.#limits.optionSilentMs;
      // Of what TWS has refused nothing will come.
      const isOpen = problem === null && this.#isOpen(symbol, now) === true;
      const isDue = vigil.look(now, isOpen, { silentMs, answerMs: this.#played ? 0 : this.#limits.vigil.answerMs });
      if (isOpen) open++;
      if (isOpen && vigil.isDead) {
        dead++;
        this.#report(watched);
      }
      if (!isDue || this.#session.pacing.take('read', MESSAGES_OF_ANEW) > 0) continue;
      if (watched.subscription !== null) line.client.cancelMktData(watched.subscription);
      this.#subscribe(line, watched);
      this.#counts.reissued++;
      asked = true;
    }
    if (open > 0 && dead === open && this.#giveUp(now)) return false;
    return asked;
  }

  #report(watched: Watched): void {
    if (watched.isReported) return;
    watched.isReported = true;
    this.#counts.silent++;
    const { asset, symbol } = watched.line.name;
    this.#handlers?.onDropped({ asset, symbol, reason: SILENT, exchangeAt: null });
  }

  /** Blind after the Sunday restart (mode 40): another connection sees. Where it does not either, not at once again. */
  #giveUp(now: Instant): boolean {
    if (now < this.#givesUpAt) return false;
    this.#givesUpAt = now + this.#limits.vigil.silentMs * 2 ** Math.min(this.#givenUp++, GIVING_UP_MAX);
    this.#counts.blind++;
    this.#session.abandon('blind: no open market has a tick, asked for anew or not');
    return true;
  }

  /** Cancels and subscribes: after a farm came back TWS may say that all is well and send nothing. */
  async #again(line: Line<MarketClient>): Promise<void> {
    for (const watched of [...this.#watched.values()]) {
      await this.#session.pacing.pass();
      if (line.ended) return;
      if (watched.subscription !== null) line.client.cancelMktData(watched.subscription);
      await this.#session.pacing.pass();
      if (line.ended) return;
      this.#subscribe(line, watched);
    }
  }

  #compete(on: boolean): void {
    if (on === this.#competing) return;
    this.#competing = on;
    clearInterval(this.#retry);
    if (on) {
      for (const { line } of this.#watched.values()) line.forget();
      this.#retry = setInterval(() => {
        const line = this.#session.usable;
        if (line !== null) void this.#again(line);
      }, this.#limits.competingMs);
    }
    this.#onTrouble();
  }
}
