/** What this house uses of comedy, with the truth about it: its own typings are loose and partly false. */
import type { ChildProcess } from 'node:child_process';
import type { Worker } from 'node:worker_threads';

/** What comedy's promise library gives back: awaitable, nothing more is used. */
export type Later<T> = PromiseLike<T>;

export interface ComedySystem {
  rootActor(): Later<ComedyActor>;
  createActor(definition: string, parent: ComedyActor, config: ComedyConfig): Later<ComedyProxy>;
  getBus(): { removeForkedRecipient(actor: ComedyActor): void };
  readonly sigintHandler: () => void;
  readonly sigtermHandler: () => void;
}

export interface ComedyConfig {
  readonly mode: 'in-memory' | 'threaded' | 'forked';
  readonly name: string;
  readonly customParameters: object;
}

export interface ComedyProxy {
  initialize(): Later<unknown>;
  sendAndReceive(topic: string, message?: object): Later<unknown>;
  getWrapped(): ComedyActor;
}

/** The inside of an actor in the parent: a forked one has `workerProcess`, a threaded one `worker`. */
export interface ComedyActor {
  workerProcess?: ChildProcess;
  worker?: Worker;
  readonly timeoutWorkerInterval?: NodeJS.Timeout;
  readonly exitHandler?: () => void;
  _setState(state: 'crashed'): void;
}

/** What `initialize` of the host module is given, in the process where the actor lives. */
export interface ComedySelf {
  getMode(): 'in-memory' | 'threaded' | 'forked';
  getCustomParameters(): unknown;
  getParent(): { sendAndReceive(topic: string, message: object): Later<unknown> };
}
