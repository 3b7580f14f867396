import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DustSetAside, FundingBooked } from '#trading/model/events.ts';
import type { Fill } from '#trading/model/order.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import { add, money, price, qty, ratio, subtract, type Money } from '#trading/money/decimal.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { sealedStory, START, story, storySettings, type Entry } from '../../support/journal-story.ts';

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

async function problems(entries: readonly Entry[]): Promise<readonly string[]> {
  const { records, head } = sealedStory(entries);
  const report = await verifyJournal({ records: each(records), anchor: head }, {});
  return report.problems.map(({ rule, what }) => `${rule}: ${what}`);
}

/** The story on a perpetual that pays every minute: its first paper position is open at one, and its live one too. */
const SHIFT = 20_000;
const AT = START + SHIFT + 20_000;
const LIVE_AT = AT + 120_000;
const SYMBOL = 'BTC/USDT:USDT';
const perpetual = (
  JSON.parse(
    JSON.stringify(story)
      .replaceAll('crypto_spot', 'crypto_futures')
      .replaceAll('"BTC/USDT"', JSON.stringify(SYMBOL))
      .replaceAll('"fundingSchedule":null', '"fundingSchedule":{"intervalMinutes":1}')
      .replaceAll(/\b1700000\d{6}\b/g, (at) => String(Number(at) + SHIFT)),
  ) as Entry[]
).map((entry): Entry => {
  if (entry.event.type !== 'settings.loaded') return entry;
  return { ...entry, event: { type: 'settings.loaded', body: { settings: { ...storySettings, fundingEnabled: true }, source: 'test' } } };
});

const PRICED = { id: 'q9', broker: 'bybit', asset: 'crypto_futures', symbol: SYMBOL, bidQty: null, askQty: null, last: null, volume: null } as const;
/** 0.19 × 101 × 0.001. */
const PAPER: FundingBooked = {
  ...{ asset: 'crypto_futures', mode: 'paper', symbol: SYMBOL, fundingId: `paper-${SYMBOL}-${AT}`, side: 'buy', qty: qty('0.19') },
  ...{ price: price('101'), rate: ratio('0.001'), amount: money('0.01919'), at: AT, venueExecutionId: null },
  pricedOn: { ...PRICED, bid: price('100.9'), ask: price('101.1'), exchangeAt: AT, receivedAt: AT },
};
const LIVE: FundingBooked = {
  ...{ ...PAPER, mode: 'live', fundingId: `live-${SYMBOL}-${LIVE_AT}`, at: LIVE_AT, venueExecutionId: 'f-1', pricedOn: null },
};

const booked = (body: FundingBooked, at = body.at, actor = body.mode === 'paper' ? 'gateway.paper' : 'gateway.bybit.orders'): Entry => ({
  actor,
  at,
  event: { type: 'funding.booked', body },
});

/** With the records in, by time; and what they cost taken off the trades and budgets of `mode` from the first trade they reach. */
function withFunding(entries: readonly Entry[], mode: 'paper' | 'live', amount: Money, isLate = false): readonly Entry[] {
  const all = [...perpetual, ...entries].sort((left, right) => left.at - right.at);
  let paid = money('0');
  let isFirst = true;
  return all.map((entry) => {
    if (entry.event.type !== 'trade.closed' || entry.event.body.trade.mode !== mode) return entry;
    const { trade } = entry.event.body;
    const own = isFirst && !isLate;
    const before = isFirst && !isLate ? paid : (paid = amount);
    if (own) paid = amount;
    isFirst = false;
    const changed: ClosedTrade = {
      ...trade,
      ...(own ? { funding: amount, pnl: subtract(trade.pnl, amount) } : {}),
      budgetBefore: subtract(trade.budgetBefore, before),
      budgetAfter: subtract(trade.budgetAfter, amount),
    };
    return { ...entry, event: { type: 'trade.closed', body: { trade: changed } } };
  });
}

describe('VF-1 verify of funding', () => {
  it('the perpetual story itself is right', async () => {
    assert.deepEqual(await problems(perpetual), []);
  });

  it('LC-6 funding on paper and live, each in its trade and its budget, is proven', async () => {
    assert.deepEqual(await problems(withFunding([booked(PAPER)], 'paper', PAPER.amount)), []);
    assert.deepEqual(await problems(withFunding([booked(LIVE)], 'live', LIVE.amount)), []);
  });

  const forged: readonly (readonly [string, Partial<FundingBooked>, RegExp])[] = [
    ['an amount of its own', { amount: money('0.02') }, /moved 0\.02, its position and rate make 0\.01919/],
    ['the wrong sign', { amount: money('-0.01919') }, /moved -0\.01919, its position and rate make 0\.01919/],
    ['another rate', { rate: ratio('0.002') }, /moved 0\.01919, its position and rate make 0\.03838/],
    ['another mark', { price: price('100') }, /its mark is 100, its quote makes 101/],
    ['more than was held', { qty: qty('0.2') }, /it is of buy 0\.2, and buy 0\.19 was held/],
    ['the other side', { side: 'sell' }, /it is of sell 0\.19, and buy 0\.19 was held/],
    ['a time that is none', { at: AT - 1, fundingId: `paper-${SYMBOL}-${AT - 1}` }, /is no funding time/],
    ['another name', { fundingId: 'mine' }, /it must be paper-BTC/],
    ['a venue', { venueExecutionId: 'x' }, /paper but names an execution of a venue/],
    ['no quote', { pricedOn: null }, /carries no quote/],
    [
      'a quote of later',
      { pricedOn: PAPER.pricedOn === null ? null : { ...PAPER.pricedOn, exchangeAt: AT + 5000 } },
      /its quote is of \d+, after it was recorded/,
    ],
  ];
  for (const [what, more, said] of forged) {
    it(`LC-6 names funding on paper with ${what}`, async () => {
      const found = await problems(withFunding([booked({ ...PAPER, ...more }, AT)], 'paper', add(more.amount ?? PAPER.amount, money('0'))));
      assert.ok(
        found.some((problem) => problem.startsWith('FUNDING') && said.test(problem)),
        found.join('\n'),
      );
    });
  }

  it('LC-6 names the same funding time booked twice, on paper and live', async () => {
    for (const body of [PAPER, LIVE]) {
      const found = await problems([...perpetual, booked(body), booked(body)].sort((left, right) => left.at - right.at));
      assert.ok(
        found.some((problem) => /FUNDING: .* the same funding time twice/.test(problem)),
        found.join('\n'),
      );
    }
  });

  it('LC-6 names one execution of the venue booked for two times, one without an execution, and an amount that is not its own', async () => {
    const other = { ...LIVE, at: LIVE_AT - 60_000, fundingId: `live-${SYMBOL}-${LIVE_AT - 60_000}` };
    const twice = await problems([...perpetual, booked(LIVE), booked(other, LIVE_AT)].sort((left, right) => left.at - right.at));
    assert.ok(
      twice.some((problem) => /execution f-1 was booked before/.test(problem)),
      twice.join('\n'),
    );
    const [none] = await problems(withFunding([booked({ ...LIVE, venueExecutionId: null })], 'live', LIVE.amount));
    assert.match(none ?? '', /FUNDING: .*names no execution of the venue/);
    const [wrong] = await problems(withFunding([booked({ ...LIVE, amount: money('-0.01919') })], 'live', money('-0.01919')));
    assert.match(wrong ?? '', /FUNDING: .*the venue booked -0\.01919, its own numbers make 0\.01919/);
  });

  it('LC-6 names funding by a gateway that it is not of, and on an account that has it switched off', async () => {
    const [actor] = await problems(withFunding([booked(PAPER, AT, 'gateway.bybit')], 'paper', PAPER.amount));
    assert.match(actor ?? '', /FUNDING: .*gateway\.bybit booked it, which is of gateway\.paper/);
    const off = withFunding([booked(PAPER)], 'paper', PAPER.amount).map((entry) => {
      if (entry.event.type !== 'settings.loaded') return entry;
      const { fundingEnabled: _on, ...settings } = entry.event.body.settings;
      return { ...entry, event: { ...entry.event, body: { ...entry.event.body, settings } } };
    });
    assert.match((await problems(off))[0] ?? '', /FUNDING: .*was not switched on/);
  });

  it('SZ-8 names a trade that leaves its funding out, and one that claims what was not booked', async () => {
    const left = await problems([...perpetual, booked(PAPER)].sort((one, other) => one.at - other.at));
    assert.ok(
      left.some((problem) => /TRADE: p-first: pnl is 0\.664183, its fills make 0\.644993/.test(problem)),
      left.join('\n'),
    );
    const claimed = await problems(withFunding([], 'paper', PAPER.amount));
    assert.ok(
      claimed.some((problem) => /TRADE: p-first: funding is 0\.01919, its fills make undefined/.test(problem)),
      claimed.join('\n'),
    );
  });

  it('LC-6 live funding that comes after its trade moves the wallet and every budget behind it, and no trade', async () => {
    const late = booked({ ...LIVE, at: LIVE_AT - 60_000, fundingId: `live-${SYMBOL}-${LIVE_AT - 60_000}` }, LIVE_AT - 60_000);
    assert.deepEqual(await problems(withFunding([late], 'live', LIVE.amount, true)), []);
    const unmoved = await problems([...perpetual, late].sort((one, other) => one.at - other.at));
    assert.ok(
      unmoved.some((problem) => /BUDGET: l-first found a budget of 1000; 1000 allotted and -0\.01919 realised/.test(problem)),
      unmoved.join('\n'),
    );
  });
});

describe('VF-1 verify of dust', () => {
  /** The live exit sells 0.185 of 0.19: 0.005 is half a lot. */
  const SOLD = qty('0.185');
  const [exitAt, rest] = [START + 150_050, qty('0.005')];
  const DUST: DustSetAside = {
    ...{ asset: 'crypto_spot', mode: 'live', symbol: 'BTC/USDT', entryOrderId: 'l-first', qty: rest, price: price('100.5') },
    ...{ value: money('0.5025'), exitReason: 'exit', exitedAt: exitAt },
  };
  const isLiveExit = (fill: Fill): boolean => fill.mode === 'live' && fill.reason === 'exit';

  /** With the exit cut to `sold` and the dust behind it. */
  function dusty(more: Partial<DustSetAside> = {}, sold = SOLD, actor = 'gateway.bybit.orders'): readonly Entry[] {
    return story.flatMap((entry): readonly Entry[] => {
      const { event } = entry;
      if (event.type === 'fill.recorded' && isLiveExit(event.body.fill)) {
        return [{ ...entry, event: { type: 'fill.recorded', body: { fill: { ...event.body.fill, qty: sold } } } }];
      }
      if (event.type === 'order.ended' && event.body.clientOrderId === 'l-exit') {
        return [{ ...entry, event: { type: 'order.ended', body: { ...event.body, filledQty: sold } } }];
      }
      if (event.type !== 'trade.closed' || event.body.trade.mode !== 'live') return [entry];
      // 0.185 × 100.5 − 0.19 × 100.2 − 0.038133
      const numbers = { pnl: money('-0.483633'), dust: money('0.5025'), budgetAfter: money('999.516367') };
      const trade = { ...event.body.trade, ...numbers };
      const aside: Entry = { actor, at: entry.at, event: { type: 'dust.set_aside', body: { ...DUST, ...more } } };
      return [aside, { ...entry, event: { type: 'trade.closed', body: { trade } } }];
    });
  }

  it('what an exit leaves and nobody can sell closes the position, and is lost', async () => {
    assert.deepEqual(await problems(dusty()), []);
  });

  const forged: readonly (readonly [string, Partial<DustSetAside>, RegExp])[] = [
    ['less than is held', { qty: qty('0.004'), value: money('0.402') }, /0\.004 was set aside, and 0\.005 is held/],
    ['another price', { price: price('50'), value: money('0.25') }, /names a fill at 50 for exit, the last one was at 100\.5/],
    ['another value', { value: money('0.5') }, /worth 0\.5, its quantity and price make 0\.5025/],
    ['another entry', { entryOrderId: 'p-second' }, /its position is not open/],
    ['paper', { mode: 'paper' }, /paper sells all that it holds/],
  ];
  for (const [what, more, said] of forged) {
    it(`names dust of ${what}`, async () => {
      const found = await problems(dusty(more));
      assert.ok(
        found.some((problem) => problem.startsWith('DUST') && said.test(problem)),
        found.join('\n'),
      );
    });
  }

  it('names a rest that can be sold, one of which nothing was sold, and another gateway', async () => {
    const whole = await problems(dusty({ qty: qty('0.02'), value: money('2.01') }, qty('0.17')));
    assert.ok(
      whole.some((problem) => /DUST: .*0\.02 can be sold/.test(problem)),
      whole.join('\n'),
    );
    const index = story.findIndex(({ event }) => event.type === 'fill.recorded' && event.body.fill.mode === 'live');
    const aside: Entry = {
      actor: 'gateway.bybit.orders',
      at: START + 140_000,
      event: { type: 'dust.set_aside', body: { ...DUST, qty: qty('0.19') } },
    };
    const unsold = await problems([...story.slice(0, index + 2), aside, ...story.slice(index + 2)]);
    assert.ok(
      unsold.some((problem) => /DUST: .*names a fill at 100\.5 for exit, the last one was at 100\.2 for entry/.test(problem)),
      unsold.join('\n'),
    );
    assert.ok(
      unsold.some((problem) => /DUST: .*0\.19 can be sold/.test(problem)),
      unsold.join('\n'),
    );
    const other = await problems(dusty({}, SOLD, 'gateway.ibkr.orders'));
    assert.match(other[0] ?? '', /DUST: .*gateway\.ibkr\.orders set it aside/);
  });
});
