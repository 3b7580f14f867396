/**
 * Plays the embedded market at the pace of the tree: one step, wait until its quotes have arrived and every mailbox is empty, next step.
 * So the age of a quote is true in market time at any speed, and the same seed gives the same trades. Within a step the simulator and the
 * governor see the quotes before the traders do: what an order is filled at never depends on which process was faster.
 */
import type { Log } from '#protocol/ports.ts';
import type { Broker, Instant } from '#trading/model/instrument.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { handOut, type Audience, type HandOutPorts } from './hand-out.ts';
import type { MarketClock } from './market-clock.ts';

/** What the venue answers to `step` and `idle`. */
export interface StepReply {
  readonly now: Instant;
  /** Book frames sent to subscribers in this step: as many quotes or drops will come back through the gateway. */
  readonly books: number;
  readonly ended: boolean;
  /** When the next step plays, or null where unknown. */
  readonly next: Instant | null;
  /** TWS showed something, whose wire tells no time: its quotes come when `feeds` was asked. */
  readonly tws?: boolean;
  /** TWS is in a restart or without its servers: its gateway brings nothing until it is back. */
  readonly twsAway?: boolean;
  /** Of these books, the venue's times that are not `now`: a venue with bad quotes shows frozen and stale ones. */
  readonly oldStamps?: readonly Instant[];
}

export interface ConductorPorts extends HandOutPorts {
  step(): Promise<StepReply>;
  idle(ms: number): Promise<StepReply>;
  /** Has the gateways hand over what such a wire brought, as of now; false where one did not answer. */
  feeds?(): Promise<boolean>;
  /** Resolves when all that must run is running; false where the system is stopping. */
  ready(): Promise<boolean>;
  /** Wall milliseconds, monotonic. */
  wall(): number;
  sleep(ms: number): Promise<void>;
  readonly log: Log;
}

export interface ConductorOptions extends Audience {
  /** Times real time; Infinity plays as fast as the tree can follow. */
  readonly speed: number;
}

const QUOTES_LATE_MS_MAX = 1000;
const BEHIND_MS_MAX = 2000;
const IDLE_STEP_MARKET_MS_MIN = 1000;
const IDLE_STEP_WALL_MS = 100;

export class Conductor {
  readonly #ports: ConductorPorts;
  readonly #options: ConductorOptions;
  readonly #clock: MarketClock;
  #buffer: QuoteSnapshot[] = [];
  #arrivals = new Map<Instant, number>();
  #awaited: { readonly at: Instant; readonly due: ReadonlyMap<Instant, number>; readonly arrived: () => void } | null = null;
  #stopping = false;
  /** Books played and answered by a quote or a drop; the books of a subscription, from before the first step, are not among them. */
  quotes = 0;
  dropped = 0;
  late = 0;

  constructor(clock: MarketClock, ports: ConductorPorts, options: ConductorOptions) {
    this.#clock = clock;
    this.#ports = ports;
    this.#options = options;
  }

  onQuote(quote: QuoteSnapshot): void {
    this.#buffer.push(quote);
    if (quote.broker === 'ibkr') this.quotes++;
    else this.#count(quote.exchangeAt);
  }

  onDropped(at: Instant | null, broker: Broker = 'bybit'): void {
    this.dropped++;
    if (broker === 'ibkr') return;
    this.#count(at ?? this.#awaited?.at ?? this.#clock.now());
  }

  stop(): void {
    this.#stopping = true;
    this.#awaited?.arrived();
  }

  /** Plays until the market ends or `stop` is called. */
  async run(): Promise<'ended' | 'stopped'> {
    let pace = { wall: this.#ports.wall(), market: this.#clock.now() };
    let next: Instant | null = null;
    while (await this.#mayGoOn()) {
      const idleMs = this.#idleBefore(next);
      pace = await this.#pace(pace, idleMs === null ? (next ?? this.#clock.now()) : this.#clock.now() + idleMs);
      if (!(await this.#mayGoOn())) break;
      const reply = await this.#play(idleMs);
      if (reply === null) continue;
      ({ next } = reply);
      await this.#handle(reply);
      if (reply.ended) return 'ended';
    }
    return 'stopped';
  }

  async #mayGoOn(): Promise<boolean> {
    return !this.#stopping && (await this.#ports.ready()) && !this.#stopping;
  }

  /** A paced market does not jump over a gap: the clock is moved in small idle steps so that quotes age as they would. */
  #idleBefore(next: Instant | null): number | null {
    if (!Number.isFinite(this.#options.speed) || next === null) return null;
    const idleMs = Math.max(IDLE_STEP_MARKET_MS_MIN, IDLE_STEP_WALL_MS * this.#options.speed);
    return next - this.#clock.now() > idleMs ? idleMs : null;
  }

  async #pace(from: { wall: number; market: Instant }, to: Instant): Promise<{ wall: number; market: Instant }> {
    if (!Number.isFinite(this.#options.speed)) return from;
    const due = from.wall + (to - from.market) / this.#options.speed;
    const ahead = due - this.#ports.wall();
    if (ahead > 0) await this.#ports.sleep(ahead);
    return ahead < -BEHIND_MS_MAX ? { wall: this.#ports.wall(), market: to } : from;
  }

  async #play(idleMs: number | null): Promise<StepReply | null> {
    // What came before was not sent by this step, whatever time it carries: the books of a subscription are of the first step's time.
    this.#arrivals.clear();
    try {
      return await (idleMs === null ? this.#ports.step() : this.#ports.idle(idleMs));
    } catch (error) {
      this.#ports.log.warn({ actor: 'conductor', error: (error as Error).message }, 'the venue did not play; waiting for it');
      return null;
    }
  }

  async #handle(reply: StepReply): Promise<void> {
    this.#clock.advance(reply.now);
    if (reply.books > 0) await this.#arrived(reply);
    if (reply.tws === true && !((await this.#ports.feeds?.()) ?? true)) this.#late('a gateway did not hand over the quotes of a step');
    const quotes = this.#buffer;
    this.#buffer = [];
    for (const at of dueOf(reply).keys()) this.quotes += this.#arrivals.get(at) ?? 0;
    await handOut(quotes, this.#ports, this.#options);
  }

  /** Waits for the step's quotes; a gateway that died over them must not stop the market for ever. */
  async #arrived(reply: StepReply): Promise<void> {
    const due = dueOf(reply);
    if (this.#haveArrived(due)) return;
    let timer: NodeJS.Timeout | undefined;
    const late = await new Promise<boolean>((resolve) => {
      this.#awaited = { at: reply.now, due, arrived: () => resolve(false) };
      timer = setTimeout(() => resolve(true), QUOTES_LATE_MS_MAX);
    });
    clearTimeout(timer);
    this.#awaited = null;
    if (late) this.#late('quotes of a step did not arrive in time', { books: reply.books, arrived: this.#arrivals.get(reply.now) ?? 0 });
  }

  #late(line: string, numbers: object = {}): void {
    this.late++;
    this.#ports.log.warn({ actor: 'conductor', ...numbers }, line);
  }

  #count(at: Instant): void {
    this.#arrivals.set(at, (this.#arrivals.get(at) ?? 0) + 1);
    if (this.#awaited?.due.has(at) === true && this.#haveArrived(this.#awaited.due)) this.#awaited.arrived();
  }

  #haveArrived(due: ReadonlyMap<Instant, number>): boolean {
    for (const [at, books] of due) if ((this.#arrivals.get(at) ?? 0) < books) return false;
    return true;
  }
}

/** How many books of each of the venue's times must come back. */
function dueOf({ now, books, oldStamps = [] }: StepReply): ReadonlyMap<Instant, number> {
  if (oldStamps.length === 0) return new Map([[now, books]]);
  const due = new Map([[now, books - oldStamps.length]]);
  for (const at of oldStamps) due.set(at, (due.get(at) ?? 0) + 1);
  return due;
}
