import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Fill, PaperProof } from '#trading/model/order.ts';
import { rederiveFill, type RederiveContext } from '#trading/paper/rederive.ts';
import { spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings } from '../risk/house.ts';

const rules = { ...settings, paper: { ...settings.paper, partialProbability: 0.5 } };

/** An entry priced on a worse quote, its stop, and (of another position) an exit by order. */
function story(): { readonly house: House; readonly entry: Fill; readonly stop: Fill; readonly exit: Fill } {
  const house = new House([{ ...spot, minNotional: money('20') }], {
    ...rules,
    cooldownSeconds: 0,
    risk: { ...rules.risk, duplicateWindowMs: 0 },
    perTradeRisk: { ...rules.perTradeRisk, crypto_spot: ratio('0.1') },
  });
  const open = (at: number, id: string): void => {
    house.intend(entryOn(house.quoteAt(at, 100), spot, { clientOrderId: id, qty: qty('0.3') }));
    house.quoteAt(at + 10, 100.3);
    house.clock(at + 300);
  };
  open(T0, 'first');
  house.quoteAt(T0 + 1000, 96);
  open(T0 + 2000, 'second');
  house.intend(exitOn(house.quoteAt(T0 + 3000, 101), house.fills[2]?.qty ?? '0', spot, { clientOrderId: 'third' }));
  house.clock(T0 + 3300);
  const [entry, stop, , exit] = house.fills;
  assert.ok(entry !== undefined && stop !== undefined && exit !== undefined, 'four fills');
  return { house, entry, stop, exit };
}

const { house, entry, stop, exit } = story();
const problems = (fill: Fill, context: Partial<RederiveContext> = {}): string[] =>
  rederiveFill(fill, { ...house.contextOf(originalOf(fill)), ...context });
const originalOf = (fill: Fill): Fill => house.fills.find(({ filledAt, reason }) => filledAt === fill.filledAt && reason === fill.reason) ?? entry;
const proofOf = (fill: Fill): PaperProof => {
  assert.ok(fill.paper !== null);
  return fill.paper;
};
const withProof = (fill: Fill, more: Partial<PaperProof>): Fill => ({ ...fill, paper: { ...proofOf(fill), ...more } });

describe('paper/rederive', () => {
  it('VF-1 what the simulator recorded is proven', () => {
    assert.deepEqual(
      house.fills.map(({ reason }) => reason),
      ['entry', 'stop_loss', 'entry', 'exit'],
    );
    assert.deepEqual(house.problems(), []);
    assert.notEqual(proofOf(entry).pricedOn.id, house.contextOf(entry).intent.snapshot.id, 'priced on the worse quote');
  });

  for (const [name, fill] of [
    ['entry', entry],
    ['stop', stop],
    ['exit', exit],
  ] as const) {
    const proof = proofOf(fill);
    const quote = proof.pricedOn;
    const forged: readonly (readonly [what: string, fill: Fill])[] = [
      ['a better price', { ...fill, price: price(fill.side === 'buy' ? '99' : '120') }],
      ['a worse price', { ...fill, price: price(fill.side === 'buy' ? '120' : '90') }],
      ['one tick', { ...fill, price: price((Number(fill.price) + 0.01).toFixed(2)) }],
      ['a quantity', { ...fill, qty: qty('0.05') }],
      ['a fee', { ...fill, fee: money('0') }],
      ['a side', { ...fill, side: fill.side === 'buy' ? 'sell' : 'buy' }],
      ['an id', { ...fill, fillId: `${fill.fillId}0` }],
      ['no proof', { ...fill, paper: null }],
      ['a fee rate', withProof(fill, { takerFee: ratio('0') })],
      ['slippage', withProof(fill, { slippageBps: 0 })],
      ['a tick', withProof(fill, { tickSize: price('1') })],
      ['a lot', withProof(fill, { lotSize: qty('1') })],
      ['a multiplier', withProof(fill, { multiplier: ratio('2') })],
      ['a seed', withProof(fill, { draws: { ...proof.draws, seed: '8' } })],
      ['a latency', withProof(fill, { draws: { ...proof.draws, latencyMs: proof.draws.latencyMs + 1 } })],
      ['a fraction', withProof(fill, { draws: { ...proof.draws, fillFraction: ratio('0.5001') } })],
      ['a trigger', withProof(fill, { triggerPrice: price('97') })],
      ['a quote of zero', withProof(fill, { pricedOn: { ...quote, bid: price('0') } })],
      ['a crossed quote', withProof(fill, { pricedOn: { ...quote, bid: price('200') } })],
      ['a quote of another symbol', withProof(fill, { pricedOn: { ...quote, symbol: 'ETH/USDT' } })],
      [
        'a quote of another time',
        withProof(fill, { pricedOn: { ...quote, id: 'other', exchangeAt: quote.exchangeAt + 10_000, receivedAt: quote.receivedAt + 10_000 } }),
      ],
      [
        'an older quote',
        withProof(fill, { pricedOn: { ...quote, id: 'other', exchangeAt: quote.exchangeAt - 10_000, receivedAt: quote.receivedAt - 10_000 } }),
      ],
    ];
    for (const [what, forgery] of forged) {
      it(`VF-1 the ${name} with ${what} of one's choice is not`, () => assert.notDeepEqual(problems(forgery), []));
    }
  }

  it('VF-1 a fill priced better than its snapshot is not, even where its own numbers agree', () => {
    const { snapshot } = house.contextOf(entry).intent;
    const better = { ...snapshot, id: 'better', bid: price('89.99'), ask: price('90.01'), exchangeAt: T0 + 5, receivedAt: T0 + 5 };
    const forged = withProof({ ...entry, price: price('90.09') }, { pricedOn: better });
    assert.ok(problems(forged).some((problem) => /better than its snapshot/.test(problem)));
  });

  it("VF-1 a snapshot with other numbers than the intent's is not", () => {
    const { snapshot } = house.contextOf(entry).intent;
    const forged = withProof(entry, { pricedOn: { ...snapshot, ask: price('100.02') } });
    assert.ok(problems(forged).some((problem) => /holds with other numbers/.test(problem)));
  });

  it('PX-2 a stop that nothing triggered is not, nor one on a stale quote, nor one from before its entry', () => {
    const quote = proofOf(stop).pricedOn;
    const untouched = withProof({ ...stop, price: price('99.91') }, { pricedOn: { ...quote, bid: price('99.99'), ask: price('100') } });
    assert.ok(problems(untouched).some((problem) => /do not trigger the stop_loss/.test(problem)));
    assert.ok(problems({ ...stop, filledAt: stop.filledAt + 5000 }, house.contextOf(stop)).some((problem) => /5000 ms old/.test(problem)));
    const early = withProof(stop, { pricedOn: { ...quote, exchangeAt: T0 } });
    assert.ok(problems(early).some((problem) => /before its entry/.test(problem)));
  });

  it("VF-1 the order's own draws are derived again as well", () => {
    const context = house.contextOf(entry);
    const draws = { ...context.accepted.draws, latencyMs: 50 };
    const forged = { ...context, accepted: { ...context.accepted, draws, dueAt: context.accepted.acceptedAt + 50 } };
    assert.ok(
      rederiveFill(withProof({ ...entry, filledAt: forged.accepted.dueAt }, { draws }), forged).some((problem) =>
        /accepted with latencyMs 50/.test(problem),
      ),
    );
  });

  it('QS-1 a snapshot that was stale at submission is not', () => {
    const context = house.contextOf(entry);
    const accepted = { ...context.accepted, acceptedAt: T0 + 3000, dueAt: T0 + 3000 + context.accepted.draws.latencyMs };
    assert.ok(
      rederiveFill({ ...entry, filledAt: accepted.dueAt }, { ...context, accepted }).some((problem) =>
        /3000 ms old when it was submitted/.test(problem),
      ),
    );
  });

  it('VF-1 more than is held is not, and nothing without settings or catalog', () => {
    assert.notDeepEqual(problems(exit, { held: qty('0.01') }), []);
    assert.notDeepEqual(problems(stop, { held: qty('0') }), []);
    assert.match(problems(entry, { settings: null })[0] ?? '', /before any settings/);
    assert.match(problems(entry, { instrument: undefined })[0] ?? '', /catalog/);
  });

  it('VF-1 where the seed of the run is unknown, it is still the one of the acceptance', () => {
    assert.deepEqual(problems(entry, { seed: null }), []);
    assert.notDeepEqual(problems(withProof(entry, { draws: { ...proofOf(entry).draws, seed: '8' } }), { seed: null }), []);
  });
});
