/** RT-2: switches a mode of an asset. Paper and "live off" act at once; "live on" shows what is at stake and takes the typed confirmation. */
import { createInterface } from 'node:readline/promises';
import type { ModeAnswer } from '#protocol/admin.ts';
import type { PendingView } from '#protocol/view.ts';
import { asset, mode as tradingMode } from '#protocol/values.ts';
import { paths } from '#state/data-dir.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { AdminError, askSystem, type AdminCommand } from './admin-client.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';

interface ModeOptions {
  readonly confirm?: string;
}

const ANSWER_MS_MAX = 5000;
const SOURCE = 'cli';
const SECOND_MS = 1000;

export async function mode(context: Context, { confirm }: ModeOptions, words: readonly string[]): Promise<number> {
  const { output } = context;
  const request = modeRequest(words, SOURCE);
  const socket = adminSocketPath(paths(context.dataDir, context.market).adminSocket);
  const ask = (command: AdminCommand): Promise<ModeAnswer> => askSystem(socket, command, ANSWER_MS_MAX) as Promise<ModeAnswer>;
  try {
    let answer = await ask(request);
    const { pending } = answer;
    const typed = pending === null ? null : (confirm ?? (await typedAt(context, answer, pending)));
    if (pending !== null && typed !== null) {
      answer = await ask({ command: 'mode.confirm', asset: request.asset, nonce: pending.nonce, typed, source: SOURCE });
    }
    output.answer(answer, [modeText(answer, Date.now())]);
    return answer.on === request.on ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    output.complain(error.message);
    return EXIT.failed;
  }
}

/** `ASSET paper|live on|off`. @throws UsageError */
export function modeRequest(
  [name = '', which = '', state = '', ...more]: readonly string[],
  source: string,
): Extract<AdminCommand, { command: 'mode.set' }> {
  const named = asset.safeParse(name);
  if (!named.success) throw new UsageError(`mode ${name}: must be ${asset.options.join(', ')}; usage: ${USAGE}`);
  const switched = tradingMode.safeParse(which);
  if (!switched.success || (state !== 'on' && state !== 'off') || more.length > 0) throw new UsageError(`usage: ${USAGE}`);
  return { command: 'mode.set', asset: named.data, mode: switched.data, on: state === 'on', source };
}

export const USAGE = 'mode ASSET paper|live on|off';

/** What a person reads: how it stands, or what is at stake and what has to be typed. `now` is UTC milliseconds of the person's clock. */
export function modeText({ asset: name, mode: which, on, changed, pending }: ModeAnswer, now: number): string {
  if (pending === null) return `${which} of ${name} is ${on ? 'on' : 'off'}${changed ? '' : ' (as before)'}`;
  const { summary, type, nonce, expiresAt } = pending;
  const seconds = Math.max(0, Math.ceil((expiresAt - now) / SECOND_MS));
  const budget = summary.allocMode === 'absolute' ? `${summary.budget} USD` : `${percent(summary.budget)} of the account's wallet`;
  return [
    `LIVE trading of ${name} on the ${summary.market} market at ${summary.broker}`,
    `  account         ${summary.account}`,
    `  budget          ${budget}`,
    `  leverage cap    ${summary.leverageCap}×`,
    `  positions       at most ${summary.maxPositions}`,
    `  loss an order   at most ${percent(summary.maxLossPerOrder)} of the budget`,
    `  loss a day      at most ${percent(summary.dailyLossCap)}, drawdown at most ${percent(summary.maxDrawdown)}`,
    ...(summary.unavailable === null ? [] : [`  NOT AVAILABLE   ${summary.unavailable}: the confirmation will be refused`]),
    `To switch it on, type within ${seconds} s: ${type}`,
    `  (in the admin prompt: mode confirm ${name} ${nonce} ${type})`,
  ].join('\n');
}

/** On a terminal the person is asked; null where nobody is there to type. */
async function typedAt({ output }: Context, answer: ModeAnswer, pending: PendingView): Promise<string | null> {
  if (output.json || !process.stdin.isTTY) return null;
  const terminal = createInterface({ input: process.stdin, output: output.stream });
  try {
    const timer = AbortSignal.timeout(Math.max(1, pending.expiresAt - Date.now()));
    return await terminal.question(`${modeText(answer, Date.now())}\n> `, { signal: timer });
  } catch {
    return null;
  } finally {
    terminal.close();
  }
}

const HUNDRED = 100;
/** For reading only: shown, never computed with. */
const percent = (fraction: string): string => `${Math.round(Number(fraction) * HUNDRED * HUNDRED) / HUNDRED} %`;
