/**
 * The channel of a forked actor, spoken without comedy's ceremony: two turns of the event loop and three wrappers for every message, a
 * quarter of a millisecond between a quote and its order. comedy makes the process, names it and pings it; it reads the same channel and
 * passes over what carries an id and no actor's id.
 */
import type { ChildProcess } from 'node:child_process';
import type { HostReply, HostRequest, RouteMessage } from './processes.ts';

const MARK = 'line';

/** `n` counts the requests of one side; an answer carries the number of what it answers. */
type ToHost = { readonly id: typeof MARK; readonly n: number; readonly request: HostRequest } | { readonly id: typeof MARK; readonly taken: number };
type ToMain =
  | { readonly id: typeof MARK; readonly n: number; readonly reply: HostReply }
  | { readonly id: typeof MARK; readonly n: number; readonly route: RouteMessage };

/** The end in the main process. What is pending when the child dies stays so: whoever asked is told by its exit. */
export class MainEnd {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: HostReply) => void>();
  #asked = 0;

  constructor(child: ChildProcess, hear: (message: RouteMessage) => void) {
    this.#child = child;
    child.on('message', (raw) => {
      if (!isOurs(raw)) return;
      const message = raw as ToMain;
      if ('reply' in message) {
        this.#waiting.get(message.n)?.(message.reply);
        this.#waiting.delete(message.n);
        return;
      }
      hear(message.route);
      this.#send({ id: MARK, taken: message.n });
    });
  }

  request(request: HostRequest): Promise<HostReply> {
    return new Promise((resolve, reject) => {
      const n = ++this.#asked;
      this.#waiting.set(n, resolve);
      this.#send({ id: MARK, n, request }, (error) => {
        this.#waiting.delete(n);
        reject(error);
      });
    });
  }

  #send(message: ToHost, onFailed: (error: Error) => void = () => {}): void {
    this.#child.send(message, (error) => {
      if (error !== null) onFailed(error);
    });
  }
}

/** The end in the forked process. */
export class HostEnd {
  readonly #waiting = new Map<number, () => void>();
  #told = 0;

  constructor(deliver: (request: HostRequest) => HostReply | Promise<HostReply>) {
    process.on('message', (raw) => {
      if (!isOurs(raw)) return;
      const message = raw as ToHost;
      if ('taken' in message) {
        this.#waiting.get(message.taken)?.();
        this.#waiting.delete(message.taken);
        return;
      }
      const { n } = message;
      const reply = deliver(message.request);
      if (reply instanceof Promise) void reply.then((late) => this.#send({ id: MARK, n, reply: late }));
      else this.#send({ id: MARK, n, reply });
    });
  }

  /** Resolves when the main process has taken it, and never where it is gone: `disconnect` ends this process. */
  route(message: RouteMessage): Promise<void> {
    return new Promise((resolve) => {
      const n = ++this.#told;
      this.#waiting.set(n, resolve);
      this.#send({ id: MARK, n, route: message });
    });
  }

  #send(message: ToMain): void {
    process.send?.(message, undefined, undefined, () => {});
  }
}

/** Both ends are this module: what bears the mark was written by it. */
const isOurs = (raw: unknown): boolean => typeof raw === 'object' && raw !== null && 'id' in raw && raw.id === MARK;
