#!/usr/bin/env node
/** `node scripts/config-docs.mjs` writes docs/config.md from the schemas in config/; test/architecture/config-docs.test.ts holds it against them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './ready.mjs';

const SOURCES = ['--conditions=source', '--import=tsx'];

if (process.execArgv.includes(SOURCES[0])) {
  const { configDocs } = await import('../config/docs.ts');
  const json = (name) => JSON.parse(readFileSync(join(ROOT, 'config', name), 'utf8'));
  writeFileSync(join(ROOT, 'docs/config.md'), configDocs({ budgets: json('budgets.json'), markets: json('markets.json') }));
} else {
  // The schemas are TypeScript: the same file once more, under the loader of the tests.
  const { status } = spawnSync(process.execPath, [...SOURCES, fileURLToPath(import.meta.url)], { cwd: ROOT, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
