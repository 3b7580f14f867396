import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { describe, it } from 'mocha';
import { FILE_LINES_MAX, FUNCTION_LINES_MAX, badImports, badName, fileTooLong, longFunctions } from './tidy.ts';
import { ROOMS, ROOT, listed, read, textFiles } from './tree.ts';

const isCode = (path: string): boolean => /\.(ts|mjs|cjs|js|svelte)$/.test(path);
const isTypeScript = (path: string): boolean => path.endsWith('.ts') && !path.endsWith('.d.ts');
const inRoom = (path: string): boolean => ROOMS.some((room) => path.startsWith(`${room}/`));
const found = (files: readonly string[], rule: (path: string, text: string) => readonly string[]): readonly string[] =>
  files.flatMap((path) => rule(path, read(path)));

/** What names this machine, its workplace or a registry. Put together here so that this file does not name them itself. */
const PRIVATE_WORDS: readonly RegExp[] = [
  new RegExp(['', '(home|root|Users)', '[a-z]'].join('/')),
  ...[dirname(ROOT), homedir()].filter((path) => path.split('/').length > 1 && path.length > 4).map((path) => new RegExp(`${escaped(path)}/`)),
  new RegExp(['', 'work', '(main|shared)'].join('/')),
  new RegExp(['registry', '[a-z]+', '(org|com)'].join('\\.')),
  new RegExp(
    `\\b(${[
      ['cla', 'ude'],
      ['anthro', 'pic'],
      ['chat', 'gpt'],
      ['open', 'ai'],
    ]
      .map((parts) => parts.join(''))
      .join('|')})\\b`,
    'i',
  ),
  new RegExp(`\\b${['issues', '(show|list|note)'].join(' ')}\\b`),
];

describe('architecture: tidy', () => {
  it(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
    const problems = found(textFiles().filter(isCode), fileTooLong);
    assert.ok(problems.length === 0, listed(problems));
  });

  it(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
    const problems = found(
      textFiles().filter((path) => isCode(path) && !path.endsWith('.svelte')),
      longFunctions,
    );
    assert.ok(problems.length === 0, listed(problems));
  });

  it('file names are kebab-case', () => {
    const problems = textFiles()
      .filter((path) => inRoom(path) || /^(scripts|docs)\//.test(path))
      .flatMap(badName);
    assert.ok(problems.length === 0, listed(problems));
  });

  it('imports carry their ending, and rooms are crossed by #room/file.ts', () => {
    const problems = found(
      textFiles().filter((path) => isTypeScript(path) && inRoom(path) && !path.startsWith('ui/') && !path.startsWith('test/')),
      badImports,
    );
    assert.ok(problems.length === 0, listed(problems));
  });

  it('no machine, workplace or registry is named', () => {
    const problems = found(textFiles(), privateWords);
    assert.ok(problems.length === 0, listed(problems));
  });

  it('a test that reads the shared data says so when it is absent', () => {
    const problems = found(
      textFiles('test').filter((path) => path.endsWith('.test.ts')),
      (path, text) =>
        /\.\.\/shared|'shared'/.test(text) && !/\bthis\.skip\(\)/.test(text) ? [`${path} reads ../shared: call this.skip() where it is absent`] : [],
    );
    assert.ok(problems.length === 0, listed(problems));
  });

  it('no lint rule is switched off for a whole file, and no type error is waved through', () => {
    const disabled = new RegExp(['eslint-', 'disable(?!-next-line|-line)|@ts-', '(ignore|nocheck)'].join(''));
    const problems = found(
      textFiles().filter((path) => isCode(path) && path !== 'test/architecture/tidy.test.ts'),
      (path, text) => (disabled.test(text) ? [`${path}: mend the cause, or except one line with its reason`] : []),
    );
    assert.ok(problems.length === 0, listed(problems));
  });
});

describe('architecture: the tidy rules can fail', () => {
  const body = (lines: number): string => Array.from({ length: lines }, (_, line) => `  use(${line});`).join('\n');

  it('names the file that is too long', () => {
    assert.match(fileTooLong('a/b.ts', `${body(FILE_LINES_MAX + 1)}\n`)[0] ?? '', /^a\/b\.ts has 401 lines; split it/);
    assert.deepEqual(fileTooLong('a/b.ts', `${body(FILE_LINES_MAX)}\n`), []);
  });

  it('names the function that is too long, by line', () => {
    const long = body(FUNCTION_LINES_MAX - 1);
    assert.match(longFunctions('a/b.ts', `// one\nfunction tooLong() {\n${long}\n}`)[0] ?? '', /^a\/b\.ts:2 tooLong has 71 lines/);
    assert.match(longFunctions('a/b.ts', `const tooLong = () => {\n${long}\n};`)[0] ?? '', /^a\/b\.ts:1 tooLong has 71 lines/);
    assert.deepEqual(longFunctions('a/b.ts', `function fits() {\n${body(FUNCTION_LINES_MAX - 2)}\n}`), []);
    assert.deepEqual(longFunctions('a/b.test.ts', `describe('chapter', () => {\n${long}\n});`), []);
    assert.equal(longFunctions('a/b.test.ts', `it('case', () => {\n${long}\n});`).length, 1);
  });

  it('names the badly named file', () => {
    for (const path of ['trading/MyFile.ts', 'trading/my_file.ts', 'trading/index.ts', 'docs/My Notes.md'])
      assert.equal(badName(path).length, 1, path);
    for (const path of ['trading/my-file.test.ts', 'ui/src/KillButton.svelte', '.mocharc.json', 'docs/decisions/0001-exact-money.md'])
      assert.deepEqual(badName(path), []);
  });

  it('names the import without an ending and the one that climbs out of its room', () => {
    const text = "import { a } from '../state/a.ts';\nimport { b } from './b';\nimport type { c } from '#trading/c';\nimport d from 'node:fs';\n";
    const problems = badImports('protocol/x.ts', text);
    assert.equal(problems.length, 3);
    assert.match(problems[0] ?? '', /leaves its room; spell it #room/);
    assert.match(problems[1] ?? '', /needs its ending: \.\/file\.ts/);
    assert.match(problems[2] ?? '', /needs its ending: #room/);
    assert.deepEqual(badImports('trading/money/x.ts', "import { a } from '../model/a.ts';"), []);
  });

  it('names the line that gives this machine away', () => {
    assert.match(privateWords('a/b.ts', `ok\nconst here = '${['', 'home', 'someone', 'x'].join('/')}';`)[0] ?? '', /^a\/b\.ts:2 /);
    assert.deepEqual(privateWords('a/b.ts', 'see ../shared/data and the home page'), []);
  });
});

function privateWords(path: string, text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const word = PRIVATE_WORDS.map((pattern) => pattern.exec(line)?.[0]).find((match) => match !== undefined);
    return word === undefined ? [] : [`${path}:${index + 1} names '${word}': say it without this machine, its tools and its registries`];
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
