/** What Bybit announces of a perpetual's funding (GET /v5/market/tickers): the rate of its next funding time. It may move until then. */
import type { FundingAnnounced } from '#trading/model/messages.ts';
import { isDecimalText, ratio } from '#trading/money/decimal.ts';
import { z } from 'zod';
import type { Exchange } from './create.ts';

/** An empty time is how Bybit says that there is no funding. */
const answer = z.object({
  result: z.object({
    list: z.array(z.object({ symbol: z.string(), fundingRate: z.string(), nextFundingTime: z.string().regex(/^\d{1,15}$/) })).min(1),
  }),
});

/** @throws z.ZodError where the answer is none, Error where the venue does not answer. */
export async function readFunding(
  exchange: Pick<Exchange, 'publicGetV5MarketTickers'>,
  { symbol, venueSymbol }: { readonly symbol: string; readonly venueSymbol: string },
): Promise<FundingAnnounced> {
  const { list } = answer.parse(await exchange.publicGetV5MarketTickers({ category: 'linear', symbol: venueSymbol })).result;
  const row = list.find((listed) => listed.symbol === venueSymbol);
  if (row === undefined || !isDecimalText(row.fundingRate)) throw new RangeError(`Bybit lists no funding rate of ${venueSymbol}`);
  return { symbol, rate: ratio(row.fundingRate), nextAt: Number(row.nextFundingTime) };
}
