#!/usr/bin/env node
/**
 * `node scripts/rules.mjs` fills the columns "Where" and "Tested in" of docs/rules.md from what the code and the test titles say.
 * The words and the state of a rule are written by hand; test/architecture/documents.test.ts holds them against each other.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './ready.mjs';

const ROOMS = ['trading', 'protocol', 'learning', 'config', 'state', 'venues', 'actors', 'supervisors', 'cli', 'ui', 'scripts'];
/** Schemas and types mention many rules and implement none: they are shown only where nothing else is. */
const WORDS_ONLY = /^(protocol|trading\/model)\//;
const SKIPPED = new Set(['node_modules', 'dist', '.svelte-kit']);
const CELL_FILES_MAX = 4;
const ROW = /^\| ([A-Z]{2}-\d+) \|([^|]*)\|([^|]*)\|/;
const FAMILIES = 'CF|RT|QS|PX|VF|ST|SZ|RK|BR|KS|LC|SS|RG|ML|RL|TR|PG|UI|OP';

/** The rule ids of a text, ranges such as `SZ-1…5` and lists such as `QS-1/2` spelled out. */
export function ruleIds(text) {
  const ids = new Set();
  for (const match of text.matchAll(new RegExp(`\\b(${FAMILIES})-(\\d+)((?:(?:…|\\.\\.\\.?|–|/|, ?|-)(?:(?:${FAMILIES})-)?\\d+)*)`, 'g'))) {
    const family = match[1];
    let last = Number(match[2]);
    ids.add(`${family}-${last}`);
    for (const [, joint, other, digits] of match[3].matchAll(new RegExp(`(…|\\.\\.\\.?|–|/|, ?|-)(?:(${FAMILIES})-)?(\\d+)`, 'g'))) {
      const next = Number(digits);
      const isRange = joint !== '/' && !joint.startsWith(',') && (other ?? family) === family;
      if (isRange) for (let id = last; id <= next; id += 1) ids.add(`${family}-${id}`);
      else if (joint === '/' || other !== undefined) ids.add(`${other ?? family}-${next}`);
      last = next;
    }
  }
  return ids;
}

/** The titles of describe and it in a test file. */
export function titlesOf(source) {
  return [...source.matchAll(/\b(?:describe|it)(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g)].map((match) => match[2]);
}

/** Rule id → the test files whose titles carry it. */
export function testedBy(root) {
  return index(
    root,
    filesBelow(root, 'test').filter((path) => path.endsWith('.test.ts')),
    (text) => titlesOf(text).join('\n'),
  );
}

/** Rule id → the files of the rooms that name it. */
export function namedBy(root) {
  const files = ROOMS.flatMap((room) => filesBelow(root, room)).filter((path) => /\.(ts|mjs|svelte)$/.test(path) && path !== 'scripts/rules.mjs');
  return index(root, files, (text) => text);
}

/** The rows of docs/rules.md: id, words and state. */
export function rows(markdown) {
  return markdown.split('\n').flatMap((line) => {
    const match = ROW.exec(line);
    return match === null ? [] : [{ id: match[1], words: match[2].trim(), state: match[3].trim(), line }];
  });
}

/** The document with its last two columns filled. */
export function filled(markdown, named, tested) {
  return markdown
    .split('\n')
    .map((line) => {
      const match = ROW.exec(line);
      if (match === null) return line;
      const places = named.get(match[1]) ?? [];
      const telling = places.filter((path) => !WORDS_ONLY.test(path));
      const where = match[3].trim() === 'not built yet' ? [] : telling.length > 0 ? telling : places;
      return `${match[0]} ${cell(where)} | ${cell(tested.get(match[1]) ?? [])} |`;
    })
    .join('\n');
}

function cell(paths) {
  const shown = paths.slice(0, CELL_FILES_MAX).map((path) => `\`${path}\``);
  return paths.length === 0 ? '–' : shown.join(' ') + (paths.length > CELL_FILES_MAX ? ` and ${paths.length - CELL_FILES_MAX} more` : '');
}

function index(root, files, textOf) {
  const found = new Map();
  for (const path of files) {
    for (const id of ruleIds(textOf(readFileSync(join(root, path), 'utf8')))) found.set(id, [...(found.get(id) ?? []), path]);
  }
  return found;
}

function filesBelow(root, directory) {
  let entries;
  try {
    entries = readdirSync(join(root, directory), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(root, `${directory}/${entry.name}`) : [`${directory}/${entry.name}`]))
    .sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(ROOT, 'docs/rules.md');
  writeFileSync(path, filled(readFileSync(path, 'utf8'), namedBy(ROOT), testedBy(ROOT)));
}
