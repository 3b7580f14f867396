import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { before, describe, it } from 'mocha';
import { ENVIRONMENT, readEnvironment } from '#config/environment.ts';
import { ROOT, listed, read, textFiles } from './tree.ts';

interface Row {
  readonly id: string;
  readonly words: string;
  readonly state: string;
}
type Places = ReadonlyMap<string, readonly string[]>;
/** scripts/rules.mjs, which is plain JavaScript. */
interface Rules {
  ruleIds(text: string): ReadonlySet<string>;
  titlesOf(source: string): readonly string[];
  rows(markdown: string): readonly Row[];
  testedBy(root: string): Places;
  filled(markdown: string, named: Places, tested: Places): string;
}

const DECISION_LINES_MAX = 40;
const STATE = /^(built|partly: .+|not built yet)$/;
let rules: Rules;

before(async () => {
  rules = (await import(pathToFileURL(join(ROOT, 'scripts/rules.mjs')).href)) as Rules;
});

describe('architecture: docs/rules.md', () => {
  it('agrees with the titles of the tests', () => {
    const problems = disagreements(rules.rows(read('docs/rules.md')), rules.testedBy(ROOT));
    assert.ok(problems.length === 0, listed(problems));
  });

  it('holds every rule of the rule book', function () {
    const book = join(ROOT, '../shared/RULES.md');
    if (!existsSync(book)) return this.skip();
    const ids = new Set(rules.rows(read('docs/rules.md')).map(({ id }) => id));
    const wanted = [...readFileSync(book, 'utf8').matchAll(/\b([A-Z]{2}-\d+) (?:S )?[A-Z*`U~u]/g)].map((match) => match[1] ?? '');
    const problems = [...new Set(wanted)].filter((id) => !ids.has(id)).map((id) => `${id} is missing in docs/rules.md`);
    assert.ok(wanted.length > 50 && problems.length === 0, listed(problems));
  });
});

describe('architecture: the rule book check can fail', () => {
  const row = (id: string, state: string): Row => ({ id, words: 'words', state });

  it('sees an untested claim, an untold test, an unknown rule and an unclear state', () => {
    const tested = new Map([
      ['SZ-2', ['test/a.test.ts']],
      ['SZ-9', ['test/b.test.ts']],
    ]);
    const problems = disagreements([row('SZ-1', 'built'), row('SZ-2', 'not built yet'), row('SZ-3', 'soon')], tested);
    assert.equal(problems.length, 4, listed(problems));
    assert.match(problems[0] ?? '', /^SZ-1 is called 'built', yet no test title carries it/);
    assert.match(problems[1] ?? '', /^SZ-2 is called not built yet, yet test\/a\.test\.ts carries it/);
    assert.match(problems[2] ?? '', /^SZ-3 has the state 'soon'/);
    assert.match(problems[3] ?? '', /^SZ-9 stands in a title of test\/b\.test\.ts/);
    assert.deepEqual(disagreements([row('SZ-2', 'built'), row('SZ-9', 'partly: half'), row('ML-1', 'not built yet')], tested), []);
  });

  it('reads ranges and lists of rule ids', () => {
    assert.deepEqual([...rules.ruleIds('SZ-1…5 and QS-1/2, RK-1')], ['SZ-1', 'SZ-2', 'SZ-3', 'SZ-4', 'SZ-5', 'QS-1', 'QS-2', 'RK-1']);
    assert.deepEqual([...rules.ruleIds('utf-8, SHA-256, KS-3')], ['KS-3']);
    assert.deepEqual(rules.titlesOf("describe('A', () => { it(`B ${1}`, f); it.skip(\n'C', f); });"), ['A', 'B ${1}', 'C']);
  });

  it('fills the columns', () => {
    const filled = rules.filled('| SZ-1 | words | built | x | y |', new Map([['SZ-1', ['trading/a.ts', 'protocol/b.ts']]]), new Map());
    assert.equal(filled, '| SZ-1 | words | built | `trading/a.ts` | – |');
  });
});

describe('architecture: documents', () => {
  it('CF-2 .env.example has every variable, with its default, and would boot', () => {
    const text = read('.env.example');
    const example = parseEnv(text);
    assert.deepEqual(Object.keys(example).sort(), Object.keys(ENVIRONMENT).sort());
    assert.deepEqual(readEnvironment(example, '.env.example'), readEnvironment({}, 'environment'), 'the example differs from the defaults');
  });

  it('a decision record has a number, context, choice and consequences, and fits on a page', () => {
    const records = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => name.endsWith('.md'));
    const problems = records.flatMap((name, index) => badDecision(name, read(`docs/decisions/${name}`), index + 1));
    assert.ok(records.length > 0 && problems.length === 0, listed(problems));
  });

  it('every file that a document names is there', () => {
    const problems = ['README.md', 'CONTRIBUTING.md', 'docs/rules.md', 'docs/walks.md', 'docs/crash-points.md'].flatMap((document) =>
      [...read(document).matchAll(/`((?:[a-z]+\/)+[a-z0-9.-]+\.(?:ts|mjs|cjs|svelte|json|md))`/g)]
        .map((match) => match[1] ?? '')
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `${document} names ${path}, which is gone${document === 'docs/rules.md' ? ': run node scripts/rules.mjs' : ''}`),
    );
    assert.ok(problems.length === 0, listed([...new Set(problems)]));
  });

  it('every link between documents leads somewhere', () => {
    const problems = textFiles()
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
          .map((match) => match[1] ?? '')
          .filter((target) => !existsSync(join(ROOT, path, '..', target)))
          .map((target) => `${path} links to ${target}, which is not there`),
      );
    assert.ok(problems.length === 0, listed(problems));
  });

  it('the CHANGELOG is grouped by what a reader looks for', () => {
    const groups = [...read('CHANGELOG.md').matchAll(/^### (.+)$/gm)].map((match) => match[1] ?? '');
    const known = ['Safety', 'Features', 'Performance', 'Internals'];
    assert.deepEqual(
      groups.filter((group) => !known.includes(group)),
      [],
    );
    assert.ok(groups.length > 0);
  });
});

function disagreements(rows: readonly Row[], tested: Places): readonly string[] {
  const known = new Set(rows.map(({ id }) => id));
  const ofRows = rows.flatMap(({ id, state }) => {
    const tests = tested.get(id) ?? [];
    if (!STATE.test(state)) return [`${id} has the state '${state}': it is 'built', 'partly: what is missing' or 'not built yet'`];
    if (state === 'not built yet')
      return tests.length === 0 ? [] : [`${id} is called not built yet, yet ${tests.join(', ')} carries it: say what stands`];
    return tests.length > 0 ? [] : [`${id} is called '${state}', yet no test title carries it: test it or say 'not built yet'`];
  });
  const unknown = [...tested]
    .filter(([id]) => !known.has(id))
    .map(([id, files]) => `${id} stands in a title of ${files.join(', ')}, not in docs/rules.md`);
  return [...ofRows, ...unknown];
}

function badDecision(name: string, text: string, number: number): readonly string[] {
  const problems: string[] = [];
  if (!name.startsWith(String(number).padStart(4, '0'))) problems.push(`docs/decisions/${name}: expected number ${number}, without gaps`);
  for (const heading of ['# ', '## Context', '## Choice', '## Consequences']) {
    if (!text.split('\n').some((line) => line.startsWith(heading))) problems.push(`docs/decisions/${name} lacks '${heading.trim()}'`);
  }
  const lines = text.trimEnd().split('\n').length;
  if (lines > DECISION_LINES_MAX) problems.push(`docs/decisions/${name} has ${lines} lines: at most ${DECISION_LINES_MAX}`);
  return problems;
}
