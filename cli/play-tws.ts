/** Which of the files that `--play` names belong to the TWS façade: currency pairs, chains of option quotes, and the shares under them. */
import { basename, resolve } from 'node:path';
import { manifestEntryOf } from './play.ts';

export interface TwsFile {
  /** Absolute. */
  readonly path: string;
  readonly what: 'pair' | 'share' | 'options';
  /** `EUR.USD`, `AAPL`; of options the underlying. */
  readonly symbol: string;
}

const CURRENCIES = ['EUR', 'GBP', 'AUD', 'NZD', 'USD', 'CAD', 'CHF', 'JPY'];

/** By the manifest beside the file, by `--symbol EUR.USD`, or by the file's name. */
export async function splitTwsFiles(
  paths: readonly string[],
  symbol: string | undefined,
): Promise<{ readonly files: readonly TwsFile[]; readonly others: readonly string[] }> {
  const files: TwsFile[] = [];
  const others: string[] = [];
  for (const given of paths) {
    const path = resolve(given);
    const found = await played(path, symbol);
    if (found === null) others.push(given);
    else files.push({ path, ...found });
  }
  return { files, others };
}

async function played(path: string, symbol: string | undefined): Promise<Omit<TwsFile, 'path'> | null> {
  const entry = symbol === undefined ? await manifestEntryOf(path) : null;
  if (entry?.asset_class === 'options' && entry.kind === 'option_quotes') return { what: 'options', symbol: entry.symbol };
  if (entry?.asset_class === 'options' && entry.kind === 'candles') return { what: 'share', symbol: entry.symbol };
  if (entry !== null && entry.asset_class !== 'forex') return null;
  const pair = pairOf(symbol ?? entry?.symbol ?? basename(path).split(/[-_.]/)[0] ?? '');
  return pair === null ? null : { what: 'pair', symbol: pair };
}

/** `EURUSD`, `EUR.USD` or `EUR/USD`; null where it is no pair of currencies. */
function pairOf(text: string): string | null {
  const [, base = '', quote = ''] = /^([A-Z]{3})[./]?([A-Z]{3})$/.exec(text) ?? [];
  return CURRENCIES.includes(base) && CURRENCIES.includes(quote) ? `${base}.${quote}` : null;
}
