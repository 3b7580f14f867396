/** Recorded pairs and options through the whole tree: the TWS wire, the client library, gateway.ibkr, the traders and the paper simulator. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import { quoteAge } from '#trading/market/freshness.ts';
import { freshDirectory, json, run } from '#test/support/command.ts';
import { factsOf } from '#test/support/venue-account.ts';
import { isBeside } from '#test/support/shapes.ts';

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const QUOTE_AGE_MS_MAX = 2000;

interface Report {
  readonly ok: boolean;
  readonly quotes: number;
  readonly intents: number;
  readonly closedTrades: number;
  readonly tradesSha256: string;
  readonly byAsset: Readonly<Record<string, { readonly paper: { readonly closedTrades: number } }>>;
}

async function play(dataDir: string, ...args: readonly string[]): Promise<Report> {
  const finished = await run('system', ...args, '--speed', 'max', '--no-page', '--json', '--seed', '7', '--data-dir', dataDir);
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
  const proof = await run('verify', '--data-dir', dataDir, '--json');
  assert.equal(proof.code, 0, proof.stderr);
  return json<Report>(finished);
}

const recorded = (file: string): boolean => isBeside(join(DATA, file), `the recording (../shared/data/${file}) is`);

/** What every order was priced on, with the time of its decision. */
const snapshots = (facts: readonly Fact[]) =>
  facts.flatMap((fact) => (fact.type === 'order.intended' ? [{ at: fact.body.intent.intendedAt, quote: fact.body.intent.snapshot }] : []));

function assertPricedWell(facts: readonly Fact[]): void {
  const priced = snapshots(facts);
  for (const { at, quote } of priced) {
    assert.ok(Number(quote.bid) <= Number(quote.ask), `priced on a crossed quote: ${JSON.stringify(quote)}`);
    assert.ok(quoteAge(quote, at) <= QUOTE_AGE_MS_MAX, `priced on a stale quote: ${JSON.stringify(quote)} at ${at}`);
  }
}

describe('IBKR through the whole tree', function () {
  this.timeout(240_000);

  it('a recorded morning of EUR/USD trades on paper, the same again for the same seed', async function () {
    const file = 'forex/quotes/EURUSD-oanda-tick.csv.gz';
    if (!recorded(file)) return this.skip();
    const args = ['--play', join(DATA, file), '--until-end', '--to', '2014-05-01T04:00:00Z'];
    const first = freshDirectory();
    const report = await play(first, ...args);
    assert.ok(report.closedTrades > 0);
    assertPricedWell(await factsOf(first));
    assert.equal((await play(freshDirectory(), ...args)).tradesSha256, report.tradesSha256);
  });

  it('QS-2 a recording whose quotes are crossed, one of ten: not one order is priced on a crossed or stale one', async function () {
    const file = 'forex/quotes/EURUSD-fxcm-tick.csv.gz';
    if (!recorded(file)) return this.skip();
    const dataDir = freshDirectory();
    const report = await play(dataDir, '--play', join(DATA, file), '--until-end', '--to', '2014-05-01T09:00:00Z');
    assert.ok(report.intents > 0);
    assertPricedWell(await factsOf(dataDir));
  });

  it('an expiry day of recorded options is traded on what was recorded, chosen by their share', async function () {
    const file = 'options/option_quotes/AAPL-usa-1h.csv.gz';
    if (!recorded(file)) return this.skip();
    const dataDir = freshDirectory();
    const report = await play(dataDir, '--play', join(DATA, file), '--until-end', '--from', '2014-06-06T12:00:00Z', '--to', '2014-06-06T19:00:00Z');
    assert.ok((report.byAsset['options']?.paper.closedTrades ?? 0) > 0);
    const facts = await factsOf(dataDir);
    assertPricedWell(facts);
    for (const { quote } of snapshots(facts)) assert.match(quote.symbol, /^AAPL 2014-06-\d\d \d+([.]\d+)? [CP]$/);
  });

  it('four assets trade side by side on paper with the default budgets', async () => {
    const report = await play(freshDirectory(), '--for', '60s');
    assert.deepEqual(Object.keys(report.byAsset).sort(), ['crypto_futures', 'crypto_spot', 'forex', 'options']);
    assert.ok((report.byAsset['forex']?.paper.closedTrades ?? 0) > 0);
  });
});
