/** Verify against the real governor and the real paper simulator: whatever they do, it is proven; and what they did not do, is not. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DomainEvent, Fact, KillScope } from '#trading/model/events.ts';
import { absolute, add, isNegative, isZero, money, negate, ZERO_QTY } from '#trading/money/decimal.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal, type VerifyReport } from '#state/verify.ts';
import { entryOn, exitOn, House, SEED, settings } from '#test/unit/trading/risk/house.ts';
import { perp, spot } from '#test/unit/trading/trader/fixtures.ts';
import { sealedStory, type Entry } from '../support/journal-story.ts';

const rules = { ...settings, cooldownSeconds: 1, paper: { ...settings.paper, partialProbability: 0.4 } };
const MARKETS = [
  { instrument: spot, mid: 100 },
  { instrument: perp, mid: 50 },
];

/** One thing that happens: a quote that moves the market so many steps, an order, a crash, a kill, new settings. */
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('quote' as const), market: fc.nat(1), move: fc.integer({ min: -60, max: 60 }), ms: fc.nat(900) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('order' as const), market: fc.nat(1), short: fc.boolean(), part: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      scope: fc.constantFrom<KillScope>('all', 'bybit', 'crypto_futures'),
      flatten: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'rearm' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settings' as const), alloc: fc.integer({ min: 900, max: 1100 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the journal holds after the steps, from the start of a run on. */
function lived(steps: readonly Step[]): Entry[] {
  const house = new House([spot, perp], rules);
  const mids = MARKETS.map(({ mid }) => mid);
  for (const what of steps) {
    if (what.do === 'quote') {
      house.now += what.ms;
      const mid = Math.round((mids[what.market] ?? 0) * (1 + what.move / 10_000) * 100) / 100;
      mids[what.market] = mid;
      house.quoteAt(house.now, mid, MARKETS[what.market]?.instrument);
    } else if (what.do === 'order') order(house, what, mids[what.market] ?? 0);
    else if (what.do === 'crash') house.crash();
    else if (what.do === 'kill')
      house.append('kill-switch', [{ type: 'kill.tripped', body: { scope: what.scope, flatten: what.flatten, reason: 'test', source: 'test' } }]);
    else if (what.do === 'rearm') house.append('kill-switch', [{ type: 'kill.rearmed', body: { reason: 'test', source: 'test' } }]);
    else
      house.append('system', [
        { type: 'settings.loaded', body: { settings: { ...rules, alloc: { ...rules.alloc, crypto_spot: money(what.alloc) } }, source: 'test' } },
      ]);
  }
  const started: DomainEvent = {
    type: 'system.started',
    body: { version: '0', market: 'embedded', seed: SEED, epoch: 1, configHash: 'c', play: 'test' },
  };
  return [{ actor: 'system', at: 0, event: started }, ...house.facts.map(asEntry)];
}

const asEntry = ({ actor, at, type, body }: Fact): Entry => ({ actor, at, event: { type, body } as DomainEvent });

/** Enters where nothing is held, leaves wholly or by half where something is. */
function order(house: House, { market, short, part }: Extract<Step, { do: 'order' }>, mid: number): void {
  const instrument = MARKETS[market]?.instrument ?? spot;
  house.now += 1;
  const quote = house.quoteAt(house.now, mid, instrument);
  const ours = house.fills.filter(({ symbol }) => symbol === instrument.symbol);
  const held = ours.reduce((sum, fill) => add(sum, fill.side === 'buy' ? fill.qty : negate(fill.qty)), ZERO_QTY);
  if (isZero(held)) house.intend(entryOn(quote, instrument, { side: short && instrument === perp ? 'sell' : 'buy' }));
  else {
    const amount = part ? (Number(absolute(held)) / 2).toFixed(3) : absolute(held);
    house.intend(exitOn(quote, String(Number(amount)), instrument, { side: isNegative(held) ? 'buy' : 'sell' }));
  }
}

function verify(entries: readonly Entry[]): Promise<VerifyReport> {
  const { records, head } = sealedStory(entries);
  async function* each(): AsyncIterable<RawRecord> {
    await Promise.resolve();
    yield* records;
  }
  return verifyJournal({ records: each(), anchor: head });
}

describe('VF-1 the core and its verifier', () => {
  it('agree on every journal the core can write, through crashes, kills, part fills and new settings', async () => {
    const seen = { fills: 0, trades: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 120 }), async (steps) => {
        const entries = lived(steps);
        const report = await verify(entries);
        assert.deepEqual(report.problems, []);
        assert.equal(report.rederived, report.paperFills);
        seen.fills += report.paperFills;
        seen.trades += entries.filter(({ event }) => event.type === 'trade.closed').length;
      }),
      { numRuns: 60 },
    );
    assert.ok(seen.fills > 100 && seen.trades > 30, `only ${seen.fills} fills and ${seen.trades} trades came about`);
  });

  it('disagree on any other price, quantity, fee or result, however well it is sealed', async () => {
    const journals = fc.sample(fc.array(step, { minLength: 80, maxLength: 120 }), { numRuns: 7, seed: 1 }).map(lived);
    let edits = 0;
    for (const entries of journals) {
      for (const [index, { event }] of entries.entries()) {
        for (const field of FALSIFIED) {
          const altered = alter(event, field);
          if (altered === null) continue;
          edits += 1;
          const report = await verify(entries.with(index, { ...(entries[index] ?? assert.fail()), event: altered }));
          assert.equal(report.problems[0]?.seq, index + 1, `${event.type} ${field}: ${JSON.stringify(report.problems)}`);
        }
      }
    }
    assert.ok(edits > 100, `only ${edits} edits were tried`);
  });
});

const FALSIFIED = ['price', 'qty', 'fee', 'pnl', 'fees', 'budgetBefore', 'budgetAfter', 'entryPrice', 'exitPrice', 'closedAt'] as const;

/** The event with one number a little better, or null where it has no such number. */
function alter({ type, body }: DomainEvent, field: (typeof FALSIFIED)[number]): DomainEvent | null {
  const key = type === 'fill.recorded' ? 'fill' : type === 'trade.closed' ? 'trade' : null;
  if (key === null) return null;
  const inner = (body as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[key] ?? {};
  const value = inner[field];
  if (value === undefined) return null;
  const other = typeof value === 'number' ? value - 1 : add(money(String(value)), money('0.01'));
  return { type, body: { [key]: { ...inner, [field]: other } } } as unknown as DomainEvent;
}
