/** What of a session a person must hear of at once, and what closes an account for entries (venues/ibkr, modes 13, 19 and 24). */
import type { VenueTrouble } from '#trading/model/live.ts';
import type { SessionState } from './session.ts';
import type { Mirrored } from './trading/mirror.ts';

/** A nightly restart takes two minutes. */
export const AWAY_MS = 300_000;

export class Troubles {
  readonly #tell: (trouble: VenueTrouble) => void;
  readonly #awayMs: number;
  /** Where TWS is, for a person. */
  readonly #where: string;
  #said = '';
  #away: NodeJS.Timeout | undefined;

  /** @param awayMs a session that cannot be used for so long needs a person: it may wait for its weekly login. Wall milliseconds. */
  constructor(where: string, awayMs: number, tell: (trouble: VenueTrouble) => void) {
    this.#where = where;
    this.#awayMs = awayMs;
    this.#tell = tell;
  }

  /** After whoever decides over orders was told that reports flow: what closes it stands all the same. */
  state({ phase, usable, misread }: SessionState, reason: () => string): void {
    if (usable || phase === 'closed') {
      clearTimeout(this.#away);
      this.#away = undefined;
    } else this.#away ??= setTimeout(() => this.#onAway(reason()), this.#awayMs);
    const said = misread === null ? '' : `${misread} ${usable}`;
    if (said === this.#said) return;
    this.#said = said;
    if (misread === null) return;
    const advice = 'no entry until a new connection has read everything without that; after an update of TWS, go back to the version that was tested';
    this.#tell({ code: 'UNREADABLE', sentence: `${this.#where} says what cannot be read (${misread}): ${advice}`, order: null, closes: true });
  }

  capped({ order, clientOrderId, parentId }: Mirrored, at: number): void {
    const { asset, symbol, venueOrderId } = order;
    const sentence = `${symbol}: TWS works ${clientOrderId ?? parentId ?? 'an order'} (${venueOrderId}) at ${at}, away from its own limit`;
    this.#tell({ code: 'PRICE_CAPPED', sentence, order: { asset, symbol, clientOrderId: order.clientOrderId ?? order.parentId }, closes: false });
  }

  #onAway(reason: string): void {
    const advice = 'look whether it is up, and whether it waits for somebody to confirm its login';
    this.#tell({ code: 'VENUE_AWAY', sentence: `${this.#where} cannot be used (${reason}): ${advice}`, order: null, closes: false });
  }
}
