import type { ActorView } from '#protocol/view.ts';
import type { Failure } from './supervise.ts';

/** What a supervisor starts, stops and hears failing: an actor's cell or another supervisor. */
export interface Supervised {
  readonly name: string;
  /** Called where it failed after it had started; a failure to start rejects `start` instead. */
  onFailure: (failure: Failure) => void;
  start(): Promise<void>;
  /** Never rejects. Where `final` is false it will be started again: what waits for it is kept. */
  stop(final: boolean): Promise<void>;
  /** Its row and those below it. */
  view(parent: string | null): readonly ActorView[];
  /** Kills the running incarnation of the actor of that name on purpose. False where there is none here. */
  crash(name: string): boolean;
}
