/** What `verify` answered, in a line. Its shape is COMMANDS' (`ok`, `records`, `rederived`, `problems`); what is missing is not shown. */
import { count } from './format.ts';

const PROBLEMS_SHOWN_MAX = 5;

export interface Verdict {
  readonly ok: boolean;
  readonly line: string;
  readonly problems: readonly string[];
}

export function verdictOf(result: unknown, upTo: number): Verdict {
  const record = isRecord(result) ? result : {};
  const problems = Array.isArray(record['problems']) ? record['problems'].filter(isRecord) : [];
  const records = typeof record['records'] === 'number' ? record['records'] : upTo;
  if (record['ok'] === true) {
    const fills = typeof record['rederived'] === 'number' ? `, ${count(record['rederived'])} paper fills derived again` : '';
    return { ok: true, line: `${count(records)} records proven${fills}`, problems: [] };
  }
  return {
    ok: false,
    line: problems.length === 0 ? 'not proven' : `${count(problems.length)} ${problems.length === 1 ? 'problem' : 'problems'}`,
    problems: problems.slice(0, PROBLEMS_SHOWN_MAX).map(({ seq, rule, what }) => `record ${String(seq)}, ${String(rule)}: ${String(what)}`),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
