/** The one home of pino: rotating JSON lines on disk, one readable line an event on a terminal, secrets redacted in both. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { pino, type DestinationStream } from 'pino';
import buildRoll from 'pino-roll';

const FILE_SIZE_MEGABYTES = 20;
const FILES_KEPT = 10;
const SHUTDOWN_MS_MAX = 2000;
/** Kept for a disk that takes nothing for a while; what comes beyond it is lost to the file. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/** Paths that never reach a sink, at the top and one level down (CF-4). */
const SECRET_KEYS = ['apiKey', 'secret', 'password', 'token', 'cookie', 'authorization', 'signature', 'BYBIT_API_KEY', 'BYBIT_API_SECRET'];
const REDACTED = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
const HIDDEN = '[hidden]';

export interface LogOptions {
  /** Where rotating files go; null writes none. */
  readonly directory: string | null;
  /** Where readable lines go; null shows none. */
  readonly terminal: { write(text: string): unknown; readonly isTTY?: boolean } | null;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Secrets to blank wherever their text appears. */
  readonly secrets?: readonly string[];
  readonly now?: () => number;
}

export interface Logger {
  debug(fields: object, line: string): void;
  info(fields: object, line: string): void;
  warn(fields: object, line: string): void;
  error(fields: object, line: string): void;
  close(): Promise<void>;
}

/** Opens the sinks. A file that takes no more later is told once on the terminal: nobody may stop trading for want of a log. @throws where it cannot be made. */
export async function openLog(options: LogOptions): Promise<Logger> {
  const level = options.level ?? 'info';
  const roll = options.directory === null ? null : await openRoll(options.directory);
  roll?.once('error', (error: Error) => {
    logger.error({ actor: 'log', error: error.message }, 'the log file takes no more lines');
    roll.on('error', () => undefined);
  });
  const secrets = (options.secrets ?? []).filter((secret) => secret.length > 0);
  const blank = (text: string): string => secrets.reduce((out, secret) => out.replaceAll(secret, HIDDEN), text);
  const streams: { level: string; stream: DestinationStream }[] = [];
  if (roll !== null) streams.push({ level, stream: { write: (text) => void roll.write(blank(text)) } });
  const { terminal } = options;
  if (terminal !== null) streams.push({ level, stream: { write: (text) => void terminal.write(readable(blank(text), terminal.isTTY === true)) } });
  const logger = pino(
    { level, base: { pid: process.pid }, redact: { paths: REDACTED, censor: HIDDEN }, ...(options.now && { timestamp: stampBy(options.now) }) },
    pino.multistream(streams),
  );
  return {
    debug: (fields, line) => logger.debug(fields, line),
    info: (fields, line) => logger.info(fields, line),
    warn: (fields, line) => logger.warn(fields, line),
    error: (fields, line) => logger.error(fields, line),
    close: () => (roll === null ? Promise.resolve() : closed(roll)),
  };
}

const stampBy = (now: () => number) => (): string => `,"time":${now()}`;

type Roll = Awaited<ReturnType<typeof buildRoll>>;

async function openRoll(directory: string): Promise<Roll> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const roll = await buildRoll({
    file: join(directory, 'ledgerwood.log'),
    frequency: 'daily',
    size: `${FILE_SIZE_MEGABYTES}m`,
    limit: { count: FILES_KEPT },
    mode: 0o600,
    maxLength: WAITING_BYTES_MAX,
  });
  await once(roll, 'ready');
  return roll;
}

function closed(roll: Roll): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SHUTDOWN_MS_MAX);
    roll.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    roll.end();
  });
}

const LABELS: Readonly<Record<number, readonly [label: string, colour: 'gray' | 'cyan' | 'yellow' | 'red']>> = {
  20: ['debug', 'gray'],
  30: ['info ', 'cyan'],
  40: ['warn ', 'yellow'],
  50: ['error', 'red'],
};
const UNSHOWN = new Set(['level', 'time', 'pid', 'msg', 'actor']);
const LINE_CHARACTERS_MAX = 400;

/** `12:00:01 info  governor  approved BTC/USDT qty=0.0003`: time in UTC, one line whatever the fields hold. */
export function readable(json: string, colours: boolean): string {
  const entry = JSON.parse(json) as Record<string, unknown> & { level: number; time: number; msg?: string; actor?: string };
  const [label, colour] = LABELS[entry.level] ?? ['?', 'gray'];
  const fields = Object.entries(entry)
    .filter(([key, value]) => !UNSHOWN.has(key) && value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const time = new Date(entry.time).toISOString().slice(11, 19);
  const head = colours ? styleText(colour, label) : label;
  const tail = [entry.actor, entry.msg, ...fields].filter((part) => part !== undefined && part !== '').join('  ');
  return `${time} ${head} ${printable(tail)}\n`;
}

/** Control characters would let a venue's text move the cursor or forge a line. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what this removes
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return flat.length > LINE_CHARACTERS_MAX ? `${flat.slice(0, LINE_CHARACTERS_MAX)}…` : flat;
}
