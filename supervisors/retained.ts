import type { Envelope } from '#protocol/actor.ts';

/** Under what name the last of an announcement is kept for actors that start later; null for messages that are not kept. */
export function retainedKey({ type, body, to }: Envelope): string | null {
  switch (type) {
    case 'instrument.listed':
      return `${type} ${body.instrument.id} ${to}`;
    case 'feed.changed':
      return `${type} ${body.broker} ${to}`;
    case 'allowance.changed':
      return `${type} ${body.asset} ${body.mode} ${to}`;
    default:
      return null;
  }
}
