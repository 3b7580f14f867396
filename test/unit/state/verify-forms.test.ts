import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price, qty } from '#trading/money/decimal.ts';
import type { DomainEvent, EventBody, EventType } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import { verifyJournal, type VerifyReport } from '#state/verify.ts';
import type { RawRecord } from '#state/store.ts';
import { sealedStory, type Entry } from '../../support/journal-story.ts';
import { SEED } from '../trading/risk/house.ts';
import { enter, fineSpot, mids } from '../trading/paper/forms.ts';

const KEY = { version: '0.1.0', market: 'embedded', epoch: 1, configHash: 'c0ffee', play: 'synthetic' };

/** What governor and simulator wrote of a position with both forms: two rungs, four moves of the stop, and the stop. */
function story(): Entry[] {
  const house = enter({ stopLoss: '99', takeProfit: '110', trailing: ['1', null], rungs: [['101', '0.4'], ['103', '0.3']] }); // prettier-ignore
  mids(house, fineSpot, 100.5, 101.5, 102.8, 103.5, 104.2, 102);
  const start: DomainEvent = { type: 'system.started', body: { ...KEY, seed: SEED } };
  const facts = house.facts.map(({ actor, at, type, body }): Entry => ({ actor, at, event: { type, body } as DomainEvent }));
  return [{ actor: 'system', at: house.facts[0]?.at ?? 0, event: start }, ...facts];
}

const TRUE = story();

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

/** Sealed from first to last, as somebody would who falsifies the chain and its anchor too. */
function verify(entries: readonly Entry[]): Promise<VerifyReport> {
  const { records, head } = sealedStory(entries);
  return verifyJournal({ records: each(records), anchor: head });
}

const seqOf = (type: EventType, nth: number): number =>
  TRUE.flatMap(({ event }, index) => (event.type === type ? [index + 1] : []))[nth - 1] ?? assert.fail(`no ${type} ${nth}`);

function changed<T extends EventType>(type: T, nth: number, change: (body: EventBody<T>) => EventBody<T>): Entry[] {
  const seq = seqOf(type, nth);
  return TRUE.map((entry, index) =>
    index + 1 === seq ? { ...entry, event: { type, body: change(entry.event.body as EventBody<T>) } as DomainEvent } : entry,
  );
}

type Moved = EventBody<'stop.trailed'>;
const moved = (nth: number, change: (body: Moved) => Moved) => changed('stop.trailed', nth, change);
const fill = (nth: number, change: (of: Fill) => Fill) => changed('fill.recorded', nth, ({ fill: of }) => ({ fill: change(of) }));
const proof = (of: Fill) => of.paper ?? assert.fail('no proof');

describe('VF-1 verify: trailing stops and rungs', () => {
  it('proves a true journal with both forms', async () => {
    const types = TRUE.map(({ event }) => event.type);
    assert.deepEqual([types.filter((type) => type === 'stop.trailed').length, types.filter((type) => type === 'fill.recorded').length], [5, 4]);
    const report = await verify(TRUE);
    assert.deepEqual([report.problems, report.ok, report.rederived], [[], true, 4]);
  });

  it('proves any beginning of it', async () => {
    for (let end = 1; end <= TRUE.length; end += 1) assert.deepEqual((await verify(TRUE.slice(0, end))).problems, []);
  });

  const quoteOf = (bid: string) => (body: Moved) => ({ ...body, pricedOn: { ...body.pricedOn, bid: price(bid), ask: price(bid) } });
  const FORGED: readonly (readonly [what: string, entries: Entry[], type: EventType, nth: number, says: RegExp])[] = [
    ['a stop looser than its quote says', moved(2, (body) => ({ ...body, stopLoss: price('100.2') })), 'stop.trailed', 2, /stopLoss 100\.2, it follows as 100\.49/],
    ['a stop nearer than its distance', moved(2, (body) => ({ ...body, stopLoss: price('101') })), 'stop.trailed', 2, /it follows as 100\.49/],
    ['a stop that goes back', moved(3, quoteOf('101')), 'stop.trailed', 3, /do not move the stop, which is at 100\.49/],
    ['a move by less than a step', moved(2, (body) => quoteOf('100.55')({ ...body, stopLoss: price('99.55') })), 'stop.trailed', 2, /do not move the stop/],
    ['a move on a stale quote', moved(2, (body) => ({ ...body, pricedOn: { ...body.pricedOn, exchangeAt: body.pricedOn.exchangeAt - 1500, receivedAt: body.pricedOn.receivedAt - 5000 } })), 'stop.trailed', 2, /old/],
    ['a move on a quote of before the entry', moved(1, (body) => ({ ...body, trailedAt: body.pricedOn.exchangeAt - 1500, pricedOn: { ...body.pricedOn, exchangeAt: body.pricedOn.exchangeAt - 1500, receivedAt: body.pricedOn.exchangeAt - 1500 } })), 'stop.trailed', 1, /before its entry/],
    ['a move on a quote of another symbol', moved(1, (body) => ({ ...body, pricedOn: { ...body.pricedOn, symbol: 'ETH/USDT' } })), 'stop.trailed', 1, /its quote is of symbol ETH/],
    ['a move from the future', moved(1, (body) => ({ ...body, trailedAt: body.trailedAt + 1 })), 'stop.trailed', 1, /after it was recorded/],
    ['a move of an order nobody accepted', moved(1, (body) => ({ ...body, entryOrderId: 'other' })), 'stop.trailed', 1, /nobody accepted/],
    ['a move of another market', moved(1, (body) => ({ ...body, symbol: 'ETH/USDT' })), 'stop.trailed', 1, /moved as crypto_spot paper ETH/],
    ['a crossed quote', moved(1, (body) => ({ ...body, pricedOn: { ...body.pricedOn, ask: price('1') } })), 'stop.trailed', 1, /priced on a quote of bid/],
    ['a rung that sold more', fill(2, (of) => ({ ...of, qty: qty('0.075'), fee: price('0.007575') as never })), 'fill.recorded', 2, /qty 0\.075, it follows as 0\.06/],
    ['a rung better than its price', fill(2, (of) => ({ ...of, price: price('101.4') })), 'fill.recorded', 2, /price 101\.4, it follows as 101/],
    ['a rung of another price', fill(2, (of) => ({ ...of, paper: { ...proof(of), triggerPrice: price('100.6') } })), 'fill.recorded', 2, /triggerPrice 100\.6, it follows as 101/],
    ['the second rung for the first', fill(2, (of) => ({ ...of, paper: { ...proof(of), triggerPrice: price('103') } })), 'fill.recorded', 2, /triggerPrice 103, it follows as 101/],
    ['a rung that was not touched', fill(3, (of) => ({ ...of, paper: { ...proof(of), pricedOn: { ...proof(of).pricedOn, bid: price('102.9') } } })), 'fill.recorded', 3, /do not trigger the take_profit/],
    ['a take-profit for a stop', fill(4, (of) => ({ ...of, reason: 'take_profit' })), 'fill.recorded', 4, /do not trigger the take_profit/],
    ['the first stop for the one in force', fill(4, (of) => ({ ...of, paper: { ...proof(of), triggerPrice: price('99') } })), 'fill.recorded', 4, /triggerPrice 99, it follows as 103\.19/],
  ]; // prettier-ignore
  for (const [what, entries, type, nth, says] of FORGED) {
    it(`names ${what}`, async () => {
      const report = await verify(entries);
      const seq = seqOf(type, nth);
      assert.equal(report.problems[0]?.seq, seq, JSON.stringify(report.problems));
      assert.ok(
        report.problems.some((problem) => problem.seq === seq && says.test(problem.what)),
        JSON.stringify(report.problems),
      );
    });
  }

  it('names a move of another pen, one of a closed position, and a fill after a move that was taken out', async () => {
    const seq = seqOf('stop.trailed', 1);
    const pen = TRUE.map((entry, index) => (index + 1 === seq ? { ...entry, actor: 'gateway.bybit' } : entry));
    assert.match((await verify(pen)).problems[0]?.what ?? '', /gateway\.bybit moved the stop of .*, which is of gateway\.paper/);
    const move = TRUE[seqOf('stop.trailed', 5) - 1] ?? assert.fail();
    const late = { ...move, at: TRUE.at(-1)?.at ?? 0 };
    assert.match((await verify([...TRUE, late])).problems[0]?.what ?? '', /its position is not open/);
    const without = TRUE.filter((_, index) => index + 1 !== seqOf('stop.trailed', 5));
    assert.match((await verify(without)).problems[0]?.what ?? '', /triggerPrice 103\.19, it follows as 102\.49/);
  });

  it('names a rung that was taken out: what it sold is missing in the trade', async () => {
    const without = TRUE.filter((_, index) => index + 1 !== seqOf('fill.recorded', 2));
    assert.equal((await verify(without)).ok, false);
  });
});
