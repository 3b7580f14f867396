/**
 * The other end of `bench gateway`, in a process of its own: it does as little as an answer in Bybit's words takes, so that what is measured is the
 * client. No signature is looked at, no order is kept; books are sent at a rate that it is told.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { WebSocketServer, type WebSocket } from 'ws';
import { linearRow, spotRow } from '#test/support/fake-bybit.ts';
import { COINS, type VenueOrder, type VenueReply } from './gateway-words.ts';

const PULSE_MS = 4;
const MS_PER_S = 1000;

interface Stream {
  readonly socket: WebSocket;
  readonly category: string;
  readonly books: Set<string>;
}

const streams = new Set<Stream>();
let orders = 0;
let update = 0;
let sent = 0;
let flood: NodeJS.Timeout | null = null;

function resultOf(path: string, category: 'spot' | 'linear', status: string | null): object {
  switch (path) {
    case '/v5/order/create':
      orders += 1;
      return { orderId: `00000000-0000-4000-8000-${String(orders).padStart(12, '0')}`, orderLinkId: '' };
    case '/v5/market/instruments-info':
      return { category, list: status === 'PreLaunch' ? [] : COINS.map(category === 'spot' ? spotRow : linearRow), nextPageCursor: '' };
    case '/v5/user/query-api':
      return { readOnly: 0, permissions: { ContractTrade: ['Order', 'Position'], Spot: ['SpotTrade'] }, uta: 1 };
    default:
      return { category, list: [], nextPageCursor: '' };
  }
}

const http = createServer({ noDelay: true }, (request, response) => {
  const url = new URL(request.url ?? '/', 'http://venue');
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (chunks.length > 0) JSON.parse(Buffer.concat(chunks).toString());
    const category = url.searchParams.get('category') === 'spot' ? 'spot' : 'linear';
    const result = resultOf(url.pathname, category, url.searchParams.get('status'));
    const body = JSON.stringify({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: Date.now() });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'X-Bapi-Limit': '10' });
    response.end(body);
  });
});

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
http.on('upgrade', (request: IncomingMessage, wire: Socket, head: Buffer) => {
  sockets.handleUpgrade(request, wire, head, (socket) => {
    const stream = { socket, category: request.url ?? '', books: new Set<string>() };
    streams.add(stream);
    socket.on('close', () => streams.delete(stream));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => hear(stream, JSON.parse(data.toString()) as { op?: string; req_id?: string; args?: readonly unknown[] }));
  });
});

function hear({ socket, books }: Stream, { op = '', req_id = '', args = [] }: { op?: string; req_id?: string; args?: readonly unknown[] }): void {
  socket.send(JSON.stringify(op === 'ping' ? { op: 'pong', req_id, args: [] } : { success: true, ret_msg: '', op, req_id, conn_id: 'bench' }));
  if (op !== 'subscribe') return;
  for (const topic of args.map(String)) {
    if (!topic.startsWith('orderbook.1.')) continue;
    books.add(topic);
    socket.send(bookOf(topic));
  }
}

function bookOf(topic: string): string {
  update += 1;
  const at = Date.now();
  const [bid, ask] = [(60_000 + (update % 1000) / 10).toFixed(1), (60_000.1 + (update % 1000) / 10).toFixed(1)];
  const data = { s: topic.slice('orderbook.1.'.length), b: [[bid, '1.50']], a: [[ask, '2.25']], u: update, seq: update };
  return JSON.stringify({ topic, ts: at, type: 'snapshot', data, cts: at });
}

/** As many books as the time since its start makes, over all topics in turn. */
function startFlood(perSecond: number): void {
  const targets = [...streams].flatMap(({ socket, books }) => [...books].map((topic) => ({ socket, topic })));
  const begun = performance.now();
  sent = 0;
  flood = setInterval(() => {
    for (const due = ((performance.now() - begun) * perSecond) / MS_PER_S; sent < due; sent++) {
      const target = targets[sent % targets.length];
      target?.socket.send(bookOf(target.topic));
    }
  }, PULSE_MS);
}

http.listen(0, '127.0.0.1', () => {
  process.on('message', (order: VenueOrder) => {
    if (order.ask === 'flood' || order.ask === 'still') {
      if (flood !== null) clearInterval(flood);
      flood = null;
    }
    if (order.ask === 'flood') startFlood(order.perSecond);
    // Bound to a host and port, the address is never a pipe's name.
    const reply: VenueReply = { port: (http.address() as AddressInfo).port, sent };
    process.send?.(reply);
  });
});
process.once('disconnect', () => process.exit(0));
