/** What a supervised actor needs of whatever runs it: spawn, one request at a time or more, emissions, death, kill. */
import type { Envelope, Start } from '#protocol/actor.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Tell } from '#trading/model/messages.ts';

export type Placement = 'in-memory' | 'threaded' | 'forked';

/** What the main process asks of an actor's host. `facts` are applied before the message is received. */
export type HostRequest =
  | { readonly op: 'start'; readonly module: string; readonly start: Start }
  | { readonly op: 'apply'; readonly facts: readonly Fact[] }
  | { readonly op: 'receive'; readonly facts: readonly Fact[]; readonly envelope: Envelope; readonly now: Instant }
  | { readonly op: 'snapshot' }
  | { readonly op: 'drill' }
  | { readonly op: 'stop' };

/** Errors travel as data: comedy drops their class and takes an empty one for success. `emitted` counts what was emitted before. */
export type HostReply =
  | { readonly ok: true; readonly value: unknown; readonly emitted: number }
  | { readonly ok: false; readonly error: HostError; readonly emitted: number };

export interface HostError {
  readonly message: string;
  readonly stack: string;
}

export interface Emission {
  readonly tell: Tell;
  readonly correlation?: string;
}

/** What a host sends to the main process outside a reply: what its actor emitted, or why its process is about to exit. */
export type RouteMessage = { readonly key: string; readonly batch: readonly Emission[] } | { readonly key: string; readonly failure: HostError };

export interface SpawnOptions {
  readonly name: string;
  readonly epoch: number;
  readonly placement: Placement;
  /** In order, and never after `kill` or `onDeath`. From another process they are not parsed yet. */
  readonly onEmit: (batch: readonly Emission[]) => void;
  /** At most once, and not after `kill`. `normal` where it exited by itself with code 0. */
  readonly onDeath: (reason: string, normal: boolean) => void;
}

export interface Incarnation {
  /** Resolves when it answers requests; rejects where it died or was killed before. */
  readonly ready: Promise<void>;
  readonly pid: number | null;
  /**
   * At once where it is in this process and its actor waits for nothing: an order pays for every promise.
   * Rejects or throws where the incarnation died or was killed meanwhile. Comes after everything emitted before the reply was handed over.
   */
  request(request: HostRequest): HostReply | Promise<HostReply>;
  ping(): Promise<void>;
  /** SIGKILL, terminate, or abandon: nothing of it is heard again. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface Spawner {
  spawn(options: SpawnOptions): Incarnation;
  /** Kills what still lives and undoes what was installed in this process. */
  close(): Promise<void>;
}
