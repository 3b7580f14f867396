/** How a record of an older version becomes one of today's: pure steps from one version to the next, kept for ever. */
import type { EventType } from '#trading/model/events.ts';
import { EVENT_VERSION, isEventType } from '#protocol/events.ts';
import { JournalError } from './errors.ts';

/** Makes the body of version n + 1 from that of version n. */
export type Upcaster = (body: unknown) => unknown;

/** By type, then by the version it starts from. Every type stands at version 1. */
export const UPCASTERS: Readonly<Partial<Record<EventType, Readonly<Record<number, Upcaster>>>>> = {};

interface Stored {
  readonly seq: number;
  readonly type: string;
  readonly version: number;
}

/** @throws JournalError NEWER_VERSION where this release does not know the type or the version. */
export function checkVersion({ seq, type, version }: Stored, versions: Readonly<Record<string, number>> = EVENT_VERSION): EventType {
  const known = isEventType(type) ? versions[type] : undefined;
  if (!isEventType(type) || known === undefined) {
    throw new JournalError('NEWER_VERSION', `record ${seq} is of type ${type}, which this release does not know: run the release that wrote it`, {
      seq,
    });
  }
  if (version > known || version < 1) {
    const message = `record ${seq} is ${type} version ${version}, this release reads 1 to ${known}: run the release that wrote it`;
    throw new JournalError('NEWER_VERSION', message, { seq });
  }
  return type;
}

/** The body as of the newest version. @throws JournalError NEWER_VERSION; Error where a step is missing from the table. */
export function upcast(
  record: Stored & { readonly body: unknown },
  table = UPCASTERS,
  versions: Readonly<Record<string, number>> = EVENT_VERSION,
): unknown {
  const type = checkVersion(record, versions);
  let { body } = record;
  for (let version = record.version; version < (versions[type] ?? version); version += 1) {
    const step = table[type]?.[version];
    if (step === undefined) throw new Error(`no upcaster for ${type} from version ${version}`);
    body = step(body);
  }
  return body;
}
