/** What comes out of an actor's process is checked where it enters this one: its shape and its tells here, its events by the journal. */
import type { Outcome } from '#protocol/actor.ts';
import { parseTell } from '#protocol/messages.ts';
import type { Tell } from '#trading/model/messages.ts';
import type { Emission, Placement } from './processes.ts';

/** @throws TypeError or z.ZodError where the actor answered something else than an outcome. */
export function parseOutcome(raw: unknown, placement: Placement): Outcome {
  if (!isOutcome(raw)) throw new TypeError('BAD_OUTCOME: an actor must answer { events, tells }');
  return placement === 'in-memory' || raw.tells.length === 0 ? raw : { ...raw, tells: raw.tells.map((tell) => parseTell(tell)) };
}

/** @throws z.ZodError or RangeError where it is no tell. */
export function parseEmission({ tell }: Emission, placement: Placement): Tell {
  return placement === 'in-memory' ? tell : parseTell(tell);
}

function isOutcome(raw: unknown): raw is Outcome {
  return typeof raw === 'object' && raw !== null && 'events' in raw && Array.isArray(raw.events) && 'tells' in raw && Array.isArray(raw.tells);
}
