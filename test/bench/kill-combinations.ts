/** KS-1: every hand that may pull the switch × a gateway in this process and in one of its own; beside it the governor's tripwires. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FORKED_QUEUE, killForkedGateway, type ForkedFigures } from './kill-forked.ts';
import { killBehindQueue, QUOTES_PER_SECOND, type QueueFigures } from './kill-queue.ts';
import { rows } from './kill-rows.ts';
import { SOURCES } from './kill-sources.ts';
import { tripWires, WIRE_INTENTS, type WireFigures } from './kill-wire.ts';
import type { Outcome, Result } from './result.ts';

const GATEWAYS = ['in memory', 'forked'] as const;
type Gateway = (typeof GATEWAYS)[number];
const FORKED_CLI_MS_MAX = 50;

/** One cell of the table: what came after the trips, and what must not have happened at all. */
export interface Combination {
  readonly name: string;
  readonly trips: number;
  readonly after: number;
  readonly before: number;
  readonly closedMs: readonly number[];
  readonly latchMs: readonly number[] | null;
  readonly p99MsMax: number | null;
  /** Sentences; a count that is 0 makes none. */
  readonly faults: Readonly<Record<string, number>>;
}

export function resultsOf({ name, trips, after, before, closedMs, latchMs, p99MsMax }: Combination): readonly Result[] {
  const counted: Result = {
    name: `kill: ${name}: entries after ${trips} trips`,
    unit: 'entries',
    ours: after,
    baseline: before,
    ratio: before === 0 ? null : after / before,
    target: '0 entries',
    pass: after === 0,
  };
  return [counted, ...rows(`kill: ${name}: trip → gate closed`, closedMs, latchMs, p99MsMax ?? undefined)];
}

export function brokenOf({ name, after, before, faults }: Combination): readonly string[] {
  const counts = { 'entries came after a trip': after, ...faults };
  const sentences = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${name}: ${count.toLocaleString('en')} ${what}`]));
  return before === 0 ? [...sentences, `${name}: nothing was sent before the trips, so the count proves nothing`] : sentences;
}

export async function killCombinations(dir: string, trips: number, latchMs: readonly number[]): Promise<Outcome> {
  const combinations: Combination[] = [];
  const floods: number[] = [];
  const places = placesIn(dir);
  for (const gateway of GATEWAYS) {
    for (const source of SOURCES) {
      const name = `${source}, gateway ${gateway}`;
      const p99MsMax = source === 'cli' && gateway === 'forked' ? FORKED_CLI_MS_MAX : null;
      const shared = { name, trips, latchMs, p99MsMax };
      const figures = gateway === 'forked' ? await killForkedGateway(places(), trips, source) : await killBehindQueue(places(), trips, source);
      floods.push(figures.quotesPerSecond);
      combinations.push({ ...shared, ...('tally' in figures ? inMemory(figures) : forked(figures)) });
    }
    const figures = await tripWires(places(), trips, gateway);
    floods.push(figures.quotesPerSecond);
    combinations.push({ name: `tripwire, gateway ${gateway}`, trips, latchMs: null, p99MsMax: null, ...ofWires(figures, gateway) });
  }
  return { results: combinations.flatMap(resultsOf), broken: combinations.flatMap(brokenOf), notes: notes(floods) };
}

function placesIn(dir: string): () => string {
  let count = 0;
  return () => {
    const place = join(dir, String(++count));
    mkdirSync(place);
    return place;
  };
}

type Counted = Pick<Combination, 'after' | 'before' | 'closedMs' | 'faults'>;

export function inMemory({ after, before, underWay, seenMs, tally, silent }: QueueFigures): Counted {
  const faults = {
    'accepted entries were not cancelled': tally.live,
    'approved orders were neither accepted nor ended': tally.unanswered,
    'trips had nothing accepted before them': silent,
  };
  return { after, before: before + underWay, closedMs: seenMs, faults };
}

function forked({ afterAtGate, afterAtVenue, before, underWay, closedMs, lost }: ForkedFigures): Counted {
  const faults = { 'of them by the venue’s count': afterAtVenue, 'entries differ between gateway and venue': lost };
  return { after: afterAtGate, before: before + underWay, closedMs, faults };
}

function ofWires({ after, afterAtVenue, before, closedMs, silent, unanswered }: WireFigures, gateway: Gateway): Counted {
  const faults = {
    ...(gateway === 'forked' && { 'of them by the venue’s count': afterAtVenue }),
    'trips tripped no wire, or had no approval before it': silent,
    'intents or approvals were lost': unanswered,
  };
  return { after, before, closedMs, faults };
}

function notes(floods: readonly number[]): readonly string[] {
  const rate = Math.round(Math.min(...floods)).toLocaleString('en');
  return [
    `**page, cli, repl**: a hand in another process pulls the switch by the page’s server (its own socket, cookie and schema), by the latch file and then the admin socket as \`npm run kill\` does, or by the admin socket alone as the prompt does; from the press in that process to the first refusal in the gateway. *In memory* is the full mailbox of the row above, read at the gateway’s next turn; *forked* is a process that works through ${FORKED_QUEUE.toLocaleString('en')} entries with a send gate of its own, that nobody tells of the kill, and whose entries go to a venue over a loopback socket. Meanwhile ${QUOTES_PER_SECOND.toLocaleString('en')} quotes a second flood the gateway (${rate} were reached at the least). The baseline of a count is what was sent before the gate was closed, that of a time the latch write alone.`,
    'An entry counts as **after** where the gate was read for it later than the latch stood (for a gateway in memory: than the flag was set): each carries the moment before its reading, on the monotonic clock that all processes share, and the venue counts by the stamps that arrived.',
    `**tripwire**: the governor in its real cell with the same full mailbox, ${WIRE_INTENTS} intents in it; behind half of them a loss is recorded. From the fact \`tripwire.tripped\` to the refusal of the next entry in line; no approval may carry a later number than that fact, and none may reach the venue (forked: by a gateway in a process of its own).`,
  ];
}
