/** The page as an actor: facts and the feed in, patches to browsers out; a browser's command to the main process, its answer back. */
import { z } from 'zod';
import type { Fact } from '#trading/model/events.ts';
import type { MessageBody } from '#trading/model/messages.ts';
import type { ActorInstance, Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { WindowFeed } from '#protocol/view.ts';
import { paramsOf } from '../params.ts';
import { Commands, type AdminCommand } from './commands.ts';
import type { PageFacts } from './page-facts.ts';
import { Projection } from './projection.ts';
import { openPageServer, type PageServer } from './server.ts';
import type { PageWorld } from './world.ts';

/** Ten times a second is as often as an eye follows; what comes in between is conflated. */
const PATCH_MS = 100;
const PORT_MAX = 65_535;
const QUERIES = 'login, counters, health';
/** Of what `snapshot` returns; one of another shape is not used. */
const SNAPSHOT_VERSION = 1;

const params = z.strictObject({
  port: z.int().min(0).max(PORT_MAX),
  uiDir: z.string().min(1),
  secretPath: z.string().min(1),
  market: z.string().min(1),
});

const NOTHING: Outcome = Object.freeze({ events: [], tells: [] });

interface Running {
  readonly projection: Projection;
  readonly commands: Commands;
  readonly server: PageServer;
  readonly stopPatches: () => void;
  /** The newest fact that was applied. */
  seq: number;
}

export class Dashboard implements ActorInstance {
  readonly #world: PageWorld;
  #running: Running | null = null;

  constructor(world: PageWorld) {
    this.#world = world;
  }

  /** @throws PortInUseError, or Error where the page is not built or its secret cannot be kept. */
  async start(start: Start, emit: Emit): Promise<Outcome> {
    if (this.#running !== null) throw new Error(`${start.name}: started twice; a restart takes a new instance`);
    const { port, uiDir, secretPath, market } = paramsOf(start, params);
    const projection = new Projection(market, factsOf(start.snapshot?.state));
    for (const fact of start.facts) projection.apply(fact);
    projection.takePatch();
    const commands = new Commands(String(start.epoch), emit, this.#world);
    const server = await openPageServer({
      port,
      uiDir,
      secretPath,
      world: this.#world,
      snapshot: () => {
        this.#publish();
        return projection.snapshot();
      },
      command: (command, answer) => this.#send(command, answer),
    });
    const stopPatches = this.#world.every(PATCH_MS, () => {
      if (server.pages > 0) this.#publish();
    });
    this.#running = { projection, commands, server, stopPatches, seq: start.facts.at(-1)?.seq ?? start.snapshot?.seq ?? 0 };
    return NOTHING;
  }

  apply(facts: readonly Fact[]): void {
    const running = this.#alive();
    for (const fact of facts) {
      if (fact.seq <= running.seq) continue;
      running.seq = fact.seq;
      running.projection.apply(fact);
    }
  }

  receive(envelope: Envelope): Outcome {
    const { projection, commands } = this.#alive();
    switch (envelope.type) {
      case 'window.fed':
        // Written by the main process (supervisors/window.ts), the only one that may tell it.
        projection.feed(envelope.body.feed as WindowFeed);
        return NOTHING;
      case 'admin.answered':
        commands.onAnswer(envelope.body);
        return NOTHING;
      case 'actor.asked':
        return { ...NOTHING, reply: this.#answer(envelope.body) };
      default:
        return NOTHING;
    }
  }

  snapshot(): unknown {
    return { version: SNAPSHOT_VERSION, facts: this.#alive().projection.facts };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.stopPatches();
    running.commands.close();
    await running.server.close();
  }

  #publish(): void {
    const { projection, server } = this.#alive();
    const patch = projection.takePatch();
    if (patch !== null) server.broadcast(patch);
  }

  #send(command: AdminCommand, answer: Parameters<Commands['send']>[1]): void {
    const { commands, server } = this.#alive();
    if (!commands.send(command, answer)) server.counters.add('pending');
  }

  #answer({ query }: MessageBody<'actor.asked'>): unknown {
    const { server, commands, seq } = this.#alive();
    if (query === 'login') return { url: server.loginUrl() };
    if (query === 'counters') return { pages: server.pages, pending: commands.pending, refused: server.counters.all() };
    if (query === 'health') return { url: `http://127.0.0.1:${server.port}/`, pages: server.pages, seq };
    return { error: `unknown query ${JSON.stringify(query)}; there are ${QUERIES}` };
  }

  #alive(): Running {
    if (this.#running === null) throw new Error('the dashboard was not started');
    return this.#running;
  }
}

/** A snapshot is a cache, checked against the journal by its store; one that an older version wrote shows the page from its end on. */
function factsOf(raw: unknown): PageFacts | undefined {
  const snapshot = raw as { readonly version?: unknown; readonly facts: PageFacts } | undefined;
  return snapshot?.version === SNAPSHOT_VERSION ? snapshot.facts : undefined;
}
