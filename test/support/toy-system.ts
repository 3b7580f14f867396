/** A main process of its own with one forked actor, for tests that stop or kill a main process. Prints the actor's state on each line of stdin. */
import { createInterface } from 'node:readline';
import { createSpawner } from '#supervisors/comedy.ts';
import { bench, stateOf, supervisor, toy } from './supervision.ts';

async function main(): Promise<void> {
  const spawner = createSpawner({ onUnattributed: (error) => process.stderr.write(`${String(error)}\n`) });
  const on = bench(spawner);
  const root = on.tree(supervisor('root', [toy('child', 'forked', { limits: { heartbeatMs: 20, heartbeatLostMs: 400 } })]));
  await root.start();
  const show = async (): Promise<void> => {
    const { pid, epoch } = await stateOf(on, 'child');
    process.stdout.write(`${JSON.stringify({ pid, epoch })}\n`);
  };
  await show();
  createInterface({ input: process.stdin }).on('line', () => void show());
}

void main();
