/** The other end of `bench gateway-ibkr`, in a process of its own: the embedded TWS, which quotes as fast as it can when it is told to. */
import { fileURLToPath } from 'node:url';
import { price } from '#trading/money/decimal.ts';
import { openTws } from '#venues/embedded/tws/tws.ts';

/** A Tuesday, 10:00 in New York. */
const START = Date.UTC(2026, 10, 24, 15, 0, 0);
export const FLOODED = ['EUR.USD', 'GBP.USD', 'AUD.USD', 'NZD.USD', 'USD.CAD', 'USD.CHF', 'EUR.GBP'];
const QUOTES_A_TURN = 200;
/** Bid and ask, each with its size. */
export const TICKS_A_QUOTE = 4;

export interface Flood {
  readonly quotes: number;
}
export type FromVenue = { readonly port: number } | { readonly last: Readonly<Record<string, string>> };

// Imported, it is words alone.
if (process.argv[1] === fileURLToPath(import.meta.url)) await run((message) => process.send?.(message));

async function run(tell: (message: FromVenue) => void): Promise<void> {
  const tws = await openTws({ port: 0, start: START, firstOrderId: 1 });
  let made = 0;
  const quote = (): readonly [string, string] => {
    made++;
    const symbol = FLOODED[made % FLOODED.length] ?? '';
    // Every side moves with every quote.
    const bid = price((1 + (made % 10_000) * 0.00005).toFixed(5));
    tws.quote(symbol, bid, (Number(bid) + 0.00005).toFixed(5), String(1_000_000 + (made % 7)), String(1_000_000 + (made % 5)), START + made);
    return [symbol, bid];
  };
  while (made < FLOODED.length) quote();
  process.on('message', ({ quotes }: Flood) => {
    const last: Record<string, string> = {};
    let left = quotes;
    const turn = (): void => {
      for (let each = 0; each < QUOTES_A_TURN && left > 0; each++, left--) {
        const [symbol, bid] = quote();
        last[symbol] = bid;
      }
      if (left > 0) setImmediate(turn);
      else tell({ last });
    };
    turn();
  });
  process.on('disconnect', () => process.exit(0));
  tell({ port: tws.port });
}
