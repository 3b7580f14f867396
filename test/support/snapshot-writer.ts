/** Saves snapshots of one actor, one after another, until it is killed: `node … snapshot-writer.ts DIR`. Says each that is saved. */
import { openSnapshots } from '#state/snapshots.ts';

const SNAPSHOTS_MAX = 100;

const snapshots = openSnapshots({ dir: process.argv[2] ?? '' });
for (let seq = 1; seq <= SNAPSHOTS_MAX; seq++) {
  await snapshots.save('governor', seq, `hash ${seq}`, { seq, text: 'x'.repeat(1000) });
  process.stdout.write(`saved ${seq}\n`);
}
