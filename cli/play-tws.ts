/** Which of the files that `--play` names belong to the embedded TWS: currency pairs that IDEALPRO has. */
import { basename, resolve } from 'node:path';
import { manifestAsset } from './play.ts';

export interface TwsFile {
  /** Absolute. */
  readonly path: string;
  /** `EUR.USD` */
  readonly symbol: string;
}

const CURRENCIES = ['EUR', 'GBP', 'AUD', 'NZD', 'USD', 'CAD', 'CHF', 'JPY'];

/** By the manifest beside the file, by `--symbol EUR.USD`, or by the file's name. */
export async function splitTwsFiles(
  paths: readonly string[],
  symbol: string | undefined,
): Promise<{ readonly tws: readonly TwsFile[]; readonly others: readonly string[] }> {
  const tws: TwsFile[] = [];
  const others: string[] = [];
  for (const path of paths) {
    const absolute = resolve(path);
    const known = await manifestAsset(absolute);
    const pair = pairOf(symbol ?? known?.symbol ?? basename(path).split(/[-_.]/)[0] ?? '');
    if (pair === null || (known !== null && known.assetClass !== 'forex')) others.push(path);
    else tws.push({ path: absolute, symbol: pair });
  }
  return { tws, others };
}

/** `EURUSD`, `EUR.USD` or `EUR/USD`; null where it is no pair of currencies. */
function pairOf(text: string): string | null {
  const match = /^([A-Z]{3})[./]?([A-Z]{3})(?:\.[0-9A-Z]+)?$/.exec(text);
  const [, base = '', quote = ''] = match ?? [];
  return CURRENCIES.includes(base) && CURRENCIES.includes(quote) ? `${base}.${quote}` : null;
}
