/** The admin socket: an owner-only local socket, JSON lines, one answer a request. It holds no power of its own: `handle` does. */
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ADMIN_LINE_BYTES_MAX, adminRequest, sentenceOf, type AdminAnswer, type AdminRequest } from '#protocol/admin.ts';

const CONNECTIONS_MAX = 16;
const OWNER_ONLY = 0o600;

export interface AdminServer {
  close(): Promise<void>;
}

/** @throws where the socket cannot be bound. */
export async function openAdminServer(path: string, handle: (request: AdminRequest) => Promise<unknown>): Promise<AdminServer> {
  if (existsSync(path) && !(await isAnswered(path))) unlinkSync(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, handle);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, path);
  return {
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    server.listen(path, () => {
      chmodSync(path, OWNER_ONLY);
      resolve();
    });
    process.umask(before);
  });
}

/** A socket file left by a killed run refuses connections; one in use accepts. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function serve(socket: Socket, handle: (request: AdminRequest) => Promise<unknown>): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    if (pending.length > ADMIN_LINE_BYTES_MAX) {
      socket.destroy();
      return;
    }
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      void answer(line, handle).then((reply) => socket.writable && socket.write(`${JSON.stringify(reply)}\n`));
    }
  });
}

async function answer(line: string, handle: (request: AdminRequest) => Promise<unknown>): Promise<AdminAnswer> {
  let id = '?';
  try {
    const request = adminRequest.parse(JSON.parse(line));
    ({ id } = request);
    return { id, ok: true, result: (await handle(request)) ?? null };
  } catch (error) {
    return { id, ok: false, error: sentenceOf(error) };
  }
}
