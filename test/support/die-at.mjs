/**
 * Preloaded into a main process under test (`NODE_OPTIONS=--import`): kill -9 of the process by itself, at an exact point of what it does to the
 * disk. `DIE_AT` is JSON: `{ what: 'batch', with: [texts], when: 'before' | 'after' }`, a batch of the journal with a record that holds all the texts;
 * or `{ what: 'rename', with: [texts], when }`, a file moved to a path that holds them, half of it written where it dies before.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Level } from 'level';

const point = JSON.parse(process.env.DIE_AT ?? 'null');

/** Forked actors inherit the environment: the point is the main process's. */
if (point !== null && /(ledgerwood\.mjs|snapshot-writer\.ts)$/.test(process.argv[1] ?? '')) {
  if (point.what === 'batch') dieAtBatch();
  else dieAtRename();
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before anything else runs.
  for (;;);
}

function fits(text) {
  return point.with.every((part) => text.includes(part));
}

function dieAtBatch() {
  const { batch } = Level.prototype;
  Level.prototype.batch = async function (operations, options) {
    const isIt = operations.some(({ value }) => fits(value));
    if (isIt && point.when === 'before') die();
    await batch.call(this, operations, options);
    if (isIt) die();
  };
}

function dieAtRename() {
  const { renameSync } = fs;
  const { rename } = fs.promises;
  const before = (from, to) => {
    if (!fits(String(to)) || point.when !== 'before') return;
    fs.truncateSync(from, Math.floor(fs.statSync(from).size / 2));
    die();
  };
  const after = (to) => {
    if (fits(String(to)) && point.when === 'after') die();
  };
  fs.renameSync = (from, to) => {
    before(from, to);
    renameSync(from, to);
    after(to);
  };
  fs.promises.rename = async (from, to) => {
    before(from, to);
    await rename(from, to);
    after(to);
  };
  syncBuiltinESMExports();
}
