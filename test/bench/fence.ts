/** The fault run of venues/bybit.md §5.4: real live orders at a venue whose answers cannot be trusted. Counts, not times; the baseline sends again. */
import { faultRun, FENCE_ORDERS, FENCE_RUN, NOTHING_YET, sentAgain, sum, type FaultRun, type Story } from '#test/support/fault-run.ts';
import { faultRunOverCcxt } from '#test/support/fault-run-ccxt.ts';
import { result, type Benchmark, type Result } from './result.ts';

const SEEDS = 100;
const SEEDS_QUICK = 4;
const CCXT_SEEDS = 3;
const CCXT_ORDERS_QUICK = 40;
const MODELS = ['forever', 'while open'] as const;
const NONE = { of: 'ours', is: 'at most', value: 0 } as const;

export const fence: Benchmark = async ({ quick }) => {
  const seeds = quick ? SEEDS_QUICK : SEEDS;
  const results: Result[] = [];
  let early = 0;
  let total = NOTHING_YET;
  for (const uniqueness of MODELS) {
    let [story, again]: [Story, Story] = [NOTHING_YET, NOTHING_YET];
    for (let seed = 1; seed <= seeds; seed++) {
      const run: FaultRun = { ...FENCE_RUN, seed, uniqueness, lagMs: seed % 2 === 0 ? 0 : 300 };
      story = sum(story, await faultRun(run));
      again = sum(again, { ...NOTHING_YET, ...(await sentAgain(run)) });
    }
    early += story.early;
    total = sum(total, story);
    results.push(...rows(`${seeds} seeds, ids taken ${uniqueness}`, story, again));
  }
  const [ccxtSeeds, intents] = quick ? [1, CCXT_ORDERS_QUICK] : [CCXT_SEEDS, FENCE_ORDERS];
  let wire = NOTHING_YET;
  for (const uniqueness of MODELS) {
    for (let seed = 1; seed <= ccxtSeeds; seed++) wire = sum(wire, await faultRunOverCcxt({ seed, uniqueness, intents }));
  }
  results.push(...rows('over ccxt', wire, null));
  const broken = results.filter(({ pass }) => pass === false).map(({ name, ours }) => `${name}: ${ours}`);
  return { results, broken: early === 0 ? broken : [...broken, `${early} lookups before the fence`], notes: [note(total, wire, seeds, intents)] };
};

function rows(of: string, ours: Story, again: Story | null): readonly Result[] {
  const row = (what: 'duplicated' | 'ghosts') =>
    result({
      ...{ name: `fence: orders ${what === 'ghosts' ? 'denied and there' : 'there twice'}, ${of}`, unit: 'orders', ours: ours[what], target: NONE },
      ...(again !== null && { baseline: again[what] }),
    });
  return [row('duplicated'), row('ghosts')];
}

const note = (memory: Story, wire: Story, seeds: number, intents: number): string =>
  `**fence**: ${FENCE_ORDERS} entries and exits a run (10 % never arrive, 10 % lose the answer, 10 % arrive late, 5 % behind the receive window, 14 % get an ambiguous code, half of them with an order behind it; a fifth of the reports is lost, a fifth comes twice; ${memory.crashes} crashes between any two steps), ${seeds} seeds under each model of uniqueness, lookups blind for 0 or 300 ms: ${memory.sent.toLocaleString('en')} orders through the real live orders at a venue in memory, and ${wire.sent.toLocaleString('en')} (${intents} a run) over ccxt, HTTP and WebSocket at the embedded venue. Whatever is not so at rest (every execution booked once, the same positions, no order open that nobody knows) ends the run. Baseline: the same faults for a house that sends again with the same id.`;
