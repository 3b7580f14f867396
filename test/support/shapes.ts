/** The examples of Bybit's documentation, and what an answer lacks of them. They lie beside the project and are no part of it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../../../shared/fixtures/bybit-docs/', import.meta.url));

type Json = Readonly<Record<string, unknown>>;

/** Whether `path` lies beside the project; where it does not a line says what is skipped for it. */
export function isBeside(path: string, what: string): boolean {
  if (existsSync(path)) return true;
  console.log(`      skipped: ${what} not beside the repository`);
  return false;
}

export const hasExamples = (): boolean => isBeside(FIXTURES, 'the examples of the documentation (../shared/fixtures/bybit-docs) are');

/** The first JSON value of an example: some pages have words around it. */
export function exampleOf(name: string): unknown {
  const text = readFileSync(FIXTURES + name, 'utf8');
  const from = text.indexOf('{');
  for (let to = text.indexOf('}', from); to >= 0; to = text.indexOf('}', to + 1)) {
    try {
      return JSON.parse(text.slice(from, to + 1));
    } catch {
      // Not balanced yet.
    }
  }
  throw new Error(`${name} holds no JSON`);
}

/**
 * Keys that the example has and ours has not, and those of another type; of lists the first entries are compared. What ours has more is no harm.
 * `open`: keys whose value is a map of names that depend on the account.
 */
export function missing(expected: unknown, actual: unknown, open: readonly string[] = [], path = ''): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${path} is no list`];
    return expected.length === 0 || actual.length === 0 ? [] : missing(expected[0], actual[0], open, `${path}[0]`);
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return [`${path} is no object`];
    return Object.entries(expected)
      .filter(([key]) => !open.includes(key))
      .flatMap(([key, value]) =>
        Object.hasOwn(actual, key) ? missing(value, (actual as Json)[key], open, `${path}.${key}`) : [`${path}.${key} is missing`],
      );
  }
  return typeof expected === typeof actual ? [] : [`${path} is ${typeof actual}, Bybit sends ${typeof expected}`];
}
