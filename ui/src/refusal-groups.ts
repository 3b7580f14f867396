/** The same refusal again and again is one line with a count: what matters is why, and since when. */
import type { RefusalView } from '#protocol/view.ts';

export interface RefusalGroup {
  /** Unique in the list; the same while the group grows. */
  readonly key: string;
  readonly newest: RefusalView;
  readonly times: number;
}

export function grouped(refusals: readonly RefusalView[]): readonly RefusalGroup[] {
  const groups: { key: string; newest: RefusalView; times: number }[] = [];
  for (const refusal of refusals) {
    const last = groups.at(-1);
    if (last !== undefined && kindOf(last.newest) === kindOf(refusal)) {
      last.times++;
      last.key = keyOf(refusal, groups.length);
    } else groups.push({ key: keyOf(refusal, groups.length), newest: refusal, times: 1 });
  }
  return groups;
}

const kindOf = ({ asset, mode, symbol, refusal }: RefusalView): string => `${asset}|${mode}|${symbol}|${refusal.code}`;
const keyOf = (refusal: RefusalView, place: number): string => `${kindOf(refusal)}|${refusal.at}|${place}`;
