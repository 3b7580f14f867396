/** The page's server: loopback only, one port, HTTP for its files and sockets for everything that moves. */
import { createServer, type Server } from 'node:http';
import type { PageAnswer } from '#protocol/page-command.ts';
import type { ViewPatch, ViewSnapshot } from '#protocol/view.ts';
import type { AdminCommand } from './commands.ts';
import { Counters } from './counters.ts';
import { createRequestListener } from './http.ts';
import { LoginCodes, Sessions } from './session.ts';
import { readOrMakeSecret } from './secret-file.ts';
import { Sockets } from './sockets.ts';
import type { PageWorld } from './world.ts';

const LOOPBACK = '127.0.0.1';
/** Open connections of the whole server: pages, and what fetches their files. */
export const CONNECTIONS_MAX = 128;
const HEADER_BYTES_MAX = 8192;
const HEADERS_MS_MAX = 3000;
const REQUEST_MS_MAX = 5000;
const KEEP_ALIVE_MS = 5000;
/** How often node looks for requests that take too long. */
const LOOK_MS = 1000;

export interface PageServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly uiDir: string;
  readonly secretPath: string;
  readonly world: PageWorld;
  readonly snapshot: () => ViewSnapshot;
  readonly command: (command: AdminCommand, answer: (answer: PageAnswer) => void) => void;
}

export interface PageServer {
  readonly port: number;
  readonly pages: number;
  readonly counters: Counters;
  /** A link that logs one browser in, once. */
  loginUrl(): string;
  broadcast(patch: ViewPatch): void;
  close(): Promise<void>;
}

/** A person can put it right, so it names the port. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
  readonly code = 'PORT_IN_USE';
  readonly port: number;

  constructor(port: number) {
    super(`port ${port} is in use by another program; stop it or choose another port with --port`);
    this.port = port;
  }
}

/** @throws PortInUseError, or Error where the page is not built or its secret cannot be kept. */
export async function openPageServer(options: PageServerOptions): Promise<PageServer> {
  const { world, secretPath } = options;
  const counters = new Counters();
  const codes = new LoginCodes(
    () => world.now(),
    (count) => world.secretBytes(count),
  );
  const secret = readOrMakeSecret(secretPath, (count) => world.secretBytes(count));
  const http = createHttpServer();
  let port = options.port;
  const sessionsOf = (): Sessions => new Sessions(secret, port, () => world.now());
  let sessions = sessionsOf();
  const shared = { port: () => port, sessions: () => sessions, counters };
  const listener = createRequestListener({ ...shared, uiDir: options.uiDir, codes });
  const sockets = new Sockets(http, { ...shared, world, snapshot: options.snapshot, command: options.command });
  http.on('request', listener);
  port = await listen(http, options.port);
  sessions = sessionsOf();
  return {
    port,
    get pages() {
      return sockets.pages;
    },
    counters,
    loginUrl: () => `http://${LOOPBACK}:${port}/login?code=${codes.make()}`,
    broadcast: (patch) => sockets.broadcast(patch),
    close: async () => {
      await sockets.close();
      http.closeAllConnections();
    },
  };
}

function createHttpServer(): Server {
  const http = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: LOOK_MS,
  });
  http.maxConnections = CONNECTIONS_MAX;
  return http;
}

function listen(http: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new PortInUseError(port) : error));
    http.listen(port, LOOPBACK, () => {
      const address = http.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error(`the page's server listens nowhere: ${String(address)}`));
    });
  });
}
