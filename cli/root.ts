/** What belongs to the program itself, whether it runs from dist/cli or from cli. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../..' : '..', import.meta.url));
export const CONFIG_DIR = join(ROOT, 'config');

export interface PackageFile {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** Our own package.json. */
export const packageFile = (): PackageFile => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageFile;
