/** What the main process asks of the embedded venue, with its answers checked: it is a process of its own and may be any build. */
import { z } from 'zod';
import type { StepReply } from './conductor.ts';

const stepReply = z.object({ now: z.int(), books: z.int().nonnegative(), ended: z.boolean(), next: z.int().nullable().default(null) });
const info = z.object({ rest: z.url(), ws: z.url() });

/** The port that the embedded venue asks the system for; the same after a restart, so that the gateway finds it again. */
const ANY_PORT = 0;

export class VenueControl {
  readonly #ask: (query: string, args: readonly string[]) => Promise<unknown>;
  #urls: { readonly rest: string; readonly ws: string } | null = null;

  constructor(ask: (query: string, args: readonly string[]) => Promise<unknown>) {
    this.#ask = ask;
  }

  get port(): number {
    return this.#urls === null ? ANY_PORT : Number(new URL(this.#urls.rest).port);
  }

  /** Where its façade listens. @throws before `connect`. */
  urls(): { readonly rest: string; readonly ws: string } {
    if (this.#urls === null) throw new Error('the embedded venue has not said where it listens');
    return this.#urls;
  }

  async connect(): Promise<void> {
    const { rest, ws } = info.parse(await this.#ask('info', []));
    this.#urls = { rest, ws };
  }

  async step(): Promise<StepReply> {
    return stepReply.parse(await this.#ask('step', []));
  }

  async idle(ms: number): Promise<StepReply> {
    return stepReply.parse(await this.#ask('idle', [String(ms)]));
  }
}
