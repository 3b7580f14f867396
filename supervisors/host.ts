/**
 * The only module comedy ever loads, in whatever process the actor lives: it runs the actor's own module behind one request topic.
 * Everything else is `#private`, because comedy answers any property of this object to anyone.
 */
import { pathToFileURL } from 'node:url';
import type { ActorInstance, Envelope, Start } from '#protocol/actor.ts';
import { parseMessage } from '#protocol/messages.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Tell } from '#trading/model/messages.ts';
import { HostEnd } from './comedy-line.ts';
import { compileSoon } from './compile-soon.ts';
import type { ComedySelf } from './comedy-types.ts';
import type { Emission, HostError, HostReply, HostRequest, RouteMessage } from './processes.ts';

/** Emissions waiting for the main process to take the ones before; more means that it is not keeping up. */
const OUTBOX_EMISSIONS_MAX = 10_000;
const BATCH_EMISSIONS_MAX = 256;
/** How long a process that failed outside a turn may take to say why before it exits. */
const LAST_WORDS_MS = 200;
const FAILED_EXIT_CODE = 70;
const ORPHANED_EXIT_CODE = 1;

/** What a host in the main process is given besides its key. */
export interface SharedProcess {
  /** Runs the actor's code so that what fails later is attributed to it. */
  readonly run: <T>(task: () => T) => T;
  /** Takes the way to ask it directly: comedy hands over a message within one process only when the event loop comes round. */
  readonly direct: (deliver: (request: HostRequest) => HostReply | Promise<HostReply>) => void;
}

/** Custom parameters of the host. */
export interface HostParams {
  readonly key: string;
  readonly shared?: SharedProcess;
}

export default class Host {
  #self: ComedySelf | null = null;
  #params: HostParams = { key: '' };
  #instance: ActorInstance | null = null;
  #outbox: Emission[] = [];
  #emitted = 0;
  #sending = false;
  #line: HostEnd | null = null;

  initialize(self: ComedySelf): void {
    this.#self = self;
    // comedy hands over the very object the main process gave it.
    this.#params = self.getCustomParameters() as HostParams;
    this.#params.shared?.direct((request) => this.deliver(request));
    if (self.getMode() !== 'forked') return;
    compileSoon();
    this.#line = new HostEnd((request) => this.deliver(request));
    liveAndDieByParent((error) => this.#route({ key: this.#params.key, failure: describe(error) }));
  }

  /** At once where the actor waits for nothing. */
  deliver(request: HostRequest): HostReply | Promise<HostReply> {
    try {
      const { shared } = this.#params;
      const value = shared ? shared.run(() => this.#handle(request)) : this.#handle(request);
      return value instanceof Promise ? value.then(this.#answered, this.#failed) : this.#answered(value);
    } catch (error) {
      return this.#failed(error);
    }
  }

  ping(): number {
    return 1;
  }

  readonly #answered = (value: unknown): HostReply => ({ ok: true, value, emitted: this.#emitted });

  readonly #failed = (error: unknown): HostReply => ({ ok: false, error: describe(error), emitted: this.#emitted });

  #handle(request: HostRequest): unknown {
    switch (request.op) {
      case 'start':
        return this.#start(request.module, request.start);
      case 'apply':
        return this.#actor().apply(request.facts);
      case 'receive':
        return this.#receive(request.facts, request.envelope, request.now);
      case 'snapshot':
        return this.#actor().snapshot();
      case 'drill':
        return this.#actor().drill?.();
      case 'stop':
        return this.#actor().stop?.();
    }
  }

  async #start(module: string, start: Start): Promise<unknown> {
    const loaded: unknown = await import(module.startsWith('file:') ? module : pathToFileURL(module).href);
    const Actor = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
    if (typeof Actor !== 'function') throw new TypeError(`actor module ${module} has no class as its default export`);
    // The class is known by its contract (protocol/actor.ts) alone: it was loaded by name.
    this.#instance = new (Actor as new () => ActorInstance)();
    return this.#instance.start(start, (tell, correlation) => this.#emit(tell, correlation));
  }

  /** The message is parsed where it enters the actor's process; facts were, by the journal that wrote or read them. */
  #receive(facts: readonly Fact[], envelope: Envelope, now: Instant): unknown {
    const actor = this.#actor();
    const parsed = this.#params.shared ? envelope : parseEnvelope(envelope);
    if (facts.length === 0) return actor.receive(parsed, now);
    const applied = actor.apply(facts);
    return applied === undefined ? actor.receive(parsed, now) : applied.then(() => actor.receive(parsed, now));
  }

  #actor(): ActorInstance {
    if (this.#instance === null) throw new Error('the actor was not started');
    return this.#instance;
  }

  #emit(tell: Tell, correlation: string | undefined): void {
    if (this.#outbox.length >= OUTBOX_EMISSIONS_MAX) throw new RangeError(`OUTBOX_FULL: ${OUTBOX_EMISSIONS_MAX} emissions wait for the main process`);
    this.#emitted++;
    this.#outbox.push(correlation === undefined ? { tell } : { tell, correlation });
    if (!this.#sending) void this.#flush();
  }

  /** One batch is under way at a time, so order needs no sorting and a busy main process gets larger batches, not more of them. */
  async #flush(): Promise<void> {
    this.#sending = true;
    while (this.#outbox.length > 0) await this.#route({ key: this.#params.key, batch: this.#outbox.splice(0, BATCH_EMISSIONS_MAX) });
    this.#sending = false;
  }

  async #route(message: RouteMessage): Promise<void> {
    if (this.#line !== null) {
      await this.#line.route(message);
      return;
    }
    try {
      await this.#self?.getParent().sendAndReceive('route', message);
    } catch {
      // The main process is gone; `disconnect` ends this one.
    }
  }
}

function parseEnvelope(envelope: Envelope): Envelope {
  // parseMessage checks the body against its type; what the spread keeps of the envelope was written by the router.
  return { ...envelope, ...parseMessage(envelope.type, envelope.body) };
}

/**
 * A forked actor stops when its parent says so or is gone, never by a signal to the group (Ctrl-C): the parent stops the tree in order.
 * A failure outside a turn ends the process, after telling why.
 */
function liveAndDieByParent(report: (error: unknown) => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => {});
  }
  process.on('disconnect', () => process.exit(ORPHANED_EXIT_CODE));
  const lastWords = (error: unknown): void => {
    setTimeout(() => process.exit(FAILED_EXIT_CODE), LAST_WORDS_MS);
    void report(error).then(() => process.exit(FAILED_EXIT_CODE));
  };
  process.on('uncaughtException', lastWords);
  process.on('unhandledRejection', (error, promise) => {
    if (promise instanceof Promise) lastWords(error);
  });
}

function describe(thrown: unknown): HostError {
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return { message: message || 'failed without a message', stack: thrown instanceof Error ? (thrown.stack ?? message) : message };
}
