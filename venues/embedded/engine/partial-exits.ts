/** Exits of a part of a position: each is an order of its own, and a take profit and a stop loss that come together are a pair. */
import { absolute, add, greaterThan, isPositive, isZero, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import { holdingOf, isPartialExit, type Room, type State } from './state.ts';
import type { ExitLeg, PartialExits, StopKind } from './triggers.ts';
import type { Order, OrderRequest, PositionSlot, Refusal } from './types.ts';
import { refusal, wrongExits, wrongWith } from './validate.ts';

/** All of them, or none. */
export function addPartialExits(state: State, room: Room, slot: PositionSlot, exits: PartialExits): readonly Order[] | Refusal {
  const holding = holdingOf(room, slot);
  if (isZero(holding.size)) return refusal('NO_POSITION', 'can not set tp/sl/ts for zero position');
  const { takeProfit, stopLoss } = exits;
  const entry = isPositive(holding.size) ? 'buy' : 'sell';
  const wrong = wrongExits(room, entry, null, { mode: 'partial', takeProfit, stopLoss });
  if (wrong !== null) return wrong;
  const size = exits.size ?? absolute(holding.size);
  const group = takeProfit !== null && stopLoss !== null ? `trading-stop:${state.counters.ids}` : null;
  const legs = [[takeProfit, 'partial-take-profit'] as const, [stopLoss, 'partial-stop-loss'] as const];
  const requests: OrderRequest[] = [];
  for (const [leg, stopKind] of legs) {
    if (leg === null) continue;
    const left = subtract(absolute(holding.size), standing(room, slot, stopKind));
    if (greaterThan(size, left)) return refusal('EXIT_SIZE', `quantity ${size}: ${left} of the position has no exit yet`);
    const rises = (entry === 'buy') === (stopKind === 'partial-take-profit');
    requests.push(requestOf(leg, { contract: room.terms.key, side: entry === 'buy' ? 'sell' : 'buy', qty: size, slot, stopKind, group }, rises));
  }
  const refused = requests.map((request) => wrongWith(state, room, request, requests.length)).find((found) => found !== null);
  if (refused !== undefined) return refused;
  return requests.map((request) => {
    const live = state.draft(room, request);
    state.enlist(room, live);
    state.change(room, live, {});
    return live.order;
  });
}

/** What such exits hold of a position already. */
function standing(room: Room, slot: PositionSlot, kind: StopKind): Qty {
  return room.live
    .filter(({ order: { request } }) => request.slot === slot && request.stopKind === kind && isPartialExit(kind))
    .reduce<Qty>((sum, { order }) => add(sum, order.leaves), ZERO_QTY);
}

type Own = Pick<OrderRequest, 'contract' | 'side' | 'qty' | 'slot' | 'stopKind' | 'group'>;

function requestOf(leg: ExitLeg, own: Own, rises: boolean): OrderRequest {
  return {
    ...own,
    linkId: '',
    type: leg.limit === null ? 'market' : 'limit',
    qtyUnit: 'base',
    price: leg.limit,
    timeInForce: leg.limit === null ? 'ioc' : 'gtc',
    slippage: null,
    reduceOnly: true,
    closeOnTrigger: true,
    trigger: { price: leg.trigger, by: leg.by, direction: rises ? 'rise' : 'fall' },
    protection: null,
    parent: null,
  };
}
