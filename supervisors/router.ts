/** The one switchboard: tells by name, facts of the journal to their subscribers, and the last of each announcement to who starts late. */
import type { Envelope } from '#protocol/actor.ts';
import type { Clock, Journal, Log } from '#protocol/ports.ts';
import type { EventType, Fact } from '#trading/model/events.ts';
import type { Message, MessageType, Tell } from '#trading/model/messages.ts';
import { isSubscribed } from './replay.ts';
import { retainedKey } from './retained.ts';

/** Announcements kept for later starters, and causes whose first message is remembered. */
const RETAINED_MAX = 10_000;
const CORRELATIONS_MAX = 4096;

export const EVERYONE = '*';

/** Who has an address: a cell. */
export interface Recipient {
  readonly name: string;
  /** Facts it is told as `fact.recorded`, except those it writes itself. */
  readonly facts: ReadonlySet<EventType>;
  readonly wants: (fact: Fact) => boolean;
  /** Types it hears when they are told to everyone. */
  readonly listens: ReadonlySet<MessageType>;
  post(envelope: Envelope): void;
  postFact(fact: Fact, envelope: Envelope): void;
  ask(envelope: Envelope, deadlineMs: number): Promise<unknown>;
  /** Decides its last orders once more, for nothing (drill.ts). */
  drill(): void;
}

export interface Sender {
  readonly name: string;
  readonly epoch: number;
}

export interface RouterOptions {
  readonly journal: Pick<Journal, 'onSealed' | 'sealedSeq'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Starts every message id; different in every run, because the journal keeps ids as causes. */
  readonly run: string;
}

type Handler = (envelope: Envelope) => void;

export class Router {
  readonly #options: RouterOptions;
  readonly #recipients = new Map<string, Recipient>();
  readonly #handlers = new Map<string, Handler>();
  readonly #intercepts = new Map<MessageType, Handler>();
  readonly #retained = new Map<string, Envelope>();
  readonly #correlations = new Map<string, string>();
  readonly #unsubscribe: () => void;
  #messages = 0;
  #fanned: number;
  deadLetters = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#fanned = options.journal.sealedSeq();
    this.#unsubscribe = options.journal.onSealed((facts) => {
      for (const fact of facts) this.#fanOut(fact);
    });
  }

  /** The newest fact that was handed to its subscribers; it may not be on disk yet. */
  get fanned(): number {
    return this.#fanned;
  }

  /** @throws where the name is taken. */
  register(recipient: Recipient): void {
    if (this.#recipients.has(recipient.name) || this.#handlers.has(recipient.name)) throw new Error(`two actors are named ${recipient.name}`);
    this.#recipients.set(recipient.name, recipient);
  }

  /** What is sent to it from here on finds nobody. */
  unregister(name: string): void {
    this.#recipients.delete(name);
    this.#handlers.delete(name);
  }

  /** A name served by a plain function of the main process. @throws where the name is taken. */
  handle(name: string, handler: Handler): void {
    if (this.#recipients.has(name) || this.#handlers.has(name)) throw new Error(`two actors are named ${name}`);
    this.#handlers.set(name, handler);
  }

  /** Whatever actors tell of this type goes to `handler` instead, whoever it was told to. */
  intercept(type: MessageType, handler: Handler): void {
    this.#intercepts.set(type, handler);
  }

  /** An actor's tell. `cause` is the message or fact it follows from; `correlation` the first of the chain. */
  tell(sender: Sender, tell: Tell, cause: string | null, correlation: string | null): void {
    const envelope = this.#envelope(sender, tell, cause, correlation);
    const intercept = this.#intercepts.get(envelope.type);
    if (intercept) this.#run(intercept, envelope);
    else this.#route(envelope);
  }

  /** A message of the main process itself: never intercepted. */
  deliver(to: string, message: Message, from = 'system'): void {
    this.#route(this.#envelope({ name: from, epoch: 0 }, { ...message, to }, null, null));
  }

  /** Sends a message that was intercepted on its way, to another address. */
  forward(envelope: Envelope, to: string): void {
    this.#route({ ...envelope, to });
  }

  /** @throws where nobody has that name, the deadline passes, or the actor fails over it. */
  ask(to: string, message: Message, deadlineMs: number, from = 'admin'): Promise<unknown> {
    const recipient = this.#recipients.get(to);
    if (!recipient) return Promise.reject(new Error(`no actor is named ${to}; there are ${[...this.#recipients.keys()].join(', ')}`));
    return recipient.ask(this.#envelope({ name: from, epoch: 0 }, { ...message, to }, null, null), deadlineMs);
  }

  /** Where nobody has that name, nobody does. */
  drill(name: string): void {
    this.#recipients.get(name)?.drill();
  }

  /** Announcements an actor that starts must hear, oldest first, as new messages. */
  retainedFor({ name, listens }: Recipient): readonly Envelope[] {
    return [...this.#retained.values()]
      .filter(({ to, type, from }) => from !== name && (to === name || (to === EVERYONE && listens.has(type))))
      .map((envelope) => ({ ...envelope, id: this.#nextId() }));
  }

  /** Facts caused by `cause` belong to the chain that began with `correlation`. */
  follow(cause: string, correlation: string): void {
    this.#correlations.set(cause, correlation);
    if (this.#correlations.size > CORRELATIONS_MAX) deleteOldest(this.#correlations);
  }

  deadLetter({ id, type, from, to }: Envelope, why: string): void {
    this.deadLetters++;
    const level = type === 'quote.received' ? 'debug' : 'warn';
    this.#options.log[level]({ id, type, from, to, why }, 'a message was not delivered');
  }

  close(): void {
    this.#unsubscribe();
  }

  #route(envelope: Envelope): void {
    this.#retain(envelope);
    if (envelope.to === EVERYONE) {
      for (const recipient of this.#recipients.values()) {
        if (recipient.name !== envelope.from && recipient.listens.has(envelope.type)) recipient.post({ ...envelope, to: recipient.name });
      }
      return;
    }
    const recipient = this.#recipients.get(envelope.to);
    if (recipient) {
      recipient.post(envelope);
      return;
    }
    const handler = this.#handlers.get(envelope.to);
    if (handler) this.#run(handler, envelope);
    else this.deadLetter(envelope, 'nobody has that name');
  }

  #run(handler: Handler, envelope: Envelope): void {
    try {
      handler(envelope);
    } catch (error) {
      // The house's own handler failed; the actor that told it is not to blame.
      this.#options.log.error(
        { type: envelope.type, to: envelope.to, from: envelope.from, error: String(error) },
        'a handler of the main process failed',
      );
    }
  }

  #fanOut(fact: Fact): void {
    this.#fanned = fact.seq;
    const id = `seq:${fact.seq}`;
    const correlation = (fact.cause === null ? undefined : this.#correlations.get(fact.cause)) ?? fact.cause ?? id;
    for (const recipient of this.#recipients.values()) {
      if (recipient.name === fact.actor || !isSubscribed(recipient, fact)) continue;
      const { at, actor: from } = fact;
      recipient.postFact(fact, { id, type: 'fact.recorded', body: { fact }, from, to: recipient.name, at, epoch: 0, cause: fact.cause, correlation });
    }
  }

  #envelope({ name, epoch }: Sender, tell: Tell, cause: string | null, correlation: string | null): Envelope {
    const id = this.#nextId();
    return { ...tell, id, from: name, at: this.#options.clock.now(), epoch, cause, correlation: correlation ?? id };
  }

  #nextId(): string {
    return `${this.#options.run}.${(++this.#messages).toString(36)}`;
  }

  #retain(envelope: Envelope): void {
    const key = retainedKey(envelope);
    if (key === null) return;
    // Told again, it is the newest: the order of telling is kept.
    this.#retained.delete(key);
    this.#retained.set(key, envelope);
    if (this.#retained.size > RETAINED_MAX) deleteOldest(this.#retained);
  }
}

function deleteOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
