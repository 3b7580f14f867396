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

/**
 * `tests` asks for the development packages too; without `compiled` the dependencies alone are enough.
 * @throws Error with one clear line where the tree cannot be made ready.
 */
export async function ready({ tests = false, compiled = true, root = ROOT } = {}) {
  assertNode();
  const stale = () => (compiled ? staleBuilds(root) : []);
  if (isInstalled(root, tests) && stale().length === 0) return;
  await withLock(
    join(root, '.cache', 'ready.lock'),
    async () => {
      if (!isInstalled(root, tests)) await install(root, tests, say);
      for (const target of stale()) await build(root, target, say);
    },
    (owner) => note(`waiting for process ${owner ?? '?'}, which is setting up this tree`),
  );
}

const note = (line) => process.stderr.write(`ledgerwood: ${line}\n`);

async function say(title, work) {
  const start = performance.now();
  note(`${title} …`);
  await work();
  note(`${title}: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
