#!/usr/bin/env node
/** `npm test`: makes the tree ready, runs mocha over every test (or the paths given), ends with `N passed, N failed`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, ready } from './ready.mjs';

const KINDS = ['unit', 'contract', 'architecture', 'simulation', 'integration', 'e2e'];

try {
  await ready({ tests: true });
} catch (error) {
  process.stderr.write(`ledgerwood: ${error.message}\n`);
  end({ passed: 0, failed: 1, skipped: 0 }, 1);
}
const directory = mkdtempSync(join(tmpdir(), 'ledgerwood-test-'));
const counts = join(directory, 'counts.json');
const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', '--reporter', './scripts/reporter.mjs', ...mochaArguments()], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, LEDGERWOOD_TEST_COUNTS: counts },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => end(readCounts(), code ?? 1));

/** Paths replace the whole suite; options (`--grep x`) go to mocha as they are. */
function mochaArguments() {
  const given = process.argv.slice(2);
  const hasPath = given.some((argument) => argument.includes('/') || /\.ts$/.test(argument));
  return hasPath ? given : [...given, ...KINDS.map((kind) => `test/${kind}/**/*.test.ts`)];
}

function readCounts() {
  try {
    return JSON.parse(readFileSync(counts, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A run that broke off before its end counts as one failure: the last line never says that all is well where it is not. */
function end({ passed, failed, skipped }, code) {
  const counted = failed === 0 && code !== 0 ? 1 : failed;
  process.stdout.write(`${passed} passed, ${counted} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  process.exit(counted === 0 ? 0 : 1);
}
