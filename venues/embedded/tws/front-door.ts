/** Who gets a session: client ids in use or still held, messages that come too fast, a TWS that is down, and what a new session will not see. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Session } from './session.ts';
import type { Switches } from './switches.ts';

const SECOND_MS = 1000;
/** What a session is told of as it starts. */
export const FARMS: readonly (readonly [number, string])[] = [
  [2104, 'Market data farm connection is OK:cashfarm'],
  [2104, 'Market data farm connection is OK:usopt'],
  [2106, 'HMDS data farm connection is OK:ushmds'],
  [2158, 'Sec-def data farm connection is OK:secdefnj'],
];

export class FrontDoor {
  /** Nobody is let in. */
  closed = false;
  readonly #switches: Readonly<Switches>;
  /** Client ids of ended sessions, and until when they are held. */
  readonly #held = new Map<number, Instant>();
  readonly #sentAt = new Map<Session, Instant[]>();
  readonly #known = new Set<number>();
  /** Client ids that had a session since the weekly restart; null where there was none. */
  #sinceWeekly: Set<number> | null = null;

  constructor(switches: Readonly<Switches>) {
    this.#switches = switches;
  }

  isHeld(clientId: number, now: Instant): boolean {
    return (this.#held.get(clientId) ?? 0) > now;
  }

  entered(session: Session, clientId: number): void {
    session.clientId = clientId;
    session.blind = this.#switches.blindAfterWeekly && this.#sinceWeekly !== null && !this.#sinceWeekly.has(clientId);
    session.barsAreDead = this.#switches.deadBarsAfterReconnect && this.#known.has(clientId);
    this.#known.add(clientId);
    this.#sinceWeekly?.add(clientId);
  }

  left(session: Session, now: Instant): void {
    this.#sentAt.delete(session);
    const { clientIdHeldMs } = this.#switches;
    if (session.clientId !== null && clientIdHeldMs > 0) this.#held.set(session.clientId, now + clientIdHeldMs);
  }

  weekly(): void {
    this.#sinceWeekly = new Set();
  }

  /** Messages of the session in the second of market time that ends now, this one with them; 0 where nobody counts. */
  count(session: Session, now: Instant): number {
    const max = this.#switches.messagesPerSecondMax;
    if (max <= 0) return 0;
    const sent = (this.#sentAt.get(session) ?? []).filter((at) => at > now - SECOND_MS);
    sent.push(now);
    this.#sentAt.set(session, sent.slice(-max - 1));
    return sent.length;
  }
}
