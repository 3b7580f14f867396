/**
 * KS-1, KS-2: a kill closes the send gate first (memory flag and latch file, in this order, at once) and is a message second. The CLI
 * writes the same latch without this process; `look` finds it.
 */
import { existsSync } from 'node:fs';
import type { Log } from '#protocol/ports.ts';
import type { KillAck } from '#protocol/admin.ts';
import type { KillScope } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { flattenedBy, readLatch, removeLatch, writeLatch, type Latch } from '#actors/latch.ts';
import { sendGate } from '#actors/send-gate.ts';
import type { Router } from './router.ts';
import { ACTOR } from './tree.ts';

export interface KillOrder {
  readonly scope: KillScope;
  readonly reason: string;
  readonly source: string;
  readonly flatten: boolean;
}

export interface KillAnswer {
  readonly tripped: boolean;
  readonly scope: KillScope;
  readonly latch: boolean;
  readonly acks: readonly KillAck[];
  readonly latencyMs: number;
}

const ACK_MS_MAX = 2000;

export interface KillPathOptions {
  readonly latchPath: string;
  readonly router: Router;
  /** Actors that must have heard of it: each acknowledges once its mailbox has handled the fact. */
  readonly gates: () => readonly string[];
  readonly log: Log;
  readonly now: () => Instant;
}

export class KillPath {
  readonly #options: KillPathOptions;
  /** What the journal has of the latch. One that says more was written by another process. */
  readonly #journaled = { scopes: new Set<KillScope>(), flattened: new Set<KillScope>() };
  #busy = false;
  latencyMs: number | null = null;

  constructor(options: KillPathOptions) {
    this.#options = options;
  }

  isLatched(): boolean {
    return existsSync(this.#options.latchPath);
  }

  async trip(order: KillOrder): Promise<KillAnswer> {
    const { latchPath, log, router, gates, now } = this.#options;
    const from = performance.now();
    const elapsed = (): number => Math.round((performance.now() - from) * 1000) / 1000;
    sendGate(latchPath).trip([order.scope]);
    const acks: KillAck[] = [{ actor: 'send-gate', ms: elapsed() }];
    const latch = this.#latch({ scopes: [order.scope], reason: order.reason, source: order.source, at: now(), flatten: order.flatten });
    if (latch) acks.push({ actor: 'latch', ms: elapsed() });
    log.warn({ actor: ACTOR.killSwitch, scope: order.scope, reason: order.reason, source: order.source }, 'KILL');
    this.#busy = true;
    try {
      await router.ask(ACTOR.killSwitch, { type: 'kill.trip', body: order }, ACK_MS_MAX);
      this.#journaled.scopes.add(order.scope);
      if (order.flatten) this.#journaled.flattened.add(order.scope);
      acks.push({ actor: ACTOR.killSwitch, ms: elapsed() });
      // Mailboxes are in order: who answers has handled the fact that was posted before.
      const heard = gates().map(async (actor) => {
        await router.ask(actor, { type: 'actor.asked', body: { query: 'kill', args: [] } }, ACK_MS_MAX);
        acks.push({ actor, ms: elapsed() });
      });
      await Promise.allSettled(heard);
    } catch (error) {
      log.error({ actor: ACTOR.killSwitch, error: (error as Error).message }, 'the kill is latched but could not be journaled yet');
    } finally {
      this.#busy = false;
    }
    this.latencyMs = acks.at(-1)?.ms ?? elapsed();
    return { tripped: true, scope: order.scope, latch, acks, latencyMs: this.latencyMs };
  }

  /** A disk that takes no latch keeps nobody from hearing of the kill: the memory flag is closed, and the journal carries it on. */
  #latch(latch: Latch): boolean {
    try {
      writeLatch(this.#options.latchPath, latch);
      return true;
    } catch (error) {
      this.#options.log.error({ actor: ACTOR.killSwitch, error: (error as Error).message }, 'the kill holds, but its latch cannot be written');
      return false;
    }
  }

  /** @throws where the confirmation is wrong. */
  async rearm(request: {
    readonly confirm: string;
    readonly reason: string;
    readonly source: string;
  }): Promise<{ readonly tripped: false; readonly latch: false }> {
    const { latchPath, router, log } = this.#options;
    const reply = (await router.ask(ACTOR.killSwitch, { type: 'kill.rearm', body: request }, ACK_MS_MAX)) as { ok?: boolean; error?: string } | null;
    if (reply?.ok !== true) throw new Error(reply?.error ?? 'the kill-switch refused to re-arm');
    removeLatch(latchPath);
    sendGate(latchPath).rearm();
    this.#journaled.scopes.clear();
    this.#journaled.flattened.clear();
    log.warn({ actor: ACTOR.killSwitch, reason: request.reason, source: request.source }, 're-armed');
    return { tripped: false, latch: false };
  }

  /** At boot: a latch left behind and a kill in the journal each bring back the other. Fails closed. */
  async resume(): Promise<void> {
    const { latchPath, router, log, now } = this.#options;
    const state = (await router.ask(ACTOR.killSwitch, { type: 'actor.asked', body: { query: 'state', args: [] } }, ACK_MS_MAX)) as {
      scopes?: readonly KillScope[];
      flattened?: readonly KillScope[];
    };
    const journaled = state.scopes ?? [];
    for (const scope of journaled) this.#journaled.scopes.add(scope);
    for (const scope of state.flattened ?? []) this.#journaled.flattened.add(scope);
    if (journaled.length > 0) sendGate(latchPath).trip(journaled);
    if (journaled.length > 0 && !this.isLatched()) {
      this.#latch({ scopes: [...journaled], reason: 'tripped before this run', source: 'journal', at: now(), flatten: false });
    }
    if (this.isLatched()) {
      log.warn(
        { actor: ACTOR.killSwitch, latch: latchPath },
        'close-only: the kill latch is set; "npm run kill -- --rearm --confirm REARM" removes it',
      );
      await this.#journal();
    }
  }

  /** Notices a latch that another process wrote. */
  look(): void {
    if (!this.#busy && this.isLatched()) void this.#journal();
  }

  #news(): readonly KillOrder[] {
    const latch = readLatch(this.#options.latchPath);
    if (latch === null) return [];
    const { reason, source, scopes } = latch;
    const { scopes: known, flattened } = this.#journaled;
    return scopes
      .map((scope) => ({ scope, reason, source, flatten: flattenedBy(latch).includes(scope) }))
      .filter(({ scope, flatten }) => !known.has(scope) || (flatten && !flattened.has(scope)));
  }

  async #journal(): Promise<void> {
    for (const order of this.#news()) await this.trip(order);
  }
}
