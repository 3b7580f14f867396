import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { evolvePage, BLANK_FACTS } from '#actors/dashboard/page-facts.ts';
import { Projection, SYMBOLS_SHOWN_MAX } from '#actors/dashboard/projection.ts';
import {
  CHART_BARS_MAX,
  EQUITY_POINTS_MAX,
  MARKERS_MAX,
  REFUSALS_SHOWN_MAX,
  TRADES_SHOWN_MAX,
  type View,
  type ViewPatch,
  type WindowFeed,
} from '#protocol/view.ts';
import { applyPatch } from '#protocol/view-patch.ts';
import { add, money, price, toNumber } from '#trading/money/decimal.ts';
import type { Fact } from '#trading/model/events.ts';
import { PageStory } from '#test/support/page-story.ts';

const overWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function told(facts: readonly Fact[], feed?: WindowFeed): Projection {
  const projection = new Projection('embedded');
  for (const fact of facts) projection.apply(fact);
  if (feed !== undefined) projection.feed(feed);
  return projection;
}

describe('the projection of facts and feed', () => {
  it('UI-1 a round trip becomes a trade, two markers, totals and equity; the position is gone', () => {
    const story = new PageStory();
    for (let minute = 0; minute < 6; minute++) story.minute();
    const trade = story.trade();
    const view = told(story.facts).view();
    assert.deepEqual(view.trades, [trade]);
    assert.deepEqual(
      view.markers.map(({ side, reason }) => [side, reason]),
      [
        ['buy', 'entry'],
        ['sell', 'take_profit'],
      ],
    );
    assert.deepEqual(view.positions, {});
    assert.deepEqual(view.totals, {
      'crypto_spot|paper': { asset: 'crypto_spot', mode: 'paper', closed: 1, won: 1, pnl: trade.pnl, fees: trade.fees },
    });
    assert.deepEqual(
      view.equity.map(({ time, value, budget }) => [time, value, budget]),
      [
        [trade.openedAt / 1000, 1000, 1000],
        [trade.closedAt / 1000, toNumber(trade.budgetAfter), toNumber(trade.budgetAfter)],
      ],
    );
  });

  it('UI-1 equity is the first budget and everything realised since, exactly', () => {
    const story = new PageStory().tell();
    const view = told(story.facts).view();
    const realised = view.trades.reduce((sum, { pnl }) => add(sum, pnl), money('0'));
    assert.equal(view.totals['crypto_spot|paper']?.pnl, realised);
    assert.equal(view.equity.at(-1)?.value, toNumber(add(money('1000'), realised)));
  });

  it('UI-1 an open position carries its bracket, and is marked at the side that would close it', () => {
    const story = new PageStory();
    story.minute();
    story.open();
    const bare = Object.values(told(story.facts).view().positions)[0];
    assert.equal(bare?.mark, null, 'no quote, no mark');
    assert.equal(bare.unrealised, null);
    story.minute();
    const position = Object.values(told(story.facts, story.feed()).view().positions)[0];
    assert.equal(position?.mark, story.price('ETH/USDT'));
    assert.ok(position.bracket !== null);
    const gain = (Number(position.mark) - Number(position.averagePrice)) * Number(position.qty);
    assert.ok(Math.abs(Number(position.unrealised) - gain) < 1e-9);
  });

  it('RT-3 the bracket that is shown is the one after the clamp', () => {
    const story = new PageStory();
    story.minute();
    story.open();
    const intended = story.facts.findIndex(({ type }) => type === 'order.intended');
    const intent = story.facts[intended];
    assert.ok(intent?.type === 'order.intended');
    const clamps = [{ field: 'takeProfit', before: '1', after: '9999.5', filter: 'tick_size' } as const];
    const { clientOrderId } = intent.body.intent;
    const clamp = { type: 'order.clamped', body: { clientOrderId, asset: 'crypto_spot', mode: 'paper', symbol: 'ETH/USDT', clamps } } as const;
    const facts = [...story.facts.slice(0, intended + 1), { ...intent, ...clamp }, ...story.facts.slice(intended + 1)];
    assert.equal(Object.values(told(facts).view().positions)[0]?.bracket?.takeProfit, '9999.5');
  });

  it('BR-3 a stop that trailed is shown where it is; rungs that were clamped are not taken for legs', () => {
    const story = new PageStory();
    story.minute();
    story.open();
    const entry = story.facts.find(({ type }) => type === 'order.intended');
    const before = Object.values(told(story.facts).view().positions)[0];
    assert.ok(entry?.type === 'order.intended' && before?.bracket);
    const { asset, mode, symbol, clientOrderId: entryOrderId, snapshot: pricedOn } = entry.body.intent;
    const body = { asset, mode, symbol, entryOrderId, stopLoss: price('1234.5'), pricedOn, trailedAt: story.now };
    const seq = story.facts.length + 1;
    const bracketAfter = (more: Partial<typeof body>) =>
      Object.values(told([...story.facts, { ...entry, seq, type: 'stop.trailed', body: { ...body, ...more } }]).view().positions)[0]?.bracket;
    assert.deepEqual(bracketAfter({}), { ...before.bracket, stopLoss: '1234.5' });
    assert.deepEqual(bracketAfter({ entryOrderId: 'another' }), before.bracket);
    const clamps = [{ field: 'partialTakeProfit', before: '1', after: '9999.5', filter: 'minimum' } as const];
    const index = story.facts.indexOf(entry);
    const clamped = { ...entry, type: 'order.clamped', body: { clientOrderId: entryOrderId, asset, mode, symbol, clamps } } as const;
    const facts = [...story.facts.slice(0, index + 1), clamped, ...story.facts.slice(index + 1)];
    assert.deepEqual(Object.values(told(facts).view().positions)[0]?.bracket, before.bracket);
  });

  it('KS-1 a kill shows scope, reason, source and latency; a latch without a fact is a kill as well', () => {
    const story = new PageStory();
    story.minute();
    assert.equal(told(story.facts, { ...story.feed(), latch: true }).view().kill.tripped, true);
    story.kill('spread', 'cli');
    assert.deepEqual(told(story.facts, story.feed()).view().kill, {
      ...{ tripped: true, scopes: ['all'], reason: 'spread', source: 'cli', at: story.now, latch: true, latencyMs: 3.2 },
    });
    story.rearm();
    assert.equal(told(story.facts, story.feed()).view().kill.tripped, false);
  });

  it('RG-2 every refusal is there with its numbers, the newest first', () => {
    const story = new PageStory();
    story.refuse();
    story.minute();
    story.refuse(undefined, { code: 'STALE_QUOTE', rule: 'QS-1', numbers: { ageMs: 2400, maxMs: 2000 }, sentence: 'too old' });
    const { refusals } = told(story.facts).view();
    assert.deepEqual(
      refusals.map(({ refusal }) => refusal.code),
      ['STALE_QUOTE', 'COOL_DOWN'],
    );
    assert.deepEqual(refusals[0]?.refusal.numbers, { ageMs: 2400, maxMs: 2000 });
  });

  it('ST-1 what was snapshot goes on where it was, and equals a replay from the start', () => {
    const story = new PageStory().tell();
    const half = Math.floor(story.facts.length / 2);
    const restored = new Projection('embedded', overWire(told(story.facts.slice(0, half)).facts));
    for (const fact of story.facts.slice(half)) restored.apply(fact);
    assert.deepEqual(restored.view(), told(story.facts).view());
  });

  it('every list has an end', () => {
    const story = new PageStory();
    story.minute();
    let facts = BLANK_FACTS;
    let seen = 0;
    for (let count = 0; count < EQUITY_POINTS_MAX + 10; count++) {
      story.trade();
      if (count % 10 === 0) story.refuse();
      for (; seen < story.facts.length; seen++) facts = evolvePage(facts, story.facts[seen] as Fact);
    }
    assert.equal(facts.trades.length, TRADES_SHOWN_MAX);
    assert.equal(facts.markers.length, MARKERS_MAX);
    assert.equal(facts.equity.length, EQUITY_POINTS_MAX);
    assert.equal(facts.refusals.length, REFUSALS_SHOWN_MAX);
    assert.equal(facts.totals['crypto_spot|paper']?.closed, EQUITY_POINTS_MAX + 10, 'totals are of all trades, not of those shown');
    const projection = new Projection('embedded');
    for (let minute = 0; minute < CHART_BARS_MAX + 50; minute++) story.minute();
    projection.feed(story.feed());
    assert.equal(projection.view().bars['BTC/USDT']?.length, CHART_BARS_MAX);
  });

  it('a feed that names more symbols than there can be is refused', () => {
    const feed = new PageStory().feed();
    const bars = Object.fromEntries(Array.from({ length: SYMBOLS_SHOWN_MAX + 1 }, (_, index) => [`S${index}`, []]));
    assert.throws(() => new Projection('embedded').feed({ ...feed, bars }), RangeError);
  });
});

/** What may happen between two looks. */
type Step = 'minute' | 'trade' | 'lose' | 'open' | 'refuse' | 'kill' | 'rearm' | 'feed' | 'feedAll' | 'patch' | 'look';
const steps = fc.array(
  fc.constantFrom<Step>('minute', 'minute', 'trade', 'lose', 'open', 'refuse', 'kill', 'rearm', 'feed', 'feedAll', 'patch', 'patch', 'look'),
  { maxLength: 120 },
);

/** A projection that is told a story, and a page that only ever sees a snapshot and patches over the wire. */
class Pair {
  readonly story = new PageStory();
  readonly projection = new Projection('embedded');
  #applied = 0;
  #replica: { seq: number; view: View };

  constructor() {
    this.story.minute();
    this.#replica = overWire(this.projection.snapshot());
  }

  do(step: Step): void {
    if (step === 'minute') this.story.minute();
    else if (step === 'trade' || step === 'lose') this.story.trade(undefined, step === 'trade');
    else if (step === 'open') this.story.open();
    else if (step === 'refuse') this.story.refuse();
    else if (step === 'kill') this.story.kill('because');
    else if (step === 'rearm') this.story.rearm();
    else if (step === 'feed' || step === 'feedAll') this.projection.feed(this.story.feed({ all: step === 'feedAll' }));
    else if (step === 'patch') this.#patch();
    else {
      this.#patch();
      this.#replica = overWire(this.projection.snapshot());
    }
    for (; this.#applied < this.story.facts.length; this.#applied++) this.projection.apply(this.story.facts[this.#applied] as Fact);
  }

  end(): void {
    this.#patch();
    assert.deepEqual(this.#replica.view, overWire(this.projection.view()));
  }

  #patch(): void {
    const patch = this.projection.takePatch();
    if (patch === null) return;
    assert.equal(patch.seq, this.#replica.seq + 1, 'patches are numbered without a gap');
    this.#replica = { seq: patch.seq, view: applyPatch(this.#replica.view, overWire(patch)) };
  }
}

describe('snapshot and patches', () => {
  it('UI-3 a page that follows patches sees what the projection sees, whatever happens in between', () => {
    fc.assert(
      fc.property(steps, (story) => {
        const pair = new Pair();
        for (const step of story) pair.do(step);
        pair.end();
      }),
      { numRuns: 60 },
    );
  });

  it('a page that was away while every list turned over is brought to the same place', () => {
    const pair = new Pair();
    pair.do('feedAll');
    pair.do('patch');
    for (let count = 0; count < MARKERS_MAX; count++) pair.do('trade');
    for (let count = 0; count < REFUSALS_SHOWN_MAX + 5; count++) pair.do('refuse');
    for (let count = 0; count < CHART_BARS_MAX + 5; count++) pair.do('minute');
    pair.do('feedAll');
    pair.end();
  });

  it('nothing new is no patch, and what did not change stays the same object', () => {
    const story = new PageStory().tell();
    const projection = told(story.facts, story.feed());
    projection.takePatch();
    assert.equal(projection.takePatch(), null);
    const { view } = projection.snapshot();
    const after = applyPatch(view, { seq: 2, set: { journal: { seq: 1, head: 'x' } } });
    assert.equal(after.trades, view.trades);
    assert.equal(after.bars, view.bars);
  });

  it('a patch of one tick is small: only what moved is sent', () => {
    const story = new PageStory().tell();
    const projection = told(story.facts, story.feed());
    projection.takePatch();
    story.minute();
    projection.feed(story.feed({ all: false }));
    const patch = projection.takePatch() as ViewPatch;
    assert.deepEqual(Object.keys(patch).sort(), ['append', 'put', 'seq', 'set']);
    assert.ok((patch.append?.bars?.['BTC/USDT']?.length ?? 0) <= 2);
    assert.deepEqual(Object.keys(patch.set ?? {}), ['run']);
  });

  it('bars that come late or twice end up in the order of their times', () => {
    const story = new PageStory();
    for (let minute = 0; minute < 5; minute++) story.minute();
    const bars = story.bars['BTC/USDT'] ?? [];
    const view = told([], { ...story.feed(), bars: { 'BTC/USDT': bars.slice(2) } }).view();
    const late = applyPatch(view, { seq: 1, append: { bars: { 'BTC/USDT': [...bars.slice(0, 3), ...bars.slice(1, 2)] } } });
    assert.deepEqual(late.bars['BTC/USDT'], bars);
  });
});
