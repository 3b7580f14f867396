import { countsAsUsd, USD_CURRENCIES } from '../model/currency.ts';
import type { Refusal } from '../model/events.ts';
import type { Instrument } from '../model/instrument.ts';

/**
 * SZ-4: every cap, exposure and result is price × quantity in USD. A price in another currency (USD/JPY is quoted in yen) would be taken for
 * dollars, so such an instrument is never entered: `NOT_IN_USD`, or null. What is held of one may always be closed.
 */
export function currencyRefusal({ symbol, quote }: Pick<Instrument, 'symbol' | 'quote'>): Refusal | null {
  if (countsAsUsd(quote)) return null;
  const known = USD_CURRENCIES.join(', ');
  const sentence = `${symbol}: is quoted in ${quote}, and budgets are in USD; only what is quoted in ${known} is entered`;
  return { code: 'NOT_IN_USD', rule: 'SZ-4', numbers: { quote }, sentence };
}
