/**
 * Both brokers, paper and live side by side, over the restarts of TWS: a weekend with a nightly and the weekly one in it, positions held over both. With
 * WEEK=whole the whole week is played, and its figures are printed (docs/walks.md, "A week").
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import { brokerOf } from '#trading/model/instrument.ts';
import { freshDirectory, json, run } from '#test/support/command.ts';
import { ourTwsAccount, ourTwsRows, twsAccount, twsRows } from '#test/support/tws-account.ts';
import { factsOf, liveFills, naked, ourHeld, ourRows, strangeOrders, venueAccount, venueRows } from '#test/support/venue-account.ts';

const ASSETS = ['crypto_spot', 'crypto_futures', 'forex', 'options'] as const;
const WHOLE = process.env['WEEK'] === 'whole';
/** Monday noon to Monday noon, UTC; or Friday 14:00 to Sunday 18:30 in New York. */
const SPAN = WHOLE ? ['--to', '2026-01-12T12:00:00Z'] : ['--from', '2026-01-09T19:00:00Z', '--to', '2026-01-11T23:30:00Z'];
const STEP = process.env['WEEK_STEP'] ?? '60s';
const SEED = process.env['WEEK_SEED'] ?? '3';
/** Nights that TWS restarts in, and Sundays. */
const RESTARTS = WHOLE ? { nightly: 7, weekly: 1 } : { nightly: 2, weekly: 1 };

interface Report {
  readonly ok: boolean;
  readonly quotes: number;
  readonly marketMs: number;
  readonly wallMs: number;
  readonly restarts: number;
  readonly byAsset: Readonly<Record<string, { readonly paper: { readonly closedTrades: number }; readonly live: { readonly closedTrades: number } }>>;
}

/** The venues' accounts, to the cent, against what our live fills make. */
function agree(dataDir: string, facts: readonly Fact[]): void {
  const fills = liveFills(facts);
  const [bybit, ibkr] = (['bybit', 'ibkr'] as const).map((broker) => fills.filter(({ asset }) => brokerOf(asset) === broker));
  const tws = twsAccount(dataDir);
  assert.deepEqual(ourTwsRows(facts, ibkr ?? []), twsRows(tws), 'executions at TWS');
  assert.deepEqual(ourTwsAccount(facts, ibkr ?? []), { positions: tws.positions, cash: tws.cash }, 'positions and cash at TWS');
  const venue = venueAccount(dataDir);
  assert.deepEqual(ourRows(bybit ?? []), venueRows(venue), 'executions at Bybit');
  assert.deepEqual(ourHeld(bybit ?? []), venue.held, 'positions at Bybit');
  assert.deepEqual(strangeOrders(venue, facts.filter(isBybit)), [], 'orders at Bybit');
  assert.deepEqual(naked(venue, facts.filter(isBybit)), [], 'naked at Bybit');
}

/** What concerns IBKR's contracts alone is not Bybit's. */
function isBybit({ type, body }: Fact): boolean {
  const asset = type === 'fill.recorded' ? body.fill.asset : 'asset' in body ? body.asset : 'crypto_spot';
  return brokerOf(asset) === 'bybit';
}

/** Live orders of each asset that were sent, and how many came to rest without a fill. */
const sent = (facts: readonly Fact[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const fact of facts) if (fact.type === 'order.sending') counts[fact.body.asset] = (counts[fact.body.asset] ?? 0) + 1;
  return counts;
};

describe('a week of both brokers', function () {
  this.timeout(WHOLE ? 36_000_000 : 1_800_000);

  it(`RT-2 ST-3 RT-5 four assets on paper and live over nightly and weekly restarts of TWS: both accounts are ours${WHOLE ? ', a whole week' : ''}`, async () => {
    const dataDir = freshDirectory();
    const args = ['--play', 'synthetic', ...SPAN, '--step', STEP, '--until-end', '--speed', 'max', '--seed', SEED, '--rehearse', ASSETS.join(',')];
    const finished = await run('system', '--no-page', '--json', '--data-dir', dataDir, ...args);
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const report = json<Report>(finished);
    const proof = json<{ ok: boolean; problems: unknown[]; records: number; paperFills: number; liveFills: number }>(
      await run('verify', '--data-dir', dataDir, '--json'),
    );
    assert.deepEqual([proof.ok, proof.problems], [true, []]);
    const facts = await factsOf(dataDir);
    agree(dataDir, facts);
    for (const asset of ASSETS) {
      const { paper, live } = report.byAsset[asset] ?? assert.fail(`${asset} is not in the report`);
      assert.ok(
        paper.closedTrades > 0 && live.closedTrades > 0,
        `${asset} traded ${paper.closedTrades} times on paper and ${live.closedTrades} live`,
      );
    }
    assert.deepEqual(
      facts.filter(({ type }) => type === 'reconcile.differed' || type === 'order.unknown'),
      [],
    );
    const lost = finished.stderr.match(/gateway\.ibkr {2}no quotes .*the connection was closed/g)?.length ?? 0;
    assert.ok(lost >= RESTARTS.nightly + RESTARTS.weekly, `TWS went away ${lost} times`);
    assert.equal(report.restarts, 0, 'no actor crashed over it');
    if (WHOLE) process.stdout.write(`${JSON.stringify({ report, proof, sent: sent(facts), lost })}\n`);
  });
});
