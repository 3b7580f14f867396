import type { Contract } from '@stoqey/ib';
import type { Instrument, TickStep } from '#trading/model/instrument.ts';
import type { Line } from '../line.ts';
import type { OrderClient } from './order-client.ts';
import type { Holding } from './rows.ts';

/** What is traded here, and how TWS calls it. */
export interface OrderContracts {
  /** Before anything of the account is read. One that TWS may be asked about; null where nothing is traded. */
  prepare(line: Line<OrderClient>): Promise<Contract | null>;
  /** Null for what is not traded here. */
  instrumentOf(contract: Contract): Instrument | null;
  /** The same of a position. */
  holdingOf(contract: Contract): Holding | null;
  /** With its conId. @throws Error for a symbol that is not configured, or that TWS does not list. */
  contractOf(line: Line<OrderClient>, symbol: string): Promise<Contract>;
  /** Price steps of a contract that was asked for, lowest first. */
  ladderOf(symbol: string): readonly TickStep[];
}
