/** Bytes and frames of the TWS wire: a length in four bytes, then fields that each end with a NUL. Pure. */
import { WireError } from './layout.ts';

/** The longest frame that either side takes, in bytes. */
export const FRAME_BYTES_MAX = 0xffffff;
const LENGTH_BYTES = 4;
const PREFIX = 'API\0';
const HELLO_BYTES_MAX = 1024;
const HELLO = /^v(\d{1,4})(?:\.\.(\d{1,4}))?(?: (.*))?$/s;
const NUL = '\0';

/** The first thing a client says: which server versions it speaks. */
export interface Hello {
  readonly min: number;
  readonly max: number;
  readonly options: string;
}

/** @throws WireError where a field holds a NUL or the frame is too long. */
export function encodeFrame(fields: readonly string[]): Buffer {
  for (const text of fields) if (text.includes(NUL)) throw new WireError('a field may not hold a NUL');
  const body = Buffer.from(fields.map((text) => text + NUL).join(''), 'utf8');
  if (body.length > FRAME_BYTES_MAX) throw new WireError(`a frame of ${body.length} bytes; at most ${FRAME_BYTES_MAX}`);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + body.length);
  frame.writeInt32BE(body.length, 0);
  body.copy(frame, LENGTH_BYTES);
  return frame;
}

/** Cuts a byte stream into frames, however it was split. With `hello` the stream begins as a client's does. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #hello: boolean;

  constructor(begins: 'with-hello' | 'with-frames') {
    this.#hello = begins === 'with-hello';
  }

  /** What the chunk completed. @throws WireError where the stream cannot be one of TWS. */
  push(chunk: Buffer): readonly (Hello | readonly string[])[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const complete: (Hello | readonly string[])[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) complete.push(next);
    return complete;
  }

  #take(): Hello | readonly string[] | undefined {
    const start = this.#hello ? PREFIX.length : 0;
    if (this.#hello && this.#bytes.length >= PREFIX.length && this.#bytes.toString('latin1', 0, PREFIX.length) !== PREFIX) {
      throw new WireError('a client begins with API and a NUL');
    }
    if (this.#bytes.length < start + LENGTH_BYTES) return undefined;
    const length = this.#bytes.readInt32BE(start);
    const max = this.#hello ? HELLO_BYTES_MAX : FRAME_BYTES_MAX;
    if (length <= 0 || length > max) throw new WireError(`a frame of ${length} bytes; 1 to ${max}`);
    const end = start + LENGTH_BYTES + length;
    if (this.#bytes.length < end) return undefined;
    const body = this.#bytes.toString('utf8', start + LENGTH_BYTES, end);
    this.#bytes = this.#bytes.subarray(end);
    if (!this.#hello) return fieldsOf(body);
    this.#hello = false;
    return helloOf(body);
  }
}

export const isHello = (read: Hello | readonly string[]): read is Hello => !Array.isArray(read);

function fieldsOf(body: string): readonly string[] {
  const fields = body.split(NUL);
  if (fields.pop() !== '') throw new WireError('the last field of a frame does not end with a NUL');
  return fields;
}

function helloOf(body: string): Hello {
  const match = HELLO.exec(body);
  if (match === null) throw new WireError(`not a version range: ${JSON.stringify(body.slice(0, 40))}; right is v100..193`);
  return { min: Number(match[1]), max: Number(match[2] ?? match[1]), options: match[3] ?? '' };
}
