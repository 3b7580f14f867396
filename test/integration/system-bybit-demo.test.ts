/**
 * Bybit, whole: recorded BTC spot and ADA and WIF perpetuals with the funding that was settled, paper beside live rehearsal on default budgets, under
 * a storm of kill -9. At the end the venue's own account is what our journal says. A short form; `DEMO_DAYS=21 DEMO_KILLS=60` plays all of it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import { absolute, add, lessThan, money, subtract, type Money } from '#trading/money/decimal.ts';
import { configWith } from '#test/support/config-with.ts';
import { freshDirectory } from '#test/support/command.ts';
import { RECORDED, recordedBybit } from '#test/support/recorded-bybit.ts';
import { agree, prove } from '#test/support/rehearsed.ts';
import { storm } from '#test/support/storm.ts';
import { cashOf, fundingRows, liveFunding, venueCash } from '#test/support/venue-cash.ts';
import { factsOf } from '#test/support/venue-account.ts';

const HOUR_MS = 3_600_000;
const DAYS = Number(process.env['DEMO_DAYS'] ?? 0);
const KILLS = Number(process.env['DEMO_KILLS'] ?? 10);
const SEED = Number(process.env['STORM_SEED'] ?? 1);
const SHORT_HOURS = 16;
const OPENING = money('100000');
const CENT = money('0.01');
const SYMBOLS = ['BTC/USDT', 'ADA/USDT:USDT', 'WIF/USDT:USDT'];

/** DEMO_FORMS=1 plays it with stops that trail. */
const FORMS = process.env['DEMO_FORMS'] === '1';

const count = (facts: readonly Fact[], type: Fact['type'], fits: (fact: Fact) => boolean = () => true): number =>
  facts.filter((fact) => fact.type === type && fits(fact)).length;

describe('Bybit, whole', function () {
  this.timeout(DAYS > 0 ? 0 : 400_000);

  it('RT-2 LC-6 ST-2 ST-3 ST-5 recorded spot and perpetuals, paper beside live, killed again and again: executions, positions, wallet and funding are the venue’s', async function () {
    const files = recordedBybit(freshDirectory());
    if (files === null) return this.skip();
    const from = RECORDED.from;
    const to = Math.min(RECORDED.to, from + (DAYS > 0 ? DAYS * 24 : SHORT_HOURS) * HOUR_MS);
    const dataDir = freshDirectory();
    const window = ['--from', String(from), '--to', String(to), '--until-end', '--speed', 'max', '--seed', String(SEED)];
    // Spot refuses rungs (decision 45): with them it would not trade.
    const config = FORMS ? ['--config-dir', configWith({ trailAtr: 1.5, trailAfterAtr: 1 })] : [];
    const args = ['--play', ...files, ...window, ...config, '--rehearse', 'crypto_spot,crypto_futures'];
    const { system, killed, spared } = await storm({ dataDir, args, from, to, kills: KILLS, seed: SEED });
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const fills = await agree(dataDir);
    const facts = await factsOf(dataDir);
    const cash = venueCash(dataDir);
    const difference = absolute(subtract(subtract(cash.usdt, OPENING), cashOf(facts)));
    report(facts, { killed, fills, difference, twice: cash.twice.length, verify: JSON.stringify(await prove(dataDir)), usdt: cash.usdt });
    assert.deepEqual(cash.twice, [], 'an execution stands twice at the venue');
    assert.deepEqual(fundingRows(facts), cash.funding, 'funding');
    assert.ok(lessThan(difference, CENT), `wallet: ${difference} USDT apart`);
    assert.deepEqual(spared, [], 'whoever has a process must have died');
    if (DAYS > 1) assert.ok(cash.funding.length > 0, 'positions must have been open at funding times');
    for (const mode of ['paper', 'live'] as const)
      for (const symbol of SYMBOLS) {
        const traded = count(
          facts,
          'fill.recorded',
          (fact) => fact.type === 'fill.recorded' && fact.body.fill.mode === mode && fact.body.fill.symbol === symbol,
        );
        assert.ok(traded > 0, `${mode} must have traded ${symbol} for the test to mean anything`);
      }
  });
});

interface Figures {
  readonly killed: Readonly<Record<string, number>>;
  readonly fills: Readonly<Record<string, number>>;
  readonly difference: Money;
  readonly twice: number;
  readonly verify: string;
  readonly usdt: Money;
}

function report(facts: readonly Fact[], { killed, fills, difference, twice, verify, usdt }: Figures): void {
  const funding = liveFunding(facts);
  const paid = add(money('0'), ...funding.map(({ amount }) => amount));
  const paper = count(facts, 'fill.recorded', (fact) => fact.type === 'fill.recorded' && fact.body.fill.mode === 'paper');
  const kills = Object.values(killed).reduce((sum, times) => sum + times, 0);
  const lines = [
    `${kills} kills: ${JSON.stringify(killed)}`,
    `live: ${count(facts, 'order.sending')} orders sent, fills ${JSON.stringify(fills)}, ${twice} twice at the venue; paper: ${paper} fills`,
    `funding: ${funding.length} rows live (${paid} USDT), ${count(facts, 'funding.booked') - funding.length} paper; wallet at the venue ${usdt} USDT, ours ${difference} apart`,
    `stops: ${count(facts, 'stop.amending')} moves decided, ${count(facts, 'stop.trailed', ({ body }) => 'mode' in body && body.mode === 'live')} taken, ${count(facts, 'stop.stands')} not`,
    `verify: ${verify}`,
  ];
  for (const line of lines) process.stderr.write(`      ${line}\n`);
}
