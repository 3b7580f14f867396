/** How long a connection may be silent. Bybit looks every half a minute and cuts those on which nothing went either way for their time, by the wall's clock. */
export const IDLE_MS = 600_000;
export const IDLE_MS_MIN = 10;
/** What a client may ask for itself with `max_active_time`, private and trade streams. */
const ACTIVE_SECONDS = { least: 30, most: 600 };
const SCAN_MS = 30_000;

/** What is looked at of a socket. */
export interface Wire {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

interface Watched {
  readonly wire: Wire;
  /** Null: as long as every other. */
  readonly idleMs: number | null;
  bytes: number;
  since: number;
}

export class Connections {
  readonly #clock: () => number;
  readonly #watched = new Set<Watched>();
  #idleMs = IDLE_MS;
  #timer: NodeJS.Timeout | null = null;

  /** `clock`: milliseconds of the wall that never go back. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  get idleMs(): number {
    return this.#idleMs;
  }

  /** Of every connection that asked for no time of its own. */
  setIdle(ms: number): void {
    this.#idleMs = ms;
    this.start();
  }

  /** From now on they are looked at. */
  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.scan(), Math.min(SCAN_MS, this.#idleMs)).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  watch(wire: Wire, idleMs: number | null): void {
    const watched = { wire, idleMs, bytes: bytesOf(wire), since: this.#clock() };
    this.#watched.add(watched);
    wire.once('close', () => this.#watched.delete(watched));
  }

  /** Returns how many were cut. */
  scan(): number {
    const now = this.#clock();
    let cut = 0;
    for (const watched of this.#watched) {
      const bytes = bytesOf(watched.wire);
      if (bytes !== watched.bytes) Object.assign(watched, { bytes, since: now });
      else if (now - watched.since >= (watched.idleMs ?? this.#idleMs)) {
        this.#watched.delete(watched);
        watched.wire.destroy();
        cut++;
      }
    }
    return cut;
  }
}

const bytesOf = ({ bytesRead, bytesWritten }: Wire): number => bytesRead + bytesWritten;

/** Milliseconds of `45s` or `2m`; null where the client asked for none, undefined where it asked for what there is not. */
export function activeTimeOf(query: URLSearchParams): number | null | undefined {
  const text = query.get('max_active_time');
  if (text === null) return null;
  const [, digits = '', unit] = /^(\d{1,3})([sm])$/.exec(text) ?? [];
  const seconds = digits === '' ? NaN : Number(digits) * (unit === 'm' ? 60 : 1);
  return seconds >= ACTIVE_SECONDS.least && seconds <= ACTIVE_SECONDS.most ? seconds * 1000 : undefined;
}
