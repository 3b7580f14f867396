import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { ratio } from '#trading/money/decimal.ts';
import { settings as settingsSchema } from '#protocol/events.ts';
import { loadSettings, settingsFrom, type BudgetsFile, type EnvironmentRules } from '#config/budgets.ts';
import { ConfigError } from '#config/errors.ts';

const FILE = 'config/budgets.json';
const rules: EnvironmentRules = {
  paper: { harsh: true, slippageBps: 8, partialProbability: 0.2, latencyMsMin: 40, latencyMsMax: 250 },
  strictBrackets: true,
  rateLimit: ratio('0.9'),
};
const shipped = (): BudgetsFile => JSON.parse(readFileSync(FILE, 'utf8')) as BudgetsFile;
const refused = (raw: unknown, key: string, words: RegExp): void =>
  assert.throws(
    () => settingsFrom(FILE, raw, rules),
    (error) => error instanceof ConfigError && error.key === key && error.message.startsWith(FILE) && words.test(error.message),
  );

describe('config/budgets.json', () => {
  it('CF-1 the shipped file carries the defaults of the specification', async () => {
    const settings = await loadSettings(FILE, rules);
    assert.deepEqual(settings.alloc, { crypto_spot: '1000', crypto_futures: '1500', forex: '5000', options: '3000' });
    assert.deepEqual(settings.perTradeRisk, { crypto_spot: '0.02', crypto_futures: '0.01', forex: '0.005', options: '0.01' });
    assert.deepEqual(settings.percentSizingAboveThreshold, { crypto_spot: '0.0075', crypto_futures: '0.005', forex: '0.0035', options: '0.005' });
    assert.deepEqual(settings.leverageCaps, { crypto_spot: '1', crypto_futures: '3', forex: '10', options: '1' });
    assert.deepEqual(settings.maxPositions, { crypto_spot: 5, crypto_futures: 5, forex: 5, options: 3 });
    assert.equal(settings.percentSizingThreshold, '1000');
    assert.equal(settings.cooldownSeconds, 900);
    assert.deepEqual(settings.scale.ladder, [
      { profit: '200', multiplier: '1.2' },
      { profit: '500', multiplier: '1.5' },
      { profit: '1000', multiplier: '2' },
    ]);
    assert.equal(settings.risk.dailyLossCap, '0.03');
    assert.equal(settings.risk.quoteAgeMsMax, 2000);
    const { repeatedEntriesMax, repeatedEntriesWindowSeconds, losingTradesMax, duplicateWindowMs, clockSkewMsMax } = settings.risk;
    assert.deepEqual(
      [repeatedEntriesMax, repeatedEntriesWindowSeconds, losingTradesMax, duplicateWindowMs, clockSkewMsMax],
      [30, 3600, 100, 10_000, 1000],
    );
  });

  it('CF-1 what is loaded fits the schema of the event that records it', async () => {
    const settings = await loadSettings(FILE, rules);
    assert.deepEqual(settingsSchema.parse(settings), settings);
  });

  it('CF-1 a paper wallet and odd lots have defaults, and both can be set', async () => {
    const settings = await loadSettings(FILE, rules);
    assert.deepEqual([settings.paperWallet, settings.allowOddLots], [{ bybit: '10000', ibkr: '10000' }, true]);
    const other = settingsFrom(FILE, { ...shipped(), paper_wallet_usd: { bybit: 2500.5, ibkr: 0 }, allow_odd_lots: false }, rules);
    assert.deepEqual([other.paperWallet, other.allowOddLots], [{ bybit: '2500.5', ibkr: '0' }, false]);
    refused({ ...shipped(), paper_wallet_usd: { bybit: 1 } }, 'paper_wallet_usd.ibkr', /number/);
  });

  it('CF-3 a number that no decimal text can hold, or that is a slip by many digits, is refused by its key', () => {
    const { alloc, per_trade_risk_pct: risk, risk: limits } = shipped();
    for (const wrong of [1e308, 1e21, 1e13, 1e-300, 1e-13])
      refused({ ...shipped(), alloc: { ...alloc, forex: wrong } }, 'alloc.forex', /1000000000000|1e-12/);
    for (const wrong of [1e-300, 1e-99]) {
      refused({ ...shipped(), per_trade_risk_pct: { ...risk, options: wrong } }, 'per_trade_risk_pct.options', /at least 1e-12/);
      refused({ ...shipped(), risk: { ...limits, max_drawdown_pct: wrong } }, 'risk.max_drawdown_pct', /at least 1e-12/);
    }
    const least = settingsFrom(FILE, { ...shipped(), alloc: { ...alloc, forex: 1e12 }, per_trade_risk_pct: { ...risk, forex: 1e-12 } }, rules);
    assert.deepEqual(settingsSchema.parse(least), least);
  });

  it('CF-3 in percent mode the shares of one wallet sum to at most 1, as decimals; two brokers are two wallets', () => {
    const shares = (spot: number, futures: number, forex: number, options: number) => ({
      ...shipped(),
      alloc_mode: 'percent' as const,
      alloc: { crypto_spot: spot, crypto_futures: futures, forex, options },
    });
    assert.equal(settingsFrom(FILE, shares(0.4, 0.6, 1, 0), rules).allocMode, 'percent');
    refused(shares(0.4, 0.60001, 0, 0), 'alloc', /1\.00001.*crypto_spot and crypto_futures are fractions of the bybit wallet/);
    refused(shares(0, 0, 0.9, 0.2), 'alloc', /1\.1.*forex and options are fractions of the ibkr wallet/);
  });

  it('CF-3 an unknown key is refused by name', () => {
    refused({ ...shipped(), alocs: 1 }, 'alocs', /unknown key/);
    const { max_concurrent: max, ...rest } = shipped();
    refused({ ...rest, max_concurent: max }, 'max_concurent', /unknown key/);
    refused({ ...shipped(), alloc: { ...shipped().alloc, bonds: 5 } }, 'alloc.bonds', /unknown key/);
  });

  it('CF-3 a wrong type names the key and the value', () => {
    refused({ ...shipped(), max_concurrent: 'five' }, 'max_concurrent', /"five"/);
    refused({ ...shipped(), alloc: { ...shipped().alloc, forex: -1 } }, 'alloc.forex', /-1/);
    refused({ ...shipped(), alloc: { ...shipped().alloc, forex: undefined } }, 'alloc.forex', /is missing .*expected number/);
  });

  it('CF-3 RK-2 a clock may not be allowed farther off than a quote may be old', () => {
    refused({ ...shipped(), risk: { ...shipped().risk, clock_skew_ms_max: 2001 } }, 'risk.clock_skew_ms_max', /2001/);
    assert.equal(settingsFrom(FILE, { ...shipped(), risk: { ...shipped().risk, clock_skew_ms_max: 2000 } }, rules).risk.clockSkewMsMax, 2000);
  });

  it('CF-3 contradictions are refused', () => {
    refused({ ...shipped(), leverage_caps: { ...shipped().leverage_caps, crypto_spot: 2 } }, 'leverage_caps.crypto_spot', /must be 1/);
    refused({ ...shipped(), alloc_mode: 'percent' }, 'alloc', /sum to at most 1/);
    refused({ ...shipped(), risk: { ...shipped().risk, max_loss_per_order_pct: 5 } }, 'risk.max_loss_per_order_pct', /daily_loss_cap_pct 3/);
    const ladder = shipped().scale.ladder.toReversed();
    refused({ ...shipped(), scale: { ...shipped().scale, ladder } }, 'scale.ladder.1.profit_usd', /must rise/);
  });
});
