/** A cell under test, with what its incarnations were given at hand. */
import assert from 'node:assert/strict';
import type { Outcome } from '#protocol/actor.ts';
import type { Cell } from '#supervisors/cell.ts';
import type { CellSpec } from '#supervisors/cell-spec.ts';
import type { Failure } from '#supervisors/supervise.ts';
import Ledger, { outcome, type Script } from './actors/ledger.ts';
import { envelope } from './envelopes.ts';
import { FakeSpawner } from './fake-spawner.ts';
import { asked, bench, toy, type Bench } from './supervision.ts';

const FACTS: Pick<CellSpec, 'facts'> = { facts: ['system.stopped', 'kill.tripped'] };

/** A cell named `ledger`, whose incarnations run `script`, with what they were given at hand. */
export class Subject {
  readonly ledgers: Ledger[] = [];
  readonly failures: Failure[] = [];
  readonly spawner: FakeSpawner;
  readonly on: Bench;
  readonly cell: Cell;
  script: Script = () => outcome();
  resume: (ledger: Ledger) => Promise<Outcome> | Outcome = () => outcome();

  constructor(more: Partial<CellSpec> = {}) {
    this.spawner = new FakeSpawner(() => {
      const ledger = new Ledger(
        (each, of) => this.script(each, of),
        (of) => this.resume(of),
      );
      this.ledgers.push(ledger);
      return ledger;
    });
    this.on = bench(this.spawner);
    this.cell = this.on.cell({ ...toy('ledger', 'in-memory'), ...FACTS, ...more });
    this.cell.onFailure = (failure) => this.failures.push(failure);
  }

  get ledger(): Ledger {
    const ledger = this.ledgers.at(-1);
    assert.ok(ledger);
    return ledger;
  }

  post(id: string): void {
    this.cell.post(envelope(id, asked(id), { to: 'ledger' }));
  }

  async foreign(count = 1): Promise<void> {
    for (let index = 0; index < count; index++)
      await this.on.journal.append('system', null, [{ type: 'system.stopped', body: { reason: 'test' } }], 1);
  }
}
