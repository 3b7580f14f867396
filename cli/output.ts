/** Where a command's words go. With `--json` stdout carries one JSON line, last; everything else goes to stderr. */
export interface Output {
  readonly json: boolean;
  /** A line for a person. */
  say(line: string): void;
  /** A problem: always stderr. */
  complain(line: string): void;
  /** The answer: the JSON line, or the lines for a person. */
  answer(value: unknown, lines: readonly string[]): void;
  readonly stream: NodeJS.WriteStream;
}

/** Bad usage or configuration: one line, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const EXIT = { ok: 0, failed: 1, usage: 2, crash: 70 } as const;

export function openOutput(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  return {
    json,
    stream,
    say: (line) => void stream.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    answer: (value, lines) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
      else for (const line of lines) process.stdout.write(`${line}\n`);
    },
  };
}
