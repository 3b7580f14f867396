/** What tests of supervision share: a bench of journal, router and activity, toy specs, and ways to wait for a state. */
import type { Log } from '#protocol/ports.ts';
import type { Message } from '#trading/model/messages.ts';
import { Activity } from '#supervisors/activity.ts';
import { Cell } from '#supervisors/cell.ts';
import type { CellLimits, CellSpec } from '#supervisors/cell-spec.ts';
import type { Placement, Spawner } from '#supervisors/processes.ts';
import { Outbox } from '#supervisors/outbox.ts';
import { Router } from '#supervisors/router.ts';
import { createTree, type Supervisor } from '#supervisors/supervisor.ts';
import type { ActorSpec, SupervisorSpec } from '#supervisors/supervisor-spec.ts';
import { FakeJournal, FakeSnapshots } from './fake-journal.ts';

export const TOY = new URL('./actors/toy.ts', import.meta.url).href;
export const QUICK_BACKOFF = { baseMs: 1, capMs: 4, healthyAfterMs: 60_000 };
export const ASK_MS = 10_000;
/** Less than a test may take. */
const PATIENCE_MS = 50_000;

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface Bench {
  readonly journal: FakeJournal;
  readonly snapshots: FakeSnapshots;
  readonly activity: Activity;
  readonly router: Router;
  readonly lines: string[];
  now: number;
  cell(spec: CellSpec): Cell;
  tree(spec: SupervisorSpec, onEscalated?: (name: string, reason: string) => void): Supervisor<Cell>;
  ask(to: string, query: string, ...args: readonly string[]): Promise<unknown>;
}

export function bench(spawner: Spawner): Bench {
  const journal = new FakeJournal();
  const snapshots = new FakeSnapshots();
  const activity = new Activity();
  const lines: string[] = [];
  const keep = (fields: object, line: string): void => void lines.push(`${line} ${JSON.stringify(fields)}`);
  const log: Log = { debug: () => {}, info: keep, warn: keep, error: keep };
  const clock = { now: () => made.now };
  const router = new Router({ journal, clock, log, run: 'test' });
  const outbox = new Outbox(journal, activity);
  const context = { journal, snapshots, activity, outbox, router, clock, log, spawner };
  const made: Bench = {
    journal,
    snapshots,
    activity,
    router,
    lines,
    now: 1000,
    cell(spec) {
      const cell = new Cell(spec, context);
      router.register(cell);
      return cell;
    },
    tree(spec, onEscalated) {
      const escalation = onEscalated === undefined ? {} : { onEscalated };
      return createTree<Cell>(spec, { log, seed: 'test', createCell: (actor) => made.cell(actor), ...escalation });
    },
    ask: (to, query, ...args) => router.ask(to, asked(query, ...args), ASK_MS),
  };
  return made;
}

export const asked = (query: string, ...args: readonly string[]): Message => ({ type: 'actor.asked', body: { query, args } });

export function toy(
  name: string,
  placement: Placement,
  more: Partial<Omit<ActorSpec, 'limits'>> & { readonly limits?: Partial<CellLimits> } = {},
): ActorSpec {
  return { kind: 'actor', name, module: TOY, placement, params: {}, facts: [], listens: [], ...more };
}

export function supervisor(name: string, children: SupervisorSpec['children'], more: Partial<SupervisorSpec> = {}): SupervisorSpec {
  return {
    kind: 'supervisor',
    name,
    strategy: 'one_for_one',
    intensity: { max: 10, withinMs: 60_000 },
    backoff: QUICK_BACKOFF,
    children,
    ...more,
  };
}

/** What the toy answers to `state`. */
export interface ToyState {
  readonly received: readonly string[];
  readonly applied: readonly number[];
  readonly epoch: number;
  readonly pid: number;
  readonly activeMax: number;
  readonly now: number;
  readonly replayed: number;
  readonly fromSnapshot: number | null;
}

export async function stateOf(on: Bench, name: string): Promise<ToyState> {
  // The toy answers nothing else to it.
  return (await on.ask(name, 'state')) as ToyState;
}

/** Waits by turns of the event loop. @throws Error where it is never so: a wait without an end would keep the whole run from ending. */
export async function until(reached: () => boolean): Promise<void> {
  const begun = performance.now();
  while (!reached()) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`not so within ${PATIENCE_MS} ms: ${String(reached)}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
