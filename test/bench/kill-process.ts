/** A kill that this process hears of only by the latch file: written by a running process, and by the command from its start. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeLatch } from '#actors/latch.ts';
import { sendGate, type SendGate } from '#actors/send-gate.ts';
import { createDataDir } from '#state/data-dir.ts';
import type { LatchWritten } from './latch-writer.ts';

const WRITER = fileURLToPath(new URL('./latch-writer.ts', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../scripts/ledgerwood.mjs', import.meta.url));
const NS_PER_MS = 1e6;
const SEEN_MS_MAX = 30_000;

export async function killFromProcess(
  dir: string,
  times: number,
): Promise<{ readonly closedMs: readonly number[]; readonly rawMs: readonly number[] }> {
  const path = join(dir, 'KILL');
  const gate = sendGate(path);
  const writer = fork(WRITER, { execArgv: ['--import', 'tsx'] });
  const closedMs: number[] = [];
  const rawMs: number[] = [];
  try {
    for (let time = 0; time < times; time++) {
      const told = once(writer, 'message');
      writer.send(path);
      const seen = await closed(gate, writer);
      // What latch-writer.ts sends.
      const [written] = (await told) as [LatchWritten];
      closedMs.push(Number(seen - BigInt(written.began)) / NS_PER_MS);
      rawMs.push(written.rawMs);
      removeLatch(path);
    }
  } finally {
    writer.kill();
  }
  return { closedMs, rawMs };
}

export async function killFromCommand(
  dataDir: string,
  times: number,
): Promise<{ readonly closedMs: readonly number[]; readonly nodeMs: readonly number[] }> {
  const { latch } = await createDataDir(dataDir, 'embedded');
  const gate = sendGate(latch);
  const closedMs: number[] = [];
  const nodeMs: number[] = [];
  for (let time = 0; time < times; time++) {
    const began = process.hrtime.bigint();
    const command = spawn(process.execPath, [COMMAND, 'kill', '--data-dir', dataDir, '--json'], { stdio: 'ignore' });
    const ended = once(command, 'exit');
    closedMs.push(Number((await closed(gate, command)) - began) / NS_PER_MS);
    await ended;
    removeLatch(latch);
    const from = performance.now();
    await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
    nodeMs.push(performance.now() - from);
  }
  return { closedMs, nodeMs };
}

/** Asks as often as it can without keeping its own messages out. @throws where the gate stays open. */
async function closed(gate: SendGate, writer: ChildProcess): Promise<bigint> {
  const from = performance.now();
  while (gate.closedFor('crypto_spot') === null) {
    if (performance.now() - from > SEEN_MS_MAX) throw new Error(`process ${writer.pid} wrote no latch within ${SEEN_MS_MAX} ms`);
    await new Promise(setImmediate);
  }
  return process.hrtime.bigint();
}
