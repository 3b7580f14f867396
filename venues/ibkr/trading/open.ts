/** The order port of one account, put together: its session, its contracts, its clock and its files. Nothing is dialled yet. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ResetWindow } from '#trading/model/calendar.ts';
import { CorrectedTime, PlayedTime, type VenueTime } from '../../shared/clock.ts';
import { Catalog } from '../catalog.ts';
import { createClient, type Address } from '../client.ts';
import { OrderIds } from '../order-ids.ts';
import { EMBEDDED_SESSION_LIMITS, IbkrSession, SESSION_LIMITS } from '../session.ts';
import { TradedContracts } from './contracts.ts';
import type { OrderClient } from './order-client.ts';
import { IbkrOrders } from './order-entry.ts';
import { SentFile } from './sent-file.ts';
import { IBKR_TERMS } from './terms.ts';

export interface IbkrAccount {
  readonly address: Address;
  readonly clientId: number;
  readonly pairs: readonly string[];
  readonly underlyings: readonly string[];
  /** Share of the venue's limits that may be used, in (0, 1]. */
  readonly rateLimit: number;
  readonly resets: readonly ResetWindow[];
  /** Of order ids and what was sent under them; made where it is not there. */
  readonly directory: string;
  /** The market's time is what it is told, and its TWS is back within a second. */
  readonly played: boolean;
  /** Unlike that of every process before it. */
  readonly boot: string;
}

const REQUEST_MS = 8000;
const MODE = 0o700;

/** @throws Error where a file of order ids cannot be read: ids may not be guessed. */
export function openIbkrOrders(of: IbkrAccount): IbkrOrders {
  const { address, clientId, pairs, underlyings, rateLimit, resets, directory, played, boot } = of;
  mkdirSync(directory, { recursive: true, mode: MODE });
  const ids = new OrderIds(join(directory, `order-ids-${clientId}.json`), clientId);
  const session = new IbkrSession<OrderClient>({
    ...{ address, clientId, account: null, limits: played ? EMBEDDED_SESSION_LIMITS : SESSION_LIMITS },
    create: (to) => createClient<OrderClient>(to),
    rateLimit: played ? null : rateLimit,
    onGreeting: ({ nextValidId }) => ids.observe(nextValidId),
  });
  const clock: VenueTime = played ? new PlayedTime() : new CorrectedTime(() => Date.now());
  return new IbkrOrders({
    ...{ session, clientId, ids, resets, clock, boot, terms: IBKR_TERMS },
    sent: new SentFile(join(directory, `sent-${clientId}.jsonl`)),
    contracts: new TradedContracts(new Catalog(session.pacing, REQUEST_MS), { pairs, underlyings }),
  });
}
