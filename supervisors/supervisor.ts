/**
 * OTP's supervisor: it starts its children left to right, stops them right to left, and restarts those a failure affects, with
 * exponential back-off; more failures than its intensity allows, and it gives up to its own supervisor, which restarts the whole subtree.
 *
 * How a system is composed:
 *
 *     const spawner = createSpawner({ onUnattributed: exit70 });            // comedy.ts
 *     const activity = new Activity();                                      // settled(): every counted mailbox is empty
 *     const router = new Router({ journal, clock, log, run: 'r17' });       // run: different in every run
 *     router.intercept('quote.received', (envelope) => …);                  // the conductor takes quotes
 *     router.handle('admin', (envelope) => …);                              // a name served by a function
 *     const cells = { journal, snapshots, clock, log, router, activity, spawner };
 *     const root = createTree(treeSpec, { log, seed, createCell: (spec) => new Cell(spec, cells) });
 *     for (const cell of root.cells()) router.register(cell);
 *     root.onFailure = ({ reason }) => exit70(reason);                      // the root gave up
 *     await root.start();                                                   // rejects where it gave up before it was up
 *     root.view(null); root.crash('governor'); router.ask('governor', message, 1000); router.deliver('kill-switch', message);
 *     await root.stop(true); router.close(); await spawner.close();
 */
import type { Log } from '#protocol/ports.ts';
import type { ActorView } from '#protocol/view.ts';
import { BACKOFF, backoffMs, jitter } from './backoff.ts';
import { Restart } from './restart.ts';
import { admit, affected, restarts, type Failure, type RestartType } from './supervise.ts';
import type { Supervised } from './supervised.ts';
import type { ActorSpec, ChildSpec, SupervisorSpec } from './supervisor-spec.ts';

export interface SupervisorContext<C extends Supervised> {
  readonly createCell: (spec: ActorSpec) => C;
  readonly log: Log;
  /** Of the back-off's jitter. */
  readonly seed: string;
  /** A supervisor below the root gave up; its parent goes on from there. */
  readonly onEscalated?: (name: string, reason: string) => void;
  /** Something in the tree changed: a state, an epoch. */
  readonly onState?: (name: string) => void;
}

export function createTree<C extends Supervised>(spec: SupervisorSpec, context: SupervisorContext<C>): Supervisor<C> {
  const cells: C[] = [];
  const create = (child: ChildSpec): Supervised => {
    if (child.kind === 'supervisor') return new Supervisor<C>(child, context, child.children.map(create), []);
    const cell = context.createCell(child);
    cells.push(cell);
    return cell;
  };
  return new Supervisor<C>(spec, context, spec.children.map(create), cells);
}

interface Child {
  readonly run: Supervised;
  readonly type: RestartType;
  /** Consecutive failures. */
  attempts: number;
  /** Monotonic milliseconds. */
  startedAt: number;
  restarts: number;
  /** Ended for good: a temporary child that failed, a transient one that was done. */
  retired: boolean;
  /** Dormant and not woken: in no list, started by nobody. */
  asleep: boolean;
}

export class Supervisor<C extends Supervised = Supervised> implements Supervised {
  readonly name: string;
  onFailure: (failure: Failure) => void = () => {};
  readonly #spec: SupervisorSpec;
  readonly #context: SupervisorContext<C>;
  readonly #children: readonly Child[];
  readonly #cells: readonly C[];
  readonly #restarting = new Set<Restart>();
  #state: ActorView['state'] = 'stopped';
  #failures: readonly number[] = [];
  #starts = 0;
  #lastError: string | null = null;
  #starting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  constructor(spec: SupervisorSpec, context: SupervisorContext<C>, children: readonly Supervised[], cells: readonly C[]) {
    this.name = spec.name;
    this.#spec = spec;
    this.#context = context;
    this.#cells = cells;
    this.#children = children.map((run, index) => {
      const child = spec.children[index];
      const type = child?.kind === 'actor' ? (child.restart ?? 'permanent') : 'permanent';
      const asleep = child?.kind === 'actor' && child.dormant === true;
      run.onFailure = (failure) => this.#failed(index, failure, []);
      return { run, type, attempts: 0, startedAt: 0, restarts: 0, retired: asleep, asleep };
    });
  }

  /** Every actor of the tree that is not asleep; of the root only. */
  cells(): readonly C[] {
    return this.#cells.filter(({ name }) => !this.isAsleep(name));
  }

  /** A dormant actor of this name that was not woken. */
  isAsleep(name: string): boolean {
    return this.#children.some(({ run, asleep }) => (run instanceof Supervisor ? run.isAsleep(name) : asleep && run.name === name));
  }

  /** Starts a dormant actor, as OTP's restart_child does. Of the root only: its cell, or null where none of that name is asleep. */
  wake(name: string): C | null {
    return this.#wake(name) ? (this.#cells.find((cell) => cell.name === name) ?? null) : null;
  }

  /** Stops a woken actor for good, until it is woken again (terminate_child). False where none of that name is awake. */
  async sleep(name: string): Promise<boolean> {
    for (const [index, child] of this.#children.entries()) {
      if (child.run instanceof Supervisor) {
        if (await child.run.sleep(name)) return true;
      } else if (child.run.name === name && !child.asleep && this.#isDormant(index)) {
        await this.#putToSleep(index, child);
        return true;
      }
    }
    return false;
  }

  /** True while every child that must run is running. */
  get running(): boolean {
    return this.#state === 'running' && this.#restarting.size === 0 && this.#children.every(({ run }) => !(run instanceof Supervisor) || run.running);
  }

  /** Resolves when all children are up, failures on the way included. @throws where it gave up, with the last child's reason. */
  start(): Promise<void> {
    if (this.#state !== 'stopped' && this.#state !== 'failed') return Promise.reject(new Error(`${this.name} is ${this.#state}`));
    this.#failures = [];
    this.#starts++;
    this.#enter('starting');
    for (const child of this.#children) Object.assign(child, { attempts: 0, retired: child.asleep });
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#launch(
        this.#children.map((_, index) => index),
        0,
      );
    });
  }

  async stop(final: boolean): Promise<void> {
    this.#enter('stopped');
    this.#settle(new Error(`${this.name} was stopped while it started`));
    await this.#stopAll(final);
  }

  view(parent: string | null): readonly ActorView[] {
    const state = this.#state === 'running' && this.#restarting.size > 0 ? 'restarting' : this.#state;
    const own: ActorView = {
      name: this.name,
      parent,
      kind: 'supervisor',
      mode: null,
      state,
      restarts: Math.max(0, this.#starts - 1),
      mailbox: 0,
      epoch: this.#starts,
      pid: null,
      idleMs: null,
      lastError: this.#lastError,
    };
    return [own, ...this.#children.filter(({ asleep }) => !asleep).flatMap(({ run }) => run.view(this.name))];
  }

  crash(name: string): boolean {
    return this.#children.some(({ run }) => run.crash(name));
  }

  #isDormant(index: number): boolean {
    const spec = this.#spec.children[index];
    return spec?.kind === 'actor' && spec.dormant === true;
  }

  #wake(name: string): boolean {
    for (const [index, child] of this.#children.entries()) {
      if (child.run instanceof Supervisor) {
        if (child.run.#wake(name)) return true;
      } else if (child.asleep && child.run.name === name) {
        Object.assign(child, { asleep: false, retired: false, attempts: 0 });
        // A supervisor that is down starts it with the others.
        if (this.#state === 'running' || this.#state === 'starting') this.#launch([index], 0);
        return true;
      }
    }
    return false;
  }

  /** A restart under way that has it goes on with the others of it. */
  async #putToSleep(index: number, child: Child): Promise<void> {
    Object.assign(child, { asleep: true, retired: true });
    const before = [...this.#restarting].filter((restart) => restart.shares(new Set([index])));
    const others = before.flatMap((restart) => restart.cancel()).filter((other) => other !== index);
    for (const restart of before) this.#restarting.delete(restart);
    await child.run.stop(true);
    await Promise.all(before.map((restart) => restart.done));
    if (others.length > 0) this.#launch(others, 0);
    else this.#allUp();
    this.#context.onState?.(this.name);
  }

  /** @param rest children that the failed restart had still to start after this one */
  #failed(index: number, failure: Failure, rest: readonly number[]): void {
    const child = this.#children[index];
    if (child === undefined || child.asleep || this.#state === 'stopped' || this.#state === 'failed') return;
    const fields = { supervisor: this.name, actor: child.run.name, reason: failure.reason };
    if (!restarts(child.type, failure)) {
      this.#context.log[failure.normal ? 'info' : 'error'](fields, `${child.run.name} ended and is not restarted`);
      child.retired = true;
      void child.run.stop(true);
      this.#launch(rest, 0);
      return;
    }
    const now = performance.now();
    const { failures, tooMany } = admit(this.#failures, now, this.#spec.intensity);
    this.#failures = failures;
    this.#lastError = `${child.run.name}: ${failure.reason}`;
    if (tooMany) {
      this.#giveUp(child.run.name, failure.reason);
      return;
    }
    const backoff = this.#spec.backoff ?? BACKOFF;
    child.attempts = child.startedAt > 0 && now - child.startedAt >= backoff.healthyAfterMs ? 1 : child.attempts + 1;
    const delayMs = backoffMs(child.attempts, backoff, jitter(this.#context.seed, child.run.name, child.attempts));
    this.#context.log.warn({ ...fields, delayMs: Math.round(delayMs), failures: failures.length }, `${child.run.name} failed and is restarted`);
    this.#launch([...affected(this.#spec.strategy, index, this.#children.length), ...rest], delayMs);
  }

  /** Restarts these children; a restart under way that shares one with them becomes part of this one. */
  #launch(indexes: readonly number[], delayMs: number): void {
    const wanted = new Set(indexes);
    const before = [...this.#restarting].filter((restart) => restart.shares(wanted));
    for (const restart of before) {
      for (const index of restart.cancel()) wanted.add(index);
      this.#restarting.delete(restart);
    }
    const mine = [...wanted].filter((index) => this.#children[index]?.retired === false).sort((left, right) => left - right);
    const restart: Restart = new Restart(mine, before, delayMs, {
      stop: async (index) => this.#children[index]?.run.stop(false),
      start: (index) => this.#startChild(index),
      failed: (index, error, rest) => {
        this.#restarting.delete(restart);
        this.#failed(index, { reason: error.message, normal: false }, rest);
      },
      ended: () => {
        this.#restarting.delete(restart);
        this.#allUp();
      },
    });
    this.#restarting.add(restart);
    this.#context.onState?.(this.name);
    restart.run();
  }

  async #startChild(index: number): Promise<void> {
    const child = this.#children[index];
    if (child === undefined) return;
    await child.run.start();
    child.startedAt = performance.now();
    this.#context.onState?.(child.run.name);
  }

  #allUp(): void {
    if (this.#restarting.size > 0 || (this.#state !== 'starting' && this.#state !== 'running')) return;
    this.#enter('running');
    this.#settle(null);
  }

  #giveUp(child: string, reason: string): void {
    const { max, withinMs } = this.#spec.intensity;
    const why = `${child} failed more than ${max} times in ${withinMs / 1000} s, last: ${reason}`;
    this.#context.log.error({ supervisor: this.name, actor: child, reason }, `${this.name} gives up`);
    this.#enter('failed');
    void this.#stopAll(false).then(() => {
      if (this.#state !== 'failed') return;
      this.#context.onEscalated?.(this.name, why);
      if (!this.#settle(new Error(why))) this.onFailure({ reason: why, normal: false });
    });
  }

  async #stopAll(final: boolean): Promise<void> {
    const before = [...this.#restarting];
    for (const restart of before) restart.cancel();
    for (const { run } of this.#children.toReversed()) await run.stop(final);
    await Promise.all(before.map((restart) => restart.done));
    this.#restarting.clear();
  }

  /** Ends a start that somebody waits for; false where nobody does. */
  #settle(error: Error | null): boolean {
    const starting = this.#starting;
    this.#starting = null;
    if (starting === null) return false;
    if (error === null) starting.resolve();
    else starting.reject(error);
    return true;
  }

  #enter(state: ActorView['state']): void {
    this.#state = state;
    this.#context.onState?.(this.name);
  }
}
