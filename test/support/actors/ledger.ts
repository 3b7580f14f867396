/** An actor instance for tests with the fake spawner: it keeps what it was given, and does what a test scripts. */
import type { ActorInstance, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { Fact } from '#trading/model/events.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Tell } from '#trading/model/messages.ts';

export const trip = (reason: string): DomainEvent => ({ type: 'kill.tripped', body: { scope: 'all', reason, source: 'test', flatten: false } });
export const outcome = (more: Partial<Outcome> = {}): Outcome => ({ events: [], tells: [], ...more });
export const note = (to: string, text: string): Tell => ({ to, type: 'actor.asked', body: { query: 'note', args: [text] } });

export type Script = (envelope: Envelope, ledger: Ledger) => Promise<Outcome> | Outcome;

export default class Ledger implements ActorInstance {
  readonly applied: number[] = [];
  readonly log: string[] = [];
  readonly #script: Script;
  readonly #resume: (ledger: Ledger) => Promise<Outcome> | Outcome;
  started: Start | null = null;

  constructor(script: Script = () => outcome(), resume: (ledger: Ledger) => Promise<Outcome> | Outcome = () => outcome()) {
    this.#script = script;
    this.#resume = resume;
  }

  start(start: Start): Promise<Outcome> | Outcome {
    this.started = start;
    if (start.snapshot !== null) this.applied.push(...(start.snapshot.state as number[]));
    this.apply(start.facts);
    return this.#resume(this);
  }

  apply(facts: readonly Fact[]): void {
    for (const fact of facts) {
      this.applied.push(fact.seq);
      this.log.push(`apply ${fact.seq}`);
    }
  }

  receive(envelope: Envelope, now: Instant): Promise<Outcome> | Outcome {
    this.log.push(`receive ${envelope.id} at ${now}`);
    return this.#script(envelope, this);
  }

  snapshot(): unknown {
    return this.applied;
  }
}
