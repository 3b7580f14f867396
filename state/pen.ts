/** Who may write what, and whether it is well formed: asked before anything is sealed. */
import type { DomainEvent, EventType } from '#trading/model/events.ts';
import { EVENT_BODIES, isEventType } from '#protocol/events.ts';
import { JournalError } from './errors.ts';

export const EVENTS_PER_TURN_MAX = 256;
/** Characters of the stored text of one record. */
export const RECORD_CHARS_MAX = 65_536;
const NAME_CHARS_MAX = 64;
const PROBLEMS_SHOWN = 3;

/** An owner ending in `.` stands for a family of actors. */
export function mayWrite(actor: string, owners: readonly string[]): boolean {
  return owners.some((owner) => (owner.endsWith('.') ? actor.startsWith(owner) && actor.length > owner.length : actor === owner));
}

/** Null where `actor` may write every one of the events and each fits its schema. */
export function checkEvents(
  actor: string,
  cause: string | null,
  events: readonly DomainEvent[],
  at: number,
  owners: Readonly<Record<EventType, readonly string[]>>,
): JournalError | null {
  if (!Number.isSafeInteger(at) || at < 0) return invalid(`the time of a turn of ${actor} must be UTC milliseconds, not ${at}`);
  if (actor.length > NAME_CHARS_MAX || actor.length === 0)
    return invalid(`an actor's name has 1 to ${NAME_CHARS_MAX} characters, not ${actor.length}`);
  if (cause !== null && (cause.length > NAME_CHARS_MAX || cause.length === 0))
    return invalid(`the cause given by ${actor} has ${cause.length} characters`);
  for (const { type, body } of events) {
    if (!isEventType(type)) return invalid(`${actor} wrote an event of unknown type ${JSON.stringify(type)}`);
    if (!mayWrite(actor, owners[type])) return new JournalError('NOT_OWNER', `${actor} may not write ${type}: only ${owners[type].join(', ')} may`);
    const problem = bodyProblem(type, body);
    if (problem !== null) return invalid(`${type} of ${actor}: ${problem}`);
  }
  return null;
}

/** What keeps `body` from being one of `type`, or null. */
export function bodyProblem(type: EventType, body: unknown): string | null {
  const { error } = EVENT_BODIES[type].safeParse(body);
  if (error === undefined) return null;
  return error.issues
    .slice(0, PROBLEMS_SHOWN)
    .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
    .join('; ');
}

const invalid = (message: string): JournalError => new JournalError('INVALID_EVENT', message);
