/** What of an account's orders, executions and positions is traded here, and the contract that an order of a symbol names. */
import { SecType, type Contract } from '@stoqey/ib';
import type { Instrument, TickStep } from '#trading/model/instrument.ts';
import { ONE } from '#trading/money/decimal.ts';
import type { Catalog } from '../catalog.ts';
import { parseOption } from '../contracts.ts';
import { optionInstrument } from '../instruments.ts';
import type { Line } from '../line.ts';
import type { OrderClient } from './order-client.ts';
import type { OrderContracts } from './order-contracts.ts';
import type { Holding } from './rows.ts';

export interface Traded {
  /** Such as EUR/USD. */
  readonly pairs: readonly string[];
  /** Shares whose options are traded. */
  readonly underlyings: readonly string[];
}

const CONTRACTS_MAX = 5000;
/** A row of an option that nobody asked for yet has no price step; nothing is priced by it. */
const NO_STEP_KNOWN = 0.01;
const SHARES_OF_A_CONTRACT = 100;

export class TradedContracts implements OrderContracts {
  readonly #catalog: Catalog;
  readonly #traded: Traded;
  /** Of rows, by conId: none of them changes. */
  readonly #known = new Map<number, Instrument | null>();

  constructor(catalog: Catalog, traded: Traded) {
    this.#catalog = catalog;
    this.#traded = traded;
  }

  async prepare(line: Line<OrderClient>): Promise<Contract | null> {
    for (const pair of this.#traded.pairs) await this.#catalog.qualify(line, pair);
    const [first] = [...this.#traded.pairs, ...this.#traded.underlyings];
    return first === undefined ? null : (await this.#catalog.qualify(line, first)).contract;
  }

  instrumentOf(contract: Contract): Instrument | null {
    const { conId = 0 } = contract;
    const known = this.#known.get(conId);
    if (known !== undefined) return known;
    const found = this.#read(contract);
    if (this.#known.size < CONTRACTS_MAX && conId !== 0) this.#known.set(conId, found);
    return found;
  }

  /** Shares come with the assignment of an option, without a word: what is held of an underlying is looked at, though nothing trades it. */
  holdingOf(contract: Contract): Holding | null {
    const { secType, symbol = '' } = contract;
    if (secType !== SecType.STK) return this.instrumentOf(contract);
    return this.#traded.underlyings.includes(symbol) ? { asset: 'options', symbol, multiplier: ONE } : null;
  }

  async contractOf(line: Line<OrderClient>, symbol: string): Promise<Contract> {
    const underlying = parseOption(symbol)?.underlying;
    const isTraded = underlying === undefined ? this.#traded.pairs.includes(symbol) : this.#traded.underlyings.includes(underlying);
    if (!isTraded) throw new RangeError(`${symbol} is not configured for live orders`);
    const { contract } = await this.#catalog.qualify(line, symbol);
    if (contract.conId === undefined || contract.exchange === undefined) throw new Error(`${symbol}: TWS names no contract and exchange of it`);
    return { conId: contract.conId, exchange: contract.exchange };
  }

  ladderOf(symbol: string): readonly TickStep[] {
    return this.#catalog.ladder(symbol);
  }

  #read(contract: Contract): Instrument | null {
    const { secType, symbol = '', currency = '' } = contract;
    if (secType === SecType.CASH) {
      const pair = `${symbol}/${currency}`;
      return this.#traded.pairs.includes(pair) ? this.#catalog.instrument(pair) : null;
    }
    if (secType !== SecType.OPT || !this.#traded.underlyings.includes(symbol)) return null;
    const multiplier = contract.multiplier ?? SHARES_OF_A_CONTRACT;
    const named = optionInstrument({ contract: { ...contract, multiplier }, minTick: NO_STEP_KNOWN }, []);
    return this.#catalog.instrument(named.symbol) ?? named;
  }
}
