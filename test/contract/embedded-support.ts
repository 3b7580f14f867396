/** An embedded venue for contract tests, and a plain WebSocket client that keeps every frame. */
import { WebSocket } from 'ws';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';

export interface Frame {
  readonly topic?: string;
  readonly op?: string;
  readonly success?: boolean;
  readonly ret_msg?: string;
  readonly [key: string]: unknown;
}

export async function withVenue<T>(params: object, work: (venue: Venue) => Promise<T>): Promise<T> {
  const venue = await openVenue(venueParams.parse({ seed: '1', play: { kind: 'synthetic' }, ...params }));
  try {
    return await work(venue);
  } finally {
    await venue.close();
  }
}

export class Reader {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting: (() => void)[] = [];
  closed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      this.texts.push(text);
      try {
        this.frames.push(JSON.parse(text) as Frame);
      } catch {
        this.frames.push({});
      }
      this.#wake();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    socket.on('error', () => undefined);
  }

  static async open(url: string): Promise<Reader> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const reader = new Reader(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return reader;
  }

  say(what: unknown): void {
    this.#socket.send(typeof what === 'string' || Buffer.isBuffer(what) ? what : JSON.stringify(what));
  }

  async until(done: (reader: Reader) => boolean): Promise<void> {
    while (!done(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Says something and waits for the next frame. */
  async ask(what: unknown): Promise<Frame> {
    const before = this.frames.length;
    this.say(what);
    await this.until(({ frames, closed }) => closed || frames.length > before);
    return this.frames[before] ?? {};
  }

  close(): void {
    this.#socket.terminate();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
