/** BR-1: the forms of a bracket that live gateways execute, and why not the others (decision 47). */
import type { Refusal } from '../model/events.ts';
import type { Asset } from '../model/instrument.ts';
import type { OrderIntent } from '../model/order.ts';

type Form = 'trailing' | 'rungs';

const NAMES: Readonly<Record<Form, string>> = { trailing: 'a trailing stop', rungs: 'partial take-profits' };
const NOT_YET = 'live does not execute it there yet';

/** Why live does not execute a form; absent where it does. */
const REFUSED: Readonly<Record<Asset, Readonly<Partial<Record<Form, string>>>>> = {
  crypto_spot: { rungs: 'on spot each would hold coins that the stop needs' },
  crypto_futures: {},
  forex: { trailing: NOT_YET, rungs: 'legs at IBKR are one group, and each gives up what another fills' },
  options: { trailing: NOT_YET, rungs: 'legs at IBKR are one group, and each gives up what another fills' },
};

/**
 * A form was asked for that live would not hold: the stop would stay where it began, the rungs would never be sold. An entry that is protected
 * otherwise than its strategy believes is not sent: `BRACKET_FORM`, or null. Paper has both forms (decision 18).
 */
export function liveFormRefusal({ mode, asset, symbol, bracket }: Pick<OrderIntent, 'mode' | 'asset' | 'symbol' | 'bracket'>): Refusal | null {
  if (mode !== 'live' || bracket === null) return null;
  const rungs = bracket.partialTakeProfits?.length ?? 0;
  const asked: readonly Form[] = [...(bracket.trailing === undefined ? [] : ['trailing' as const]), ...(rungs === 0 ? [] : ['rungs' as const])];
  const wrong = asked.flatMap((form) => {
    const why = REFUSED[asset][form];
    return why === undefined ? [] : [`${NAMES[form]} (${why})`];
  });
  if (wrong.length === 0) return null;
  const sentence = `${symbol}: its bracket asks for ${wrong.join(' and ')}, which live does not execute; ask for one stop and one take-profit, or trade it on paper`;
  return { code: 'BRACKET_FORM', rule: 'BR-1', numbers: { trailing: bracket.trailing?.distance ?? 'none', rungs }, sentence };
}
