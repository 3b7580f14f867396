/**
 * The page's sockets (S1, S4, S5, S19): snapshot on request, then numbered patches; one event comes in, checked by its schema. A page that does
 * not read is dropped: it comes back and gets a snapshot, and trading never waits for it.
 */
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { pageCommand, type PageAnswer } from '#protocol/page-command.ts';
import type { ViewPatch, ViewSnapshot } from '#protocol/view.ts';
import type { AdminCommand } from './commands.ts';
import type { Counters } from './counters.ts';
import { isOurHost, isOurOrigin, isPolluting } from './guards.ts';
import type { Sessions } from './session.ts';
import type { PageWorld } from './world.ts';

export const PAGES_MAX = 32;
/** Of one message from a page. */
export const MESSAGE_BYTES_MAX = 16_384;
/** Messages of one page at once, and how many a second come after that. */
export const MESSAGES_BURST_MAX = 20;
const MESSAGES_PER_SECOND = 5;
/** Patches that wait for one page: five seconds of them. */
const WAITING_PATCHES_MAX = 50;
const CONNECT_MS_MAX = 3000;
const PING_MS = 10_000;
const PONG_MS_MAX = 10_000;
const SECOND_MS = 1000;

type Denial = 'host' | 'origin' | 'session' | 'pages';
const STATUS: Readonly<Record<Denial, string>> = {
  host: '403 Forbidden',
  origin: '403 Forbidden',
  session: '401 Unauthorized',
  pages: '503 Service Unavailable',
};

const FOLLOWERS = 'followers';

export interface SocketOptions {
  readonly port: () => number;
  readonly sessions: () => Sessions;
  readonly counters: Counters;
  readonly world: Pick<PageWorld, 'now'>;
  readonly snapshot: () => ViewSnapshot;
  /** Answers exactly once. */
  readonly command: (command: AdminCommand, answer: (answer: PageAnswer) => void) => void;
}

type ClientEvents = Record<string, (...args: unknown[]) => void>;
interface ServerEvents {
  patch: (patch: ViewPatch) => void;
}
type Page = Socket<ClientEvents, ServerEvents>;

export class Sockets {
  readonly #options: SocketOptions;
  readonly #io: Server<ClientEvents, ServerEvents>;

  constructor(http: HttpServer, options: SocketOptions) {
    this.#options = options;
    this.#io = new Server(http, {
      transports: ['websocket'],
      allowUpgrades: false,
      serveClient: false,
      perMessageDeflate: false,
      maxHttpBufferSize: MESSAGE_BYTES_MAX,
      connectTimeout: CONNECT_MS_MAX,
      pingInterval: PING_MS,
      pingTimeout: PONG_MS_MAX,
      allowRequest: (request, decide) => decide(null, this.#denial(request) === null),
    });
    // Of HTTP, engine.io gets the upgrades that were let in: everything else is answered by our own listeners, with their checks.
    http.removeAllListeners('request');
    const upgrades = http.listeners('upgrade');
    http.removeAllListeners('upgrade');
    http.on('upgrade', (request, socket, head) => {
      if (!this.#refuses(request, socket)) for (const upgrade of upgrades) upgrade.call(http, request, socket, head);
    });
    this.#io.engine.on('connection', (connection: Connection) => this.#limitRate(connection));
    this.#io.on('connection', (page) => this.#onPage(page));
  }

  get pages(): number {
    return this.#io.engine.clientsCount;
  }

  broadcast(patch: ViewPatch): void {
    for (const page of this.#io.sockets.sockets.values()) this.#dropWhereSlow(page);
    this.#io.to(FOLLOWERS).emit('patch', patch);
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  #refuses(request: IncomingMessage, socket: Duplex): boolean {
    const denial = this.#denial(request);
    if (denial === null) return false;
    this.#options.counters.add(denial);
    socket.on('error', () => undefined);
    socket.end(`HTTP/1.1 ${STATUS[denial]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return true;
  }

  #denial(request: IncomingMessage): Denial | null {
    const { port, sessions } = this.#options;
    if (!isOurHost(request, port())) return 'host';
    if (!isOurOrigin(request, port())) return 'origin';
    if (!sessions().isOpen(request.headers.cookie)) return 'session';
    return this.pages >= PAGES_MAX ? 'pages' : null;
  }

  /** Counted below socket.io, so that frames which never become an event count too. */
  #limitRate(connection: Connection): void {
    const { world, counters } = this.#options;
    let left = MESSAGES_BURST_MAX;
    let at = world.now();
    connection.on('packet', () => {
      const now = world.now();
      left = Math.min(MESSAGES_BURST_MAX, left + (Math.max(0, now - at) / SECOND_MS) * MESSAGES_PER_SECOND) - 1;
      at = now;
      if (left >= 0) return;
      counters.add('rate');
      cut(connection);
    });
  }

  #onPage(page: Page): void {
    page.onAny((event: string) => {
      if (event === 'command') return;
      // Our page has one event: whoever sends another is not our page.
      this.#options.counters.add('event');
      page.disconnect(true);
    });
    page.on('command', (...args) => this.#onCommand(page, args));
  }

  #onCommand(page: Page, [raw, answer, ...more]: readonly unknown[]): void {
    const { counters, snapshot, command: send } = this.#options;
    // socket.io makes this function where the page asked for an acknowledgement.
    const reply = typeof answer === 'function' ? (answer as (answer: PageAnswer) => void) : () => undefined;
    const parsed = isPolluting(raw) || more.length > 0 ? null : pageCommand.safeParse(raw);
    if (parsed?.success !== true || typeof answer !== 'function') {
      counters.add('schema');
      reply({ ok: false, error: parsed?.error?.issues[0]?.message ?? 'that is no command of the page' });
      return;
    }
    if (parsed.data.command !== 'snapshot') return send(parsed.data, reply);
    void page.join(FOLLOWERS);
    reply({ ok: true, result: snapshot() });
  }

  #dropWhereSlow(page: Page): void {
    const connection = page.conn as unknown as Connection; // engine.io's own type hides the buffer
    if (connection.writeBuffer.length <= WAITING_PATCHES_MAX) return;
    this.#options.counters.add('slow');
    cut(connection);
  }
}

/** What we use of engine.io's socket. */
interface Connection {
  readonly writeBuffer: readonly unknown[];
  readonly request: IncomingMessage;
  on(event: 'packet', listener: () => void): void;
  close(discard: boolean): void;
}

/** At once and with what still waits: a closing handshake would wait for a peer that does not read. */
function cut(connection: Connection): void {
  connection.close(true);
  connection.request.socket.destroy();
}
