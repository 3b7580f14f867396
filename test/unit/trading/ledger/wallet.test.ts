import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, money, ZERO_MONEY } from '#trading/money/decimal.ts';
import {
  bookTrade,
  budgetOf,
  DAY_MS,
  dayLoss,
  dayOf,
  drawdown,
  EMPTY_WALLET,
  HOUR_MS,
  rebased,
  windowChangesAt,
  windowResult,
  type Wallet,
} from '#trading/ledger/wallet.ts';
import { settings } from '../trader/fixtures.ts';

const ALLOTTED = settings.alloc.crypto_spot;
const MIDNIGHT = dayOf(1_722_003_300_000);
const trade = (wallet: Wallet, pnl: string, at: number): Wallet => bookTrade(wallet, { pnl: money(pnl), closedAt: at });

describe('ledger/wallet', () => {
  it('SZ-8 with profit_rollover the budget is what is allotted plus what was realised, else what is allotted', () => {
    const wallet = trade(trade(EMPTY_WALLET, '12.5', MIDNIGHT), '-2.25', MIDNIGHT + 1);
    assert.equal(budgetOf(settings, ALLOTTED, wallet), '1010.25');
    assert.equal(budgetOf({ ...settings, profitRollover: false }, ALLOTTED, wallet), '1000');
  });

  it('SZ-8 budget = alloc + Σ realised to the last decimal, against sums of integers', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), { maxLength: 40 }), (pnls) => {
        const asText = (value: bigint): string =>
          `${value < 0n ? '-' : ''}${(value < 0n ? -value : value)
            .toString()
            .padStart(13, '0')
            .replace(/(\d{12})$/, '.$1')}`;
        const wallet = pnls.reduce((before, pnl, index) => trade(before, asText(pnl), MIDNIGHT + index * 1000), EMPTY_WALLET);
        const total = pnls.reduce((sum, pnl) => sum + pnl, 1000n * 10n ** 12n);
        assert.equal(budgetOf(settings, ALLOTTED, wallet), money(asText(total)));
      }),
    );
  });

  it('RK-1 the loss of the day is measured by the equity the UTC day opened with', () => {
    let wallet = trade(EMPTY_WALLET, '100', MIDNIGHT - 1);
    wallet = trade(trade(wallet, '-30', MIDNIGHT), '8', MIDNIGHT + HOUR_MS);
    assert.deepEqual(dayLoss(ALLOTTED, wallet, MIDNIGHT + DAY_MS - 1), { loss: '22', equity: '1100', fraction: '0.02' });
    assert.equal(dayLoss(ALLOTTED, wallet, MIDNIGHT + DAY_MS).loss, '0', 'the day turned');
  });

  it('RK-1 a winning day has no loss', () => {
    assert.deepEqual(dayLoss(ALLOTTED, trade(EMPTY_WALLET, '5', MIDNIGHT), MIDNIGHT), { loss: '0', equity: '1000', fraction: '0' });
  });

  it('RK-1 the drawdown is the fall from the highest equity', () => {
    let wallet = trade(trade(EMPTY_WALLET, '200', MIDNIGHT), '-60', MIDNIGHT + DAY_MS);
    assert.deepEqual(drawdown(ALLOTTED, wallet), { loss: '60', equity: '1200', fraction: '0.05' });
    wallet = trade(wallet, '70', MIDNIGHT + 2 * DAY_MS);
    assert.equal(drawdown(ALLOTTED, wallet).loss, '0');
  });

  it('RK-1 losing from the first trade on is a drawdown from what was allotted', () => {
    assert.equal(drawdown(ALLOTTED, trade(EMPTY_WALLET, '-100', MIDNIGHT)).fraction, '0.1');
  });

  it('RK-1 equity below zero is more than any cap', () => {
    const wallet = trade(trade(EMPTY_WALLET, '-1500', MIDNIGHT), '-10', MIDNIGHT + DAY_MS);
    assert.equal(dayLoss(ALLOTTED, wallet, MIDNIGHT + DAY_MS).fraction, '2');
  });

  it('RK-1 re-arming measures from now on, what was re-armed and no more', () => {
    const lost = trade(EMPTY_WALLET, '-100', MIDNIGHT);
    const losses = (wallet: Wallet): readonly string[] => [dayLoss(ALLOTTED, wallet, MIDNIGHT).loss, drawdown(ALLOTTED, wallet).loss];
    const wallet = rebased(lost, { day: true, peak: true });
    assert.deepEqual(losses(wallet), ['0', '0']);
    assert.deepEqual(losses(rebased(lost, { day: true, peak: false })), ['0', '100']);
    assert.deepEqual(losses(rebased(lost, { day: false, peak: true })), ['100', '0']);
    assert.equal(budgetOf(settings, ALLOTTED, wallet), '900', 'what is lost stays lost');
  });

  it('SZ-7 the window is the last seven days by the hour, and says when it changes next', () => {
    const wallet = trade(trade(EMPTY_WALLET, '100', MIDNIGHT + 90), '50', MIDNIGHT + 2 * HOUR_MS);
    const end = MIDNIGHT + HOUR_MS + 7 * DAY_MS;
    assert.equal(windowResult(wallet, 7, end - 1), '150');
    assert.equal(windowChangesAt(wallet, 7, end - 1), end);
    assert.equal(windowResult(wallet, 7, end), '50');
    assert.equal(windowResult(wallet, 7, end + 2 * HOUR_MS), '0');
    assert.equal(windowChangesAt(wallet, 7, end + 2 * HOUR_MS), null);
  });

  it('SZ-7 results of one hour share an entry, and old hours go', () => {
    let wallet = EMPTY_WALLET;
    for (let day = 0; day < 400; day++) wallet = trade(trade(wallet, '1', MIDNIGHT + day * DAY_MS), '1', MIDNIGHT + day * DAY_MS + 5);
    assert.ok(wallet.hours.length <= 366, `${wallet.hours.length} hours`);
    assert.equal(
      wallet.hours.reduce((sum, { pnl }) => add(sum, pnl), ZERO_MONEY),
      money(String(2 * wallet.hours.length)),
    );
  });
});
