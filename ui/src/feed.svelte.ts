/** The page's replica of the view: a snapshot, then numbered patches; a gap means a new snapshot. What is old says so. */
import { io, type Socket } from 'socket.io-client';
import type { PageAnswer, PageCommand } from '#protocol/page-command.ts';
import type { View, ViewPatch, ViewSnapshot } from '#protocol/view.ts';
import { applyPatch } from '#protocol/view-patch.ts';

/** Patches come ten times a second; without one for this long the figures are called old. */
const STALE_MS = 2000;
const LOOK_MS = 250;
const RECONNECT_MS_MIN = 250;
const RECONNECT_MS_MAX = 3000;
const CONNECT_MS_MAX = 5000;
const SNAPSHOT_MS_MAX = 5000;
/** A little longer than the server's own deadlines, whose answer says more. */
const COMMAND_MS_MAX = 7000;
const VERIFY_MS_MAX = 125_000;

export type Link = 'connecting' | 'live' | 'stale' | 'reconnecting' | 'signed-out';

export class Feed {
  /** Replaced, never changed: what a patch did not touch stays the same object. */
  view: View | null = $state.raw(null);
  /** Milliseconds since the last news. */
  ageMs = $state(0);
  #connection: 'connecting' | 'open' | 'lost' | 'signed-out' = $state('connecting');
  readonly link: Link = $derived(linkOf(this.#connection, this.view !== null, this.ageMs));
  readonly #socket: Socket;
  #seq = -1;
  #asking = false;
  #newsAt = performance.now();

  constructor() {
    this.#socket = io({
      transports: ['websocket'],
      reconnectionDelay: RECONNECT_MS_MIN,
      reconnectionDelayMax: RECONNECT_MS_MAX,
      timeout: CONNECT_MS_MAX,
    });
    this.#socket.on('connect', () => {
      this.#connection = 'open';
      void this.#ask();
    });
    this.#socket.on('disconnect', (reason) => {
      this.#connection = 'lost';
      // Where the server hung up, the client does not come back by itself.
      if (reason === 'io server disconnect') this.#socket.connect();
    });
    this.#socket.on('connect_error', () => void this.#onRefused());
    this.#socket.on('patch', (patch: ViewPatch) => this.#onPatch(patch));
    setInterval(() => (this.ageMs = performance.now() - this.#newsAt), LOOK_MS);
  }

  /** Never rejects: an answer that did not come is an answer too. */
  async send(command: PageCommand): Promise<PageAnswer> {
    if (!this.#socket.connected) return { ok: false, error: 'not connected; "npm run kill" works without the page' };
    const ms = command.command === 'verify' ? VERIFY_MS_MAX : COMMAND_MS_MAX;
    try {
      return (await this.#socket.timeout(ms).emitWithAck('command', command)) as PageAnswer; // written by our own server
    } catch {
      return { ok: false, error: 'the connection broke before an answer came; it may have taken effect: watch the state' };
    }
  }

  #onPatch(patch: ViewPatch): void {
    if (this.view === null || this.#asking) return;
    if (patch.seq !== this.#seq + 1) {
      void this.#ask();
      return;
    }
    this.#seq = patch.seq;
    this.view = applyPatch(this.view, patch);
    this.#news();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const answer = (await this.#socket.timeout(SNAPSHOT_MS_MAX).emitWithAck('command', { command: 'snapshot' })) as PageAnswer;
      if (!answer.ok) throw new Error(answer.error);
      const { seq, view } = answer.result as ViewSnapshot; // as `snapshot` of the same version of the server answers
      this.#seq = seq;
      this.view = view;
      this.#news();
    } catch {
      // Connect anew: it asks again.
      this.#socket.disconnect().connect();
    } finally {
      this.#asking = false;
    }
  }

  #news(): void {
    this.#newsAt = performance.now();
    this.ageMs = 0;
  }

  /** A refused socket does not say why; the page's address does. */
  async #onRefused(): Promise<void> {
    if (this.#connection === 'open') return;
    try {
      const { status } = await fetch('/', { method: 'HEAD', cache: 'no-store' });
      this.#connection = status === 401 ? 'signed-out' : 'lost';
    } catch {
      this.#connection = 'lost';
    }
  }
}

function linkOf(connection: 'connecting' | 'open' | 'lost' | 'signed-out', hasView: boolean, ageMs: number): Link {
  if (connection === 'signed-out') return 'signed-out';
  if (connection === 'lost') return 'reconnecting';
  if (connection === 'connecting' || !hasView) return 'connecting';
  return ageMs > STALE_MS ? 'stale' : 'live';
}
