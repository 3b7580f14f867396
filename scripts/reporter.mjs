/** mocha's own report, the skipped tests by name, and the counts for scripts/test.mjs. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

const OPEN_HANDLES_MS_MAX = 20_000;

class Report extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.once('end', () => {
      for (const title of skipped) process.stdout.write(`  skipped: ${title}\n`);
      const counts = { passed: runner.stats.passes, failed: runner.stats.failures, skipped: skipped.length };
      const file = process.env['LEDGERWOOD_TEST_COUNTS'];
      if (file) writeFileSync(file, JSON.stringify(counts));
      // Unreferenced: it fires only where a test left a socket, a process or a timer behind that keeps mocha alive.
      setTimeout(() => {
        process.stderr.write(`tests left something open: ${process.getActiveResourcesInfo().join(', ')}\n`);
        process.exit(Math.max(1, Math.min(counts.failed, 255)));
      }, OPEN_HANDLES_MS_MAX).unref();
    });
  }
}

// mocha loads a reporter with require(): this name makes the class itself what require() returns.
export { Report as 'module.exports' };
