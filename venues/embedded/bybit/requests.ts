/** What clients say on a public socket. Whatever they send is answered in Bybit's shape; nothing they send can stop the venue. */
import { parseOp, shown } from './op.ts';
import type { Exchange } from '../exchange.ts';
import { knownInstrument } from '../instruments.ts';
import type { Faults } from './faults.ts';
import type { Feed } from './feed.ts';
import { symbolOf } from './frames.ts';
import { SPOT_ARGUMENTS_MAX, TOPICS_PER_SOCKET_MAX, type Client, type Hub } from './hub.ts';

/** Bybit takes at most 21,000 characters of topics. */
export const REQUEST_BYTES_MAX = 32_768;

export class Requests {
  readonly #exchange: Exchange;
  readonly #hub: Hub;
  readonly #feed: Feed;
  readonly #faults: Faults;
  refused = 0;

  constructor(exchange: Exchange, hub: Hub, feed: Feed, faults: Faults) {
    this.#exchange = exchange;
    this.#hub = hub;
    this.#feed = feed;
    this.#faults = faults;
  }

  handle(client: Client, text: string): void {
    const request = parseOp(text);
    if (request === null) return this.#refuse(client, { ret_msg: 'error:invalid json' });
    const { op, req_id: id } = request;
    const requestId = typeof id === 'string' ? shown(id) : '';
    if (op === 'ping') return this.#answer(client, { success: true, ret_msg: 'pong', req_id: requestId, op });
    if (op !== 'subscribe' && op !== 'unsubscribe') {
      return this.#refuse(client, { ret_msg: `error:invalid op,op:${shown(op)}`, req_id: requestId, op: shown(op) });
    }
    const topics: readonly unknown[] = Array.isArray(request.args) ? request.args : [];
    if (client.category === 'spot' && topics.length > SPOT_ARGUMENTS_MAX)
      return this.#refuse(client, { ret_msg: `args size >${SPOT_ARGUMENTS_MAX}`, op });
    const wrong =
      topics.length === 0 ? 'error:args is empty' : (topics.map((topic) => this.#wrong(client, topic)).find((found) => found !== null) ?? null);
    if (wrong !== null) return this.#refuse(client, { ret_msg: wrong, req_id: requestId, op });
    // `#wrong` found them all to be text.
    this.#carryOut(client, op, topics as readonly string[], requestId);
  }

  #carryOut(client: Client, op: 'subscribe' | 'unsubscribe', topics: readonly string[], requestId: string): void {
    const subscribes = op === 'subscribe';
    if (subscribes && new Set([...client.topics, ...topics]).size > TOPICS_PER_SOCKET_MAX) {
      return this.#refuse(client, { ret_msg: `error:more than ${TOPICS_PER_SOCKET_MAX} topics`, req_id: requestId, op });
    }
    for (const topic of topics) {
      if (subscribes) {
        this.#faults.heal(client.category, topic);
        this.#hub.subscribe(client, topic);
      } else this.#hub.unsubscribe(client, topic);
    }
    this.#answer(client, { success: true, ret_msg: client.category === 'spot' ? op : '', req_id: requestId, op });
    if (subscribes) for (const topic of topics) this.#feed.welcome(client, topic);
  }

  #wrong({ category }: Client, topic: unknown): string | null {
    const symbol = typeof topic === 'string' ? symbolOf(topic, category) : null;
    if (symbol === null) return `error:handler not found,topic:${shown(topic)}`;
    const listed = this.#exchange.board(category, symbol) !== undefined || knownInstrument(category, symbol) !== undefined;
    return listed ? null : `Invalid symbol :[${shown(topic)}]`;
  }

  #refuse(client: Client, refusal: { readonly ret_msg: string; readonly req_id?: string; readonly op?: string }): void {
    this.refused++;
    this.#answer(client, { success: false, ...refusal });
  }

  #answer(client: Client, body: object): void {
    this.#hub.send(client, JSON.stringify({ conn_id: client.id, ...body }));
  }
}
