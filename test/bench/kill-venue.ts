/** A venue on a loopback socket that takes everything it is sent, and keeps of each entry its number and its stamp. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { ENTRY_BYTES, readEntry, type SentEntry } from './kill-stamps.ts';

export interface CountingVenue {
  readonly port: number;
  /** A new run: an entry of the one before is an error. */
  begin(run: number): void;
  /** Resolves once so many entries of this run have come. */
  received(entries: number): Promise<void>;
  entries(): readonly SentEntry[];
  close(): void;
}

export async function openCountingVenue(): Promise<CountingVenue> {
  let run = -1;
  let entries: SentEntry[] = [];
  let waiting: { readonly entries: number; readonly resolve: () => void } | null = null;
  const server = createServer((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (; rest.length >= ENTRY_BYTES; rest = rest.subarray(ENTRY_BYTES)) {
        const entry = readEntry(rest);
        if (entry.run !== run) throw new Error(`an entry of run ${entry.run} came in run ${run}`);
        entries.push(entry);
      }
      if (waiting !== null && entries.length >= waiting.entries) waiting.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's
    begin(next) {
      run = next;
      entries = [];
    },
    received: (count) => (entries.length >= count ? Promise.resolve() : new Promise((resolve) => (waiting = { entries: count, resolve }))),
    entries: () => entries,
    close: () => void server.close(),
  };
}
