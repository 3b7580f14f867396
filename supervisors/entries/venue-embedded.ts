/** The actor module of `venue.embedded`: asks in, the embedded venue's answers out. It writes nothing and tells nobody: its quotes leave by socket. */
import type { ActorInstance, Envelope, Outcome, Start } from '#protocol/actor.ts';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';

const NOTHING: Outcome = Object.freeze({ events: [], tells: [] });
const IDLE_MS_MAX = 86_400_000;

const QUERIES = ['info', 'step', 'idle MS', 'fault [tws] NAME [TARGET] [VALUE]', 'counters', 'tws-account'];

export default class VenueEmbedded implements ActorInstance {
  #venue: Venue | null = null;

  /** Binds and prepares; nothing is played yet. @throws DataFileError, ZodError, or Error where the port cannot be bound. */
  async start({ params }: Start): Promise<Outcome> {
    this.#venue = await openVenue(venueParams.parse(params));
    return NOTHING;
  }

  apply(): void {
    // It subscribes to no fact and writes none.
  }

  async receive(envelope: Envelope): Promise<Outcome> {
    if (envelope.type !== 'actor.asked') return NOTHING;
    const { query, args } = envelope.body;
    return { ...NOTHING, reply: await this.#answer(query, args) };
  }

  snapshot(): undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    await this.#venue?.close();
    this.#venue = null;
  }

  /** What a person asked for wrongly is answered; it is no reason to crash. */
  async #answer(query: string, args: readonly string[]): Promise<unknown> {
    const venue = this.#venue;
    if (venue === null) throw new Error('the embedded venue was asked before it started');
    switch (query) {
      case 'info':
        return venue.info();
      case 'step':
        return venue.step();
      case 'idle':
        return idle(venue, args[0] ?? '');
      case 'fault':
        return fault(venue, args);
      case 'counters':
        return venue.counters();
      case 'tws-account':
        return venue.twsAccount();
      default:
        return { error: `no query ${JSON.stringify(query)}; there are ${QUERIES.join(', ')}` };
    }
  }
}

function idle(venue: Venue, text: string): unknown {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(ms <= IDLE_MS_MAX)) return { error: `idle ${JSON.stringify(text)}: must be whole milliseconds, at most ${IDLE_MS_MAX}` };
  return venue.idle(ms);
}

function fault(venue: Venue, [name = '', ...takes]: readonly string[]): unknown {
  try {
    return venue.fault(name, ...takes);
  } catch (error) {
    if (error instanceof RangeError) return { error: error.message };
    throw error;
  }
}
