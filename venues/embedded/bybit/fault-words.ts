/** Every fault by name, with what it takes: whoever misspells one is told, instead of waiting for what never comes. */
import { AMOUNT_FAULTS, NEEDS_VALUE, REQUEST_FAULTS, SWITCH_FAULTS } from './private/misdeeds.ts';

interface Usage {
  readonly least: number;
  readonly most: number;
  readonly takes: string;
}

const usage = (names: readonly string[], least: number, most: number, takes: string): readonly (readonly [string, Usage])[] =>
  names.map((name) => [name, { least, most, takes }]);

export const TOPIC_FAULTS = ['garbage', 'malformed', 'crossed', 'mute', 'unmute', 'freeze', 'thaw'] as const;

const USAGES: ReadonlyMap<string, Usage> = new Map([
  ...usage(TOPIC_FAULTS, 0, 1, '[TOPIC]'),
  ...usage(['drop', 'restart'], 0, 0, 'nothing'),
  ...usage(['idle'], 1, 1, 'MILLISECONDS'),
  ...REQUEST_FAULTS.flatMap((name) => (NEEDS_VALUE.includes(name) ? usage([name], 2, 2, 'PATH VALUE') : usage([name], 0, 1, '[PATH]'))),
  ...usage(SWITCH_FAULTS, 1, 1, 'on or off'),
  ...usage(AMOUNT_FAULTS, 1, 1, 'MILLISECONDS'),
  ...usage(['halt', 'resume', 'settle', 'adl', 'delist'], 1, 1, 'INSTRUMENT'),
  ...usage(['filter'], 2, 2, 'INSTRUMENT FILTER=VALUE'),
  ...usage(['funding'], 2, 2, 'INSTRUMENT RATE'),
  ...usage(['fees'], 2, 2, 'INSTRUMENT maker=RATE or taker=RATE'),
  ...usage(['mnt-fees'], 2, 2, 'CATEGORY and PRICE or off'),
  ...usage(['rate'], 2, 2, 'ENDPOINT REQUESTS'),
]);

export const FAULT_NAMES: readonly string[] = [...USAGES.keys()];

/** @throws RangeError where there is no such fault, or it takes more or less. */
export function checkWords(name: string, takes: readonly string[]): void {
  const known = USAGES.get(name);
  if (known === undefined)
    throw new RangeError(`no fault ${JSON.stringify(name.slice(0, 40))}; there are ${[...FAULT_NAMES, 'FM-1 to FM-29'].join(', ')}`);
  if (takes.length < known.least || takes.length > known.most)
    throw new RangeError(`${name} takes ${known.takes}, and was given ${JSON.stringify(takes.join(' ').slice(0, 60))}`);
}
