/** OP-2: the admin prompt. It holds no power: every line becomes one request of the admin socket's table. */
import { existsSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { paths } from '#state/data-dir.ts';
import type { ModeAnswer } from '#protocol/admin.ts';
import { asset } from '#protocol/values.ts';
import type { WhyAnswer } from '#trading/model/why.ts';
import { AdminError, askSystem, type AdminCommand } from './admin-client.ts';
import type { Context } from './context.ts';
import { modeRequest, modeText } from './mode.ts';
import { EXIT } from './output.ts';
import { whyText } from './why.ts';

const ANSWER_MS_MAX = 15_000;
const HISTORY_LINES_MAX = 500;
const SOURCE = 'repl';

const HELP = [
  'tree                               the live tree: state, restarts, mailbox, age',
  'status                             counts, market time, journal head',
  'ask ACTOR QUERY [ARG…]             asks an actor (why, state, counters, allowances)',
  'tell ACTOR TYPE {json}             sends an actor a message',
  'why ASSET                          the gates the last signal met, with their numbers',
  'kill [SCOPE] [REASON…]             trips the kill-switch: all, bybit, ibkr or an asset',
  'rearm REARM                        removes the latch',
  'mode ASSET paper|live on|off       switches a mode; "live on" says what to type',
  'mode confirm ASSET NONCE TYPED…    the typed confirmation of "live on"',
  'crash ACTOR                        crashes an actor (embedded market only)',
  'verify                             proves the journal',
  'reload                             reads the budgets again',
  'login                              a fresh one-time link to the page',
  'help                               this list',
];
const VERBS = ['tree', 'status', 'ask', 'tell', 'why', 'kill', 'rearm', 'mode', 'crash', 'verify', 'reload', 'login', 'help', 'exit'];

export async function repl(context: Context, options: { readonly execute?: string }): Promise<number> {
  const socket = adminSocketPath(paths(context.dataDir, context.market).adminSocket);
  if (options.execute !== undefined) return once(context, socket, options.execute);
  return prompt(context, socket);
}

async function once(context: Context, socket: string, line: string): Promise<number> {
  try {
    const { result, text } = await act(socket, line, false);
    context.output.answer(result, [text]);
    return EXIT.ok;
  } catch (error) {
    context.output.complain((error as Error).message);
    return error instanceof AdminError ? EXIT.failed : EXIT.usage;
  }
}

async function prompt(context: Context, socket: string): Promise<number> {
  const historyFile = join(paths(context.dataDir, context.market).root, 'repl-history');
  const names = await actorNames(socket);
  const terminal = createInterface({
    input: process.stdin,
    output: context.output.stream,
    prompt: 'ledgerwood> ',
    history: existsSync(historyFile) ? readFileSync(historyFile, 'utf8').split('\n').filter(Boolean).slice(-HISTORY_LINES_MAX).reverse() : [],
    completer: (line: string) => complete(line, names),
  });
  terminal.prompt();
  for await (const raw of terminal) {
    const line = raw.trim();
    if (line === 'exit' || line === 'quit') break;
    if (line !== '') {
      try {
        context.output.say((await act(socket, line, process.stdout.isTTY)).text);
        await appendFile(historyFile, `${line}\n`, { mode: 0o600 });
      } catch (error) {
        context.output.complain((error as Error).message);
      }
    }
    terminal.prompt();
  }
  terminal.close();
  return EXIT.ok;
}

async function actorNames(socket: string): Promise<readonly string[]> {
  try {
    const tree = (await askSystem(socket, { command: 'tree' }, ANSWER_MS_MAX)) as readonly { name: string }[];
    return tree.map(({ name }) => name);
  } catch {
    return [];
  }
}

const MODE_WORDS = [...asset.options, 'confirm', 'paper', 'live', 'on', 'off'];

/** Completes verbs, then actor and asset names. */
export function complete(line: string, names: readonly string[]): [string[], string] {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  const choices =
    words.length <= 1
      ? VERBS
      : words[0] === 'mode'
        ? MODE_WORDS
        : words[0] === 'why' || words[0] === 'kill'
          ? [...asset.options, 'all', 'bybit', 'ibkr']
          : names;
  return [choices.filter((choice) => choice.startsWith(last)), last];
}

/** One line to one request. @throws Error naming the right form. */
export function parseLine(line: string): AdminCommand | 'help' {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const rest = (from: number): string => line.trim().split(/\s+/).slice(from).join(' ');
  switch (verb) {
    case 'help':
      return 'help';
    case 'tree':
    case 'status':
    case 'verify':
    case 'reload':
    case 'login':
      return { command: verb };
    case 'ask':
      if (words.length < 2) throw new Error('usage: ask ACTOR QUERY [ARG…]');
      return { command: 'ask', actor: words[0] ?? '', query: words[1] ?? '', args: words.slice(2) };
    case 'tell':
      if (words.length < 2) throw new Error('usage: tell ACTOR TYPE {json}');
      return { command: 'tell', actor: words[0] ?? '', type: words[1] ?? '', body: parseBody(rest(3)) };
    case 'why':
      return { command: 'why', asset: need(words[0], 'why ASSET') };
    case 'crash':
      return { command: 'crash', actor: need(words[0], 'crash ACTOR') };
    case 'kill':
      return { command: 'kill', scope: (words[0] ?? 'all') as 'all', reason: rest(2) || 'by hand', flatten: false, source: SOURCE };
    case 'rearm':
      return { command: 'rearm', confirm: need(words[0], 'rearm REARM'), reason: rest(2) || 'by hand', source: SOURCE };
    case 'mode':
      return words[0] === 'confirm' ? confirmation(words.slice(1), rest(4)) : modeRequest(words, SOURCE);
    default:
      throw new Error(`unknown command ${JSON.stringify(verb)}; "help" lists them`);
  }
}

async function act(socket: string, line: string, colours: boolean): Promise<{ readonly result: unknown; readonly text: string }> {
  const command = parseLine(line);
  const result = command === 'help' ? HELP.join('\n') : await askSystem(socket, command, ANSWER_MS_MAX);
  return { result, text: textOf(command, result, colours) };
}

/** The system's answers are typed by protocol/admin.ts and trading/model/why.ts. */
function textOf(command: AdminCommand | 'help', result: unknown, colours: boolean): string {
  if (command === 'help') return show(result, colours);
  if (command.command === 'why') return whyText(result as WhyAnswer);
  const isMode = command.command === 'mode.set' || command.command === 'mode.confirm';
  return isMode ? modeText(result as ModeAnswer, Date.now()) : show(result, colours);
}

function confirmation([name, nonce]: readonly string[], typed: string): AdminCommand {
  const named = asset.safeParse(name);
  if (!named.success || nonce === undefined || typed === '') throw new Error('usage: mode confirm ASSET NONCE TYPED…');
  return { command: 'mode.confirm', asset: named.data, nonce, typed, source: SOURCE };
}

function parseBody(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function need(word: string | undefined, usage: string): string {
  if (word === undefined) throw new Error(`usage: ${usage}`);
  return word;
}

const show = (result: unknown, colours: boolean): string =>
  typeof result === 'string' ? result : inspect(result, { depth: 8, colors: colours, breakLength: 150, maxArrayLength: 200 });
