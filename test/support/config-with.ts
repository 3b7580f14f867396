/** The shipped configuration, in a directory of its own, with a strategy that asks for more. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDirectory } from './command.ts';

export function configWith(more: object): string {
  const directory = freshDirectory();
  cpSync('config', directory, { recursive: true });
  const file = join(directory, 'strategies', 'ema-cross.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...more }));
  return directory;
}
