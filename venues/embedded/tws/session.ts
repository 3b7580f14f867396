/** One client's connection: its stream, its version, and what it has asked to be told. */
import type { Socket } from 'node:net';
import { encodeFrame, FrameReader, isHello, type Hello } from './codec/frame.ts';
import { WireError } from './codec/layout.ts';
import { fieldsOf, frameOf, sayError, type Said } from './say.ts';
import type { Switches } from './switches.ts';

export interface SessionPorts {
  readonly switches: Switches;
  /** The highest server version that is offered. */
  readonly version: number;
  /** What the handshake says the time is. */
  clock(): string;
  /** A whole message came. @throws WireError where it cannot be read. */
  received(session: Session, fields: readonly string[]): void;
  closed(session: Session): void;
}

const READ_ERROR = 320;
/** A client that does not read what it is sent is cut off here. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024;

export class Session {
  readonly #socket: Socket;
  readonly #ports: SessionPorts;
  readonly #reader = new FrameReader('with-hello');
  #version = 0;
  /** Null until startApi. */
  clientId: number | null = null;
  /** 1 live, 2 frozen, 3 delayed, 4 delayed and frozen. */
  marketDataType = 1;
  /** Orders that were made by hand are told to it. */
  bindsManualOrders = false;
  /** Gets neither ticks nor bars, whatever it asks for. */
  blind = false;
  /** Bars that are kept up to date are not, until one is cancelled. */
  barsAreDead = false;
  accountUpdates = false;
  positions = false;
  readonly pnl = new Set<number>();
  readonly pnlSingle = new Map<number, number>();
  readonly summaries = new Map<number, readonly string[]>();
  readonly multis = new Map<number, string>();

  constructor(socket: Socket, ports: SessionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => ports.closed(this));
  }

  get version(): number {
    return this.#version;
  }

  send(...said: readonly Said[]): void {
    if (said.length > 0) this.#write(Buffer.concat(said.map((each) => this.#frame(each))));
  }

  refuse(id: number, code: number, text: string): void {
    this.send(sayError(id, code, text));
  }

  /** What is sent from here on leaves with `release`. */
  hold(): void {
    this.#socket.cork();
  }

  release(): void {
    this.#socket.uncork();
  }

  /** What is sent already arrives first. */
  end(): void {
    this.#socket.end();
  }

  /** As a cable that is cut. */
  drop(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    try {
      for (const read of this.#reader.push(chunk)) {
        if (this.#socket.destroyed) return;
        if (isHello(read)) this.#greet(read);
        else this.#hear(read);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.drop();
    }
  }

  #greet(hello: Hello): void {
    const version = Math.min(this.#ports.version, hello.max);
    if (version < hello.min) return this.drop();
    this.#version = version;
    this.#write(encodeFrame([String(version), this.#ports.clock()]));
  }

  #hear(fields: readonly string[]): void {
    if (this.#ports.switches.stall) return;
    try {
      this.#ports.received(this, fields);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.refuse(-1, READ_ERROR, `Error reading request. ${error.message}`);
    }
  }

  #frame(said: Said): Buffer {
    const { extraField, extraTickField } = this.#ports.switches;
    const isLonger = (extraField && said.name === 'openOrder') || (extraTickField && said.name === 'tickPrice');
    return isLonger ? encodeFrame([...fieldsOf(said, this.#version), '1']) : frameOf(said, this.#version);
  }

  #write(frame: Buffer): void {
    if (this.#socket.destroyed || this.#socket.writableEnded || this.#ports.switches.stall) return;
    if (this.#socket.writableLength > UNSENT_BYTES_MAX) return this.drop();
    const step = this.#ports.switches.fragmentBytes;
    if (step <= 0) this.#socket.write(frame);
    else for (let at = 0; at < frame.length; at += step) this.#socket.write(frame.subarray(at, at + step));
  }
}
