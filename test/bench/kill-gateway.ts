/**
 * A gateway in a process of its own, as far as a kill is concerned: its own send gate on the latch file, a queue of entries, quotes that flood in,
 * a socket to the venue. Nobody tells it of a kill. Each entry carries the moment before the gate was read for it.
 */
import { connect } from 'node:net';
import { sendGate } from '#actors/send-gate.ts';
import { parseBook } from '#venues/bybit/frames.ts';
import { Owed } from './kill-flood.ts';
import { stampNs, writeEntry } from './kill-stamps.ts';

/** To work through a queue: entries numbered from `first`. */
export interface GatewayOrder {
  readonly run: number;
  readonly first: number;
  readonly entries: number;
  readonly quotesPerSecond: number;
}

export interface GatewayRun {
  readonly run: number;
  readonly sent: number;
  readonly refused: number;
  /** Newest sends: moments before their reading of the gate. */
  readonly readAt: readonly number[];
  /** The first refusal: the moment after it. */
  readonly refusedAt: number | null;
  readonly quotesPerSecond: number;
}

/** Entries of one order, at most. */
const STAMPS_MAX = 32_768;
/** Entries between two turns of the event loop. */
const BATCH = 16;

const [latchPath = '', port = ''] = process.argv.slice(2);
const gate = sendGate(latchPath);
const venue = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });

process.on('disconnect', () => process.exit(0));
process.on('message', (order: GatewayOrder) => void work(order).then((run) => process.send?.(run)));

async function work({ run, first, entries, quotesPerSecond }: GatewayOrder): Promise<GatewayRun> {
  const from = performance.now();
  const owed = new Owed(quotesPerSecond, from);
  const readAt: number[] = [];
  let [sent, refused] = [0, 0];
  let refusedAt: number | null = null;
  for (let entry = 0; entry < entries; entry++) {
    if (entry % BATCH === 0) {
      if (venue.writableNeedDrain) await new Promise((resolve) => venue.once('drain', resolve));
      else await new Promise(setImmediate);
      // The market goes on, before a kill and after it.
      for (let due = owed.take(performance.now()); due > 0; due--) readQuote(due);
    }
    const at = stampNs();
    if (gate.closedFor('crypto_spot') === null) {
      venue.write(writeEntry({ run, number: first + entry, readAt: at }));
      sent++;
      if (readAt.length === STAMPS_MAX) throw new Error(`more than ${STAMPS_MAX} entries in one run`);
      readAt.push(at);
    } else {
      refusedAt ??= stampNs();
      refused++;
    }
  }
  return { run, sent, refused, readAt, refusedAt, quotesPerSecond: owed.rate(performance.now()) };
}

function readQuote(index: number): void {
  const frame = `{"topic":"orderbook.1.BTCUSDT","ts":1722003300000,"type":"snapshot","data":{"s":"BTCUSDT","b":[["${60_000 + (index % 100)}.5","1"]],"a":[["60100.5","2"]],"u":${index},"seq":${index}},"cts":1722003300000}`;
  if (!('value' in parseBook(JSON.parse(frame), 'BTCUSDT'))) throw new Error('a quote of the flood was refused');
}
