/**
 * One session of an account at Bybit: a keyed ccxt instance of its own, apart from market data, so that no read of quotes is ever before an
 * order. It signs with the venue's time, refuses what is too late, and checks the account before the first order.
 */
import type { Instant, Instrument } from '#trading/model/instrument.ts';
import { CorrectedTime, PlayedTime, type VenueTime } from '../../shared/clock.ts';
import { Counters } from '../../shared/counters.ts';
import { ENDPOINTS, privateStreamUrl, type Category, type Endpoints, type Environment } from '../endpoints.ts';
import { categoryOf, instrumentOf } from '../markets.ts';
import { RestGate } from '../rest-gate.ts';
import { briefly, retried } from '../../shared/retry.ts';
import { createTransport, type Transport } from '../transport.ts';
import { accountProblem, prepareAccount } from './account-check.ts';
import { createTradingExchange, type Keys, type TradingExchange } from './exchange.ts';
import { Cancels } from './cancels.ts';
import { isHalting, type Answer } from './outcome.ts';
import { PrivateStream } from './private-stream.ts';
import type { Body } from './request.ts';
import { toldOf, Turns, type Rank } from './turns.ts';

export type Read =
  | 'privateGetV5OrderRealtime'
  | 'privateGetV5OrderHistory'
  | 'privateGetV5ExecutionList'
  | 'privateGetV5PositionList'
  | 'privateGetV5AccountWalletBalance'
  | 'privateGetV5UserQueryApi';
export type Write =
  | 'privatePostV5OrderCancel'
  | 'privatePostV5OrderAmend'
  | 'privatePostV5PositionTradingStop'
  | 'privatePostV5PositionSetLeverage'
  | 'privatePostV5PositionSwitchMode';

export interface SessionOptions {
  readonly environment: Environment;
  /** Where an embedded venue listens; null elsewhere. */
  readonly endpoints: Endpoints | null;
  readonly keys: Keys;
  /** Unified symbols. */
  readonly symbols: readonly string[];
  /** Share of the venue's limits that may be used, in (0, 1]. */
  readonly rateLimit: number;
  /** Leverage to set for perpetuals. */
  readonly leverage: number;
  readonly requestMs: number;
  readonly receiveWindowMs: number;
}

/** Nothing left this process. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

const MARKETS = { baseMs: 250, capMs: 2000, totalMs: 11_000 };
const READS = { baseMs: 200, capMs: 1000, totalMs: 3000 };
const STREAM = { redial: { baseMs: 250, capMs: 15_000 }, stableMs: 30_000 };
const STREAM_UP_MS = 10_000;
const KEEP_ALIVE_MS = 5000;
const CLOCK_MS = 60_000;
/** 10002: our stamp is outside the venue's window. */
const CLOCK_WRONG = 10002;
const CAUSES_MAX = 4;

export class BybitSession {
  readonly #options: SessionOptions;
  readonly #endpoints: Endpoints;
  readonly #time: VenueTime;
  readonly #counters = new Counters();
  readonly #gate: RestGate;
  readonly #turns: Turns;
  readonly #transport: Transport;
  /** Of perpetuals. */
  readonly cancels: Cancels;
  readonly #deadlines = new Map<string, Instant>();
  #exchange: TradingExchange | null = null;
  #instruments: readonly Instrument[] = [];
  #stream: PrivateStream | null = null;
  #clock: NodeJS.Timeout | null = null;
  /** Why no order may be sent any more, until a person looked. */
  #halted: string | null = null;
  /** Venue's time since when reports flow; null while they do not. */
  #reportsSince: Instant | null = null;

  constructor(options: SessionOptions) {
    const { environment, endpoints } = options;
    if ((environment === 'embedded') !== (endpoints !== null)) throw new Error('rest and ws belong to an embedded market, and to no other');
    this.#options = options;
    this.#endpoints = environment === 'embedded' ? (endpoints as Endpoints) : ENDPOINTS[environment]; // checked above
    this.#time = environment === 'embedded' ? new PlayedTime() : new CorrectedTime(() => Date.now());
    this.#gate = new RestGate(options.rateLimit, () => performance.now());
    this.#turns = new Turns(options.rateLimit, environment !== 'embedded', () => performance.now());
    this.#transport = createTransport(options.requestMs);
    this.cancels = new Cancels(this.#turns, {
      one: async (body) => this.#opened().privatePostV5OrderCancel(body),
      many: async (batch) => this.#opened().privatePostV5OrderCancelBatch(batch),
      answerOf: (thrown) => this.answerOf(thrown),
    });
  }

  now(): Instant {
    return this.#time.now();
  }

  instruments(): readonly Instrument[] {
    return this.#instruments;
  }

  /** @throws RangeError */
  instrument(symbol: string): Instrument {
    const found = this.#instruments.find((known) => known.symbol === symbol);
    if (found === undefined) throw new RangeError(`${symbol} is not configured for live orders`);
    return found;
  }

  /**
   * Resolves when the account was checked and its reports flow.
   * @throws Error where the venue cannot be reached, or the key may do what it must not (withdraw), or may not what it must.
   */
  async open(
    onRows: (topic: 'order' | 'execution', rows: readonly unknown[]) => void,
    onResumed: () => void,
    onOrderLimit: (limit: number, windowMs: number) => void = () => undefined,
  ): Promise<void> {
    this.#turns.onOrderLimit = onOrderLimit;
    const { environment, keys, symbols, requestMs, receiveWindowMs, leverage } = this.#options;
    this.#exchange = await createTradingExchange(
      {
        ...{ environment, endpoints: this.#endpoints, categories: [...new Set(symbols.map(categoryOf))], fetch: this.#transport.fetch },
        ...{ keepAliveMs: KEEP_ALIVE_MS, connectMs: requestMs, requestMs, keys, receiveWindowMs, now: () => this.#time.now() },
      },
      {
        beforeRequest: ({ method, body }) => Promise.resolve().then(() => this.#lastLook(method, body)),
        onResponse: (path, status, retCode, headers, time, category) => {
          this.#counters.count(`rest.${path.split('/').at(-1) ?? ''}`);
          this.#gate.observe(path, status, retCode, headers);
          if (category !== null) this.#turns.observe(path, category, toldOf(headers, time));
          if (time !== null && status === 200) this.#time.observe(time);
          if (retCode === CLOCK_WRONG) void this.#sampleClock();
        },
        onMessage: (socket, message) => this.#stream?.onMessage(socket, message) ?? true,
        onConnected: (socket) => this.#stream?.onConnected(socket),
        onLost: (socket, reason) => this.#stream?.onLost(socket, reason),
      },
    );
    await this.#sampleClock();
    const exchange = this.#exchange;
    const markets = await retried(
      'reading the instruments of Bybit',
      MARKETS,
      () => exchange.loadMarkets(true),
      () => this.#counters.count('failed.markets'),
    );
    this.#instruments = symbols.map((symbol) => instrumentOf(symbol, markets));
    const problem = accountProblem(await this.read('privateGetV5UserQueryApi', {}), this.#time.now(), environment);
    if (problem !== null) throw new Error(`the Bybit key of ${environment} cannot be used: ${problem}`);
    await prepareAccount(this, this.#instruments, leverage);
    await this.#openStream(exchange, onRows, onResumed);
    this.#clock = setInterval(() => void this.#sampleClock(), CLOCK_MS);
  }

  /** One request, once. @throws NotSent where nothing left; otherwise whatever `answerOf` makes sense of. */
  async place(body: Body, deadlineAt: Instant): Promise<unknown> {
    if (this.#halted !== null) throw new NotSent(`live orders at Bybit are halted: ${this.#halted}`);
    const full = this.#turns.order(categoryIn(body));
    if (full !== null) throw new NotSent(full);
    const id = String(body.orderLinkId);
    this.#deadlines.set(id, deadlineAt);
    // A played market stands still between frames: the decision's time is the newest that is known.
    if (this.#options.environment === 'embedded') this.#time.observe(deadlineAt - this.#options.requestMs);
    try {
      return resultOf(await this.#opened().privatePostV5OrderCreate(body));
    } finally {
      this.#deadlines.delete(id);
    }
  }

  /** May be repeated by who asks; here it is one request. @throws NotSent where its turn came after the deadline. */
  async write(call: Write, body: Body, deadlineAt = Infinity): Promise<unknown> {
    const exchange = this.#opened();
    const send = async (): Promise<unknown> => {
      const lateMs = this.#time.now() - deadlineAt;
      if (lateMs > 0) throw new NotSent(`its turn came ${Math.ceil(lateMs)} ms after the deadline`);
      return exchange[call](body);
    };
    return resultOf(await this.#turns.change(call, categoryIn(body), send));
  }

  /** Repeated a few times where the venue or the network does not answer; never with a key that the venue refuses. */
  async read(call: Read, query: Body, rank: Rank = 'plain'): Promise<unknown> {
    const exchange = this.#opened();
    return retried(
      call,
      READS,
      async () => resultOf(await this.#turns.read(rank, call, categoryIn(query), () => exchange[call](query))),
      () => this.#counters.count(`failed.${call}`),
      (error) => isHalting(this.answerOf(error)),
    );
  }

  answerOf(thrown: unknown): Answer {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { retCode, httpStatus } = codedCauseOf(error);
    const answer: Answer = {
      retCode: typeof retCode === 'number' && Number.isFinite(retCode) ? retCode : null,
      httpStatus: typeof httpStatus === 'number' ? httpStatus : null,
      text: briefly(error),
    };
    if (isHalting(answer)) this.#halted ??= `Bybit answered ${answer.retCode ?? '?'}: ${answer.text}`;
    return answer;
  }

  /** Venue's time since when the private stream reports, or null while it does not. */
  get reportsSince(): Instant | null {
    return this.#reportsSince;
  }

  /** The stream looks well and did not tell what happened: another socket is dialled. */
  suspectStream(reason: string): void {
    this.#counters.count('private.suspect');
    this.#stream?.suspect(reason);
  }

  health(): Readonly<Record<string, unknown>> {
    return {
      ...this.#counters.view(),
      up: this.#stream?.up ?? false,
      halted: this.#halted,
      clockOffsetMs: this.#time.offsetMs,
      waiting: { ...this.#turns.view(), cancels: this.cancels.waiting },
    };
  }

  observe(now: Instant): void {
    if (this.#options.environment === 'embedded') this.#time.observe(now);
  }

  async caughtUp(): Promise<void> {
    await this.#stream?.caughtUp();
  }

  async close(): Promise<void> {
    if (this.#clock !== null) clearInterval(this.#clock);
    this.#stream?.close();
    this.#turns.close();
    this.cancels.close();
    await this.#transport.close();
  }

  /** The last look before bytes leave; after it ccxt writes the request. @throws NotSent */
  #lastLook(method: string, body: string | undefined): void {
    // While the venue wants no requests, it gets none: more of them make a ban longer.
    const closed = this.#gate.closedFor();
    if (closed !== null) throw new NotSent(closed);
    const id = method === 'POST' ? linkIdOf(body) : null;
    const deadlineAt = id === null ? undefined : this.#deadlines.get(id);
    if (deadlineAt === undefined) return;
    const late = this.#time.now() - deadlineAt;
    if (late > 0) throw new NotSent(`its deadline passed ${late} ms ago`);
  }

  async #openStream(
    exchange: TradingExchange,
    onRows: (topic: 'order' | 'execution', rows: readonly unknown[]) => void,
    onResumed: () => void,
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const up = new Promise<void>((resolve, reject) => {
      let isFirst = true;
      this.#stream = new PrivateStream(
        exchange,
        privateStreamUrl(this.#endpoints),
        this.#options.keys,
        { now: () => this.#time.now(), counters: this.#counters },
        STREAM,
        {
          onRows,
          onUp: () => {
            if (isFirst) resolve();
            else onResumed();
            isFirst = false;
            this.#reportsSince = this.#time.now();
            this.#counters.count('private.up');
          },
          onDown: () => {
            this.#reportsSince = null;
            this.#counters.count('private.down');
          },
          onRefused: (reason) => {
            this.#reportsSince = null;
            this.#halted ??= reason;
            if (isFirst) reject(new Error(reason));
          },
        },
      );
      timer = setTimeout(() => reject(new Error(`the private stream was not up within ${STREAM_UP_MS} ms`)), STREAM_UP_MS);
      this.#stream.dial();
    });
    await up.finally(() => clearTimeout(timer));
  }

  async #sampleClock(): Promise<void> {
    try {
      const sentAt = Date.now();
      const answer = await this.#opened().publicGetV5MarketTime({});
      if (typeof answer === 'object' && answer !== null && 'time' in answer && typeof answer.time === 'number') {
        this.#time.sample(answer.time, sentAt, Date.now());
      }
    } catch {
      this.#counters.count('failed.clock');
    }
  }

  #opened(): TradingExchange {
    if (this.#exchange === null) throw new NotSent('the session is not open');
    return this.#exchange;
  }
}

/** What our hook (create.ts) said of an error, or of what caused it: reads that gave up are wrapped. */
function codedCauseOf(error: Error): { readonly retCode?: unknown; readonly httpStatus?: unknown } {
  let at: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth++) {
    if ('retCode' in at) return at;
    at = at.cause;
  }
  return {};
}

const categoryIn = ({ category }: Body): Category => (category === 'spot' ? 'spot' : 'linear');

function linkIdOf(body: string | undefined): string | null {
  if (body === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'orderLinkId' in parsed && typeof parsed.orderLinkId === 'string'
      ? parsed.orderLinkId
      : null;
  } catch {
    return null;
  }
}

const resultOf = (answer: unknown): unknown => (typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined);
