/**
 * BR-2 on spot: a close takes the legs first, since they hold the coins. Where it then ends in doubt (its process died in between, its answer was
 * lost), it may never be sent a second time before the fence, and until then nothing would protect the position. A stop may stand meanwhile: if
 * the close comes after all, coins that the stop holds refuse it, and if it came first there are none for the stop. So legs go back as soon as the
 * account, asked after the close, shows the coins whole and nothing on them.
 */
import type { AccountView } from '../model/live.ts';
import { atLeast } from '../money/decimal.ts';
import { liveKey, type LiveOrder } from './live-book.ts';
import type { LiveTurn } from './live-turn.ts';

/** Closes in doubt that the account was not seen to be bare for. */
export function doubtfulCloses({ state, memory, config }: LiveTurn): readonly LiveOrder[] {
  const { closingFreesLegs = [] } = config.terms;
  return Object.values(state.orders).filter(
    ({ clientOrderId, purpose, asset, order }) =>
      (purpose === 'exit' || purpose === 'flatten') &&
      order.at === 'UNKNOWN' &&
      closingFreesLegs.includes(asset) &&
      !memory.bare.includes(clientOrderId),
  );
}

/** Of the closes in doubt, those that this view shows to be bare: remembered, and told with the entry whose position has no legs. */
export function findBare(turn: LiveTurn, view: AccountView): readonly { readonly entryOrderId: string; readonly close: string }[] {
  return doubtfulCloses(turn).flatMap((close) => {
    const { clientOrderId, order, side } = close;
    const key = liveKey(close);
    const holding = turn.state.holdings[key];
    if (holding === undefined || order.at !== 'UNKNOWN' || view.askedAt < order.sentAt) return [];
    const isCovered = view.openOrders.some((open) => liveKey(open) === key && open.side === side);
    const coins = view.positions.find((position) => liveKey(position) === key)?.qty;
    if (isCovered || coins === undefined || !atLeast(coins, holding.qty)) return [];
    turn.memory = { ...turn.memory, bare: [...turn.memory.bare, clientOrderId] };
    return [{ entryOrderId: holding.entryOrderId, close: clientOrderId }];
  });
}
