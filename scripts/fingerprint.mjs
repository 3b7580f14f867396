/** What tells a changed tree from an unchanged one: fast by size and time of change, exact by content. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FILES_MAX = 20_000;
const SKIPPED = new Set(['node_modules', 'dist', '.svelte-kit']);

/** Every file below the given files and folders of `root`, sorted; what does not exist is left out. */
export function filesOf(root, names) {
  const found = [];
  const visit = (name) => {
    const stat = statSync(join(root, name), { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isDirectory()) {
      if (found.length === FILES_MAX) throw new Error(`more than ${FILES_MAX} files in ${names.join(', ')}`);
      found.push({ name, size: stat.size, mtimeMs: stat.mtimeMs });
      return;
    }
    for (const entry of readdirSync(join(root, name))) if (!SKIPPED.has(entry)) visit(`${name}/${entry}`);
  };
  for (const name of names) visit(name);
  return found.sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Changes with every write to a file, even one that leaves the content alone. */
export function fastFingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.name}\0${file.size}\0${file.mtimeMs}\n`);
  return hash.digest('hex');
}

/** Changes only where a name or a content changes. */
export function contentFingerprint(root, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(join(root, file.name));
    hash.update(`${file.name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}
