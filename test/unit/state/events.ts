/** Sample events of every type, at version 1. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent } from '#trading/model/events.ts';

const DIRECTORY = join(import.meta.dirname, '../../fixtures/events');

export interface Golden {
  readonly file: string;
  readonly type: string;
  readonly version: number;
  readonly body: unknown;
}

/** `<type>.v<version>.json`: kept for ever, never edited. */
export const goldens: readonly Golden[] = readdirSync(DIRECTORY)
  .sort()
  .map((file) => {
    const [, type = '', version = ''] = /^(.+)\.v(\d+)\.json$/.exec(file) ?? [];
    return { file, type, version: Number(version), body: JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as unknown };
  });

/** The golden sample of a type as an event. */
export function sample(type: DomainEvent['type']): DomainEvent {
  const found = goldens.find((golden) => golden.type === type && golden.version === 1);
  if (found === undefined) throw new Error(`no golden sample of ${type}`);
  return { type, body: found.body } as DomainEvent;
}

export const stopped = (reason: string): DomainEvent => ({ type: 'system.stopped', body: { reason } });
