import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ratio } from '#trading/money/decimal.ts';
import { paths } from '#state/data-dir.ts';
import { settingsFrom } from '#config/budgets.ts';
import { SYNTHETIC_PLAN, withBadQuotes } from '#supervisors/play-plan.ts';
import type { SystemOptions } from '#supervisors/system-options.ts';
import { reachOf, treeParams } from '#supervisors/tree-params.ts';
import { VenueControl } from '#supervisors/venue-control.ts';
import { readFileSync } from 'node:fs';

const PORT = 4321;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const settings = settingsFrom('budgets.json', JSON.parse(readFileSync('config/budgets.json', 'utf8')), {
  paper: { harsh: true, slippageBps: 8, partialProbability: 0.2, latencyMsMin: 40, latencyMsMax: 250 },
  strictBrackets: true,
  rateLimit: ratio('0.9'),
});
const optionsFor = (market: SystemOptions['market']): SystemOptions => ({
  market,
  dataDir: 'var',
  seed: 1,
  speed: 1,
  plan: SYNTHETIC_PLAN,
  assets: [{ asset: 'crypto_spot', symbols: ['BTC/USDT'], strategy: 'ema-cross' }],
  strategies: { 'ema-cross': {} },
  settings,
  settingsSource: 'config/budgets.json',
  settingsFile: { path: 'config/budgets.json', load: () => Promise.resolve(settings) },
  configHash: 'c',
  version: '0',
  page: null,
  untilEnd: false,
  chaosMs: null,
  log: quiet,
});
const paramsFor = (market: SystemOptions['market']) =>
  treeParams(optionsFor(market), paths('var', market), new VenueControl(PORT, () => Promise.resolve()), () => 5000);

describe('the parameters of the tree', () => {
  it('RT-1 embedded: the gateway is given loopback addresses, the venue the time to resume at', () => {
    const { gateway, venue } = paramsFor('embedded');
    assert.deepEqual(gateway?.(), {
      environment: 'embedded',
      rest: `http://127.0.0.1:${PORT}`,
      ws: `ws://127.0.0.1:${PORT}`,
      assets: { crypto_spot: ['BTC/USDT'], crypto_futures: [] },
      rateLimit: '0.9',
    });
    assert.equal((venue?.() as { resumeAt: number }).resumeAt, 5000);
  });

  it('QS-2 a plan with bad quotes tells the venue, and the journal by its label', () => {
    const options = { ...optionsFor('embedded'), plan: withBadQuotes(SYNTHETIC_PLAN, 10) };
    const { venue } = treeParams(options, paths('var', 'embedded'), new VenueControl(PORT, () => Promise.resolve()), () => null);
    assert.equal((venue?.() as { badQuotes: number }).badQuotes, 10);
    assert.equal(options.plan.label, 'synthetic, one quote of 10 bad');
    assert.equal('badQuotes' in (paramsFor('embedded').venue?.() as object), false);
  });

  it('CF-2 MARKET=mainnet: the same gateway, no addresses of ours, no embedded venue, its own data directory', () => {
    const { gateway, venue, latchPath } = paramsFor('mainnet');
    assert.deepEqual(gateway?.(), { environment: 'mainnet', assets: { crypto_spot: ['BTC/USDT'], crypto_futures: [] }, rateLimit: '0.9' });
    assert.equal(venue, null);
    assert.match(latchPath, /var\/mainnet\/KILL$/);
  });

  it('CF-4 no parameter of any actor carries a key', () => {
    const { gateway, traders, dashboard } = paramsFor('mainnet');
    assert.doesNotMatch(JSON.stringify([gateway?.(), traders, dashboard]), /apiKey|secret"/i);
  });

  it('options are watched out to where those lie that are asked for, by moneyness or by delta', () => {
    const ask = (kind: 'delta' | 'moneyness', value: number, within: number, dteMax = 12) =>
      reachOf({ dteMin: 3, dteMax, target: { kind, value, within } });
    assert.equal(ask('moneyness', 0.04, 0.08).toFixed(2), '0.14');
    const [near, far, late] = [ask('delta', 0.4, 0.05), ask('delta', 0.2, 0.05), ask('delta', 0.2, 0.05, 60)];
    assert.ok(near > 0.03 && near < far && far < late && late < 0.3, `${near} ${far} ${late}`);
  });
});
