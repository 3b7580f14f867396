/** CF-1 SZ-5 SZ-8: shares of a wallet, on paper and live; what a wallet has free; who waits for whom. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price, ratio } from '#trading/money/decimal.ts';
import { WALLET_REPORT_AGE_MS_MAX } from '#trading/risk/wallets.ts';
import type { Asset, Broker, Mode } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { Fill } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings as base, verdict } from './house.ts';
import { verified } from './scenes.ts';

const percent: Settings = {
  ...base,
  allocMode: 'percent',
  alloc: { crypto_spot: money('0.1'), crypto_futures: money('0.25'), forex: money('0.5'), options: money('0.5') },
  paperWallet: { bybit: money('10000'), ibkr: money('20000') },
};

function allowanceOf(house: House, asset: Asset, mode: Mode = 'paper'): Allowance {
  const all = house.tell('governor', { type: 'actor.asked', body: { query: 'allowances', args: [] } }) as readonly Allowance[];
  const found = all.find((allowance) => allowance.asset === asset && allowance.mode === mode);
  assert.ok(found !== undefined);
  return found;
}

const budgets = (house: House, mode: Mode) =>
  (['crypto_spot', 'crypto_futures', 'forex', 'options'] as const).map((asset) => allowanceOf(house, asset, mode).budget);

const report = (house: House, equity: string, available = equity, at = house.now, broker: Broker = 'bybit', mode: Mode = 'live') =>
  house.tell('governor', { type: 'wallet.reported', body: { broker, mode, equity: money(equity), available: money(available), at } });

/** What a live gateway will write. */
function liveFill(house: House, fill: Pick<Fill, 'clientOrderId' | 'side' | 'reason' | 'price' | 'qty'>, at: number): void {
  house.now = at;
  const live = { fillId: `v-${fill.clientOrderId}`, asset: 'crypto_spot', mode: 'live', symbol: spot.symbol, strategyId: 'ema-cross' } as const;
  const body = { fill: { ...fill, ...live, fee: money('0'), filledAt: at, paper: null, venueExecutionId: `e-${fill.clientOrderId}` } };
  house.append('gateway.bybit', [{ type: 'fill.recorded', body }]);
  const ended = { clientOrderId: fill.clientOrderId, asset: 'crypto_spot', mode: 'live', symbol: spot.symbol } as const;
  house.append('gateway.bybit', [{ type: 'order.ended', body: { ...ended, status: 'filled', filledQty: fill.qty, reason: 'filled' } }]);
}

/** A live round trip in spot that earns `(exit − 100) × 0.15` USD. */
function liveTrade(house: House, id: string, at: number, exit: string): void {
  house.now = at;
  const entry = entryOn(house.quoteAt(at, 100), spot, { mode: 'live', clientOrderId: `${id}a` });
  assert.equal(verdict(house, entry), null);
  liveFill(house, { clientOrderId: `${id}a`, side: 'buy', reason: 'entry', price: price('100'), qty: entry.qty }, at + 10);
  const leave = exitOn(house.quoteAt(at + 20, 100), entry.qty, spot, { mode: 'live', clientOrderId: `${id}b` });
  assert.equal(verdict(house, leave), null);
  liveFill(house, { clientOrderId: `${id}b`, side: 'sell', reason: 'exit', price: price(exit), qty: entry.qty }, at + 30);
}

/** A person switched live on. */
function live(house: House): House {
  for (const asset of ['crypto_spot', 'crypto_futures'] as const) {
    house.append('mode-switch', [{ type: 'mode.changed', body: { asset, mode: 'live', on: true, source: 'test', reason: 'test' } }]);
  }
  return house;
}

describe('risk: a percent allocation on paper', () => {
  it('CF-1 is the share of the configured wallet of its broker', () => {
    assert.deepEqual(budgets(new House([spot], percent), 'paper'), ['1000', '2500', '10000', '10000']);
  });

  it('SZ-8 moves by the results of its own asset only', () => {
    const house = new House([spot, perp], percent);
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.clock(T0 + 300);
    house.quoteAt(T0 + 1000, 95);
    const [closed] = house.of('trade.closed');
    assert.ok(closed !== undefined && Number(closed.trade.pnl) < 0);
    assert.deepEqual([closed.trade.budgetBefore, closed.trade.budgetAfter], ['1000', String(Number((1000 + Number(closed.trade.pnl)).toFixed(8)))]);
    assert.deepEqual(budgets(house, 'paper').slice(1), ['2500', '10000', '10000']);
    assert.deepEqual(verified(house.facts), []);
  });

  it('SZ-5 its wallet is shared: what one asset holds is not free for another, whose budget stays', () => {
    const house = new House([spot, perp], {
      ...percent,
      alloc: { ...percent.alloc, crypto_spot: money('0.2'), crypto_futures: money('0.8') },
      perTradeRisk: { ...percent.perTradeRisk, crypto_spot: ratio('0.8') },
      paperWallet: { bybit: money('100'), ibkr: money('0') },
    });
    assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100))), null);
    const { budget, remaining, walletAvailable, usable } = allowanceOf(house, 'crypto_futures');
    assert.deepEqual([budget, remaining, usable], ['80', '80', '80']);
    assert.equal(walletAvailable, '84.9985', '15.0015 are on their way to spot');
  });

  it('SZ-5 with enforce_wallet_available off the wallet does not bound what is usable', () => {
    const rules: Settings = { ...percent, enforceWalletAvailable: false };
    const house = new House([spot], rules);
    report(house, '5000', '10');
    const { remaining, walletAvailable, usable } = allowanceOf(house, 'crypto_spot', 'live');
    assert.deepEqual([remaining, walletAvailable, usable], ['500', '10', '500']);
  });

  it('verify names a budget that is not the share', () => {
    const house = new House([spot, perp], percent);
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.clock(T0 + 300);
    house.quoteAt(T0 + 1000, 95);
    const forged = house.facts.map((fact) =>
      fact.type === 'settings.loaded'
        ? { ...fact, body: { ...fact.body, settings: { ...percent, paperWallet: { bybit: money('10001'), ibkr: money('1') } } } }
        : fact,
    );
    assert.match(verified(forged).join(), /BUDGET/);
  });
});

describe('risk: live wallets', () => {
  const intended = (house: House, id: string) => entryOn(house.quoteAt(house.now, 100), spot, { mode: 'live', clientOrderId: id });

  it('SZ-5 no report, no entry; a report opens it; an old one closes it again, and the trader is told both', () => {
    const house = live(new House([spot]));
    assert.match(verdict(house, intended(house, 'l1'))?.sentence ?? '', /bybit has not reported its wallet/);
    report(house, '700', '12');
    assert.deepEqual([allowanceOf(house, 'crypto_spot', 'live').usable, allowanceOf(house, 'crypto_spot', 'live').closeOnly], ['12', null]);
    assert.equal(verdict(house, { ...intended(house, 'l2') })?.code, 'BUDGET_EXHAUSTED', '15 USD do not fit into 12');
    house.clock(T0 + 1);
    report(house, '700');
    house.now = T0 + 1 + WALLET_REPORT_AGE_MS_MAX;
    assert.equal(verdict(house, intended(house, 'l3')), null);
    const before = house.tells.length;
    house.clock(house.now + 1);
    const told = house.tells.slice(before).find(({ to }) => to === 'trader.crypto_spot.live');
    assert.equal(told?.type === 'allowance.changed' ? told.body.closeOnly?.code : null, 'WALLET_UNKNOWN');
    const old = verdict(house, entryOn(house.quoteAt(house.now, 100, perp), perp, { mode: 'live' }));
    assert.deepEqual([old?.code, old?.numbers['ageMs']], ['WALLET_UNKNOWN', WALLET_REPORT_AGE_MS_MAX + 1]);
    assert.equal(allowanceOf(house, 'crypto_spot', 'paper').closeOnly, null, 'paper has nothing to do with it');
  });

  it('SZ-5 a wallet of tomorrow counts as of now, a report of before the last one not at all, and one of paper never', () => {
    const house = live(new House([spot]));
    report(house, '700', '700', T0 + 10 * WALLET_REPORT_AGE_MS_MAX);
    house.clock(T0 + WALLET_REPORT_AGE_MS_MAX + 1);
    assert.equal(verdict(house, intended(house, 'f1'))?.code, 'WALLET_UNKNOWN');
    report(house, '500', '500', house.now);
    report(house, '900', '900', house.now - 1);
    assert.equal(allowanceOf(house, 'crypto_spot', 'live').walletAvailable, '500');
    report(house, '3', '3', house.now + 1, 'bybit', 'paper');
    assert.equal(allowanceOf(house, 'crypto_spot', 'paper').walletAvailable, '1000');
  });

  it('SZ-5 what is on its way or was bought after the report is taken off it', () => {
    const house = live(new House([spot]));
    report(house, '700', '100');
    const entry = intended(house, 'w1');
    assert.equal(verdict(house, entry), null);
    assert.equal(allowanceOf(house, 'crypto_spot', 'live').walletAvailable, '84.9985');
    liveFill(house, { clientOrderId: 'w1', side: 'buy', reason: 'entry', price: price('100'), qty: entry.qty }, T0 + 10);
    assert.equal(allowanceOf(house, 'crypto_futures', 'live').walletAvailable, '85', 'bought for 15, the wallet is shared');
    house.clock(T0 + 20);
    report(house, '700', '85');
    assert.equal(allowanceOf(house, 'crypto_spot', 'live').walletAvailable, '85', 'the report knows of it');
  });

  it('SZ-4 a wallet that is too small is told from a budget that is', () => {
    const house = live(new House([spot]));
    report(house, '700', '3');
    const sentence = verdict(house, intended(house, 's1'))?.sentence ?? '';
    assert.match(sentence, /a crypto_spot budget of 1000 USD would be enough, with 5\.\d+ USD free in the wallet, which has 3/);
  });

  it('CF-1 the first equity is what shares are taken of, once and for all', () => {
    const house = live(new House([spot], percent));
    assert.deepEqual(budgets(house, 'live'), ['0', '0', '0', '0']);
    report(house, '5000');
    assert.deepEqual(budgets(house, 'live'), ['500', '1250', '0', '0']);
    report(house, '9000');
    assert.deepEqual(budgets(house, 'live'), ['500', '1250', '0', '0']);
    house.append('system', [
      { type: 'settings.loaded', body: { settings: { ...percent, alloc: { ...percent.alloc, crypto_spot: money('0.2') } }, source: 'test' } },
    ]);
    assert.deepEqual(budgets(house, 'live'), ['1000', '1250', '0', '0']);
    house.crash();
    assert.deepEqual(budgets(house, 'live'), ['1000', '1250', '0', '0'], 'from the journal alone');
    assert.equal(house.of('wallet.based').length, 1);
    assert.equal(allowanceOf(house, 'crypto_spot', 'live').closeOnly?.code, 'WALLET_UNKNOWN', 'the report itself is gone');
  });

  it('SZ-8 what was earned before percent mode is not in the base, or it would count twice; and paper never sees it', () => {
    const house = live(new House([spot], base));
    report(house, '1000');
    liveTrade(house, 'd', T0 + 100, '110');
    const pnl = house.of('trade.closed')[0]?.trade.pnl;
    assert.equal(pnl, '1.5');
    const shares = { ...percent, alloc: { ...percent.alloc, crypto_spot: money('0.8'), crypto_futures: money('0.2') } };
    house.append('system', [{ type: 'settings.loaded', body: { settings: shares, source: 'test' } }]);
    assert.deepEqual(house.of('wallet.based'), [{ broker: 'bybit', mode: 'live', equity: '1000', base: '998.5', reportedAt: T0 }]);
    assert.deepEqual(budgets(house, 'live'), ['800.3', '199.7', '0', '0'], 'four fifths of 998.5, and the 1.5 of spot');
    assert.deepEqual(budgets(house, 'paper'), ['8000', '2000', '10000', '10000']);
    house.clock(T0 + 61_000);
    report(house, '1001.5');
    liveTrade(house, 'e', T0 + 61_000, '90');
    assert.deepEqual(budgets(house, 'live'), ['798.8', '199.7', '0', '0']);
    assert.deepEqual(
      verified(house.facts).filter((problem) => / (BUDGET|TRADE):/.test(problem)),
      [],
    );
    const forged = house.facts.map((fact) => (fact.type === 'wallet.based' ? { ...fact, body: { ...fact.body, base: money('1000') } } : fact));
    assert.match(verified(forged).join('\n'), /BUDGET: the live wallet of bybit is based on 1000; 1000 less what was realised makes 998\.5/);
    const base2 = house.facts.find(({ type }) => type === 'wallet.based');
    assert.ok(base2 !== undefined);
    assert.match(verified([...house.facts, base2]).join('\n'), /was based before/);
  });
});
