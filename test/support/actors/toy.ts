/** A toy actor for supervision tests: `actor.asked` queries make it count, remember, fail and hang in every way an actor can. */
import type { ActorInstance, Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';

interface Params {
  readonly failStart?: 'throw' | 'exit' | 'hang';
  /** Appends one `kill.tripped` with this reason at every resume that saw fewer facts than this. */
  readonly resumeUntil?: number;
}

export default class Toy implements ActorInstance {
  #emit: Emit = () => {};
  #start: Start | null = null;
  #applied: number[] = [];
  #received: string[] = [];
  #active = 0;
  #activeMax = 0;

  async start(start: Start, emit: Emit): Promise<Outcome> {
    const params = (start.params ?? {}) as Params;
    if (params.failStart === 'throw') throw new Error('failed to start, as told');
    if (params.failStart === 'exit') process.exit(9);
    if (params.failStart === 'hang') await new Promise(() => {});
    this.#start = start;
    this.#emit = emit;
    const state = start.snapshot?.state as { applied: number[] } | undefined;
    this.#applied = [...(state?.applied ?? []), ...start.facts.map((fact) => fact.seq)];
    const missing = (params.resumeUntil ?? 0) - this.#applied.length;
    return missing > 0 ? { events: [tripped(`resumed ${this.#applied.length}`)], tells: [] } : { events: [], tells: [] };
  }

  apply(facts: readonly Fact[]): void {
    for (const fact of facts) this.#applied.push(fact.seq);
  }

  async receive(envelope: Envelope, now: Instant): Promise<Outcome> {
    this.#activeMax = Math.max(this.#activeMax, ++this.#active);
    try {
      if (envelope.type === 'fact.recorded') this.#received.push(`fact:${envelope.body.fact.seq}:${this.#applied.at(-1)}`);
      else if (envelope.type === 'quote.received') this.#received.push(`quote:${envelope.body.quote.id}`);
      else if (envelope.type === 'actor.asked') return await this.#asked(envelope.body.query, envelope.body.args, now);
      else this.#received.push(envelope.type);
      return { events: [], tells: [] };
    } finally {
      this.#active--;
    }
  }

  snapshot(): unknown {
    return { applied: this.#applied };
  }

  async #asked(query: string, args: readonly string[], now: Instant): Promise<Outcome> {
    this.#received.push(`${query}${args.length > 0 ? `:${args.join(',')}` : ''}`);
    const [first = '0', second = ''] = args;
    switch (query) {
      case 'state':
        return reply({
          received: this.#received,
          applied: this.#applied,
          epoch: this.#start?.epoch,
          pid: process.pid,
          activeMax: this.#activeMax,
          now,
          replayed: this.#start?.facts.length,
          fromSnapshot: this.#start?.snapshot?.seq ?? null,
        });
      case 'echo':
        return reply(args);
      case 'record':
        return { events: args.map(tripped), tells: [], reply: 'recorded' };
      case 'tell':
        return { events: [], tells: [{ to: first, type: 'actor.asked', body: { query: second, args: args.slice(2) } }] };
      case 'record-and-tell':
        return { events: [tripped(second)], tells: [{ to: first, type: 'actor.asked', body: { query: 'note', args: [second] } }] };
      case 'emit':
        for (let index = 0; index < Number(first); index++) {
          this.#emit({ to: second, type: 'actor.asked', body: { query: 'note', args: [String(index)] } });
        }
        return reply('emitted');
      case 'emit-later':
        setTimeout(() => this.#emit({ to: second, type: 'actor.asked', body: { query: 'note', args: ['later'] } }), Number(first));
        return reply('soon');
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, Number(first)));
        return reply('slow');
      case 'throw':
        throw new Error(first);
      case 'throw-empty':
        throw new Error();
      case 'throw-null':
        throw null;
      case 'throw-later':
        setTimeout(() => {
          throw new Error('late failure');
        }, 1);
        return reply('soon');
      case 'reject-later':
        void Promise.reject(new Error('unhandled rejection'));
        return reply('soon');
      case 'exit':
        process.exit(Number(first));
        break;
      case 'loop':
        for (;;);
      case 'hang':
        return new Promise(() => {});
      case 'bad-tell':
        return { events: [], tells: [{ to: first, type: 'no.such', body: {} } as never] };
      case 'bad-outcome':
        return 'not an outcome' as never;
      case 'at':
        return reply('abc'.at(-1));
    }
    return { events: [], tells: [] };
  }
}

const reply = (value: unknown): Outcome => ({ events: [], tells: [], reply: value });
const tripped = (reason: string) => ({ type: 'kill.tripped', body: { scope: 'all', reason, source: 'toy', flatten: false } }) as const;
