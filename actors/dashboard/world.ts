/** What the page's process needs of the world outside: wall time for sessions and deadlines, timers, and chance that nobody can guess. */
export interface PageWorld {
  /** Wall time, UTC milliseconds. Never market time: a session must not end sooner because the market plays faster. */
  now(): number;
  /** Calls `work` every `ms` until the returned function is called. */
  every(ms: number, work: () => void): () => void;
  /** Calls `work` once after `ms` unless the returned function is called before. */
  after(ms: number, work: () => void): () => void;
  /** Unpredictable bytes: login codes and the session secret. Not the recorded seed, which anyone can read. */
  secretBytes(count: number): Uint8Array;
}
