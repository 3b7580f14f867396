import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { UsageError } from '#cli/output.ts';
import { resolvePlayFiles } from '#cli/play.ts';

const directory = mkdtempSync(join(tmpdir(), 'ledgerwood-play-'));
mkdirSync(join(directory, 'spot'));
const manifest = {
  sets: [
    { file: 'spot/a.csv', asset_class: 'crypto_spot', kind: 'candles', symbol: 'ETHUSDT.2025H1' },
    { file: 'perp.csv', asset_class: 'crypto_perp', kind: 'candles', symbol: 'ADAUSDT' },
    { file: 'fx.csv', asset_class: 'forex', kind: 'quotes', symbol: 'EURUSD' },
  ],
};
writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
const inside = (...names: string[]): string[] => names.map((name) => join(directory, name));
const refused = (paths: string[], symbol: string | undefined, words: RegExp): Promise<void> =>
  assert.rejects(resolvePlayFiles(paths, symbol), (error) => error instanceof UsageError && words.test(error.message));

describe('--play', () => {
  it('a file takes its symbol from the manifest above it', async () => {
    const files = await resolvePlayFiles(inside('spot/a.csv', 'perp.csv'), undefined);
    assert.deepEqual(
      files.map(({ symbol, venueSymbol, category }) => [symbol, venueSymbol, category]),
      [
        ['ETH/USDT', 'ETHUSDT', 'spot'],
        ['ADA/USDT:USDT', 'ADAUSDT', 'linear'],
      ],
    );
  });

  it('--symbol wins, in either spelling', async () => {
    for (const [symbol, expected] of [
      ['SOL/USDT', 'SOL/USDT'],
      ['SOL/USDT:USDT', 'SOL/USDT:USDT'],
      ['SOLUSDT', 'SOL/USDT'],
    ] as const) {
      assert.equal((await resolvePlayFiles(inside('spot/a.csv'), symbol))[0]?.symbol, expected);
    }
  });

  it('without either the name of the file tells, or the refusal says what to add', async () => {
    const [file] = await resolvePlayFiles(inside('DOGEUSDT-bybit-linear-1m.csv.gz'), undefined);
    assert.equal(file?.symbol, 'DOGE/USDT:USDT');
    await refused(inside('prices.csv'), undefined, /add --symbol/);
  });

  it('below history/ the directory is the asset, whatever else is in the path', async () => {
    for (const [path, expected] of [
      ['perp-data/history/crypto_spot/BTCUSDT-bybit-1m.csv', 'BTC/USDT'],
      ['history/crypto_futures/BTCUSDT-bybit-1m.csv', 'BTC/USDT:USDT'],
    ] as const) {
      assert.equal((await resolvePlayFiles(inside(path), undefined))[0]?.symbol, expected);
    }
  });

  it('LC-6 funding of a perpetual goes beside its prices, by directory or name, and never alone', async () => {
    const files = await resolvePlayFiles(inside('perp.csv', 'history/crypto_futures/ADAUSDT-bybit-funding.csv'), undefined);
    assert.deepEqual(
      files.map(({ symbol, isFunding }) => [symbol, isFunding ?? false]),
      [
        ['ADA/USDT:USDT', false],
        ['ADA/USDT:USDT', true],
      ],
    );
    assert.equal((await resolvePlayFiles(inside('perp.csv', 'linear/funding/ADAUSDT.csv'), undefined))[1]?.isFunding, true);
    await refused(inside('perp.csv', 'history/crypto_futures/BTCUSDT-bybit-funding.csv'), undefined, /funding of BTC\/USDT:USDT without its prices/);
    await refused(
      inside('perp.csv', 'linear/funding/ADAUSDT.csv', 'linear/ADAUSDT-funding.csv'),
      undefined,
      /the funding of ADA\/USDT:USDT stands in two/,
    );
  });

  it('refuses what no wire can play, a symbol twice, and one symbol for two files', async () => {
    await refused(inside('spot/a.csv', 'fx.csv'), undefined, /one broker at a time/);
    await refused(inside('spot/a.csv', 'ETHUSDT.csv'), undefined, /two files/);
    await refused(inside('spot/a.csv', 'perp.csv'), 'BTC/USDT', /one --play file/);
    await refused(inside('spot/a.csv'), 'bitcoin', /must look like/);
  });
});
