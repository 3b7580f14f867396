/** The stream of the venue's own state: maintenance, when it begins and when it is over. It knows no symbols and no keys. */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Instant } from '#trading/model/instrument.ts';
import { parseOp, shown } from './op.ts';

export const STATUS_STREAM = '/v5/public/misc/status';
export const STATUS_SOCKETS_MAX = 16;
const TOPIC = 'system.status';

interface StatusClient {
  readonly id: string;
  readonly socket: WebSocket;
  listens: boolean;
}

export class StatusStream {
  readonly #clients = new Set<StatusClient>();

  get sockets(): number {
    return this.#clients.size;
  }

  /** Returns what its texts go to. */
  add(socket: WebSocket): (text: string) => void {
    const client: StatusClient = { id: randomUUID(), socket, listens: false };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    return (text) => this.#handle(client, text);
  }

  publish(rows: readonly object[], now: Instant): void {
    for (const client of this.#clients) if (client.listens) say(client, { topic: TOPIC, ts: now, data: rows });
  }

  dropAll(): number {
    const { size } = this.#clients;
    for (const { socket } of this.#clients) socket.terminate();
    return size;
  }

  #handle(client: StatusClient, text: string): void {
    const { op, req_id: id, args } = parseOp(text) ?? {};
    const common = { conn_id: client.id, req_id: typeof id === 'string' ? shown(id) : '' };
    if (op === 'ping') return say(client, { success: true, ret_msg: 'pong', ...common, op });
    const topics: readonly unknown[] = Array.isArray(args) ? args : [];
    const known = (op === 'subscribe' || op === 'unsubscribe') && topics.length > 0 && topics.every((topic) => topic === TOPIC);
    if (known) client.listens = op === 'subscribe';
    const refusal = topics.length === 0 ? 'error:args is empty' : `error:handler not found,topic:${shown(topics[0])}`;
    say(client, { success: known, ret_msg: known ? '' : refusal, ...common, op: shown(op) });
  }
}

function say({ socket }: StatusClient, body: object): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(body));
}
