/** Results for a person: a table on the terminal, a document in docs/. */
import type { Result } from './result.ts';

const HEAD = ['', 'unit', 'ours', 'baseline', 'ratio', 'target', ''] as const;
const DIGITS = 3;

/** Three digits, or all of those before the point; no exponent. */
export function figure(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: DIGITS });
}

const verdict = ({ pass }: Result): string => (pass === null ? '' : pass ? 'met' : 'MISSED');

const cells = (result: Result): readonly string[] => [
  result.name,
  result.unit,
  figure(result.ours),
  figure(result.baseline),
  figure(result.ratio),
  result.target ?? '–',
  verdict(result),
];

export function table(results: readonly Result[]): readonly string[] {
  const rows = [HEAD, ...results.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column >= 2 && column <= 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return rows.map(line);
}

export interface Run {
  /** ISO date. */
  readonly date: string;
  readonly node: string;
  readonly cpus: number;
  readonly quick: boolean;
  readonly results: readonly Result[];
  readonly notes: readonly string[];
}

/** docs/benchmarks.md: nothing of it names the machine, only what one must know to compare. */
export function document({ date, node, cpus, quick, results, notes }: Run): string {
  const rows = results.map((result) => `| ${cells(result).join(' | ')} |`);
  return `# Benchmarks

Written by \`npm run bench -- --write\`${quick ? ' `--quick`' : ''} on ${date}, Node ${node}, ${cpus} CPUs that other work shared.

Every figure stands beside its baseline: the same work without what is measured, taken in the same run. So compare ratios; times are those of
one machine and one hour. Targets are goals: a missed one is written here as missed. What must hold on any machine is a count (entries accepted after
a kill: none), and a count that does not hold ends the run with exit 1.

| benchmark | unit | ours | baseline | ratio | target | |
|---|---|---:|---:|---:|---|---|
${rows.join('\n')}

## Reading them

${notes.map((note) => `- ${note}`).join('\n')}

## Repeating them

    npm run bench                        all of it
    npm run bench -- kill                one of them: an unknown name lists those there are
    npm run bench -- --quick             fewer trips, orders and hours
    npm run bench -- --json              the last line of stdout is { ok, results }
    npm run bench -- --write             writes this file
`;
}
