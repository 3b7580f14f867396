/** Runs actor instances in this process without comedy, and lets a test decide when they die. */
import type { ActorInstance, Emit } from '#protocol/actor.ts';
import type { HostReply, HostRequest, Incarnation, SpawnOptions, Spawner } from '#supervisors/processes.ts';

export class FakeIncarnation implements Incarnation {
  readonly ready = Promise.resolve();
  readonly pid = null;
  readonly requests: HostRequest[] = [];
  readonly #options: SpawnOptions;
  readonly #instance: ActorInstance;
  readonly #pending = new Set<(error: Error) => void>();
  pingAnswered = true;
  ended: string | null = null;

  constructor(options: SpawnOptions, instance: ActorInstance) {
    this.#options = options;
    this.#instance = instance;
  }

  request(request: HostRequest): Promise<HostReply> {
    if (this.ended !== null) return Promise.reject(new Error(this.ended));
    this.requests.push(request);
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const answer = (reply: HostReply): void => {
        this.#pending.delete(reject);
        resolve(reply);
      };
      void this.#handle(request).then(
        (value) => answer({ ok: true, value, emitted: 0 }),
        (error: Error) => answer({ ok: false, error: { message: error.message, stack: error.stack ?? '' }, emitted: 0 }),
      );
    });
  }

  ping(): Promise<void> {
    return this.pingAnswered ? Promise.resolve() : new Promise(() => {});
  }

  async kill(): Promise<void> {
    this.#end('killed');
  }

  /** It dies by itself. */
  die(reason: string, normal = false): void {
    if (this.ended !== null) return;
    this.#end(reason);
    this.#options.onDeath(reason, normal);
  }

  emit: Emit = (tell, correlation) => {
    if (this.ended === null) this.#options.onEmit([correlation === undefined ? { tell } : { tell, correlation }]);
  };

  async #handle(request: HostRequest): Promise<unknown> {
    await Promise.resolve();
    switch (request.op) {
      case 'start':
        return this.#instance.start(request.start, this.emit);
      case 'apply':
        return this.#instance.apply(request.facts);
      case 'receive':
        if (request.facts.length > 0) await this.#instance.apply(request.facts);
        return this.#instance.receive(request.envelope, request.now);
      case 'snapshot':
        return this.#instance.snapshot();
      case 'drill':
        return this.#instance.drill?.();
      case 'stop':
        return this.#instance.stop?.();
    }
  }

  #end(reason: string): void {
    this.ended ??= reason;
    for (const reject of this.#pending) reject(new Error(reason));
    this.#pending.clear();
  }
}

export class FakeSpawner implements Spawner {
  readonly spawned: FakeIncarnation[] = [];
  readonly #create: (name: string) => ActorInstance;

  constructor(create: (name: string) => ActorInstance) {
    this.#create = create;
  }

  get last(): FakeIncarnation {
    const last = this.spawned.at(-1);
    if (last === undefined) throw new Error('nothing was spawned');
    return last;
  }

  spawn(options: SpawnOptions): FakeIncarnation {
    const incarnation = new FakeIncarnation(options, this.#create(options.name));
    this.spawned.push(incarnation);
    return incarnation;
  }

  async close(): Promise<void> {}
}
