#!/usr/bin/env node
/** `ledgerwood VERB …`: makes the tree ready, then hands over to cli/main.ts. Nothing of this file writes to stdout. */
import { ready } from './ready.mjs';

const FAILED = 1;
const CRASHED = 70;

try {
  await ready();
} catch (error) {
  process.stderr.write(`ledgerwood: ${error.message}\n`);
  process.exit(FAILED);
}
try {
  const { main } = await import('../dist/cli/main.js');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`ledgerwood: ${error?.stack ?? error}\n`);
  process.exit(CRASHED);
}
