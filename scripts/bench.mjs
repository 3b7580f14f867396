#!/usr/bin/env node
/** `npm run bench [NAME…]`: makes the tree ready, then measures the compiled code (test/bench/main.ts says what and how). */
import { spawn } from 'node:child_process';
import { ROOT, ready } from './ready.mjs';

const FAILED = 1;

try {
  await ready({ tests: true });
} catch (error) {
  process.stderr.write(`ledgerwood: ${error.message}\n`);
  process.exit(FAILED);
}
// Without the condition `source`, `#room/file.ts` is the compiled file: what is measured is what runs.
const child = spawn(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? FAILED));
