#!/usr/bin/env node
/** `npm run check`: types, page types, lint, format, walls, dead code. Runs all of them; one line each; 1 where any failed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, ready } from './ready.mjs';

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
const ROOMS = ['trading', 'protocol', 'learning', 'config', 'state', 'venues', 'actors', 'supervisors', 'cli', 'ui', 'test'];
const bin = (path) => join('node_modules', path);

const hasPage = existsSync(join(ROOT, 'ui/tsconfig.json'));
const CHECKS = [
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', 'tsconfig.json'] },
  ...(hasPage
    ? [
        {
          name: 'page types',
          args: [bin('svelte-check/bin/svelte-check'), '--workspace', 'ui', '--tsconfig', './tsconfig.json', '--fail-on-warnings'],
        },
      ]
    : []),
  { name: 'lint', args: [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0'] },
  {
    name: 'format',
    args: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', ...(hasPage ? ['--plugin', 'prettier-plugin-svelte'] : []), '.'],
  },
  {
    name: 'walls',
    args: [
      bin('dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err-long',
      ...ROOMS.filter((room) => existsSync(join(ROOT, room))),
    ],
  },
  // The build's configuration tells knip that dist/ is made of the rooms, so that `#room/file.ts` leads to the source.
  { name: 'dead code', args: [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints', '--tsConfig', 'tsconfig.build.json'] },
];

try {
  await ready({ tests: true, compiled: false });
} catch (error) {
  process.stderr.write(`ledgerwood: ${error.message}\n`);
  process.exit(1);
}
let failed = 0;
for (const check of CHECKS) if (!(await passes(check))) failed += 1;
process.stdout.write(failed === 0 ? `all ${CHECKS.length} checks passed\n` : `${failed} of ${CHECKS.length} checks failed\n`);
process.exit(failed === 0 ? 0 : 1);

/** One check after the other: two type checkers side by side are slower on two cores than in turn. */
async function passes({ name, args }) {
  const start = performance.now();
  const { code, output } = await outputOf(args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  if (code !== 0) process.stdout.write(`${output.replace(/^/gm, '  ').trimEnd()}\n`);
  return code === 0;
}

function outputOf(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    let bytes = 0;
    const keep = (chunk) => {
      bytes += chunk.length;
      if (bytes <= OUTPUT_BYTES_MAX) chunks.push(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
