/** A page's socket without a browser: what a browser of ours would send, or what somebody else would. */
import { io, type Socket } from 'socket.io-client';
import type { PageAnswer } from '#protocol/page-command.ts';

const CONNECT_MS_MAX = 5000;

/** @throws Error where the server refuses. */
export async function connectPage(port: number, cookie: string): Promise<Socket> {
  const page = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_MS_MAX,
    extraHeaders: { cookie, origin: `http://127.0.0.1:${port}` },
  });
  await new Promise<void>((resolve, reject) => {
    page.once('connect', resolve);
    page.once('connect_error', reject);
  });
  return page;
}

export const sendCommand = (page: Socket, command: unknown): Promise<PageAnswer> =>
  page.timeout(CONNECT_MS_MAX * 2).emitWithAck('command', command) as Promise<PageAnswer>;
