import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DomainEvent, EventBody, EventType } from '#trading/model/events.ts';
import { checkText, GENESIS, seal, type JournalRecord, type Link } from '#state/chain.ts';
import { JournalError } from '#state/errors.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal, type VerifyReport } from '#state/verify.ts';
import { PROBLEMS_KEPT_MAX, type VerifyRule } from '#state/verify/report.ts';
import { sealedStory, seqWhere, START, story, storySettings, type Entry } from '../../support/journal-story.ts';

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

const verify = (records: readonly RawRecord[], anchor: Link | null, from?: number): Promise<VerifyReport> =>
  verifyJournal({ records: each(records), anchor }, from === undefined ? {} : { from });

/** Verifies entries sealed from first to last, as somebody would who falsifies the whole chain and the anchor too. */
function verifyEntries(entries: readonly Entry[]): Promise<VerifyReport> {
  const { records, head } = sealedStory(entries);
  return verify(records, head);
}

const brief = (report: VerifyReport): string[] => report.problems.map(({ seq, rule, what }) => `${seq} ${rule}: ${what}`);

/** The first problem is of that record and rule, and one of its problems says so. */
function names(report: VerifyReport, seq: number, rule: VerifyRule, what: RegExp): void {
  assert.equal(report.ok, false);
  const [first] = report.problems;
  assert.deepEqual([first?.seq, first?.rule], [seq, rule], brief(report).join('\n'));
  const told = report.problems.filter((problem) => problem.seq === seq && problem.rule === rule && what.test(problem.what));
  assert.ok(told.length > 0, brief(report).join('\n'));
}

/** The story with the body of one record changed. */
function changed<T extends EventType>(type: T, nth: number, change: (body: EventBody<T>) => unknown): { entries: Entry[]; seq: number } {
  let left = nth;
  const seq = seqWhere(({ event }) => event.type === type && (left -= 1) === 0);
  const entries = story.map((entry, index) =>
    index + 1 === seq ? { ...entry, event: { type, body: change(entry.event.body as EventBody<T>) } as DomainEvent } : entry,
  );
  return { entries, seq };
}

const inserted = (after: number, ...more: readonly Entry[]): Entry[] => [...story.slice(0, after), ...more, ...story.slice(after)];
const at = (seq: number): Entry => story[seq - 1] ?? assert.fail(`no record ${seq}`);
const entryOf = (actor: string, event: unknown, when = START): Entry => ({ actor, at: when, event: event as DomainEvent });

const KEY = { asset: 'crypto_spot', mode: 'paper', symbol: 'BTC/USDT' };

describe('VF-1 verify', () => {
  it('proves a true journal, every paper fill and every trade derived again', async () => {
    const { records, head } = sealedStory(story);
    assert.deepEqual(await verify(records, head), {
      ok: true,
      records: story.length,
      chainHead: head.hash,
      intents: 5,
      paperFills: 4,
      liveFills: 2,
      rederived: 4,
      problems: [],
      problemsTotal: 0,
    });
  });

  it('proves any beginning of it: a system may be killed anywhere', async () => {
    for (let end = 0; end <= story.length; end += 1) {
      const { records, head } = sealedStory(story.slice(0, end));
      assert.deepEqual(brief(await verify(records, head)), []);
      assert.deepEqual(brief(await verify(records, GENESIS)), [], 'with a head beyond the anchor');
    }
  });

  it('names the record where any byte is not what was written', async () => {
    const { records, head } = sealedStory(story);
    await fc.assert(
      fc.asyncProperty(fc.nat(records.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (index, byte, flip) => {
        const bytes = Buffer.from(records[index]?.value ?? '');
        bytes.writeUInt8(bytes.readUInt8(byte % bytes.length) ^ flip, byte % bytes.length);
        const report = await verify(records.with(index, { key: records[index]?.key ?? '', value: bytes.toString('utf8') }), head);
        assert.equal(report.ok, false);
        assert.equal(report.problems[0]?.seq, index + 1, brief(report).join('\n'));
        assert.equal(report.problems[0]?.rule, 'CHAIN');
      }),
      { numRuns: 300 },
    );
  });

  it('names the first record that is missing, out of order or cut off', async () => {
    const { records, head } = sealedStory(story);
    await fc.assert(
      fc.asyncProperty(fc.nat(records.length - 2), fc.constantFrom('remove', 'swap', 'cut'), async (index, kind) => {
        const [hit, next] = [records[index], records[index + 1]];
        assert.ok(hit !== undefined && next !== undefined);
        const damaged =
          kind === 'cut'
            ? records.slice(0, index)
            : kind === 'remove'
              ? records.toSpliced(index, 1)
              : records.with(index, { ...hit, value: next.value }).with(index + 1, { ...next, value: hit.value });
        const report = await verify(damaged, head);
        const numbered = report.problems.filter(({ rule }) => rule === 'CHAIN' || rule === 'ANCHOR');
        assert.equal(numbered[0]?.seq, index + 1, brief(report).join('\n'));
      }),
      { numRuns: 100 },
    );
  });

  it('reports one break once', async () => {
    const { records, head } = sealedStory(story.slice(0, 3));
    const value = (records[1]?.value ?? '').replace('budgets', 'budgetz');
    const report = await verify(records.with(1, { key: records[1]?.key ?? '', value }), head);
    assert.deepEqual(brief(report), ['2 CHAIN: record 2 is not what was written: its content does not match its hash']);
  });

  it('catches a changed price whose own hash was made right, at the record and at the next one', async () => {
    const seq = seqWhere(({ event }) => event.type === 'fill.recorded');
    const { records, head } = sealedStory(story);
    const raw = records[seq - 1] ?? assert.fail();
    const record = JSON.parse(raw.value) as JournalRecord;
    const body = JSON.parse(JSON.stringify(record.body).replace('"price":"100.3"', '"price":"100.2"')) as unknown;
    const { text } = seal({ ...record, body });
    assert.equal(typeof checkText(text, { seq: seq - 1, hash: record.prevHash }), 'object', 'the record by itself is in order');
    const report = await verify(records.with(seq - 1, { ...raw, value: text }), head);
    names(report, seq, 'PROOF', /price 100\.2, it follows as 100\.3/);
    assert.ok(report.problems.some((problem) => problem.seq === seq + 1 && problem.rule === 'CHAIN'));
  });

  it('catches by derivation what was sealed again from first to last', async () => {
    const price = (body: EventBody<'fill.recorded'>, to: string) => ({ fill: { ...body.fill, price: to } });
    const entry = changed('fill.recorded', 1, (body) => price(body, '100.2'));
    names(await verifyEntries(entry.entries), entry.seq, 'PROOF', /price 100\.2, it follows as 100\.3/);
    const exit = changed('fill.recorded', 2, (body) => price(body, '104.1'));
    names(await verifyEntries(exit.entries), exit.seq, 'PROOF', /price 104\.1, it follows as 104/);
    const live = changed('fill.recorded', 5, (body) => price(body, '100.1'));
    names(
      await verifyEntries(live.entries),
      seqWhere((one) => one.event.type === 'trade.closed' && one.event.body.trade.mode === 'live'),
      'TRADE',
      /pnl/,
    );
  });

  it('derives every result twice and every budget to the last decimal', async () => {
    const wrong: readonly (readonly [number, Record<string, unknown>, VerifyRule, RegExp])[] = [
      [1, { pnl: '0.664184', budgetAfter: '1000.664184' }, 'TRADE', /pnl is 0\.664184, its fills make 0\.664183/],
      [1, { fees: '0.038816' }, 'TRADE', /fees is 0\.038816/],
      [1, { entryPrice: '100.2' }, 'TRADE', /the ledger makes entryPrice 100\.3/],
      [1, { tradeId: 'p-other' }, 'TRADE', /the ledger makes tradeId p-first/],
      [1, { exitReason: 'exit' }, 'TRADE', /exitReason is exit/],
      [1, { symbol: 'ETH/USDT' }, 'TRADE', /follows from no fills/],
      [1, { budgetBefore: '1000.000001' }, 'BUDGET', /1000 allotted and 0 realised before make 1000/],
      [2, { budgetAfter: '1000.45487' }, 'BUDGET', /it must be 1000\.45486/],
      [3, { budgetBefore: '1000.45486', budgetAfter: '1000.473727' }, 'BUDGET', /0 realised before/],
    ];
    for (const [nth, change, rule, what] of wrong) {
      const { entries, seq } = changed('trade.closed', nth, ({ trade }) => ({ trade: { ...trade, ...change } }));
      names(await verifyEntries(entries), seq, rule, what);
    }
  });

  it('SZ-8 keeps the budget where it was without roll-over, and follows settings that were loaded again', async () => {
    const settings = { ...storySettings, profitRollover: false };
    const flat = story.map((entry): Entry => {
      if (entry.event.type === 'settings.loaded') return { ...entry, event: { ...entry.event, body: { ...entry.event.body, settings } } };
      if (entry.event.type !== 'trade.closed') return entry;
      return entryOf(
        entry.actor,
        { type: 'trade.closed', body: { trade: { ...entry.event.body.trade, budgetBefore: '1000', budgetAfter: '1000' } } },
        entry.at,
      );
    });
    assert.deepEqual(brief(await verifyEntries(flat)), []);
    const raised = { ...storySettings, alloc: { ...storySettings.alloc, crypto_spot: '2000' } };
    const reloaded = inserted(10, entryOf('system', { type: 'settings.loaded', body: { settings: raised, source: 'reload' } }, START + 30_000));
    const report = await verifyEntries(reloaded);
    names(
      report,
      seqWhere(({ event }) => event.type === 'trade.closed' && event.body.trade.tradeId === 'p-second') + 1,
      'BUDGET',
      /2000 allotted and 0\.664183/,
    );
  });

  it('wants one intent before every approval, and the same one', async () => {
    const approved = seqWhere(({ event }) => event.type === 'order.approved');
    names(await verifyEntries(story.toSpliced(approved - 2, 1)), approved - 1, 'APPROVAL', /nobody intended it/);
    const bigger = changed('order.approved', 1, (body) => ({ ...body, intent: { ...body.intent, qty: '1.9' } }));
    names(await verifyEntries(bigger.entries), bigger.seq, 'APPROVAL', /approved as something else/);
    names(await verifyEntries(inserted(approved, at(approved))), approved + 1, 'APPROVAL', /approved before/);
    names(await verifyEntries(inserted(approved, at(approved - 1))), approved + 1, 'INTENT', /the same order twice/);
    const foreign = story.with(approved - 2, { ...at(approved - 1), actor: 'trader.forex.paper' });
    names(await verifyEntries(foreign), approved - 1, 'INTENT', /an order of trader\.crypto_spot\.paper/);
    const nakedIntent = changed('order.intended', 1, (body) => ({ ...body, intent: { ...body.intent, bracket: null } }));
    const nakedApproval = changed('order.approved', 1, (body) => ({ ...body, intent: { ...body.intent, bracket: null } }));
    const naked = nakedIntent.entries.with(approved - 1, nakedApproval.entries[approved - 1] ?? assert.fail());
    names(await verifyEntries(naked), approved, 'APPROVAL', /entry without a bracket/);
  });

  it('ST-2 wants an approval before an acceptance, and one of each', async () => {
    const accepted = seqWhere(({ event }) => event.type === 'order.accepted');
    names(await verifyEntries(story.toSpliced(accepted - 2, 1)), accepted - 1, 'ORDER', /accepted without an approval/);
    names(await verifyEntries(inserted(accepted, at(accepted))), accepted + 1, 'ORDER', /accepted before: the same order twice/);
    const bigger = changed('order.accepted', 1, (body) => ({ ...body, qty: '0.2' }));
    names(await verifyEntries(bigger.entries), bigger.seq, 'ORDER', /more than the 0\.19 approved/);
    const lucky = changed('order.accepted', 1, (body) => ({ ...body, draws: { ...body.draws, seed: '7' } }));
    names(await verifyEntries(lucky.entries), lucky.seq, 'ORDER', /drawn with seed 7, the run's is 1/);
    names(
      await verifyEntries(story.with(accepted - 1, { ...at(accepted), actor: 'gateway.bybit' })),
      accepted,
      'ORDER',
      /which is for gateway\.paper/,
    );
    const ended = changed('order.ended', 1, (body) => ({ ...body, filledQty: '0.1' }));
    names(await verifyEntries(ended.entries), ended.seq, 'ORDER', /its fills sum to 0\.19/);
    names(await verifyEntries(inserted(ended.seq, at(ended.seq))), ended.seq + 1, 'ORDER', /had ended before/);
    const refusal = { code: 'THROTTLED', rule: 'RK-2', numbers: {}, sentence: 'x' };
    const refused = entryOf(
      'governor',
      { type: 'order.refused', body: { ...KEY, clientOrderId: 'p-first', kind: 'entry', refusal } },
      at(accepted).at,
    );
    names(await verifyEntries(inserted(accepted, refused)), accepted + 1, 'APPROVAL', /refused after it was accepted/);
  });

  it('wants an order behind every fill, no fill twice, and none beyond what was accepted or held', async () => {
    const fill = seqWhere(({ event }) => event.type === 'fill.recorded');
    const orphan = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, clientOrderId: 'p-nobody' } }));
    names(await verifyEntries(orphan.entries), orphan.seq, 'FILL', /p-nobody, which nobody intended/);
    names(await verifyEntries(story.toSpliced(fill - 2, 1)), fill - 1, 'FILL', /never accepted/);
    names(await verifyEntries(inserted(fill, at(fill))), fill + 1, 'FILL', /the same fill twice/);
    const again = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, fillId: 'p-first-f2' } }));
    names(
      await verifyEntries(inserted(fill, again.entries[fill - 1] ?? assert.fail())),
      fill + 1,
      'FILL',
      /sum to 0\.38 with p-first-f2, it was accepted for 0\.19/,
    );
    const other = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, strategyId: 'other' } }));
    names(await verifyEntries(other.entries), other.seq, 'FILL', /has strategyId other/);
    const turned = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, side: 'sell' } }));
    names(await verifyEntries(turned.entries), turned.seq, 'FILL', /is a sell for entry/);
    const early = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, filledAt: START + 9_999_999 } }));
    names(await verifyEntries(early.entries), early.seq, 'FILL', /after it was recorded/);
    const taken = seqWhere(({ event }) => event.type === 'fill.recorded' && event.body.fill.reason === 'take_profit');
    const renumbered = changed('fill.recorded', 2, (body) => ({ fill: { ...body.fill, fillId: 'p-first-x2' } }));
    names(await verifyEntries(renumbered.entries), taken, 'PROOF', /it must be p-first-x1/);
  });

  it('SZ-6 never lets spot go below nothing', async () => {
    const exit = seqWhere(({ event }) => event.type === 'fill.recorded' && event.body.fill.fillId === 'p-exit-f1');
    const { fill } = (at(exit).event as Extract<DomainEvent, { type: 'fill.recorded' }>).body;
    const more = entryOf('gateway.paper', { type: 'fill.recorded', body: { fill: { ...fill, fillId: 'p-exit-f2' } } }, at(exit).at);
    const report = await verifyEntries(inserted(exit, more));
    assert.ok(
      report.problems.some(({ seq, rule, what }) => seq === exit + 1 && rule === 'POSITION' && /sells BTC\/USDT short/.test(what)),
      brief(report).join('\n'),
    );
    const part = changed('fill.recorded', 3, (body) => ({ fill: { ...body.fill, qty: '0.1' } }));
    const through = await verifyEntries(part.entries);
    assert.ok(
      through.problems.some(({ rule, what }) => rule === 'POSITION' && /takes 0\.19 out of a position of 0\.1/.test(what)),
      brief(through).join('\n'),
    );
  });

  it('RT-1 wants a proof of paper and an execution of the venue of live, each its own', async () => {
    const noProof = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, paper: null } }));
    names(await verifyEntries(noProof.entries), noProof.seq, 'PROOF', /carries no paper proof/);
    const executed = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, venueExecutionId: 'e' } }));
    names(await verifyEntries(executed.entries), executed.seq, 'PROOF', /paper but names an execution/);
    const nameless = changed('fill.recorded', 5, (body) => ({ fill: { ...body.fill, venueExecutionId: null } }));
    names(await verifyEntries(nameless.entries), nameless.seq, 'PROOF', /names no execution/);
    const twice = changed('fill.recorded', 6, (body) => ({ fill: { ...body.fill, venueExecutionId: 'execution-l-first-f1' } }));
    names(await verifyEntries(twice.entries), twice.seq, 'PROOF', /which another fill names too/);
  });

  it('KS-1 lets no entry be accepted while a kill covers it, and lets exits through', async () => {
    const kill = (scope: string) => entryOf('kill-switch', { type: 'kill.tripped', body: { scope, reason: 'x', source: 'cli', flatten: false } });
    const rearm = entryOf('kill-switch', { type: 'kill.rearmed', body: { source: 'cli', reason: 'x' } });
    const entry = seqWhere(({ event }) => event.type === 'order.accepted');
    const late = (scope: string) => inserted(entry - 1, { ...kill(scope), at: at(entry - 1).at });
    for (const scope of ['all', 'bybit', 'crypto_spot']) names(await verifyEntries(late(scope)), entry + 1, 'KILL', /KS-1/);
    for (const scope of ['ibkr', 'forex']) assert.deepEqual(brief(await verifyEntries(inserted(3, kill(scope)))), []);
    assert.deepEqual(brief(await verifyEntries(inserted(3, kill('all'), rearm))), []);
    const exit = seqWhere(({ event }) => event.type === 'order.intended' && event.body.intent.kind === 'exit') - 1;
    const exitAfterKill = [...story.slice(0, exit), { ...kill('all'), at: at(exit).at }, ...story.slice(exit, exit + 6)];
    assert.deepEqual(brief(await verifyEntries(exitAfterKill)), []);
  });

  it('wants every trade booked before the next round trip of its position ends', async () => {
    const trade = seqWhere(({ event }) => event.type === 'trade.closed');
    const report = await verifyEntries(story.toSpliced(trade - 1, 1));
    names(
      report,
      seqWhere(({ event }) => event.type === 'fill.recorded' && event.body.fill.fillId === 'p-exit-f1') - 1,
      'TRADE',
      /never booked as a trade/,
    );
    const twice = await verifyEntries(inserted(trade, at(trade)));
    names(twice, trade + 1, 'TRADE', /the same trade twice/);
  });

  it('lets market time go back only where a run starts', async () => {
    names(await verifyEntries(story.with(4, { ...at(5), at: START })), 5, 'TIME', /before the record before it/);
    const restarted = [...story, { ...at(1), at: START - 5 }, { ...at(2), at: START - 5 }];
    assert.deepEqual(brief(await verifyEntries(restarted)), []);
  });

  it('names a record of the wrong pen, the wrong shape or a newer release', async () => {
    names(await verifyEntries(story.with(1, { ...at(2), actor: 'governor' })), 2, 'OWNER', /governor may not write settings\.loaded/);
    const shape = changed('settings.loaded', 1, (body) => ({ ...body, extra: 1 }));
    names(await verifyEntries(shape.entries), 2, 'SCHEMA', /extra/);
    const { record, text } = seal({
      ...GENESIS,
      seq: 1,
      prevHash: GENESIS.hash,
      at: 1,
      actor: 'system',
      type: 'system.stopped',
      version: 2,
      cause: null,
      body: {},
    });
    names(await verify([{ key: '0000000000000001', value: text }], record), 1, 'VERSION', /run the release that wrote it/);
  });

  it('reports numbers that no arithmetic takes, and throws on nothing', async () => {
    for (const tickSize of ['0', '-1']) {
      const broken = changed('instrument.changed', 1, ({ instrument }) => ({
        instrument: { ...instrument, tickSize, lotSize: '0', multiplier: '0' },
      }));
      assert.equal((await verifyEntries(broken.entries)).ok, false);
    }
    const nothing = changed('fill.recorded', 1, (body) => ({ fill: { ...body.fill, qty: '0' } }));
    names(await verifyEntries(nothing.entries), nothing.seq, 'FILL', /is of 0 at 100\.3/);
    const junk = await verify(
      [
        { key: 'x', value: '{' },
        { key: '0000000000000002', value: 'null' },
      ],
      null,
    );
    assert.equal(junk.ok, false);
  });

  it('reports a missing or unreadable anchor, and a store that stops reading', async () => {
    const { records, head } = sealedStory(story);
    names(await verify(records, null), records.length, 'ANCHOR', /anchor file is missing/);
    const unreadable = new JournalError('ANCHOR_BROKEN', 'anchor.json is not an anchor');
    names(await verifyJournal({ records: each(records), anchor: unreadable }), records.length, 'ANCHOR', /is not an anchor/);
    names(await verify(records, { seq: 3, hash: head.hash }), 3, 'ANCHOR', /not the one the anchor file names/);
    async function* stops(): AsyncIterable<RawRecord> {
      yield* each(records.slice(0, 2));
      throw new Error('LEVEL_IO_ERROR');
    }
    names(await verifyJournal({ records: stops(), anchor: head }), 3, 'STORE', /stops reading after record 2/);
  });

  it('keeps the first problems and counts the rest; `from` leaves out what was verified before', async () => {
    const many = Array.from({ length: PROBLEMS_KEPT_MAX + 20 }, () => entryOf('governor', at(2).event));
    const { records, head } = sealedStory(many);
    const report = await verify(records, head);
    assert.deepEqual([report.problems.length, report.problemsTotal, report.problems[0]?.seq], [PROBLEMS_KEPT_MAX, PROBLEMS_KEPT_MAX + 20, 1]);
    const later = await verify(records, head, PROBLEMS_KEPT_MAX + 11);
    assert.deepEqual([later.problemsTotal, later.problems[0]?.seq, later.records], [10, PROBLEMS_KEPT_MAX + 11, records.length]);
    const whole = sealedStory(story);
    assert.equal((await verify(whole.records, whole.head, 20)).ok, true);
  });
});
