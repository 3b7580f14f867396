import type { Log } from '#protocol/ports.ts';
import { within } from './deadline.ts';

/** For one step of stopping; the tree's own shutdown deadlines lie within it. */
const STEP_MS_MAX = 15_000;

/** Runs the steps of stopping. Each is bounded and none may fail the next: a disk that is full or gone must not keep the system from ending. */
export const inOrder =
  (log: Log) =>
  (what: string, work: Promise<unknown>): Promise<void> =>
    within(work, STEP_MS_MAX, 'took too long').then(
      () => undefined,
      (error: unknown) => log.error({ actor: 'system', error: (error as Error).message }, `${what} did not end in order`),
    );
