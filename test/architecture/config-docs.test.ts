import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { budgetsFile } from '#config/budgets.ts';
import { configDocs } from '#config/docs.ts';
import { ENVIRONMENT } from '#config/environment.ts';
import { read } from './tree.ts';

const shipped = { budgets: JSON.parse(read('config/budgets.json')) as unknown, markets: JSON.parse(read('config/markets.json')) as unknown };
const rows = (): readonly string[] =>
  configDocs(shipped)
    .split('\n')
    .filter((line) => line.startsWith('| `'));

describe('architecture: docs/config.md', () => {
  it('CF-3 is what the schemas say', () => {
    assert.equal(read('docs/config.md'), configDocs(shipped), 'docs/config.md is stale: run node scripts/config-docs.mjs');
  });

  it('CF-1 CF-2 has a row with words, range and value for every key', () => {
    for (const key of [...Object.keys(budgetsFile.shape), ...Object.keys(ENVIRONMENT)]) {
      assert.ok(
        rows().some((row) => row.startsWith(`| \`${key}`)),
        `no row for ${key}`,
      );
    }
    const bare = rows().filter((row) => {
      const [, key = '', says = '', mayBe = ''] = row.split('|').map((cell) => cell.trim());
      return mayBe === '' || (says === '' && !key.includes('[]'));
    });
    assert.deepEqual(bare, [], 'every key is described beside its schema');
  });

  it('CF-4 shows no value of a secret', () => {
    const secrets = rows().filter((row) => /API_(KEY|SECRET)` \|/.test(row));
    assert.equal(secrets.length, 2);
    for (const row of secrets) assert.match(row, /\| – \|$/);
  });
});
