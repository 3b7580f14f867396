/**
 * A session with TWS that outlives its connections: dials, greets, has its parts synchronise, is READY, and begins again from nothing where the
 * connection ends. Parts send only while it is `usable`; what comes in is handled in every state.
 */
import type { Client, Address } from './client.ts';
import { CODE, farmNews, isNotice, type FarmKind, type IbkrError } from './codes.ts';
import { Counters } from '../shared/counters.ts';
import { Connection, type Greeting, type Line, type LineLimits } from './line.ts';
import { Pacing } from './pacing.ts';
import { delayMs } from '../shared/retry.ts';

/** `connected`: a new connection. `data-lost`, `data-kept`: TWS lost its servers and has them again (1101, 1102). */
export type SyncReason = 'connected' | 'data-lost' | 'data-kept';

export interface SessionPart<C extends Client = Client> {
  /** With each fresh client, before it dials: register listeners. */
  attach(line: Line<C>): void;
  /** Between greeting and READY, and again when the servers are back. What rejects ends the connection; the next one tries again. */
  sync(line: Line<C>, why: SyncReason): Promise<void>;
  /** `usable` or a farm changed. */
  onState?(state: SessionState): void;
  /** An error whose id is of no request: an order's, or -1. True where it was meant for this part. */
  onError?(id: number, error: IbkrError, advancedReject: unknown): boolean;
}

export interface SessionState {
  readonly phase: 'down' | 'dialling' | 'syncing' | 'ready' | 'closed';
  /** Between TWS and its servers. */
  readonly uplink: boolean;
  /** READY and uplink: the only state in which anything may be sent. */
  readonly usable: boolean;
  /** Why not, or how it came to be. */
  readonly reason: string;
  /**
   * What the library could not decode (505): something that TWS said may be missing or wrong. Null once another connection is READY without that.
   * Reports and exits go on, nothing is entered and nothing priced (mode 19).
   */
  readonly misread: string | null;
}

type Step = Omit<SessionState, 'misread'>;

/** It will be the same the next time: a person has to change something first. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export interface SessionLimits extends LineLimits {
  readonly redial: { readonly baseMs: number; readonly capMs: number };
  /** A connection that was READY this long was healthy: the next failure is the first again. */
  readonly stableMs: number;
  /** For `open`: tries begin no later than this; then it goes on by itself. */
  readonly openMs: number;
  /** From a 505 to the end of its connection; longer each time, since a TWS that was updated says it again. */
  readonly renew: { readonly baseMs: number; readonly capMs: number };
}

/** Together less than the 30 s in which an actor must start. */
export const SESSION_LIMITS: SessionLimits = Object.freeze({
  greetMs: 8000,
  quietMs: 2000,
  answerMs: 4000,
  lookMs: 500,
  redial: { baseMs: 1000, capMs: 60_000 },
  stableMs: 30_000,
  openMs: 12_000,
  renew: { baseMs: 1000, capMs: 900_000 },
});

/** An embedded venue is there again within a second: waiting longer would only hold the market up. */
export const EMBEDDED_SESSION_LIMITS: SessionLimits = Object.freeze({ ...SESSION_LIMITS, redial: { baseMs: 100, capMs: 1000 }, openMs: 2000 });

export interface SessionOptions<C extends Client> {
  readonly address: Address;
  /** The same at every connection, and another one for each session of the house: 326 otherwise. */
  readonly clientId: number;
  /** Must be among those TWS manages; null takes whichever they are. */
  readonly account: string | null;
  readonly create: (address: Address) => C;
  /** Share of the 50 messages a second that may be used; null where the market is played faster than the wall's clock. */
  readonly rateLimit: number | null;
  /** Hears every greeting, before the parts: for order ids. */
  readonly onGreeting?: (greeting: Greeting) => void;
  readonly limits?: SessionLimits;
}

/** Order ids are small; errors of ids near 2^31 are not echoed. */
const FIRST_REQUEST_ID = 1_000_000_000;
const FARMS_MAX = 32;
/** A 505 this long after the one before is the first again. */
const FORGIVEN_MS = 3_600_000;

export class IbkrSession<C extends Client> {
  readonly pacing: Pacing;
  readonly counters = new Counters();
  readonly #options: SessionOptions<C>;
  readonly #limits: SessionLimits;
  readonly #parts: SessionPart<C>[] = [];
  readonly #farms = new Map<string, { readonly kind: FarmKind; readonly up: boolean }>();
  readonly #wall = (): number => performance.now();
  #line: Connection<C> | null = null;
  #greeting: Greeting | null = null;
  #state: SessionState = { phase: 'down', uplink: false, usable: false, reason: 'not opened', misread: null };
  #epoch = 0;
  /** Of the connection that stands, as TWS told it; believed until it says otherwise. */
  #uplink = true;
  #requests = FIRST_REQUEST_ID;
  #failures = 0;
  #readyAt = 0;
  /** `open` is over: from then on it dials again by itself. */
  #opened = false;
  /** TWS greeted us, and the connection stood, when it could not be used. */
  #refused = false;
  #redial: NodeJS.Timeout | undefined;
  #trouble: string | null = null;
  #syncs = 0;
  #misread: { readonly epoch: number; readonly what: string } | null = null;
  #misreads = 0;
  #misreadAt = 0;
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions<C>) {
    this.#options = options;
    this.#limits = options.limits ?? SESSION_LIMITS;
    this.pacing = new Pacing(options.rateLimit, this.#wall);
  }

  /** Before `open`. They are attached and synchronised in this order. */
  add(part: SessionPart<C>): void {
    if (this.#epoch > 0) throw new Error('a part was added to a session that is open');
    this.#parts.push(part);
  }

  /**
   * Resolves when READY; where it `waits` also when TWS was not there in time: it may be in its restart, is dialled on, and the session comes alive by itself.
   * @throws Error where TWS cannot be used; the session is closed then
   */
  async open(waits = true): Promise<void> {
    const begun = this.#wall();
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#dial();
        this.#opened = true;
        return;
      } catch (error) {
        const waitMs = delayMs(attempt, this.#limits.redial);
        const isLate = this.#wall() - begun + waitMs > this.#limits.openMs;
        if (waits && isLate && !this.#refused) return this.#waitFor(attempt);
        if (isLate || error instanceof ConfigurationError) {
          this.close();
          const { host, port } = this.#options.address;
          throw new Error(`TWS at ${host}:${port} cannot be used: ${(error as Error).message}`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The connection while it is READY with its uplink; null otherwise, and then nothing is sent. */
  get usable(): Line<C> | null {
    return this.#state.usable ? this.#line : null;
  }

  /** The connection in whatever state: for proving that it lives. */
  get line(): Line<C> | null {
    return this.#line;
  }

  get greeting(): Greeting | null {
    return this.#greeting;
  }

  /** False where a farm of the kind is broken; TWS names farms, not contracts. */
  farmUp(kind: FarmKind): boolean {
    for (const farm of this.#farms.values()) if (farm.kind === kind && !farm.up) return false;
    return true;
  }

  /** A part has found that the connection cannot be trusted. */
  abandon(reason: string): void {
    this.#line?.end(reason);
  }

  health(): Readonly<Record<string, unknown>> {
    const { host, port } = this.#options.address;
    return {
      tws: `${host}:${port}`,
      clientId: this.#options.clientId,
      ...this.#state,
      connections: this.#epoch,
      serverVersion: this.#greeting?.serverVersion ?? null,
      farmsDown: [...this.#farms].filter(([, { up }]) => !up).map(([name]) => name),
      lastTrouble: this.#trouble,
    };
  }

  close(): void {
    if (this.#state.phase === 'closed') return;
    clearTimeout(this.#redial);
    clearTimeout(this.#renewal);
    this.#enter({ phase: 'closed', uplink: false, usable: false, reason: 'closed' });
    this.#line?.end('closed');
    this.#line = null;
  }

  #waitFor(attempts: number): void {
    this.#opened = true;
    this.#failures = attempts;
    this.#redialLater();
  }

  async #dial(): Promise<void> {
    this.#epoch++;
    this.#refused = false;
    this.#farms.clear();
    this.#uplink = true;
    this.#enter({ phase: 'dialling', uplink: false, usable: false, reason: 'dialling' });
    const line = new Connection<C>(this.#options.address, this.#epoch, this.#limits, {
      create: this.#options.create,
      onError: (id, error, advanced) => this.#onError(id, error, advanced),
      onInfo: (code, text) => this.#onInfo(code, text),
      onEnd: (reason) => this.#onEnd(line, reason),
      nextId: () => ++this.#requests,
      wall: this.#wall,
    });
    this.#line = line;
    for (const part of this.#parts) part.attach(line);
    const greeting = await line.greet(this.#options.clientId);
    this.#refuseAccount(line, greeting);
    this.#greeting = greeting;
    this.#options.onGreeting?.(greeting);
    this.#enter({ phase: 'syncing', uplink: this.#uplink, usable: false, reason: 'synchronising' });
    await this.#sync(line, 'connected');
    this.#readyAt = this.#wall();
  }

  #refuseAccount(line: Connection<C>, { accounts }: Greeting): void {
    const { account } = this.#options;
    if (account === null || accounts.includes(account)) return;
    this.#refused = true;
    const problem = `TWS manages ${accounts.join(', ') || 'no account'}, not ${account}`;
    line.end(problem);
    throw new Error(problem);
  }

  /** A second loss of the uplink while it runs makes its end worthless. */
  async #sync(line: Connection<C>, why: SyncReason): Promise<void> {
    const sync = ++this.#syncs;
    try {
      for (const part of this.#parts) await part.sync(line, why);
    } catch (error) {
      // Without its servers it is away, and no better the next time only while that lasts.
      this.#refused = !line.ended && sync === this.#syncs;
      line.end(`synchronising: ${(error as Error).message}`);
      throw error;
    }
    if (sync !== this.#syncs || line.ended || !this.#uplink) return;
    if (this.#misread !== null && this.#misread.epoch < line.epoch) this.#misread = null;
    this.#enter({ phase: 'ready', uplink: true, usable: true, reason: why });
  }

  #onEnd(line: Connection<C>, reason: string): void {
    this.counters.count('connections.ended');
    this.#trouble = reason;
    if (line !== this.#line || this.#state.phase === 'closed') return;
    clearTimeout(this.#renewal);
    this.#renewal = undefined;
    const stable = this.#state.phase === 'ready' && this.#wall() - this.#readyAt > this.#limits.stableMs;
    this.#failures = stable ? 1 : this.#failures + 1;
    this.#enter({ phase: 'down', uplink: false, usable: false, reason });
    if (this.#opened) this.#redialLater();
  }

  #redialLater(): void {
    this.#redial = setTimeout(() => void this.#dial().catch(() => undefined), delayMs(this.#failures, this.#limits.redial));
  }

  #onInfo(code: number, text: string): void {
    this.counters.count(`info.${code}`);
    switch (code) {
      case CODE.uplinkLost:
      case CODE.serverLost:
        this.#syncs++;
        this.#uplink = false;
        this.#enter({ ...this.#state, uplink: false, usable: false, reason: `${code}: TWS has lost its servers` });
        return this.#line?.lostServers(this.#state.reason);
      case CODE.uplinkBackDataLost:
        return this.#onUplink('data-lost');
      case CODE.uplinkBack:
        return this.#onUplink('data-kept');
      default: {
        const news = farmNews(code, text);
        if (news === null) return void (this.#trouble = `${code}: ${text}`);
        if (this.#farms.size < FARMS_MAX || this.#farms.has(news.name)) this.#farms.set(news.name, news);
        this.#tell();
      }
    }
  }

  #onUplink(why: SyncReason): void {
    const line = this.#line;
    const { phase } = this.#state;
    this.#uplink = true;
    if (line === null || (phase !== 'ready' && phase !== 'syncing')) return;
    this.#enter({ phase: 'syncing', uplink: true, usable: false, reason: `synchronising, ${why}` });
    void this.#sync(line, why).catch(() => undefined);
  }

  #onError(id: number, error: IbkrError, advancedReject: unknown): void {
    this.counters.count(`error.${error.code}`);
    if (error.code === CODE.decode) return this.#onMisread(error);
    for (const part of this.#parts) if (part.onError?.(id, error, advancedReject) === true) return;
    if (!isNotice(error.code)) this.#trouble = `${error.message} (id ${id})`;
  }

  /** What was lost with it is read again by another connection. That one may hear the same: then it stays, so that exits and reports do. */
  #onMisread({ message }: IbkrError): void {
    const line = this.#line;
    if (line === null || this.#state.phase === 'closed') return;
    this.#trouble = message;
    if (this.#wall() - this.#misreadAt > FORGIVEN_MS) this.#misreads = 0;
    this.#misreadAt = this.#wall();
    this.#misread = { epoch: line.epoch, what: `connection ${line.epoch}: ${message}` };
    this.#renewal ??= setTimeout(() => line.end('what it said could not be decoded (505)'), delayMs(++this.#misreads, this.#limits.renew));
    this.#enter(this.#state);
  }

  #enter(step: Step): void {
    this.#state = { ...step, misread: this.#misread?.what ?? null };
    this.#tell();
  }

  #tell(): void {
    for (const part of this.#parts) part.onState?.(this.#state);
  }
}
