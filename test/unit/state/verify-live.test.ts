import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EventBody } from '#trading/model/events.ts';
import { money, price, qty, subtract } from '#trading/money/decimal.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { sealedStory, seqWhere, story, type Entry } from '../../support/journal-story.ts';

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

async function problems(entries: readonly Entry[]): Promise<string[]> {
  const { records, head } = sealedStory(entries);
  const report = await verifyJournal({ records: each(records), anchor: head }, {});
  return report.problems.map(({ seq, rule, what }) => `${seq} ${rule}: ${what}`);
}

const sending = seqWhere(({ event }) => event.type === 'order.sending');
const fill = seqWhere(({ event }) => event.type === 'fill.recorded' && event.body.fill.mode === 'live');
const entryAt = (seq: number): Entry => story[seq - 1] ?? assert.fail(`no record ${seq}`);
const sent = entryAt(sending).event.body as EventBody<'order.sending'>;
const key = { clientOrderId: sent.clientOrderId, asset: sent.asset, mode: sent.mode, symbol: sent.symbol };
const gateway = 'gateway.bybit.orders';
const after = (seq: number, ...events: readonly Entry['event'][]): Entry[] => [
  ...story.slice(0, seq),
  ...events.map((event) => ({ actor: gateway, at: entryAt(seq).at, event })),
  ...story.slice(seq),
];
const changed = (more: Partial<EventBody<'order.sending'>>): Entry[] =>
  story.map((entry, index) => (index + 1 === sending ? { ...entry, event: { type: 'order.sending', body: { ...sent, ...more } } } : entry));

describe('VF-1 verify of live orders', () => {
  it('ST-2 lets an order be sent, unknown, acknowledged and filled', async () => {
    const events: Entry['event'][] = [
      { type: 'order.unknown', body: { ...key, reason: 'timeout', resolveAfter: sent.deadlineAt } },
      { type: 'order.acknowledged', body: { ...key, venueOrderId: 'v1' } },
    ];
    assert.deepEqual(await problems(after(sending, ...events)), []);
  });

  it('ST-2 wants an order.sending before a live fill, and only one', async () => {
    const [first] = await problems(story.toSpliced(sending - 1, 1));
    assert.match(first ?? '', new RegExp(`^${fill - 1} PROOF: .*never sent: a venue cannot have executed it`));
    const twice = await problems(after(sending, { type: 'order.sending', body: sent }));
    assert.match(twice[0] ?? '', new RegExp(`^${sending + 1} ORDER: .*sent before: the same order twice`));
  });

  const wrong: readonly (readonly [string, Partial<EventBody<'order.sending'>>, RegExp])[] = [
    ['more than was approved', { qty: qty('0.2') }, /more than the 0\.19 approved/],
    ['the other side', { side: 'sell' }, /was sent as sell entry/],
    ['as a child of nothing', { purpose: 'stop_loss', parentId: null }, /is to close nothing/],
    ['as paper', { mode: 'paper' }, /was sent to a venue \(RT-1\)/],
    ['later than it is recorded', { sentAt: sent.sentAt + 1 }, /and recorded at/],
  ];
  for (const [what, more, said] of wrong) {
    it(`RT-2 names an order sent ${what}`, async () => {
      const all = await problems(changed(more));
      assert.ok(
        all.some((problem) => problem.startsWith(`${sending} ORDER`) && said.test(problem)),
        all.join('\n'),
      );
    });
  }

  it('names what was heard of an order that was never sent, and who said what is not theirs', async () => {
    const acknowledged = { type: 'order.acknowledged', body: { ...key, venueOrderId: 'v1' } } as const;
    assert.match((await problems(after(sending - 1, acknowledged)))[0] ?? '', /ORDER: .*was acknowledged, but never sent/);
    const other = after(sending, acknowledged).map((entry, index) => (index === sending ? { ...entry, actor: 'gateway.ibkr.orders' } : entry));
    assert.match((await problems(other))[0] ?? '', /ORDER: gateway\.ibkr\.orders acknowledged/);
  });

  it('KS-1 lets an entry that was sent against a kill be withheld, and names one that reached the venue', async () => {
    const kill = { type: 'kill.tripped', body: { scope: 'all', reason: 'x', source: 'cli', flatten: false } } as const;
    const killed = after(sending - 1, kill).map((entry, index) => (index === sending - 1 ? { ...entry, actor: 'kill-switch' } : entry));
    const withheld: Entry = {
      actor: gateway,
      at: sent.sentAt,
      event: { type: 'order.ended', body: { ...key, status: 'not_sent', filledQty: qty('0'), reason: 'KS-1' } },
    };
    assert.deepEqual(await problems([...killed.slice(0, sending + 1), withheld]), []);
    const placed: Entry = { ...withheld, event: { type: 'order.acknowledged', body: { ...key, venueOrderId: 'v1' } } };
    assert.match((await problems([...killed.slice(0, sending + 1), placed]))[0] ?? '', /KILL: .*reached the venue/);
  });

  it('counts what a fee in coins took for executed', async () => {
    const at = entryAt(fill);
    const { fill: filled } = at.event.body as EventBody<'fill.recorded'>;
    const with_ = (more: Partial<typeof filled>): Entry[] =>
      story.map((entry, index) => (index + 1 === fill ? { ...at, event: { type: 'fill.recorded', body: { fill: { ...filled, ...more } } } } : entry));
    const fee = qty('0.001');
    const isOfQuantity = (problem: string): boolean => /its fills sum to/.test(problem);
    assert.ok((await problems(with_({ qty: subtract(filled.qty, fee) }))).some(isOfQuantity));
    assert.ok(!(await problems(with_({ qty: subtract(filled.qty, fee), feeQty: fee }))).some(isOfQuantity));
  });

  it('BR-2 lets the house send legs for an entry, and books what they execute on it', async () => {
    const child = {
      ...sent,
      clientOrderId: `${sent.clientOrderId}-s1`,
      parentId: sent.clientOrderId,
      purpose: 'stop_loss',
      side: 'sell',
      bracket: null,
    } as const;
    const end = { ...key, clientOrderId: child.clientOrderId, status: 'cancelled', filledQty: qty('0'), reason: 'left over' } as const;
    const legs = after(fill, { type: 'order.sending', body: child }, { type: 'order.ended', body: end });
    assert.deepEqual(await problems(legs), []);
    const same = after(fill, { type: 'order.sending', body: { ...child, side: 'buy' } });
    assert.match((await problems(same))[0] ?? '', /cannot close the buy/);
    const filled = after(fill, { type: 'order.sending', body: child }, { type: 'order.ended', body: { ...end, filledQty: qty('0.1') } });
    assert.match((await problems(filled))[0] ?? '', /ended with 0\.1 filled, its fills sum to 0/);
  });

  it('ST-3 takes an adjustment for what a person said: from what was held, no fill, and the trade after it by its numbers', async () => {
    const end = seqWhere(({ event }) => event.type === 'order.ended' && event.body.clientOrderId === sent.clientOrderId);
    const held = { side: 'buy', qty: qty('0.19'), averagePrice: price('100.2') } as const;
    const { clientOrderId: _id, ...where } = key;
    const adjusted = (from: EventBody<'reconcile.adjusted'>['from'], to: EventBody<'reconcile.adjusted'>['to']): Entry[] => {
      const body = { ...where, differenceId: 'd1', from, to, evidence: 'by hand' };
      return after(end, { type: 'reconcile.adjusted', body }).map((entry, index) => (index === end ? { ...entry, actor: 'reconciler' } : entry));
    };
    const dearer = adjusted(held, { ...held, averagePrice: price('100.3') });
    assert.match((await problems(dearer)).join('\n'), /TRADE: .*pnl is 0\.018867, its fills make -0\.000133/);
    const told = dearer.map((entry) => {
      if (entry.event.type !== 'trade.closed' || entry.event.body.trade.mode !== 'live') return entry;
      const numbers = { entryPrice: price('100.3'), pnl: money('-0.000133'), budgetAfter: money('999.999867') };
      return { ...entry, event: { type: 'trade.closed', body: { trade: { ...entry.event.body.trade, ...numbers } } } } as const;
    });
    assert.deepEqual(await problems(told), []);
    assert.match((await problems(adjusted({ ...held, qty: qty('1') }, held)))[0] ?? '', /POSITION: .*adjusted from buy 1, and buy 0\.19 was held/);
    const gone = adjusted(held, null).slice(0, end + 1);
    assert.deepEqual(await problems(gone), []);
    // What the entry's fee cost moved the budget of the round trip after it.
    const before = story.slice(sending - 3, end).map((entry) => JSON.parse(JSON.stringify(entry).replaceAll(sent.clientOrderId, 'l-zero')) as Entry);
    const body = { ...where, differenceId: 'd1', from: held, to: null, evidence: 'by hand' };
    const both: Entry[] = [
      ...story.slice(0, sending - 3),
      ...before,
      { actor: 'reconciler', at: before.at(-1)?.at ?? 0, event: { type: 'reconcile.adjusted', body } },
    ];
    const rest = story.slice(sending - 3).map((entry) => ({ ...entry, at: Math.max(entry.at, before.at(-1)?.at ?? 0) }));
    assert.match((await problems([...both, ...rest])).join('\n'), /BUDGET: .*found a budget of 1000; 1000 allotted and -0\.019038 realised/);
    const stranger = { ...where, differenceId: 'd2', from: null, to: { ...held, side: 'sell' }, evidence: 'x' } as const;
    const again = { ...stranger, differenceId: 'd3', from: stranger.to, to: null } as const;
    const events = [stranger, again].map((body): Entry => ({
      actor: 'reconciler',
      at: gone.at(-1)?.at ?? 0,
      event: { type: 'reconcile.adjusted', body },
    }));
    assert.deepEqual(await problems([...gone, ...events]), []);
    assert.match((await problems([...gone, ...events.slice(1)]))[0] ?? '', /adjusted from sell 0\.19, and flat was held/);
  });
});
