/** How often functions of a system under test were called, by V8's own count: what leaves no trace, such as a drill, is seen by nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDirectory } from './command.ts';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

export interface CallCounter {
  /** Of the process that is counted. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of all functions of that name in a file of the built tree, once the process has ended in order: one that is killed tells nothing. */
  of(file: string, name: string): number;
}

export function callCounter(): CallCounter {
  const directory = freshDirectory();
  return {
    environment: { NODE_V8_COVERAGE: directory },
    of: (file, name) => readdirSync(directory).reduce((sum, one) => sum + callsIn(join(directory, one), `/dist/${file}`, name), 0),
  };
}

function callsIn(path: string, file: string, name: string): number {
  const { result } = JSON.parse(readFileSync(path, 'utf8')) as Coverage;
  const functions = result.filter(({ url }) => url.endsWith(file)).flatMap((script) => script.functions);
  return functions.filter(({ functionName }) => functionName === name).reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0);
}
