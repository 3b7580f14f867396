import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DomainEvent } from '#trading/model/events.ts';
import Ledger, { outcome, trip } from '../../support/actors/ledger.ts';
import { envelope } from '../../support/envelopes.ts';
import { FakeSpawner } from '../../support/fake-spawner.ts';
import { asked, bench, toy } from '../../support/supervision.ts';

const STOPPED: DomainEvent = { type: 'system.stopped', body: { reason: 'test' } };
const REARMED: DomainEvent = { type: 'kill.rearmed', body: { source: 'test', reason: 'not subscribed' } };

/** What happens around one actor, in any order: own turns, others' facts, time passing, crashes. */
const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('own' as const), events: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('stopped' as const, 'tripped' as const, 'unsubscribed' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ticks: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const increasing = (seqs: readonly number[]): boolean => seqs.every((seq, at) => at === 0 || seq > (seqs[at - 1] ?? 0));

describe('the order of facts', () => {
  it('ST-5 every incarnation applies each fact once, in the order of the journal, and ends with all of them; every event is written once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
        const ledgers: Ledger[] = [];
        const spawner = new FakeSpawner(() => {
          const ledger = new Ledger(async ({ type, body }) => {
            if (type === 'fact.recorded') {
              assert.ok(ledger.applied.includes(body.fact.seq), 'a fact is received after it was applied');
              return outcome();
            }
            await tick();
            return outcome({ events: type === 'actor.asked' ? body.args.map(trip) : [] });
          });
          ledgers.push(ledger);
          return ledger;
        });
        const on = bench(spawner);
        on.journal.beforeDurable = async () => {
          for (let count = 0; count < 3; count++) await tick();
        };
        const cell = on.cell({ ...toy('ledger', 'in-memory'), facts: ['system.stopped', 'kill.tripped'] });
        const failures: string[] = [];
        // A crash may hit a start under way, too: then it is started again, as its supervisor would.
        const start = (): Promise<void> => cell.start().catch(() => (failures.push('crashed on purpose'), start()));
        cell.onFailure = ({ reason }) => {
          failures.push(reason);
          void start();
        };
        await cell.start();
        const asks: string[] = [];
        const others: Promise<unknown>[] = [];
        for (const [index, step] of steps.entries()) {
          if (step.do === 'own') {
            const reasons = Array.from({ length: step.events }, (_, each) => `${index}.${each}`);
            asks.push(...reasons);
            cell.post(envelope(`m${index}`, asked('record', ...reasons)));
          } else if (step.do === 'wait') for (let count = 0; count < step.ticks; count++) await tick();
          else if (step.do === 'crash') cell.crash('ledger');
          else {
            const event = { stopped: STOPPED, tripped: trip('foreign'), unsubscribed: REARMED }[step.do];
            others.push(on.journal.append('other', null, [event], 1));
          }
        }
        await Promise.all(others);
        await on.activity.settled();
        await cell.stop(true);

        const relevant = on.journal.facts.filter(({ type }) => type !== 'kill.rearmed').map(({ seq }) => seq);
        for (const { applied } of ledgers) assert.ok(increasing(applied), `out of order: ${applied.join(' ')}`);
        assert.deepEqual(ledgers.at(-1)?.applied, relevant);
        assert.deepEqual(new Set(failures), new Set(failures.length > 0 ? ['crashed on purpose'] : []));
        const written = on.journal.facts.flatMap((fact) => (fact.actor === 'ledger' && fact.type === 'kill.tripped' ? [fact.body.reason] : []));
        assert.equal(new Set(written).size, written.length, 'nothing is written twice');
        if (failures.length < 2) assert.deepEqual(written, asks, 'one crash loses nothing');
      }),
      { numRuns: 150 },
    );
  });
});
