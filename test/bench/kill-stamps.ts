/** What a list of sends says about a kill. Stamps are nanoseconds of the monotonic clock that all processes of a machine share. */

/** A send, known by the moment *before* the gate was read for it: who was let through although he read the gate after it had closed is caught. */
export interface Kill {
  /** The switch was pressed. */
  readonly pressedAt: number;
  /** The flag was set, or the latch file stood under its name: whoever reads the gate from here on must be refused. */
  readonly closedAt: number;
}

export interface Verdict {
  /** Sent although the gate was read after it had closed: none, at any load. */
  readonly after: number;
  /** Sent between the press and the closing. */
  readonly underWay: number;
  readonly before: number;
}

export function judge(readAt: Iterable<number>, { pressedAt, closedAt }: Kill): Verdict {
  let [after, underWay, before] = [0, 0, 0];
  for (const at of readAt) {
    if (at > closedAt) after++;
    else if (at > pressedAt) underWay++;
    else before++;
  }
  return { after, underWay, before };
}

/** Exact to a nanosecond while the machine has been up for less than 104 days, to two after that. */
export const stampNs = (): number => Number(process.hrtime.bigint());

export const NS_PER_MS = 1e6;

/** What a gateway sends to a venue. */
export interface SentEntry {
  readonly run: number;
  readonly number: number;
  /** The moment before the gate was read for it. */
  readonly readAt: number;
}

/** Three doubles. */
export const ENTRY_BYTES = 24;

export function writeEntry({ run, number, readAt }: SentEntry): Buffer {
  const bytes = Buffer.allocUnsafe(ENTRY_BYTES);
  bytes.writeDoubleLE(run, 0);
  bytes.writeDoubleLE(number, 8);
  bytes.writeDoubleLE(readAt, 16);
  return bytes;
}

export const readEntry = (bytes: Buffer): SentEntry => ({
  run: bytes.readDoubleLE(0),
  number: bytes.readDoubleLE(8),
  readAt: bytes.readDoubleLE(16),
});
