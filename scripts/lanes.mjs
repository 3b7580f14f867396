/** Runs mocha over lists of tests, all lists at once, and adds up what they counted. */
import { spawn } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const SYSTEM = /^test\/(simulation|e2e)\/|^test\/integration\/(system|supervisors)-/;
/** Systems beside the other systems, or the lists would not end together. None of them says that nothing was restarted. */
const BESIDE = /^test\/integration\/system-(ibkr|kill-points)\./;

/**
 * Every test. Whole systems, with their heartbeats and deadlines, run one after the other; beside them everything else, which is one process most of
 * the time.
 */
export function suite(root) {
  const entries = readdirSync(join(root, 'test'), { recursive: true });
  const files = entries.flatMap((entry) => (entry.endsWith('.test.ts') ? [`test/${entry.split(sep).join('/')}`] : [])).sort();
  const isSystem = (file) => SYSTEM.test(file) && !BESIDE.test(file);
  return { systems: files.filter(isSystem), parts: files.filter((file) => !isSystem(file)) };
}

/**
 * `lanes`: the arguments of mocha by the name of each. The first is heard while it runs; what the others say follows when it is over, so that every report
 * is whole. A lane that broke off before its end counts as one failure: the sum never says that all is well where it is not.
 * @returns what was counted, and whether all of it passed
 */
export async function runLanes(root, lanes) {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerwood-test-'));
  const children = [];
  const stop = (signal) => children.forEach((child) => child.kill(signal));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
  try {
    const [first, ...others] = Object.entries(lanes).map(([name, args], index) => {
      const report = index === 0 ? null : join(directory, `${index}.txt`);
      return { name, report, counts: counted(root, args, join(directory, `${index}.json`), report, children) };
    });
    for (const { name, counts } of others)
      void counts.then((of) => process.stderr.write(`ledgerwood: ${name}: ${sentence(of)}; its report follows\n`));
    const all = [await first.counts];
    for (const { report, counts } of others) {
      all.push(await counts);
      await pipeline(createReadStream(report), process.stdout, { end: false });
    }
    return all.reduce((sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed, skipped: sum.skipped + one.skipped }), {
      passed: 0,
      failed: 0,
      skipped: 0,
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop);
    rmSync(directory, { recursive: true, force: true });
  }
}

export const sentence = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/** `report`: the file that gets stdout and stderr; null where both are ours. */
function counted(root, args, file, report, children) {
  const descriptor = report === null ? null : openSync(report, 'w');
  const output = descriptor ?? 'inherit';
  const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', '--reporter', './scripts/reporter.mjs', ...args], {
    cwd: root,
    stdio: ['inherit', output, output],
    env: { ...process.env, LEDGERWOOD_TEST_COUNTS: file },
  });
  if (descriptor !== null) closeSync(descriptor);
  children.push(child);
  return new Promise((resolve) => {
    child.once('error', () => resolve({ passed: 0, failed: 1, skipped: 0 }));
    child.once('exit', (code) => {
      const counts = read(file);
      resolve(counts.failed === 0 && code !== 0 ? { ...counts, failed: 1 } : counts);
    });
  });
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
