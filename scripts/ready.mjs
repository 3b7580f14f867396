/**
 * Sets up a clone by itself: dependencies from the lock file, compiled code, built page. Later runs notice that nothing changed
 * and return within milliseconds. Everything it says goes to stderr: stdout belongs to the command.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, staleBuilds } from './build.mjs';
import { assertNode, install, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @throws Error with one clear line where the tree cannot be made ready. */
export async function ready({ tests = false, root = ROOT } = {}) {
  assertNode();
  if (isReady(root, tests)) return;
  await withLock(
    join(root, '.cache', 'ready.lock'),
    async () => {
      if (!isInstalled(root, tests)) await install(root, tests, say);
      for (const target of staleBuilds(root)) await build(root, target, say);
    },
    (owner) => note(`waiting for process ${owner ?? '?'}, which is setting up this tree`),
  );
}

const isReady = (root, tests) => isInstalled(root, tests) && staleBuilds(root).length === 0;

const note = (line) => process.stderr.write(`ledgerwood: ${line}\n`);

async function say(title, work) {
  const start = performance.now();
  note(`${title} …`);
  await work();
  note(`${title}: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
