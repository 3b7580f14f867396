/**
 * comedy as a spawner with one request topic, and nothing else of it: no `send`, references, bus, hot configuration, respawn or remote
 * mode (what each of these breaks was measured). What comedy would leak at a death is undone at the birth.
 */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { createSystem } from 'comedy';
import { MainEnd } from './comedy-line.ts';
import { compileSoon } from './compile-soon.ts';
import { attributeFailures, runBlamed, runUnblamed, type Blame } from './blame.ts';
import type { ComedyActor, ComedyProxy, ComedySystem } from './comedy-types.ts';
import type { HostParams, SharedProcess } from './host.ts';
import type { HostReply, HostRequest, Incarnation, RouteMessage, SpawnOptions, Spawner } from './processes.ts';

/** comedy's children ask whether their parent lives; one that is stopped by SIGSTOP must not lose them. `disconnect` tells instead. */
const PARENT_PING_MS = 2_000_000_000;
const EVAL_FLAGS = new Set(['-e', '--eval', '-p', '--print', '-pe']);

/** comedy takes an absolute path with one more slash and no extension, and so finds `.ts` under a loader and `.js` without. */
const modulePath = (name: string): string => `/${fileURLToPath(new URL(`./${name}`, import.meta.url))}`;

export interface SpawnerOptions {
  /** A failure in this process that no in-memory actor is to blame for. */
  readonly onUnattributed: (error: unknown) => void;
}

/** @throws where Node was started with `--eval`: every child would run that code again, and its children too. */
export function createSpawner(options: SpawnerOptions): Spawner {
  const evaluated = process.execArgv.find((flag) => EVAL_FLAGS.has(flag));
  if (evaluated !== undefined) throw new Error(`actors cannot be spawned from node ${evaluated}: children would run its code again; use a file`);
  compileSoon();
  return new ComedySpawner(options.onUnattributed);
}

class ComedySpawner implements Spawner {
  readonly #system: ComedySystem;
  readonly #alive = new Map<string, ComedyIncarnation>();
  readonly #restore: () => void;
  #spawned = 0;

  constructor(onUnattributed: (error: unknown) => void) {
    const root = { route: (message: RouteMessage) => this.#route(message) };
    // comedy's own types know neither the handlers nor createActor (comedy-types.ts).
    this.#system = createSystem({ config: {}, logger: modulePath('comedy-log'), root, pingTimeout: PARENT_PING_MS }) as unknown as ComedySystem;
    process.off('SIGINT', this.#system.sigintHandler);
    process.off('SIGTERM', this.#system.sigtermHandler);
    const stopAttributing = attributeFailures(onUnattributed);
    const killAll = (): void => {
      for (const incarnation of this.#alive.values()) void incarnation.kill();
    };
    process.on('exit', killAll);
    this.#restore = () => {
      stopAttributing();
      process.off('exit', killAll);
    };
  }

  spawn(options: SpawnOptions): Incarnation {
    const key = `${options.name}#${options.epoch}.${++this.#spawned}`;
    const incarnation = new ComedyIncarnation(this.#system, key, options, () => this.#alive.delete(key));
    this.#alive.set(key, incarnation);
    return incarnation;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#alive.values()].map((incarnation) => incarnation.kill()));
    this.#restore();
  }

  /** comedy's root actor hears all children here. What a dead or killed one still says is dropped. */
  #route(message: RouteMessage): number {
    const incarnation = this.#alive.get(message.key);
    if (incarnation) runUnblamed(() => incarnation.hear(message));
    return 1;
  }
}

interface Pending {
  readonly reject: (error: Error) => void;
}

class ComedyIncarnation implements Incarnation {
  readonly ready: Promise<void>;
  readonly #options: SpawnOptions;
  readonly #forget: () => void;
  readonly #pending = new Set<Pending>();
  #proxy: ComedyProxy | null = null;
  #direct: ((request: HostRequest) => HostReply | Promise<HostReply>) | null = null;
  #body: ChildProcess | Worker | null = null;
  #gone: Promise<void> = Promise.resolve();
  #ended: string | null = null;
  #heard = 0;
  #waitingToHear: { readonly emitted: number; readonly resolve: () => void }[] = [];

  constructor(system: ComedySystem, key: string, options: SpawnOptions, forget: () => void) {
    this.#options = options;
    this.#forget = forget;
    this.ready = this.#guarded(this.#boot(system, key));
    // Who spawns may kill before it awaits.
    this.ready.catch(() => {});
  }

  get pid(): number | null {
    return this.#body !== null && 'pid' in this.#body ? (this.#body.pid ?? null) : null;
  }

  request(request: HostRequest): HostReply | Promise<HostReply> {
    const reply = this.#deliver(request);
    if (reply instanceof Promise) return reply.then((late) => this.#afterEmissions(late));
    // It may have ended over what it was just asked.
    if (this.#ended !== null) throw new Error(`${this.#options.name} ended: ${this.#ended}`);
    return this.#afterEmissions(reply);
  }

  async ping(): Promise<void> {
    await this.#ask('ping');
  }

  kill(): Promise<void> {
    this.#end('killed');
    if (this.#body === null) return Promise.resolve();
    if ('terminate' in this.#body) return this.#body.terminate().then(() => {});
    this.#body.kill('SIGKILL');
    return this.#gone;
  }

  hear(message: RouteMessage): void {
    if ('failure' in message) {
      this.#die(message.failure.stack, false);
      return;
    }
    this.#heard += message.batch.length;
    this.#options.onEmit(message.batch);
    if (this.#waitingToHear.length === 0) return;
    const heard = this.#waitingToHear.filter((waiting) => waiting.emitted <= this.#heard);
    this.#waitingToHear = this.#waitingToHear.filter((waiting) => waiting.emitted > this.#heard);
    for (const waiting of heard) waiting.resolve();
  }

  async #boot(system: ComedySystem, key: string): Promise<void> {
    const { name, placement } = this.#options;
    const blame: Blame = (error) => this.#die(`uncaught: ${textOf(error)}`, false);
    const shared: SharedProcess = { run: (task) => runBlamed(blame, task), direct: (deliver) => (this.#direct = deliver) };
    const params: HostParams = placement === 'in-memory' ? { key, shared } : { key };
    const root = await system.rootActor();
    const proxy = await system.createActor(modulePath('host'), root, { mode: placement, name, customParameters: params });
    const actor = proxy.getWrapped();
    this.#undoLeaks(system, actor);
    if (this.#ended !== null) throw new Error(this.#ended);
    this.#proxy = proxy;
    this.#watch(actor, 'workerProcess');
    this.#watch(actor, 'worker');
    await proxy.initialize();
  }

  /** A forked host is asked past comedy, like one of this process (comedy-line.ts). */
  #connect(child: ChildProcess): void {
    const line = new MainEnd(child, (message) => {
      if (this.#ended === null) runUnblamed(() => this.hear(message));
    });
    this.#direct = (request) => line.request(request);
  }

  #undoLeaks(system: ComedySystem, actor: ComedyActor): void {
    if (actor.timeoutWorkerInterval) clearInterval(actor.timeoutWorkerInterval);
    if (actor.exitHandler) process.off('exit', actor.exitHandler);
    system.getBus().removeForkedRecipient(actor);
  }

  /** comedy creates the process or thread inside `initialize`; listening from its first moment is what keeps a thread's death from ours. */
  #watch(actor: ComedyActor, field: 'workerProcess' | 'worker'): void {
    let body: ChildProcess | Worker | undefined;
    Object.defineProperty(actor, field, {
      configurable: true,
      get: () => body,
      set: (created: ChildProcess | Worker) => {
        body = this.#body = created;
        if ('send' in created) this.#connect(created);
        // Both emit the same two events, with types that cannot be called as a union.
        const emitter = created as NodeJS.EventEmitter;
        emitter.on('error', (error: Error) => this.#die(`uncaught: ${textOf(error)}`, false));
        this.#gone = new Promise((resolve) => {
          emitter.once('exit', (code: number | null, signal: string | null) => {
            resolve();
            this.#die(`exit ${code ?? signal ?? '?'}`, code === 0);
          });
        });
        if (this.#ended !== null) void this.kill();
      },
    });
  }

  #afterEmissions(reply: HostReply): HostReply | Promise<HostReply> {
    return reply.emitted > this.#heard ? this.#guarded(this.#toHear(reply.emitted)).then(() => reply) : reply;
  }

  #deliver(request: HostRequest): HostReply | Promise<HostReply> {
    if (this.#direct !== null && this.#ended === null) {
      const reply = this.#direct(request);
      return reply instanceof Promise ? this.#guarded(reply) : reply;
    }
    // The host answers nothing else (host.ts).
    return this.#ask('deliver', request) as Promise<HostReply>;
  }

  async #ask(topic: 'deliver' | 'ping', message?: HostRequest): Promise<unknown> {
    const proxy = this.#proxy;
    if (this.#ended !== null || proxy === null) throw new Error(this.#ended ?? 'not booted');
    return this.#guarded(message === undefined ? proxy.sendAndReceive(topic) : proxy.sendAndReceive(topic, message));
  }

  /** comedy leaves requests to a dead thread or an abandoned actor open for ever. */
  #guarded<T>(answer: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { reject };
      this.#pending.add(pending);
      answer.then(
        (value) => {
          this.#pending.delete(pending);
          resolve(value);
        },
        (error: unknown) => {
          this.#pending.delete(pending);
          reject(error instanceof Error ? error : new Error(textOf(error)));
        },
      );
    });
  }

  #toHear(emitted: number): Promise<void> {
    return new Promise((resolve) => this.#waitingToHear.push({ emitted, resolve }));
  }

  #die(reason: string, normal: boolean): void {
    if (this.#ended !== null) return;
    this.#end(reason);
    runUnblamed(() => this.#options.onDeath(reason, normal));
  }

  #end(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#forget();
    const error = new Error(`${this.#options.name} ended: ${reason}`);
    for (const pending of this.#pending) pending.reject(error);
    this.#pending.clear();
    this.#waitingToHear = [];
    this.#proxy?.getWrapped()._setState('crashed');
  }
}

const textOf = (thrown: unknown): string => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
