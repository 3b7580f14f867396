/** The files of the repository as the architecture tests see them: what is written by hand, nothing that is installed, built or run. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const ROOMS = ['trading', 'protocol', 'learning', 'config', 'state', 'venues', 'actors', 'supervisors', 'cli', 'ui', 'test'] as const;

const NOT_OURS = new Set(['node_modules', 'dist', 'var', '.git', '.cache', 'coverage', '.svelte-kit']);
const TEXT = /\.(ts|mjs|cjs|js|svelte|css|html|json|md|yml|yaml)$|^(LICENSE|NOTICE|run|\.env\.example|\.editorconfig|\.git[a-z]+|\.npmrc)$/;

/** Paths relative to the root, with `/`, sorted. */
export function textFiles(below = ''): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!NOT_OURS.has(entry.name)) found.push(...textFiles(path));
    } else if (TEXT.test(entry.name) && !isPrivateEnvironment(entry.name)) found.push(path);
  }
  return found.sort();
}

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** One message for all offenders: a person mends them in one go. */
export const listed = (problems: readonly string[]): string => `\n  ${problems.join('\n  ')}\n`;

const isPrivateEnvironment = (name: string): boolean => name.startsWith('.env') && name !== '.env.example';
