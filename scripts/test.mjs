#!/usr/bin/env node
/** `npm test`: makes the tree ready, runs mocha over every test (or the paths given), ends with `N passed, N failed`. */
import { availableParallelism } from 'node:os';
import { runLanes, sentence, suite } from './lanes.mjs';
import { ROOT, ready } from './ready.mjs';

try {
  await ready({ tests: true });
} catch (error) {
  process.stderr.write(`ledgerwood: ${error.message}\n`);
  end({ passed: 0, failed: 1, skipped: 0 });
}
end(await runLanes(ROOT, lanes(process.argv.slice(2))));

/** Paths replace the whole suite; options (`--grep x`) go to mocha as they are. On one core nothing runs beside anything. */
function lanes(given) {
  const hasPath = given.some((argument) => argument.includes('/') || /\.ts$/.test(argument));
  if (hasPath) return { all: given };
  const lists = suite(ROOT);
  if (availableParallelism() < 2) return { all: [...given, ...Object.values(lists).flat()] };
  return Object.fromEntries(Object.entries(lists).map(([name, files]) => [name, [...given, ...files]]));
}

function end(counts) {
  process.stdout.write(`${sentence(counts)}\n`);
  process.exit(counts.failed === 0 ? 0 : 1);
}
