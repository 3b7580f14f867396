/** A storm: kill -9 of the main process and of every process below it, at moments of the market that a seed draws. */
import type { Running } from './command.ts';
import { random } from './faults.ts';
import { ask, boot, sleep, tree, untilTrading } from './rehearsed.ts';

const MAIN = 'main';
const LOOK_MS = 50;
/** After an approval: an order is on its way. */
const IN_FLIGHT_MS = 120;
/** A quiet market approves nothing for a while. */
const QUIET_MS = 1500;
/** Of the window: no kill comes later, so that the last life has something to mend in. */
const PART = 0.7;

export interface StormPlan {
  readonly dataDir: string;
  readonly args: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly kills: number;
  readonly seed: number;
}

export interface Storm {
  /** The last life. */
  readonly system: Running;
  /** Kills by victim. */
  readonly killed: Readonly<Record<string, number>>;
  /** Who had a process and was never killed. */
  readonly spared: readonly string[];
}

/** Boots it, and kills until as many died as planned. Whom: of those that died the fewest times, one by the seed. */
export async function storm({ dataDir, args, from, to, kills, seed }: StormPlan): Promise<Storm> {
  const draw = random(seed);
  const moments = Array.from({ length: kills }, () => from + draw() * (to - from) * PART).sort((left, right) => left - right);
  const killed: Record<string, number> = {};
  const seen = new Set<string>();
  let system = await boot(dataDir, ...args);
  for (const moment of moments) {
    try {
      await untilTrading(dataDir);
      await untilMarket(dataDir, moment);
    } catch (cause) {
      // Killed on the way it says nothing; ended, it says why.
      throw new Error(`no kill was possible at ${new Date(moment).toISOString()} after ${JSON.stringify(killed)}: ${system.said().slice(-3000)}`, {
        cause,
      });
    }
    if (draw() < 0.5) await approval(system);
    await sleep(draw() * IN_FLIGHT_MS);
    const processes = await processesOf(dataDir, system);
    const names = [...processes.keys()].sort();
    for (const name of names) seen.add(name);
    const fewest = Math.min(...names.map((name) => killed[name] ?? 0));
    const due = names.filter((name) => (killed[name] ?? 0) === fewest);
    const victim = due[Math.floor(draw() * due.length)] ?? MAIN;
    killed[victim] = (killed[victim] ?? 0) + 1;
    process.kill(processes.get(victim) ?? NaN, 'SIGKILL');
    if (victim !== MAIN) continue;
    await system.done;
    system = await boot(dataDir, ...args);
  }
  return { system, killed, spared: [...seen].filter((name) => killed[name] === undefined) };
}

/** By name, of everything that has a process of its own. */
async function processesOf(dataDir: string, system: Running): Promise<ReadonlyMap<string, number>> {
  const main = system.child.pid;
  const processes = new Map<string, number>();
  if (main !== undefined) processes.set(MAIN, main);
  for (const { name, pid } of await tree(dataDir)) if (typeof pid === 'number' && pid !== main) processes.set(name, pid);
  return processes;
}

async function untilMarket(dataDir: string, moment: number): Promise<void> {
  const now = async (): Promise<number> => Date.parse((await ask<{ marketNow: string }>(dataDir, { command: 'status' })).marketNow);
  while ((await now()) < moment) await sleep(LOOK_MS);
}

/** The next order that is approved, or after a while none. */
function approval({ child }: Running): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      child.stderr?.off('data', hear);
      resolve();
    };
    const hear = (chunk: string): void => {
      if (chunk.includes(' approved ')) over();
    };
    const timer = setTimeout(over, QUIET_MS);
    child.stderr?.on('data', hear);
  });
}
