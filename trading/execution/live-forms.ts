/** BR-1: the forms of a bracket that live gateways execute: the two legs. */
import type { Refusal } from '../model/events.ts';
import type { OrderIntent } from '../model/order.ts';

/**
 * A trailing stop or rungs were asked for, and live would hold neither: the stop would stay where it began, the rungs would never be sold. An
 * entry that is protected otherwise than its strategy believes is not sent: `BRACKET_FORM`, or null. Paper has both forms (decision 18).
 */
export function liveFormRefusal({ mode, symbol, bracket }: Pick<OrderIntent, 'mode' | 'symbol' | 'bracket'>): Refusal | null {
  if (mode !== 'live' || bracket === null) return null;
  const rungs = bracket.partialTakeProfits?.length ?? 0;
  const asked = [...(bracket.trailing === undefined ? [] : ['a trailing stop']), ...(rungs === 0 ? [] : ['partial take-profits'])];
  if (asked.length === 0) return null;
  const sentence = `${symbol}: its bracket asks for ${asked.join(' and ')}, which live does not execute; ask for one stop and one take-profit, or trade it on paper`;
  return { code: 'BRACKET_FORM', rule: 'BR-1', numbers: { trailing: bracket.trailing?.distance ?? 'none', rungs }, sentence };
}
