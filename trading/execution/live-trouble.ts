/** What a venue's port says that is about no report: an alarm for a person, and no entry where nothing that the venue says can be relied on. */
import { ASSETS, brokerOf } from '../model/instrument.ts';
import type { VenueTrouble } from '../model/live.ts';
import type { LiveTurn } from './live-turn.ts';

const SENTENCE_LENGTH_MAX = 400;

export function onTrouble(turn: LiveTurn, { code, sentence: said, order, closes }: VenueTrouble): void {
  const sentence = said.slice(0, SENTENCE_LENGTH_MAX);
  const { broker } = turn.config.terms;
  // What is about the whole venue has no symbol: each of its assets hears of it, under the venue's name.
  const about = order === null ? ASSETS.filter((asset) => brokerOf(asset) === broker).map((asset) => ({ asset, symbol: broker })) : [order];
  for (const of of about) turn.alarm(of, order?.clientOrderId ?? null, code, sentence);
  if (closes) turn.memory = { ...turn.memory, closedBy: sentence, isReconciled: false };
}
