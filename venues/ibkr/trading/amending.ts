/** Legs of an entry, sent again under the ids that they have (TWS calls it a modification). Never while the servers are away: that made two orders of one (mode 3). */
import type { Contract } from '@stoqey/ib';
import type { Instant } from '#trading/model/instrument.ts';
import type { Amendment, ChangeOutcome, OrderRef } from '#trading/model/live.ts';
import { opposite, type Bracket } from '#trading/model/order.ts';
import { isPositive } from '#trading/money/decimal.ts';
import { briefly } from '../../shared/retry.ts';
import type { Line } from '../line.ts';
import { notOurs } from './answers.ts';
import { bracketOnGrid } from './grid.ts';
import type { Guard } from './guard.ts';
import type { Mirror } from './mirror.ts';
import type { OrderClient } from './order-client.ts';
import type { OrderContracts } from './order-contracts.ts';

const ROUND_TRIP_MS_MAX = 4000;

export interface AmendingPorts {
  readonly mirror: Mirror;
  readonly guard: Guard;
  readonly contracts: Pick<OrderContracts, 'contractOf' | 'ladderOf'>;
  readonly clientId: number;
  readonly account: () => string;
  readonly now: () => Instant;
  /** The line that orders may leave on now; null where there is none. */
  readonly usable: () => Line<OrderClient> | null;
  readonly away: () => string;
}

type Limits = Pick<Amendment, 'stop' | 'deadlineAt'>;

/** Both legs; with `limits` the stop alone, and nothing after its deadline. */
export async function amendLegs(ports: AmendingPorts, order: OrderRef, bracket: Bracket, limits?: Limits): Promise<ChangeOutcome> {
  const { mirror, guard, contracts, clientId } = ports;
  const unsent = (reason: string): ChangeOutcome => (limits === undefined ? { kind: 'unknown', reason } : notSent(reason));
  const line = ports.usable();
  if (line === null) return unsent(ports.away());
  if ((limits?.stop ?? null) !== null) return notSent('stops that the house placed on a fill are not moved at TWS');
  const open = mirror.legsOf(order.clientOrderId).filter((leg) => leg.order.status === 'open');
  const legs = limits === undefined ? open : open.filter(({ leg }) => leg === 'stop_loss');
  if (legs.length === 0) return { kind: 'gone' };
  if (legs.some((leg) => leg.clientId !== clientId)) return notOurs(legs);
  // What has begun to execute is sent again as larger than what is left of it.
  if (limits !== undefined && legs.some((leg) => isPositive(leg.order.cumQty))) return notSent('the stop is being executed');
  let contract: Contract;
  try {
    contract = await contracts.contractOf(line, order.symbol);
  } catch (error) {
    return unsent(briefly(error));
  }
  // Asking for a contract that was not known yet takes its time, and the line or its servers may have gone meanwhile.
  if (ports.usable() !== line) return unsent(ports.away());
  if (limits !== undefined && ports.now() > limits.deadlineAt) return notSent('its turn came after the deadline');
  try {
    const ladder = contracts.ladderOf(order.symbol);
    const refused = await guard.amend(line, legs, {
      contract,
      bracketOf: (leg) => bracketOnGrid(opposite(leg.order.side), bracket, ladder),
      account: ports.account(),
      arrived: async () => void (await line.roundTrip(ROUND_TRIP_MS_MAX)),
    });
    return refused === null ? { kind: 'done' } : { kind: 'rejected', code: String(refused.code), text: refused.text };
  } catch (error) {
    return { kind: 'unknown', reason: briefly(error) };
  }
}

const notSent = (text: string): ChangeOutcome => ({ kind: 'rejected', code: 'NOT_SENT', text });
