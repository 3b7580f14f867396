/** The tree as data (supervisors/tree.ts holds the real one). */
import type { CellSpec } from './cell-spec.ts';
import type { Backoff } from './backoff.ts';
import type { Intensity, RestartType, Strategy } from './supervise.ts';

export interface ActorSpec extends CellSpec {
  readonly kind: 'actor';
  /** permanent where absent. */
  readonly restart?: RestartType;
  /** Runs only from `wake` to `sleep`; in between restarted like any other. */
  readonly dormant?: boolean;
}

export interface SupervisorSpec {
  readonly kind: 'supervisor';
  readonly name: string;
  readonly strategy: Strategy;
  readonly intensity: Intensity;
  /** BACKOFF where absent. */
  readonly backoff?: Backoff;
  /** In start order; they stop in the reverse one. */
  readonly children: readonly ChildSpec[];
}

export type ChildSpec = ActorSpec | SupervisorSpec;
