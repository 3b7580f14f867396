import assert from 'node:assert/strict';
import { ESLint } from 'eslint';
import { after, before, describe, it } from 'mocha';
import { ROOT, listed } from './tree.ts';

const PROGRAM_MS_MAX = 120_000;

/** What a pure room may not say, and a word of the message that names what takes its place. */
const FORBIDDEN: readonly (readonly [code: string, rule: string, message: RegExp])[] = [
  ['export const at = Date.now();', 'no-restricted-globals', /time comes as a value/],
  ['export const timer = setTimeout(() => {}, 1);', 'no-restricted-globals', /clock\.advanced/],
  ['export const draw = Math.random();', 'no-restricted-properties', /recorded seed/],
  ['export const path = process.cwd();', 'no-restricted-globals', /Start\.params/],
  ["console.log('x');", 'no-restricted-globals', /log port/],
  ["export const reply = fetch('http://127.0.0.1');", 'no-restricted-globals', /only venues\//],
  ['export const at = globalThis.Date;', 'no-restricted-properties', /through globalThis/],
  ["import fs from 'node:fs';\nexport const files = fs;", 'no-restricted-imports', /know nothing of Node/],
  ['export const value: any = 1;', '@typescript-eslint/no-explicit-any', /any/],
  ['export const first = (list: string[]): string => list[0]!;', '@typescript-eslint/no-non-null-assertion', /non-null/],
  ['export enum Side { Buy }', 'no-restricted-syntax', /no enums/],
  ['export const same = (a: number): boolean => a === a;', 'no-self-compare', /itself/],
  ['export default 1;', 'no-restricted-syntax', /no default exports/],
  ["export * from './model/order.ts';", 'no-restricted-syntax', /no barrels/],
  ["import { Side } from './model/order.ts';\nexport const side: Side = 'buy';", '@typescript-eslint/consistent-type-imports', /type/],
  ['const work = async (): Promise<void> => {};\nexport const start = (): void => { work(); };', '@typescript-eslint/no-floating-promises', /await/],
];

describe('architecture: the linter can fail', () => {
  let eslint: ESLint;

  before(function () {
    this.timeout(PROGRAM_MS_MAX);
    // Under CI=true typescript-eslint reads each file once from disk, and would judge that instead of the text it is given here.
    process.env['TSESTREE_SINGLE_RUN'] = 'false';
    eslint = new ESLint({ cwd: ROOT });
  });
  after(() => delete process.env['TSESTREE_SINGLE_RUN']);

  for (const [code, rule, message] of FORBIDDEN) {
    it(`${rule} refuses: ${code.split('\n').join(' ')}`, async function () {
      this.timeout(PROGRAM_MS_MAX);
      const reports = await lint(code, 'trading/behavior.ts');
      assert.ok(
        reports.some((report) => report.startsWith(`${rule}: `) && message.test(report)),
        listed([`expected ${rule} with ${String(message)} among`, ...reports]),
      );
    });
  }

  it('a room that may see the process is not refused the clock', async function () {
    this.timeout(PROGRAM_MS_MAX);
    assert.deepEqual(await lint('export const at = Date.now();\n', 'config/errors.ts'), []);
  });

  async function lint(code: string, filePath: string): Promise<readonly string[]> {
    const [result] = await eslint.lintText(code, { filePath });
    return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`);
  }
});
