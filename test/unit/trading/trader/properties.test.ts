import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { absolute, atLeast, divide, isZero, money, price, qty, ratio, toStep, type Price } from '#trading/money/decimal.ts';
import type { KillScope } from '#trading/model/events.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import { allowanceFor, MINUTE_MS, perp, perpTrader, quoteOf, spot, spotTrader } from './fixtures.ts';
import { Rig } from './rig.ts';

/** One thing that happens to a trader. */
type Step =
  | { readonly is: 'quote'; readonly gapMs: number; readonly move: number; readonly fault: 'none' | 'stale' | 'future' | 'crossed' | 'far' }
  | { readonly is: 'allowance'; readonly usable: number; readonly closeOnly: boolean }
  | { readonly is: 'kill'; readonly scope: KillScope }
  | { readonly is: 'rearm' }
  | { readonly is: 'verdict'; readonly how: 'refused' | 'filled' | 'half' | 'expired' }
  | { readonly is: 'stopped' };

const quote = fc.record({
  is: fc.constant('quote' as const),
  gapMs: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(15_000, 60_000) }, { weight: 1, arbitrary: fc.nat({ max: 400_000 }) }),
  move: fc.integer({ min: -800, max: 800 }),
  fault: fc.oneof({ weight: 12, arbitrary: fc.constant('none' as const) }, fc.constantFrom('stale', 'future', 'crossed', 'far')),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: quote },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('allowance' as const), usable: fc.nat({ max: 100 }), closeOnly: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('kill' as const), scope: fc.constantFrom<KillScope>('all', 'bybit', 'crypto_spot', 'ibkr') }) },
  { weight: 2, arbitrary: fc.constant<Step>({ is: 'rearm' }) },
  { weight: 8, arbitrary: fc.record({ is: fc.constant('verdict' as const), how: fc.constantFrom('refused', 'filled', 'half', 'expired') }) },
  { weight: 2, arbitrary: fc.constant<Step>({ is: 'stopped' }) },
);
const story = fc.record({ futures: fc.boolean(), steps: fc.array(step, { minLength: 40, maxLength: 200 }) });

const CLOSE_ONLY = { code: 'MAX_DRAWDOWN', rule: 'RK-1', numbers: {}, sentence: 'test' } as const;

/** Runs the story; `look` sees the trader before each intent was taken up, and the intent. */
function run(
  { futures, steps }: { futures: boolean; steps: readonly Step[] },
  look: (rig: Rig, intent: OrderIntent, before: Rig['state']) => void = () => {},
) {
  const [instrument, config] = futures ? [perp, perpTrader] : [spot, spotTrader];
  const rig = new Rig(config).configured(instrument);
  let mid = 100;
  for (const each of steps) {
    const [state, made] = [rig.state, rig.intents.length];
    if (each.is === 'quote') {
      rig.now += each.gapMs;
      mid = Math.min(500, Math.max(20, mid + each.move / 100));
      rig.send({ type: 'quote.received', body: { quote: faulty(rig, mid, each.fault) } });
    } else happen(rig, each);
    for (const intent of rig.intents.slice(made)) look(rig, intent, state);
  }
  return rig;

  function faulty({ now }: Rig, at: number, fault: string) {
    if (fault === 'stale') return quoteOf(instrument, now - 2001, at);
    if (fault === 'future') return quoteOf(instrument, now + 60_000, at);
    if (fault === 'crossed') return quoteOf(instrument, now, at, { bid: price((at + 1).toFixed(2)) });
    return quoteOf(instrument, now, at, fault === 'far' ? { ask: '0' as Price } : {});
  }
}

function happen(rig: Rig, each: Exclude<Step, { is: 'quote' }>): void {
  const pending = rig.intents.find((intent) => intent.clientOrderId in rig.state.pending);
  if (each.is === 'allowance') {
    const allowance = { ...allowanceFor(rig.config), usable: money(each.usable), closeOnly: each.closeOnly ? CLOSE_ONLY : null };
    rig.send({ type: 'allowance.changed', body: allowance });
  } else if (each.is === 'kill') rig.record({ type: 'kill.tripped', body: { scope: each.scope, reason: 'r', source: 's', flatten: false } });
  else if (each.is === 'rearm') rig.record({ type: 'kill.rearmed', body: { source: 's', reason: 'r' } });
  else if (each.is === 'stopped') stopped(rig);
  else if (pending !== undefined) verdict(rig, pending, each.how);
}

function stopped(rig: Rig): void {
  const [intent] = rig.intents;
  const held = intent === undefined ? undefined : rig.state.positions[intent.symbol];
  if (intent !== undefined && held !== undefined) rig.fill(intent, 'stop_loss', absolute(held), Number(held) > 0 ? 'sell' : 'buy');
}

function verdict(rig: Rig, intent: OrderIntent, how: string): void {
  if (how === 'refused') return rig.refuse(intent);
  if (how === 'expired') return rig.end(intent, 'expired');
  const part = how === 'half' ? toStep(divide(intent.qty, ratio('2')), qty('0.000001'), 'up') : intent.qty;
  rig.fill(intent, intent.kind, part);
  rig.end(intent, how === 'half' ? 'partially_filled' : 'filled');
}

const isCovered = (rig: Rig, killed: readonly KillScope[]): boolean =>
  killed.some((scope) => scope === 'all' || scope === 'bybit' || scope === rig.config.asset);

describe('trader: what holds whatever happens', () => {
  it('the stories of these tests do trade', () => {
    const kinds = fc.sample(story, { numRuns: 100, seed: 1 }).flatMap((of) => run(of).intents.map(({ kind, side }) => `${kind} ${side}`));
    for (const kind of ['entry buy', 'entry sell', 'exit buy', 'exit sell']) assert.ok(kinds.filter((each) => each === kind).length > 20, kind);
  });

  it('QS-1 BR-1 no intent without a fresh snapshot, no entry without a bracket around its price', () => {
    fc.assert(
      fc.property(story, (of) => {
        run(of, (rig, { snapshot, kind, bracket, sizing, side, qty: size }) => {
          const { bid, ask, exchangeAt, receivedAt } = snapshot;
          assert.ok(rig.now - Math.min(exchangeAt, receivedAt) <= 2000 && exchangeAt <= rig.now + 1000);
          assert.ok(Number(bid) > 0 && Number(bid) <= Number(ask));
          assert.ok(!isZero(size));
          assert.equal(kind === 'entry', bracket !== null && sizing !== null);
          if (bracket === null) return;
          const sign = side === 'buy' ? 1 : -1;
          const at = Number(side === 'buy' ? ask : bid);
          assert.ok(sign * Number(bracket.stopLoss) < sign * at && sign * at < sign * Number(bracket.takeProfit));
          for (const leg of [bracket.stopLoss, bracket.takeProfit]) assert.equal(toStep(leg, spot.tickSize, 'down'), leg);
        });
      }),
    );
  });

  it('KS-3 RK-1 in close-only no entry is ever made; an exit may be', () => {
    fc.assert(
      fc.property(story, (of) => {
        run(of, (rig, intent) => {
          const isCloseOnly = isCovered(rig, rig.state.killed) || (rig.memory.allowance?.closeOnly ?? null) !== null;
          assert.ok(!(isCloseOnly && intent.kind === 'entry'));
        });
      }),
    );
  });

  it('SZ-6 an entry starts from flat and spot enters long only; an exit is the whole position, the other way', () => {
    fc.assert(
      fc.property(story, (of) => {
        run(of, (rig, intent, before) => {
          const held = before.positions[intent.symbol];
          assert.equal(held === undefined, intent.kind === 'entry');
          if (intent.kind === 'entry') assert.ok(rig.config.asset !== 'crypto_spot' || intent.side === 'buy');
          if (held === undefined) return;
          assert.equal(intent.qty, absolute(held));
          assert.equal(intent.side, Number(held) > 0 ? 'sell' : 'buy');
        });
      }),
    );
  });

  it('ST-2 ids and nonces never repeat, and a minute of a symbol sees one intent at most', () => {
    fc.assert(
      fc.property(story, (of) => {
        const { intents } = run(of);
        assert.equal(new Set(intents.map((intent) => intent.clientOrderId)).size, intents.length);
        assert.deepEqual(
          intents.map((intent) => intent.nonce),
          intents.map((_, index) => index),
        );
        assert.equal(new Set(intents.map((intent) => Math.floor(intent.intendedAt / MINUTE_MS))).size, intents.length);
      }),
    );
  });

  it('RK-1 no entry while cooling down, while an order is on its way, or with nothing usable', () => {
    fc.assert(
      fc.property(story, (of) => {
        run(of, (rig, intent, before) => {
          if (intent.kind !== 'entry') return;
          assert.ok(rig.now >= (before.closedAt[intent.symbol] ?? 0) + 900_000);
          assert.deepEqual(before.pending, {});
          assert.ok(atLeast(rig.memory.allowance?.usable ?? money('0'), money('0.01')));
        });
      }),
    );
  });

  it('ST-5 replay of the facts gives the same state, through JSON as well', () => {
    fc.assert(
      fc.property(story, (of) => {
        const rig = run(of);
        assert.deepEqual(rig.replayed(), rig.state);
        assert.deepEqual(JSON.parse(JSON.stringify(rig.state)), rig.state);
      }),
    );
  });

  it('PX-1 the same messages make the same events', () => {
    fc.assert(fc.property(story, (of) => assert.deepEqual(run(of).facts, run(of).facts)));
  });
});
