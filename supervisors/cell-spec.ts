/** An actor as data: what to run where, what it hears, and its limits. */
import type { Clock } from '#protocol/ports.ts';
import type { EventType, Fact } from '#trading/model/events.ts';
import type { MessageType } from '#trading/model/messages.ts';
import type { Activity } from './activity.ts';
import { LIFE, type LifeLimits } from './life.ts';
import { MAILBOX, type MailboxLimits } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
import type { Placement, Spawner } from './processes.ts';
import type { ReplaySource } from './replay.ts';
import type { Router } from './router.ts';

export interface CellLimits extends LifeLimits {
  readonly mailbox: MailboxLimits;
  /** For the turn under way and the actor's own `stop`; then it is killed. */
  readonly shutdownMs: number;
  /** Facts applied between two snapshots. */
  readonly snapshotFacts: number;
}

export const CELL: CellLimits = Object.freeze({ ...LIFE, mailbox: MAILBOX, shutdownMs: 5000, snapshotFacts: 500 });

export interface CellSpec {
  readonly name: string;
  /** URL or absolute path of the module whose default export is the actor's class. */
  readonly module: string;
  readonly placement: Placement;
  /** Plain JSON, or a function that gives it and is called at every start. */
  readonly params: unknown;
  /** Other actors' facts it is told, by type. */
  readonly facts: readonly EventType[];
  /** Of those types, which facts; all where absent. */
  readonly wants?: (fact: Fact) => boolean;
  /** Types it hears when they are told to everyone, and again when it starts. */
  readonly listens: readonly MessageType[];
  /** False where the market must not wait for it. */
  readonly counted?: boolean;
  readonly limits?: Partial<CellLimits>;
}

export interface CellContext extends ReplaySource {
  readonly clock: Clock;
  readonly router: Router;
  readonly activity: Activity;
  readonly outbox: Outbox;
  readonly spawner: Spawner;
}
