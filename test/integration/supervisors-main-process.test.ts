import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { until } from '../support/supervision.ts';

const SCRIPT = fileURLToPath(new URL('../support/toy-system.ts', import.meta.url));

describe('a main process and its forked actor', () => {
  let main: ChildProcess;
  let next: () => Promise<{ readonly pid: number; readonly epoch: number }>;
  beforeEach(() => {
    main = spawn(process.execPath, [...process.execArgv, SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    assert.ok(main.stdout);
    const lines = createInterface({ input: main.stdout })[Symbol.asyncIterator]();
    next = async () => JSON.parse(String((await lines.next()).value)) as { pid: number; epoch: number };
  });
  afterEach(() => void main.kill('SIGKILL'));

  it('KS-2 a main process that was stopped and goes on has not lost its child, nor killed it for being silent', async () => {
    const before = await next();
    main.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    main.kill('SIGCONT');
    main.stdin?.write('again\n');
    assert.deepEqual(await next(), before);
  });

  it('ST-5 kill -9 of the main process ends its children', async () => {
    const { pid } = await next();
    main.kill('SIGKILL');
    await once(main, 'exit');
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  });
});
