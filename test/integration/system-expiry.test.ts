/** LC-4, LC-5 through the whole tree: recorded options of an expiry day, played to the end of the recording, with what is held at the expiry. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import { freshDirectory, json, ROOT, run } from '#test/support/command.ts';
import { factsOf } from '#test/support/venue-account.ts';
import { isBeside } from '#test/support/shapes.ts';

const FILE = 'options/option_quotes/AAPL-usa-1h.csv.gz';
const RECORDED = join(fileURLToPath(new URL('../../../shared/data/', import.meta.url)), FILE);
/** Friday, 6 June 2014, 16:00 in New York; the recording ends on Monday. */
const EXPIRY = Date.parse('2014-06-06T20:00:00Z');
const ALLOTTED = 100_000;

/** The day's own options at the money, with a quick strategy, and a bracket that nothing touches. */
function configOf(): string {
  const directory = freshDirectory();
  cpSync(join(ROOT, 'config'), directory, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  const change = (name: string, to: (value: Record<string, Record<string, unknown>>) => void): void => {
    const file = join(directory, name);
    const value = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
    to(value);
    writeFileSync(file, JSON.stringify(value));
  };
  change('markets.json', ({ options }) => {
    const contract = { dte_min: 0, dte_max: 0, moneyness: 0.005, within: 0.02, stop_fraction: 0.99, take_profit_fraction: 20 };
    Object.assign(options ?? {}, { contract });
  });
  change('budgets.json', (budgets) => {
    Object.assign(budgets['alloc'] ?? {}, { options: ALLOTTED });
    Object.assign(budgets['risk'] ?? {}, { daily_loss_cap_pct: 50, max_drawdown_pct: 90 });
    Object.assign(budgets, { cooldown_seconds: 60 });
  });
  change('strategies/ema-cross.json', (params) => Object.assign(params, { fastBars: 3, slowBars: 8 }));
  return directory;
}

async function played(minutes: string): Promise<readonly Fact[]> {
  const dataDir = freshDirectory();
  const window = ['--from', '2014-06-06T17:00:00Z', '--until-end', '--speed', 'max', '--no-page', '--json', '--seed', '7'];
  process.env['OPTIONS_OPEN_DTE_MIN'] = '0';
  process.env['OPTIONS_CLOSE_BEFORE_EXPIRY_MIN'] = minutes;
  const finished = await run('system', '--play', RECORDED, ...window, '--config-dir', configOf(), '--data-dir', dataDir);
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
  assert.equal(json<{ ok: boolean }>(finished).ok, true);
  const proof = await run('verify', '--data-dir', dataDir, '--json');
  assert.equal(proof.code, 0, proof.stdout);
  return factsOf(dataDir);
}

/** Cents of cash by position: bought, sold, settled, and what it all cost. */
function cashOf(facts: readonly Fact[]): number {
  let cash = 0;
  for (const { type, body } of facts) {
    if (type === 'fill.recorded') {
      const { side, price, qty, fee } = body.fill;
      cash += (side === 'buy' ? -1 : 1) * Math.round(Number(price) * 100) * Number(qty) * 100 - Math.round(Number(fee) * 100);
    } else if (type === 'position.settled') cash += Math.round(Number(body.price) * 100) * Number(body.qty) * 100;
  }
  return cash;
}

describe('an expiry day through the whole tree', function () {
  this.timeout(300_000);
  const kept = { ...process.env };
  before(function () {
    if (!isBeside(RECORDED, `the recording (../shared/data/${FILE}) is`)) this.skip();
  });
  after(() => {
    for (const name of ['OPTIONS_OPEN_DTE_MIN', 'OPTIONS_CLOSE_BEFORE_EXPIRY_MIN']) {
      if (kept[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = kept[name];
    }
  });

  it('LC-4 SZ-8 what is held at the expiry is settled at it, once, and the budget is what was allotted and all the cash', async () => {
    const facts = await played('0');
    const settled = facts.filter((fact) => fact.type === 'position.settled');
    assert.ok(settled.length > 0, 'something was held');
    const trades = facts.flatMap((fact) => (fact.type === 'trade.closed' ? [fact.body.trade] : []));
    assert.equal(trades.filter(({ exitReason }) => exitReason === 'settlement').length, settled.length);
    for (const { at, body } of settled) {
      assert.deepEqual([body.expiredAt, body.pricedOn?.symbol], [EXPIRY, 'AAPL']);
      assert.ok(at >= EXPIRY && (body.pricedOn?.exchangeAt ?? Infinity) <= EXPIRY);
    }
    const entries = facts.filter((fact) => fact.type === 'fill.recorded' && fact.body.fill.reason === 'entry');
    assert.equal(trades.length, entries.length, 'nothing is open at the end');
    assert.equal(Math.round(Number(trades.at(-1)?.budgetAfter) * 100), ALLOTTED * 100 + cashOf(facts));
  });

  it('LC-5 the house sells before trading ends, and then nothing is left to settle', async () => {
    const facts = await played('60');
    assert.equal(facts.filter(({ type }) => type === 'position.settled').length, 0);
    const late = facts.flatMap((fact) => (fact.type === 'order.approved' && fact.body.intent.kind === 'entry' ? [fact.at] : []));
    assert.ok(late.length > 0 && late.every((at) => at < EXPIRY - 3_600_000), 'and enters nothing any more');
    const entries = facts.filter((fact) => fact.type === 'fill.recorded' && fact.body.fill.reason === 'entry');
    assert.equal(facts.filter(({ type }) => type === 'trade.closed').length, entries.length, 'nothing is open at the end');
  });
});
