import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ROOMS, ROOT, listed } from './tree.ts';

interface Violation {
  readonly rule: string;
  readonly line: string;
}

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MS_MAX = 120_000;

describe('architecture: walls', () => {
  it('every room imports only what the table allows; one home a vendor; no cycles, no orphans', async function () {
    this.timeout(DEPTH_MS_MAX);
    const problems = await violations(ROOT);
    assert.ok(problems.length === 0, listed(problems.map(({ line }) => line)));
  });
});

describe('architecture: the walls can fail', () => {
  let tree: string;
  let found: readonly Violation[];

  before(async function () {
    this.timeout(DEPTH_MS_MAX);
    tree = mkdtempSync(join(tmpdir(), 'ledgerwood-walls-'));
    write('tsconfig.json', '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true, "noEmit": true } }');
    write('package.json', '{ "name": "fixture", "type": "module", "dependencies": { "level": "1.0.0", "left-pad": "1.0.0", "comedy": "1.0.0" } }');
    for (const vendor of ['level', 'left-pad', 'comedy']) {
      write(`node_modules/${vendor}/package.json`, `{ "name": "${vendor}", "version": "1.0.0", "main": "index.js" }`);
      write(`node_modules/${vendor}/index.js`, 'module.exports = {};');
    }
    write('trading/model/order.ts', 'export const order = 1;');
    write('trading/sizing/cap.ts', "import fs from 'node:fs';\nexport const cap = fs;");
    write('protocol/messages.ts', "import { cap } from '../trading/sizing/cap.ts';\nexport const message = cap;");
    write('state/journal.ts', "import { message } from '../protocol/messages.ts';\nimport 'level';\nexport const journal = message;");
    write(
      'actors/trader.ts',
      "import { journal } from '../state/journal.ts';\nimport 'level';\nimport { a } from './gone.ts';\nexport default [journal, a];",
    );
    write(
      'supervisors/tree.ts',
      "import trader from '../actors/trader.ts';\nimport 'comedy';\nimport 'left-pad';\nimport './ring.ts';\nexport const tree = trader;",
    );
    write('supervisors/ring.ts', "import { tree } from './tree.ts';\nexport const ring = tree;");
    write('cli/main.ts', "import { tree } from '../supervisors/tree.ts';\nexport const main = tree;");
    write('config/lonely.ts', 'export const lonely = 1;');
    found = await violations(tree);
  });

  after(() => rmSync(tree, { recursive: true, force: true }));

  const EXPECTED: readonly (readonly [rule: string, line: RegExp])[] = [
    ['room-protocol', /protocol\/messages\.ts → trading\/sizing\/cap\.ts: protocol\/ may import only/],
    ['room-actors', /actors\/trader\.ts → state\/journal\.ts: actors\/ may import only/],
    ['vendor-level', /actors\/trader\.ts → .*level.*: level has one home: \^state\//],
    ['vendor-comedy', /supervisors\/tree\.ts → .*comedy.*: comedy has one home/],
    ['vendor-unlisted', /supervisors\/tree\.ts → .*left-pad.*: this package has no home yet/],
    ['pure-core', /trading\/sizing\/cap\.ts → .*fs: trading\/, protocol\/ and learning\/ do no I\/O/],
    ['no-cycles', /supervisors\/(ring|tree)\.ts → supervisors\/(ring|tree)\.ts: two files that need each other/],
    ['no-orphans', /config\/lonely\.ts.*: nobody imports this file/],
    ['unresolvable', /actors\/trader\.ts → \.\/gone\.ts: this import leads nowhere/],
  ];
  for (const [rule, line] of EXPECTED) {
    it(`${rule} is seen, with the way out`, () => {
      const lines = found.filter((violation) => violation.rule === rule).map((violation) => violation.line);
      assert.ok(
        lines.some((each) => line.test(each)),
        listed([`no ${String(line)} among`, ...lines]),
      );
    });
  }

  it('what the table allows is not reported', () => {
    const wrong = found.filter(({ line }) => /state\/journal\.ts → |cli\/main\.ts → /.test(line));
    assert.deepEqual(wrong, []);
  });

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\n`);
  }
});

async function violations(root: string): Promise<readonly Violation[]> {
  const rooms = ROOMS.filter((room) => existsSync(join(root, room)));
  const output = await depcruise(root, ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', ...rooms]);
  const report = JSON.parse(output) as {
    readonly summary: { readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[] };
  };
  const comments = await ruleComments();
  return report.summary.violations.map(({ from, to, rule }) => ({
    rule: rule.name,
    line: `${from} → ${to}: ${comments.get(rule.name) ?? rule.name}`,
  }));
}

async function ruleComments(): Promise<ReadonlyMap<string, string>> {
  const loaded = (await import(join(ROOT, '.dependency-cruiser.cjs'))) as {
    readonly default: { readonly forbidden: readonly { readonly name: string; readonly comment: string }[] };
  };
  return new Map(loaded.default.forbidden.map(({ name, comment }) => [name, comment]));
}

/** Its exit code counts violations, so only an answer that is no JSON is an error. */
function depcruise(cwd: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    execFile(process.execPath, [program, ...args], { cwd, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(new Error(`dependency-cruiser gave no report: ${stderr || (error?.message ?? 'no output')}`));
    });
  });
}
