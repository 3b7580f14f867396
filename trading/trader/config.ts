import type { Asset, Mode } from '../model/instrument.ts';
import type { ContractChoice } from '../model/option.ts';

/** One trader: one asset in one mode, running one strategy over its symbols. */
export interface TraderConfig {
  /** Its name in the tree, to which the gateway sends history: `trader.<asset>.<mode>`. */
  readonly name: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly strategyId: string;
  /** Parameters of the strategy as configured; the strategy checks them. */
  readonly strategyParams: unknown;
  readonly symbols: readonly string[];
  /** QS-1; the settings may be stricter. */
  readonly quoteAgeMsMax: number;
  /** Options only: `symbols` are then the shares that are watched, and this says which option on one is bought. */
  readonly contract?: ContractChoice;
  readonly intervalMinutes: 1;
  /** Whom to ask for history. */
  readonly gateway: string;
}

/** Symbols of one trader: its memory is copied symbol by symbol at every quote. */
export const TRADER_SYMBOLS_MAX = 64;

/** Options that one trader may choose from: more than TWS has lines. */
export const TRADER_CONTRACTS_MAX = 200;
