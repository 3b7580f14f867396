import { rounded, type Amount } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';

/** Enough to see what decided; a quotient of forty digits helps nobody. */
const SHOWN_PLACES_MAX = 8;

export function refuse(code: Refusal['code'], rule: string, numbers: Refusal['numbers'], sentence: string): Refusal {
  return { code, rule, numbers, sentence };
}

/** An amount as a refusal shows it. */
export const shown = <A extends Amount<string>>(value: A): A => rounded(value, SHOWN_PLACES_MAX);
