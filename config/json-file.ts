import { readFile, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { keyTwice } from './duplicate-keys.ts';
import { ConfigError } from './errors.ts';

const FILE_BYTES_MAX = 1_048_576;

/** Reads a JSON file against a strict schema. @throws ConfigError naming the file and the first wrong key. */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let raw: unknown;
  let text = '';
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
    text = await readFile(path, 'utf8');
    raw = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(path, '(file)', undefined, `cannot be read as JSON: ${(error as Error).message}`);
  }
  const twice = keyTwice(text);
  if (twice !== null) throw new ConfigError(path, twice, undefined, 'stands twice, and only one of the two values would count; remove one');
  return parseWith(path, raw, schema);
}

/** @throws ConfigError naming the first key that does not fit. */
export function parseWith<T>(file: string, raw: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  // A misspelt key is unknown and missing at once: the unknown one says more.
  const issue = parsed.error.issues.find(({ code }) => code === 'unrecognized_keys') ?? parsed.error.issues[0];
  if (issue === undefined) throw new ConfigError(file, '(file)', undefined, 'does not fit its schema');
  if (issue.code === 'unrecognized_keys') {
    throw new ConfigError(file, [...issue.path, issue.keys[0] ?? '?'].join('.'), undefined, 'unknown key; remove it or correct its name');
  }
  const value = valueAt(raw, issue.path);
  throw new ConfigError(file, issue.path.join('.') || '(file)', value, value === undefined ? `is missing (${issue.message})` : issue.message);
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
