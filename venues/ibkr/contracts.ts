/** Our symbols and TWS's contracts: `EUR/USD` is a pair at IDEALPRO, `SPY` a share, `SPY 2026-12-18 600 C` an option on it. */
import { OptionType, SecType, type Contract } from '@stoqey/ib';
import type { Asset } from '#trading/model/instrument.ts';

export interface OptionTerms {
  readonly underlying: string;
  /** yyyy-mm-dd. */
  readonly expiry: string;
  /** Decimal text. */
  readonly strike: string;
  readonly right: 'C' | 'P';
}

const PAIR = /^([A-Z]{3})\/([A-Z]{3})$/;
const SHARE = /^[A-Z]{1,6}$/;
const OPTION = /^([A-Z]{1,6}) (\d{4}-\d{2}-\d{2}) (\d+(?:\.\d+)?) ([CP])$/;

export const optionSymbol = ({ underlying, expiry, strike, right }: OptionTerms): string => `${underlying} ${expiry} ${strike} ${right}`;

export function parseOption(symbol: string): OptionTerms | null {
  const match = OPTION.exec(symbol);
  if (match === null) return null;
  const [, underlying = '', expiry = '', strike = '', right = ''] = match;
  return { underlying, expiry, strike, right: right === 'C' ? 'C' : 'P' };
}

/** @throws RangeError where the symbol is none of the three. */
export function contractOf(symbol: string): Contract {
  const pair = PAIR.exec(symbol);
  if (pair !== null) return { symbol: pair[1] ?? '', currency: pair[2] ?? '', secType: SecType.CASH, exchange: 'IDEALPRO' };
  const option = parseOption(symbol);
  if (option !== null) {
    return {
      symbol: option.underlying,
      secType: SecType.OPT,
      currency: 'USD',
      exchange: 'SMART',
      lastTradeDateOrContractMonth: option.expiry.replaceAll('-', ''),
      strike: Number(option.strike),
      right: option.right === 'C' ? OptionType.Call : OptionType.Put,
      multiplier: 100,
    };
  }
  if (SHARE.test(symbol)) return { symbol, secType: SecType.STK, currency: 'USD', exchange: 'SMART' };
  throw new RangeError(`${symbol}: no symbol of IBKR; right is EUR/USD, SPY or SPY 2026-12-18 600 C`);
}

/** Shares are watched for their options' sake. */
export const assetOf = (symbol: string): Asset => (PAIR.test(symbol) ? 'forex' : 'options');
