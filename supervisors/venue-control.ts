/** What the main process asks of the embedded venue, with its answers checked: it is a process of its own and may be any build. */
import { createServer, type AddressInfo } from 'node:net';
import { z } from 'zod';
import type { StepReply } from './conductor.ts';

const LOOPBACK = '127.0.0.1';

const stepReply = z.object({
  now: z.int(),
  books: z.int().nonnegative(),
  ended: z.boolean(),
  next: z.int().nullable().default(null),
  tws: z.boolean().default(false),
  twsAway: z.boolean().default(false),
  oldStamps: z.array(z.int()).default([]),
});

const infoReply = z.object({ twsAway: z.boolean().default(false) });

/** A port of the venue's own, chosen before it starts: a venue that restarts is found at the same place. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, LOOPBACK, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

export class VenueControl {
  readonly #ask: (query: string, args: readonly string[]) => Promise<unknown>;
  readonly host = LOOPBACK;
  readonly port: number;
  /** Of the TWS façade, where it is there. */
  readonly twsPort: number;

  /** Told by every answer of it: a TWS that is away comes back with market time, which must not wait for it. */
  readonly #onTwsAway: (isAway: boolean) => void;

  constructor(
    port: number,
    ask: (query: string, args: readonly string[]) => Promise<unknown>,
    twsPort = 0,
    onTwsAway: (isAway: boolean) => void = () => undefined,
  ) {
    this.port = port;
    this.twsPort = twsPort;
    this.#ask = ask;
    this.#onTwsAway = onTwsAway;
  }

  /** Where its façade listens. */
  urls(): { readonly rest: string; readonly ws: string } {
    return { rest: `http://${this.host}:${this.port}`, ws: `ws://${this.host}:${this.port}` };
  }

  async step(): Promise<StepReply> {
    return this.#heard(stepReply.parse(await this.#ask('step', [])));
  }

  async idle(ms: number): Promise<StepReply> {
    return this.#heard(stepReply.parse(await this.#ask('idle', [String(ms)])));
  }

  /** Asks nothing but how it stands. */
  async look(): Promise<void> {
    this.#heard(infoReply.parse(await this.#ask('info', [])));
  }

  #heard<T extends { readonly twsAway: boolean }>(reply: T): T {
    this.#onTwsAway(reply.twsAway);
    return reply;
  }
}
