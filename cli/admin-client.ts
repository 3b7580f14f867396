/** Speaks to a running system over its owner-only socket. */
import { connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { ADMIN_LINE_BYTES_MAX, type AdminAnswer, type AdminRequest } from '#protocol/admin.ts';

/** `NOT_RUNNING`: nobody listens. `NO_ANSWER`: somebody does, but did not answer in time (hung or stopped). */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: 'NOT_RUNNING' | 'NO_ANSWER' | 'REFUSED';

  constructor(code: 'NOT_RUNNING' | 'NO_ANSWER' | 'REFUSED', message: string) {
    super(message);
    this.code = code;
  }
}

type WithoutId<R> = R extends { readonly id: string } ? Omit<R, 'id'> : never;
export type AdminCommand = WithoutId<AdminRequest>;

/** @throws AdminError */
export function askSystem(socketPath: string, command: AdminCommand, deadlineMs: number): Promise<unknown> {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const timer = setTimeout(() => fail(new AdminError('NO_ANSWER', `no answer within ${deadlineMs} ms`)), deadlineMs);
    const fail = (error: AdminError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.once('error', (error) => fail(new AdminError('NOT_RUNNING', `the system is not running (${error.message})`)));
    socket.once('close', () => fail(new AdminError('NO_ANSWER', 'the system closed the connection')));
    socket.once('connect', () => socket.write(`${JSON.stringify({ id, ...command })}\n`));
    readLine(socket, (line) => {
      clearTimeout(timer);
      socket.destroy();
      const answer = JSON.parse(line) as AdminAnswer;
      if (answer.ok) resolve(answer.result);
      else reject(new AdminError('REFUSED', answer.error));
    });
  });
}

const ANSWER_BYTES_MAX = 256 * ADMIN_LINE_BYTES_MAX;

function readLine(socket: Socket, onLine: (line: string) => void): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    const end = pending.indexOf('\n');
    if (end >= 0) onLine(pending.slice(0, end));
    else if (pending.length > ANSWER_BYTES_MAX) socket.destroy();
  });
}
