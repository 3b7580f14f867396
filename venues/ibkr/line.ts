/**
 * One TCP session: one object of the library, from connecting to its end, which is final. Nothing is handed to the library before TWS has
 * greeted us nor after the end: it would keep orders and send them later, without a word.
 */
import { CODE, IbkrError } from './codes.ts';
import { setNoDelay, type Address, type Client, type TwsEvents } from './client.ts';

/** What a part of a session may do with its connection. */
export interface Line<C extends Client = Client> {
  readonly client: C;
  /** Rises with every connection of the session. */
  readonly epoch: number;
  readonly ended: boolean;
  /** Until the line ends. A listener that throws ends the process: an invariant broke, and the library would swallow what came with it. */
  on<N extends keyof TwsEvents>(event: N, listener: (...values: TwsEvents[N]) => void): void;
  /** For a request; never reused, and far from order ids. */
  nextId(): number;
  /** Errors of a request's id, until the answer's function is called. */
  onErrorOf(id: number, listener: (error: IbkrError) => void): () => void;
  /**
   * Asks once and collects the answer; `begin` sends. Listeners and deadline (wall milliseconds) end with it.
   * @throws IbkrError where TWS refuses, Error where the line ends or the deadline passes: that is no empty answer
   */
  ask<T>(what: string, deadlineMs: number, begin: (call: Call<T, C>) => void): Promise<T>;
  /** What TWS sent before has arrived when it resolves. Seconds of its clock. */
  roundTrip(deadlineMs: number): Promise<number>;
}

export interface Call<T, C extends Client = Client> {
  readonly client: C;
  readonly id: number;
  /** Events of this id. */
  own<N extends ByIdEvent>(event: N, listener: (...values: Rest<TwsEvents[N]>) => void): void;
  /** Events that carry no id. */
  on<N extends keyof TwsEvents>(event: N, listener: (...values: TwsEvents[N]) => void): void;
  /** TWS cannot answer it by itself: where it loses its servers the request fails at once. */
  needsServers(): void;
  done(value: T): void;
  fail(error: Error): void;
}

type ByIdEvent = { [N in keyof TwsEvents]: TwsEvents[N] extends [id: number, ...rest: unknown[]] ? N : never }[keyof TwsEvents];
type Rest<A extends readonly unknown[]> = A extends [unknown, ...infer R] ? R : never;

export interface LineLimits {
  /** From dialling to the greeting. A dialog at TWS may hold it up for ever. */
  readonly greetMs: number;
  /** Nothing heard for this long: the time is asked for. */
  readonly quietMs: number;
  /** And no answer for this long: a half-open peer, which the library would call connected for ever. */
  readonly answerMs: number;
  readonly lookMs: number;
}

export interface LinePorts<C extends Client> {
  readonly create: (address: Address) => C;
  /** Every error that no request owns. */
  readonly onError: (id: number, error: IbkrError, advancedReject: unknown) => void;
  readonly onInfo: (code: number, text: string) => void;
  /** Once, last of all. */
  readonly onEnd: (reason: string) => void;
  readonly nextId: () => number;
  /** Wall milliseconds, monotonic. */
  readonly wall: () => number;
}

export interface Greeting {
  readonly accounts: readonly string[];
  /** A hint, and no proof of what TWS has seen: it rolls back. */
  readonly nextValidId: number;
  readonly serverVersion: number;
}

const PENDING_MAX = 500;

export class Connection<C extends Client> implements Line<C> {
  readonly client: C;
  readonly epoch: number;
  ended = false;
  readonly #ports: LinePorts<C>;
  readonly #limits: LineLimits;
  readonly #errors = new Map<number, (error: IbkrError) => void>();
  readonly #pending = new Set<(error: Error) => void>();
  /** Of these, what waits for the servers behind TWS. */
  readonly #atServers = new Set<(error: Error) => void>();
  readonly #times: ((seconds: number) => void)[] = [];
  #heardAt: number;
  #askedAt: number | null = null;
  #watch: NodeJS.Timeout | undefined;

  constructor(address: Address, epoch: number, limits: LineLimits, ports: LinePorts<C>) {
    this.epoch = epoch;
    this.#limits = limits;
    this.#ports = ports;
    this.#heardAt = ports.wall();
    this.client = ports.create(address);
    this.on('received', () => {
      this.#heardAt = ports.wall();
      this.#askedAt = null;
    });
    this.on('currentTime', (seconds) => this.#times.shift()?.(seconds));
    this.on('info', (text, code) => ports.onInfo(code, text));
    this.on('error', (error, code, id, advanced) => this.#onError(error, code, id, advanced));
    // `end` and `close` of the socket are two events of it.
    this.on('disconnected', () => this.end('the connection was closed'));
  }

  /** Resolves when TWS has said who we are. @throws Error where it did not in time, or refused; the line is over then. */
  greet(clientId: number): Promise<Greeting> {
    return this.ask<Greeting>('connecting', this.#limits.greetMs, (call) => {
      let accounts: readonly string[] | null = null;
      let serverVersion = 0;
      let nextValidId: number | null = null;
      const met = (): void => {
        if (accounts !== null && nextValidId !== null) call.done({ accounts, nextValidId, serverVersion });
      };
      call.on('server', (version) => (serverVersion = version));
      call.on('managedAccounts', (csv) => {
        accounts = csv.split(',').filter((name) => name !== '');
        met();
      });
      call.on('nextValidId', (id) => {
        nextValidId = id;
        met();
      });
      call.on('info', (text, code) => {
        if (code === CODE.clientIdInUse) call.fail(new IbkrError(code, text));
      });
      call.on('error', (error, code) => {
        if (code === CODE.connectFailed || code === CODE.unsupportedVersion) call.fail(new IbkrError(code, error.message));
      });
      this.client.connect(clientId);
      setNoDelay(this.client);
    })
      .then((greeting) => {
        this.#heardAt = this.#ports.wall();
        this.#watch = setInterval(() => this.#look(), this.#limits.lookMs);
        return greeting;
      })
      .catch((error: unknown) => {
        this.end((error as Error).message);
        throw error;
      });
  }

  on<N extends keyof TwsEvents>(event: N, listener: (...values: TwsEvents[N]) => void): void {
    this.client.on(event, this.#guarded(listener));
  }

  nextId(): number {
    return this.#ports.nextId();
  }

  onErrorOf(id: number, listener: (error: IbkrError) => void): () => void {
    this.#errors.set(id, listener);
    return () => this.#errors.delete(id);
  }

  ask<T>(what: string, deadlineMs: number, begin: (call: Call<T, C>) => void): Promise<T> {
    if (this.ended) return Promise.reject(new Error(`${what}: the connection is over`));
    if (this.#pending.size >= PENDING_MAX) return Promise.reject(new Error(`${what}: ${PENDING_MAX} requests are open already`));
    return new Promise<T>((resolve, reject) => {
      const id = this.nextId();
      const undo: (() => void)[] = [];
      const over = (): void => {
        for (const each of undo) each();
      };
      const done = (value: T): void => {
        over();
        resolve(value);
      };
      const fail = (error: Error): void => {
        over();
        reject(error);
      };
      const timer = setTimeout(() => fail(new Error(`${what}: no answer within ${deadlineMs} ms`)), deadlineMs);
      this.#pending.add(fail);
      undo.push(
        () => clearTimeout(timer),
        () => this.#pending.delete(fail),
        () => this.#atServers.delete(fail),
        this.onErrorOf(id, (error) => fail(new IbkrError(error.code, `${what}: ${error.message}`))),
      );
      const on: Call<T, C>['on'] = (event, listener) => {
        const guarded = this.#guarded(listener);
        this.client.on(event, guarded);
        undo.push(() => this.client.off(event, guarded));
      };
      const own: Call<T, C>['own'] = (event, listener) => {
        // The first value of these events is the id.
        on(event, ((of: number, ...rest: never[]) => {
          if (of === id) (listener as (...values: never[]) => void)(...rest);
        }) as never);
      };
      begin({ client: this.client, id, on, own, needsServers: () => void this.#atServers.add(fail), done, fail });
    });
  }

  async roundTrip(deadlineMs: number): Promise<number> {
    return this.ask<number>('asking the time', deadlineMs, ({ done }) => {
      this.#times.push(done);
      this.client.reqCurrentTime();
    });
  }

  /** What TWS knows itself it goes on answering. */
  lostServers(reason: string): void {
    for (const fail of [...this.#atServers]) fail(new Error(reason));
  }

  /** Idempotent. The object is never used again. */
  end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.#watch);
    this.client.removeAllListeners();
    // A late error of the socket would otherwise be an error event that nobody hears.
    this.client.on('error', () => undefined);
    this.client.disconnect();
    for (const fail of [...this.#pending]) fail(new Error(`the connection ended: ${reason}`));
    this.#ports.onEnd(reason);
  }

  #look(): void {
    const { wall } = this.#ports;
    const now = wall();
    if (this.#askedAt !== null && now - this.#askedAt > this.#limits.answerMs) {
      return this.end(`TWS has answered nothing for ${Math.round(now - this.#heardAt)} ms`);
    }
    if (this.#askedAt !== null || now - this.#heardAt < this.#limits.quietMs) return;
    this.#askedAt = now;
    // Its answer is nobody's, and in its place in the queue of those who asked.
    this.#times.push(() => undefined);
    this.client.reqCurrentTime();
  }

  #onError(error: Error, code: number, id: number, advanced: unknown): void {
    const said = new IbkrError(code, error.message);
    const owner = this.#errors.get(id);
    if (owner === undefined) this.#ports.onError(id, said, advanced);
    else owner(said);
  }

  #guarded<A extends readonly unknown[]>(listener: (...values: A) => void): (...values: A) => void {
    return (...values) => {
      if (this.ended) return;
      try {
        listener(...values);
      } catch (error) {
        setImmediate(() => {
          throw error;
        });
      }
    };
  }
}
