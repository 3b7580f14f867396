/** VF-1: moves of live stops and orders that take profit are proven; forged ones are not. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { price, qty } from '#trading/money/decimal.ts';
import type { DomainEvent, EventBody, EventType, Fact } from '#trading/model/events.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { entryWithForms, TRAILING } from '../../support/fault-run.ts';
import { sealedStory, type Entry } from '../../support/journal-story.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue } from '../../support/live-venue.ts';
import { LiveWorld, PERPETUALS } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const BTC = 'BTC/USDT';

/** Two moves of a stop, the second of unknown fate, and two rungs. */
async function story(): Promise<readonly Fact[]> {
  const venue = new LiveVenue(T0, 1, NO_FAULTS, { ...TRAILING, nativeBracket: ['crypto_futures'] });
  venue.asset = 'crypto_futures';
  const live = new LiveWorld(venue, undefined, PERPETUALS);
  await live.start();
  await live.run(1000);
  live.approve(live.intent(BTC, entryWithForms('buy')));
  await live.run(2000);
  for (const mid of [100.01, 103.01]) {
    live.quote(BTC, mid);
    await live.settle();
    await live.run(1500);
    venue.faults = { ...NO_FAULTS, drop: 1 };
  }
  venue.faults = NO_FAULTS;
  await live.run(30_000);
  return live.facts;
}

let facts: readonly Fact[] = [];

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

async function problems(entries: readonly Entry[]): Promise<readonly string[]> {
  const { records, head } = sealedStory(entries);
  const report = await verifyJournal({ records: each(records), anchor: head });
  return report.problems.map(({ rule, what }) => `${rule}: ${what}`);
}

const told = (of: readonly Fact[]): Entry[] => of.map(({ actor, at, type, body }) => ({ actor, at, event: { type, body } as DomainEvent }));

function forged<T extends EventType>(type: T, nth: number, change: (body: EventBody<T>) => EventBody<T> | null): Entry[] {
  let seen = 0;
  return told(facts).flatMap((entry) => {
    if (entry.event.type !== type || ++seen !== nth) return [entry];
    const body = change(entry.event.body as EventBody<T>);
    return body === null ? [] : [{ ...entry, event: { type, body } as DomainEvent }];
  });
}

describe('VF-1 verify: live stops and rungs', () => {
  before(async () => {
    facts = await story();
  });

  it('proves a true journal, and any beginning of it', async () => {
    const count = (type: EventType) => facts.filter((fact) => fact.type === type).length;
    assert.deepEqual([count('stop.amending'), count('stop.trailed'), count('stop.stands')], [2, 1, 1]);
    for (let end = 1; end <= facts.length; end += 1) assert.deepEqual(await problems(told(facts.slice(0, end))), []);
  });

  const second = (change: (body: EventBody<'stop.amending'>) => EventBody<'stop.amending'> | null) => () => forged('stop.amending', 2, change);
  const CASES: readonly (readonly [what: string, entries: () => Entry[], says: RegExp])[] = [
    ['a stop tighter than its quote', second((body) => ({ ...body, to: price('101') })), /take it to 100, not to 101/],
    ['a stop that begins elsewhere', second((body) => ({ ...body, from: price('95') })), /moved from 95, it is at 97/],
    ['a quote of another symbol', second((body) => ({ ...body, pricedOn: { ...body.pricedOn, symbol: 'ETH/USDT' } })), /its quote is of crypto_futures ETH/],
    ['a stale quote', second((body) => ({ ...body, pricedOn: { ...body.pricedOn, exchangeAt: body.sentAt - 5000 } })), /5000 ms old/],
    ['a stop order of nobody', second((body) => ({ ...body, stopId: 'l1-s1' })), /l1-s1 is no order of its own/],
    ['a move before it was decided', second((body) => ({ ...body, sentAt: body.sentAt + 60_000 })), /ORDER: .* was to move at/],
    ['a move that nobody decided', () => forged('stop.amending', 1, () => null), /it trailed, and nobody had it moved/],
    ['a move to another price than decided', () => forged('stop.trailed', 1, (body) => ({ ...body, stopLoss: price('98') })), /it was to move to 97/],
    ['a second move while the first is in doubt', () => forged('stop.trailed', 1, () => null), /nobody knew yet what came of its move to 97/],
    ['a stop on paper that a venue was asked to move', second((body) => ({ ...body, mode: 'paper' })), /where no venue is asked/],
    ['a stop that does not trail', () => forged('order.intended', 1, ({ intent }) => ({ intent: { ...intent, bracket: null } })), /./],
    ['rungs that sell more than is held', () => forged('order.sending', 3, (body) => ({ ...body, qty: qty('0.8') })), /takes profit on 0\.8, 1\.1 with what is open, of a position of 1/],
  ]; // prettier-ignore

  for (const [what, entries, says] of CASES) {
    it(`finds ${what}`, async () => assert.match((await problems(entries())).join('\n'), says));
  }

  it('finds an entry that was sent while the stop may be on its way', async () => {
    const at = facts.findIndex(({ type }) => type === 'stop.stands');
    const entry = facts.find((fact) => fact.type === 'order.sending') ?? assert.fail();
    const [late] = told([entry]).map((told_) => ({ ...told_, at: facts[at]?.at ?? 0 }));
    const entries = told(facts);
    assert.match(
      (await problems([...entries.slice(0, at), late ?? assert.fail(), ...entries.slice(at)])).join('\n'),
      /may still have been on its way/,
    );
  });
});
