/**
 * comedy's logger, loaded by path in every process. Silent but for errors: every failure of an actor reaches its supervisor as data,
 * and stdout belongs to the command line.
 */
import { inspect } from 'node:util';

const silent = (): void => {};

export const debug = silent;
export const info = silent;
export const warn = silent;

export function error(...parts: readonly unknown[]): void {
  process.stderr.write(`comedy: ${parts.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' ')}\n`);
}
