/** What is listed: currency pairs, shares, and chains of options made when somebody asks. Finds contracts as TWS does. */
import { createHash } from 'node:crypto';
import { price, quotient, type Price } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { addDays, newYork, weekday } from './hours.ts';

export interface Contract {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: 'CASH' | 'STK' | 'OPT';
  /** yyyymmdd; '' where it never expires. */
  readonly expiry: string;
  readonly strike: Price;
  readonly right: '' | 'C' | 'P';
  readonly multiplier: '' | '100';
  readonly exchange: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly validExchanges: string;
  readonly minTick: Price;
  /** Parallel to validExchanges. */
  readonly marketRuleIds: string;
  readonly underlyingConId: number;
  readonly longName: string;
}

/** As a client names one; '' and 0 leave it open. */
export interface ContractQuery {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: string;
  readonly expiry: string;
  readonly strike: string;
  readonly right: string;
  readonly multiplier: string;
  readonly exchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
}

/** The options of one underlying: strikes on a grid; expiries are the coming Fridays and third Fridays. */
export interface ChainTerms {
  readonly symbol: string;
  readonly lowestStrike: Price;
  readonly highestStrike: Price;
  readonly strikeStep: Price;
  /** Where given, these are the options there are, by local symbol, and the grid does not count: a recorded chain is as it was. */
  readonly only?: ReadonlySet<string>;
}

/** Local symbols hold strikes in thousandths. */
const STRIKE_SCALE = 1000;
const OPTION_EXCHANGES = 'SMART,CBOE,AMEX';
const OPTION_RULES = '110,109,109';
/** Option contract ids come out of a hash, into a range of their own. */
const OPTION_CON_ID_BASE = 500_000_000;
const OPTION_CON_IDS = 400_000_000;
const WEEKLY_EXPIRIES = 6;
const MONTHLY_EXPIRIES = 4;
const FRIDAY = 5;
const LAST_THIRD_WEEK_DAY = 21;
const DAYS_SCANNED_MAX = 200;
const MATCHES_MAX = 1000;
/** Beyond it no further option is listed: unknown to whoever asks. */
const CONTRACTS_MAX = 50_000;

/** IDEALPRO ids as they really are. */
const PAIRS: readonly (readonly [number, string, string, string])[] = [
  [12087792, 'EUR', 'USD', 'European Monetary Union Euro'],
  [12087797, 'GBP', 'USD', 'British pound'],
  [15016059, 'USD', 'JPY', 'United States dollar'],
  [14433401, 'AUD', 'USD', 'Australian dollar'],
  [15016062, 'USD', 'CAD', 'United States dollar'],
  [12087820, 'USD', 'CHF', 'United States dollar'],
  [39453441, 'NZD', 'USD', 'New Zealand dollar'],
  [12087807, 'EUR', 'GBP', 'European Monetary Union Euro'],
];
const SHARES: readonly (readonly [number, string, string, string])[] = [
  [756733, 'SPY', 'ARCA', 'SPDR S&P 500 ETF TRUST'],
  [265598, 'AAPL', 'NASDAQ', 'APPLE INC'],
];

export const DEFAULT_CHAINS: readonly ChainTerms[] = [
  { symbol: 'SPY', lowestStrike: price('100'), highestStrike: price('1000'), strikeStep: price('5') },
  { symbol: 'AAPL', lowestStrike: price('20'), highestStrike: price('600'), strikeStep: price('5') },
];

export class Contracts {
  readonly #byId = new Map<number, Contract>();
  readonly #chains: ReadonlyMap<string, ChainTerms>;

  /** @throws RangeError where a chain has no underlying. */
  constructor(chains: readonly ChainTerms[]) {
    for (const [conId, base, quote, name] of PAIRS) this.#byId.set(conId, pairOf(conId, base, quote, name));
    for (const [conId, symbol, exchange, name] of SHARES) this.#byId.set(conId, shareOf(conId, symbol, exchange, name));
    this.#chains = new Map(chains.map((chain) => [chain.symbol, chain]));
    for (const { symbol } of chains) if (this.#share(symbol) === undefined) throw new RangeError(`a chain of ${symbol}, which is not listed`);
  }

  byId(conId: number): Contract | undefined {
    return this.#byId.get(conId);
  }

  /** `EUR.USD`, `SPY`, `SPY   261218C00600000`. */
  byLocalSymbol(localSymbol: string): Contract | undefined {
    for (const contract of this.#byId.values()) if (contract.localSymbol === localSymbol) return contract;
    const match = /^([A-Z]{1,6}) *(\d{6})([CP])(\d{8})$/.exec(localSymbol);
    if (match === null) return undefined;
    const [, symbol = '', date = '', right = 'C', strike = '0'] = match;
    return this.#option(symbol, `20${date}`, price(String(Number(strike) / 1000)), right === 'C' ? 'C' : 'P');
  }

  pairs(): readonly Contract[] {
    return [...this.#byId.values()].filter((contract) => contract.secType === 'CASH');
  }

  chain(symbol: string): ChainTerms | undefined {
    return this.#chains.get(symbol);
  }

  /** By a part of the symbol or of the name, no options. */
  matching(pattern: string): readonly Contract[] {
    const wanted = pattern.toUpperCase();
    return [...this.#byId.values()].filter(
      (contract) => contract.secType !== 'OPT' && (contract.symbol.startsWith(wanted) || contract.longName.toUpperCase().includes(wanted)),
    );
  }

  /** Everything the query leaves open, in the order of conIds as listed. Options that are asked for are listed from then on. */
  find(query: ContractQuery, now: Instant): readonly Contract[] {
    if (query.conId !== 0) return present(this.#byId.get(query.conId));
    if (query.secType === 'OPT' && query.localSymbol === '') return this.#findOptions(query, now);
    if (query.secType === 'OPT') return present(this.byLocalSymbol(query.localSymbol));
    return [...this.#byId.values()].filter((contract) => contract.secType !== 'OPT' && answers(contract, query));
  }

  /** The one that the query means; undefined where there is none, or more than one. */
  one(query: ContractQuery, now: Instant): Contract | undefined {
    const found = this.find(query, now);
    return found.length === 1 ? found[0] : undefined;
  }

  strikes(symbol: string): readonly Price[] {
    const chain = this.#chains.get(symbol);
    if (chain === undefined) return [];
    if (chain.only !== undefined) return [...new Set([...chain.only].map(strikeIn))].map((strike) => price(strike));
    const [low, high, step] = [chain.lowestStrike, chain.highestStrike, chain.strikeStep].map(Number);
    const count = Math.floor(((high ?? 0) - (low ?? 0)) / (step ?? 1)) + 1;
    return Array.from({ length: count }, (_, index) => price(String((low ?? 0) + index * (step ?? 1))));
  }

  /** The expiries that a chain has left, yyyymmdd ascending. */
  expirations(symbol: string, now: Instant): readonly string[] {
    const only = this.#chains.get(symbol)?.only;
    if (only === undefined) return expirations(now);
    const today = newYork(now).date;
    return [...new Set([...only].map(expiryIn))].filter((date) => date >= today).sort();
  }

  #findOptions(query: ContractQuery, now: Instant): readonly Contract[] {
    const rights = query.right.startsWith('C') ? (['C'] as const) : query.right.startsWith('P') ? (['P'] as const) : (['C', 'P'] as const);
    const expiries = this.expirations(query.symbol, now).filter((date) => query.expiry === '' || date.startsWith(query.expiry.slice(0, 8)));
    const open = Number(query.strike) === 0;
    const strikes = this.strikes(query.symbol).filter((strike) => open || Number(strike) === Number(query.strike));
    const found: Contract[] = [];
    for (const expiry of expiries) {
      for (const strike of strikes) {
        for (const right of rights) {
          const contract = found.length < MATCHES_MAX ? this.#option(query.symbol, expiry, strike, right) : undefined;
          if (contract !== undefined && answers(contract, { ...query, expiry: '', right: '', strike: '0' })) found.push(contract);
        }
      }
    }
    return found;
  }

  #option(symbol: string, expiry: string, strike: Price, right: 'C' | 'P'): Contract | undefined {
    const chain = this.#chains.get(symbol);
    const share = this.#share(symbol);
    if (chain === undefined || share === undefined) return undefined;
    const made = optionOf(share, expiry, strike, right);
    if (!(chain.only?.has(made.localSymbol) ?? onGrid(strike, chain))) return undefined;
    const known = this.#byId.get(made.conId);
    if (known !== undefined && known.localSymbol !== made.localSymbol) throw new Error(`two options with the id ${made.conId}`);
    if (known === undefined && this.#byId.size >= CONTRACTS_MAX) return undefined;
    if (known === undefined) this.#byId.set(made.conId, made);
    return known ?? made;
  }

  #share(symbol: string): Contract | undefined {
    return [...this.#byId.values()].find((contract) => contract.secType === 'STK' && contract.symbol === symbol);
  }
}

/** The coming Fridays and third Fridays in New York, today's included, yyyymmdd ascending. */
export function expirations(now: Instant): readonly string[] {
  const today = newYork(now).date;
  const fridays = Array.from({ length: DAYS_SCANNED_MAX }, (_, day) => addDays(today, day)).filter((date) => weekday(date) === FRIDAY);
  const monthly = fridays.filter(isMonthly);
  return [...new Set([...fridays.slice(0, WEEKLY_EXPIRIES), ...monthly.slice(0, MONTHLY_EXPIRIES)])].sort();
}

/** Of a Friday: it is the month's third. */
export function isMonthly(date: string): boolean {
  const day = Number(date.slice(6));
  return day > LAST_THIRD_WEEK_DAY - 7 && day <= LAST_THIRD_WEEK_DAY;
}

function pairOf(conId: number, base: string, quote: string, longName: string): Contract {
  const name = `${base}.${quote}`;
  const yen = quote === 'JPY';
  const common = { strike: price('0'), right: '', multiplier: '', expiry: '', primaryExchange: '', underlyingConId: 0 } as const;
  const shown = { localSymbol: name, tradingClass: name, longName, exchange: 'IDEALPRO', validExchanges: 'IDEALPRO' };
  return {
    ...common,
    ...shown,
    conId,
    symbol: base,
    secType: 'CASH',
    currency: quote,
    minTick: price(yen ? '0.005' : '0.00005'),
    marketRuleIds: yen ? '240' : '239',
  };
}

function shareOf(conId: number, symbol: string, primaryExchange: string, longName: string): Contract {
  return {
    conId,
    symbol,
    secType: 'STK',
    expiry: '',
    strike: price('0'),
    right: '',
    multiplier: '',
    exchange: 'SMART',
    primaryExchange,
    currency: 'USD',
    localSymbol: symbol,
    tradingClass: symbol,
    validExchanges: 'SMART',
    minTick: price('0.01'),
    marketRuleIds: '26',
    underlyingConId: 0,
    longName,
  };
}

function optionOf(share: Contract, expiry: string, strike: Price, right: 'C' | 'P'): Contract {
  const localSymbol = optionName(share.symbol, expiry, right, strike);
  return {
    ...share,
    conId: OPTION_CON_ID_BASE + (createHash('sha256').update(localSymbol).digest().readUInt32LE(0) % OPTION_CON_IDS),
    secType: 'OPT',
    expiry,
    strike,
    right,
    multiplier: '100',
    primaryExchange: '',
    localSymbol,
    validExchanges: OPTION_EXCHANGES,
    marketRuleIds: OPTION_RULES,
    underlyingConId: share.conId,
  };
}

/** Of `SPY   261218C00600000`. */
const expiryIn = (localSymbol: string): string => `20${localSymbol.slice(6, 12)}`;
const strikeIn = (localSymbol: string): string => String(Number(localSymbol.slice(13)) / STRIKE_SCALE);

/** As the options clearing house writes it. */
export const optionName = (symbol: string, expiry: string, right: 'C' | 'P', strike: string): string =>
  `${symbol.padEnd(6)}${expiry.slice(2)}${right}${String(Math.round(Number(strike) * STRIKE_SCALE)).padStart(8, '0')}`;

function onGrid(strike: Price, chain: ChainTerms): boolean {
  const value = Number(strike);
  if (value < Number(chain.lowestStrike) || value > Number(chain.highestStrike)) return false;
  return Number.isInteger(Number(quotient(price(String(value - Number(chain.lowestStrike))), chain.strikeStep)));
}

function answers(contract: Contract, query: ContractQuery): boolean {
  const same = (asked: string, has: string): boolean => asked === '' || asked === has;
  return (
    same(query.secType, contract.secType) &&
    same(query.symbol, contract.symbol) &&
    same(query.currency, contract.currency) &&
    same(query.localSymbol, contract.localSymbol) &&
    same(query.tradingClass, contract.tradingClass) &&
    (query.multiplier === '' || Number(query.multiplier) === Number(contract.multiplier === '' ? '1' : contract.multiplier)) &&
    (query.exchange === '' || query.exchange === contract.exchange || contract.validExchanges.split(',').includes(query.exchange))
  );
}

const present = (contract: Contract | undefined): readonly Contract[] => (contract === undefined ? [] : [contract]);
