/** KS-1: how long a trip takes to close the gate, and how many entries are accepted after it (none, at any load). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { killBehindQueue, DEEP, LUMP_ORDERS, LUMPS, SHALLOW } from './kill-queue.ts';
import { killFromCommand, killFromProcess } from './kill-process.ts';
import { killCombinations } from './kill-combinations.ts';
import { rows } from './kill-rows.ts';
import type { Benchmark } from './result.ts';

const IN_PROCESS_MS_MAX = 1;
const FROM_PROCESS_MS_MAX = 50;
const FULL = { trips: 1000, combined: 1000, latches: 1000, commands: 20 };
const QUICK = { trips: 50, combined: 10, latches: 50, commands: 3 };

export const kill: Benchmark = async ({ quick, dir }) => {
  const size = quick ? QUICK : FULL;
  mkdirSync(join(dir, 'queue'));
  mkdirSync(join(dir, 'process'));
  mkdirSync(join(dir, 'combinations'));
  const queue = await killBehindQueue(join(dir, 'queue'), size.trips, 'call');
  const { tally, before, underWay, after } = queue;
  const latch = await killFromProcess(join(dir, 'process'), size.latches);
  const command = await killFromCommand(join(dir, 'command'), size.commands);
  const combined = await killCombinations(join(dir, 'combinations'), size.combined, queue.latchMs);
  const broken = [
    ...combined.broken,
    ...(after === 0 ? [] : [`${after} entries were accepted after a trip`]),
    ...(tally.live === 0 ? [] : [`${tally.live} entries that a trip found on their way were not cancelled`]),
    ...(tally.unanswered === 0 ? [] : [`${tally.unanswered} approved orders were neither accepted nor ended`]),
    ...(queue.silent === 0 ? [] : [`before ${queue.silent} of ${size.trips} trips nothing was accepted, so their count proves nothing`]),
  ];
  return {
    results: [
      {
        name: `kill: entries accepted after ${size.trips} trips behind up to ${DEEP.toLocaleString('en')} messages`,
        unit: 'entries',
        ours: after,
        baseline: before,
        ratio: before === 0 ? null : after / before,
        target: '0 entries',
        pass: after === 0,
      },
      ...rows('kill: trip → gate closed, in process', queue.closedMs, queue.flagMs, IN_PROCESS_MS_MAX),
      ...rows('kill: trip → gateway reads it closed', queue.seenMs, queue.latchMs),
      ...rows('kill: latch written by another process → gate closed', latch.closedMs, latch.rawMs, FROM_PROCESS_MS_MAX),
      ...combined.results,
      ...rows('kill: command started → gate closed', command.closedMs, command.nodeMs),
    ],
    broken,
    notes: [
      `**kill**: gateway.paper and kill-switch in their real cells behind the real router, about ${DEEP.toLocaleString('en')} messages in the mailbox of the gateway at every tenth trip and ${SHALLOW.toLocaleString('en')} at the others (never fewer than ${queue.leastQueued.toLocaleString('en')}), ${LUMPS * LUMP_ORDERS} approved orders among them (above 1,000 the simulator itself throttles) and ${LUMP_ORDERS} more approved after the trip; trips at any point of a turn, the fact of the kill itself 20 ms late so that the gate stands alone. The baseline of the first row is what was accepted before the trips; ${tally.refused.toLocaleString('en')} orders that a trip found or that came after it were refused, and ${underWay.toLocaleString('en')} that the gate had passed before a trip became durable after it and were cancelled like all others on their way.`,
      '**trip → gate closed**: the call of `trip` until `closedFor` refuses (memory flag); baseline: a plain boolean set and read. **gateway reads it closed**: the whole kill path until the next turn of the gateway; the fsync of the latch lies between; baseline: the latch write alone.',
      ...combined.notes,
      '**another process**: that process begins to write the latch (fsync of file and directory) until the running gate, which has no message of it, refuses; baseline: one file of the same bytes written and fsynced by that process.',
      '**command**: `npm run kill` without npm, from its start until the gate of this process refuses; most of it is Node starting, so the baseline is an empty Node program started and ended in the same run. The target of 50 ms is held against the row before, which begins where the command begins to write.',
    ],
  };
};
