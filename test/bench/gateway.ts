/** The gateway of Bybit against the bare wire: an order's round trip, an order behind reads, and a flood of books. */
import { fileURLToPath } from 'node:url';
import { BOOKS_A_SECOND, FRESH_MS, feedCost, type FeedCost } from './gateway-feed.ts';
import { orderTimes, type OrderTimes } from './gateway-orders.ts';
import { SYMBOLS, type VenueOrder, type VenueReply } from './gateway-words.ts';
import { openDialogue } from './kill-child.ts';
import { spread } from './measure.ts';
import { result, type Benchmark, type Result } from './result.ts';

const TRIPS = { full: 3000, quick: 500 };
const ROUNDS = { full: 20, quick: 5 };
const FEED_MS = { full: 10_000, quick: 3000 };
const TRIP_RATIO_MAX = 2.5;
const BEHIND_RATIO_MAX = 2;
const CORE_PERCENT_MAX = 50;

export const gateway: Benchmark = async ({ quick }) => {
  const size = quick ? 'quick' : 'full';
  const venue = openDialogue<VenueOrder, VenueReply>(fileURLToPath(new URL('./gateway-venue.ts', import.meta.url)), []);
  try {
    const { port } = await venue.ask({ ask: 'where' });
    const endpoints = { rest: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` };
    const times = await orderTimes(endpoints, TRIPS[size], ROUNDS[size]);
    const cost = await feedCost(venue, endpoints, FEED_MS[size]);
    return { results: [...orderRows(times), ...feedRows(cost)], broken: brokenOf(cost), notes: notesOf(times, cost) };
  } finally {
    venue.close();
  }
};

function orderRows({ ours, raw, idle, first, next }: OrderTimes): readonly Result[] {
  const [our, bare, alone, one, others] = [ours, raw, idle, first, next].map(spread) as [Spread, Spread, Spread, Spread, Spread]; // one of each
  const trip = { of: 'ratio', is: 'at most', value: TRIP_RATIO_MAX } as const;
  const behind = { of: 'ratio', is: 'at most', value: BEHIND_RATIO_MAX } as const;
  return [
    result({ name: 'gateway: order sent → acknowledged, p50', unit: 'ms', ours: our.p50, baseline: bare.p50, target: trip }),
    result({ name: 'gateway: order sent → acknowledged, p99', unit: 'ms', ours: our.p99, baseline: bare.p99 }),
    result({ name: 'gateway: the first order behind 1,000 reads, p50', unit: 'ms', ours: one.p50, baseline: alone.p50, target: behind }),
    result({ name: 'gateway: the next ones while they go on, p50', unit: 'ms', ours: others.p50, baseline: alone.p50, target: behind }),
  ];
}

type Spread = ReturnType<typeof spread>;

function feedRows({ ours, raw, accepted, refused }: FeedCost): readonly Result[] {
  const core = { of: 'ours', is: 'at most', value: CORE_PERCENT_MAX } as const;
  const none = { of: 'ours', is: 'at most', value: 0 } as const;
  const name = `gateway: ${BOOKS_A_SECOND.toLocaleString('en')} books a second of ${SYMBOLS.length} symbols`;
  return [
    result({ name, unit: '% of a core', ours, baseline: raw, target: core }),
    result({ name: `gateway: quotes older than ${FRESH_MS} ms taken for fresh`, unit: 'quotes', ours: accepted, baseline: refused, target: none }),
  ];
}

function brokenOf({ quotes, sent, accepted, refused }: FeedCost): readonly string[] {
  return [
    ...(quotes < sent ? [`gateway: ${sent} books were sent and ${quotes} became quotes`] : []),
    ...(accepted > 0 ? [`gateway: ${accepted} quotes older than ${FRESH_MS} ms were taken for fresh`] : []),
    ...(refused === 0 ? ['gateway: no quote was old, so nothing is known of old ones'] : []),
  ];
}

const notesOf = ({ ours, first, readsMs }: OrderTimes, { quotes, refused }: FeedCost): readonly string[] => [
  `**gateway**: ${ours.length.toLocaleString('en')} entries with a bracket through the live order port (body, ccxt's signature and request, answer classified), each followed by the same body signed with node:crypto and sent with undici; the venue is a process of its own that answers at once and looks at nothing. Behind reads: ${first.length} times 1,000 private reads asked for at once (all answered after ${spread(readsMs).p50.toFixed(0)} ms, p50) and five orders after them; baseline: an order after a pause of 10 ms, which takes longer than one right after another. Books: ${quotes.toLocaleString('en')} through both sockets, each a quote that is said to another process, in batches as a gateway's host does; CPU time of this process; baseline: the same frames, JSON.parse and nothing else. Then this process stands still for 0.6 s while books go on: the ${refused.toLocaleString('en')} quotes that had become older were refused by QS-1 at a limit of ${FRESH_MS} ms (that is the baseline of the last row), by the venue's stamp in them.`,
];
