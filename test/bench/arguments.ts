/** The command line of `npm run bench`. */
export interface Arguments {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
}

const FLAGS = ['--quick', '--json', '--write'] as const;

/** All benchmarks where none is named. A string says what is wrong and what would be right. */
export function parseArguments(argv: readonly string[], known: readonly string[]): Arguments | string {
  const flags = argv.filter((argument) => argument.startsWith('-'));
  const named = argv.filter((argument) => !argument.startsWith('-'));
  const badFlag = flags.find((flag) => !FLAGS.some((right) => right === flag));
  if (badFlag !== undefined) return `bench: unknown option ${badFlag}; there are ${FLAGS.join(', ')}`;
  const badName = named.find((name) => !known.includes(name));
  if (badName !== undefined) return `bench: no benchmark is named ${badName}; there are ${known.join(', ')}`;
  const write = flags.includes('--write');
  if (write && named.length > 0) return 'bench: --write writes the whole of docs/benchmarks.md, so it takes no names';
  const names = known.filter((name) => named.length === 0 || named.includes(name));
  return { names, quick: flags.includes('--quick'), json: flags.includes('--json'), write };
}
