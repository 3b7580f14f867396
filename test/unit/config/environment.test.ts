import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, it } from 'mocha';
import { loadEnvironment, readEnvironment } from '#config/environment.ts';
import { ConfigError } from '#config/errors.ts';

const read = (variables: Record<string, string>) => readEnvironment(variables, '.env');
const refused = (variables: Record<string, string>, key: string, words: RegExp): void =>
  assert.throws(
    () => read(variables),
    (error) => error instanceof ConfigError && error.key === key && words.test(error.message),
  );

describe('the environment', () => {
  it('CF-2 defaults are those of the specification', () => {
    const { market, rules } = read({});
    assert.equal(market, 'embedded');
    assert.equal(rules.rateLimit, '0.9');
    assert.equal(rules.paper.slippageBps, 8);
    assert.equal(rules.paper.partialProbability, 0.2);
    assert.equal(rules.paper.harsh, true);
    assert.equal(rules.paper.fillDepth, 'touch');
    assert.equal(read({ HARSH_PAPER_DEPTH: '1' }).rules.paper.fillDepth, 'book');
  });

  it('CF-2 MARKET=mainnet is one value away', () => {
    assert.equal(read({ MARKET: 'mainnet' }).market, 'mainnet');
    refused({ MARKET: 'moon' }, 'MARKET', /"moon"/);
  });

  it('CF-3 numbers out of range and wrong flags name variable and value', () => {
    refused({ PAPER_PARTIAL_PROB: '1.5' }, 'PAPER_PARTIAL_PROB', /"1.5".*between 0 and 1/);
    refused({ HARSH_PAPER_EXECUTION: 'yes' }, 'HARSH_PAPER_EXECUTION', /"yes"/);
    refused({ IBKR_PORT: '70000' }, 'IBKR_PORT', /between 1 and 65535/);
  });

  it('CF-3 BR-1 the bracket cannot be switched off', () => refused({ STRICT_BRACKETS: '0' }, 'STRICT_BRACKETS', /must be 1/));

  it('CF-3 contradictions are refused', () => {
    refused({ BYBIT_API_KEY: 'k' }, 'BYBIT_API_SECRET', /belong together/);
    refused({ MARKET: 'mainnet', BYBIT_USE_TESTNET: '1' }, 'BYBIT_USE_TESTNET', /testnet/);
  });

  it('CF-3 an unknown variable in the file is refused, one of another program in the environment is not', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'ledgerwood-env-')), '.env');
    writeFileSync(file, 'PAPER_SLIPAGE_BPS=3\n');
    assert.throws(
      () => loadEnvironment(file),
      (error) => error instanceof ConfigError && error.key === 'PAPER_SLIPAGE_BPS',
    );
    assert.doesNotThrow(() => read({ PAPER_TRAY: 'A4' }));
  });

  it('CF-4 keys show in no print, JSON or error', () => {
    const environment = read({ BYBIT_API_KEY: 'CANARY-KEY', BYBIT_API_SECRET: 'CANARY-SECRET' });
    for (const text of [inspect(environment, { depth: 9, showHidden: true }), JSON.stringify(environment), String(environment.secrets)]) {
      assert.doesNotMatch(text, /CANARY/);
    }
    assert.deepEqual(environment.secrets.bybit(), { key: 'CANARY-KEY', secret: 'CANARY-SECRET' });
    refused({ BYBIT_API_SECRET: 'CANARY-SECRET' }, 'BYBIT_API_KEY', /^((?!CANARY).)*$/);
  });
});
