/** What the journal says of the live accounts, by broker, as the reconciler compares it with the venues. Plain JSON. */
import { bookAdjusted } from '../ledger/adjustment.ts';
import { bookFill, positionKey, type BookedPosition } from '../ledger/positions.ts';
import type { EventBody, Fact } from '../model/events.ts';
import { BROKERS, brokerOf, type Asset, type Broker, type Instant } from '../model/instrument.ts';
import type { Fill } from '../model/order.ts';
import { allShelved } from '../model/shelf.ts';
import { without } from '../model/without.ts';
import { add, isPositive, ONE, ZERO_QTY, type Qty } from '../money/decimal.ts';
import { BLANK_LIVE, liveKey, type LiveOrder, type LiveState } from '../execution/live-book.ts';
import { evolveLive } from '../execution/live-state.ts';
import { isOpen } from '../execution/order-state.ts';
import type { JournalView } from './diff.ts';
import { executionIds, NO_EXECUTIONS, withExecution, type KnownExecutions } from './executions.ts';

/** Ids of differences that were said and stand. */
const SAID_MAX = 1024;

export interface BrokerBooks {
  readonly live: LiveState;
  /** By `positionKey`. */
  readonly positions: Readonly<Record<string, BookedPosition>>;
  readonly executions: KnownExecutions;
  /** By `positionKey`: coins that no order could sell, left in the account by closed positions. */
  readonly dust: Readonly<Record<string, Qty>>;
  readonly changedAt: Readonly<Record<string, Instant>>;
  readonly said: readonly string[];
}

export type ReconcilerState = Readonly<Record<Broker, BrokerBooks>>;

const BLANK_BOOKS: BrokerBooks = { live: BLANK_LIVE, positions: {}, executions: NO_EXECUTIONS, dust: {}, changedAt: {}, said: [] };
export const BLANK_RECONCILER: ReconcilerState = { bybit: BLANK_BOOKS, ibkr: BLANK_BOOKS };

/** Total. */
export function evolveReconciler(state: ReconcilerState, fact: Fact): ReconcilerState {
  let next = state;
  for (const broker of BROKERS) {
    const books = evolveBooks(broker, state[broker], fact);
    if (books !== state[broker]) next = { ...next, [broker]: books };
  }
  return next;
}

function evolveBooks(broker: Broker, books: BrokerBooks, fact: Fact): BrokerBooks {
  const live = evolveLive(broker, books.live, fact);
  const seen = live === books.live ? books : { ...books, live };
  switch (fact.type) {
    case 'order.sending':
    case 'order.ended':
      return isOf(broker, fact.body) ? touched(seen, fact.body, fact.at) : seen;
    case 'fill.recorded':
      return isOf(broker, fact.body.fill) ? filled(touched(seen, fact.body.fill, fact.at), fact.body.fill) : seen;
    case 'dust.set_aside':
      return isOf(broker, fact.body) ? setAside(touched(seen, fact.body, fact.at), fact.body) : seen;
    case 'position.settled':
      return isOf(broker, fact.body) ? settled(touched(seen, fact.body, fact.at), fact.body) : seen;
    case 'reconcile.differed':
      return isOf(broker, fact.body) ? { ...seen, said: [...seen.said.slice(1 - SAID_MAX), fact.body.differenceId] } : seen;
    case 'reconcile.adjusted':
      return isOf(broker, fact.body) ? adjusted(touched(seen, fact.body, fact.at), fact.body) : seen;
    case 'kill.rearmed':
      // What still stands is said again: nothing else would close the symbol.
      return { ...seen, said: [] };
    default:
      return seen;
  }
}

const isOf = (broker: Broker, { mode, asset }: { readonly mode: string; readonly asset: Asset }): boolean =>
  mode === 'live' && brokerOf(asset) === broker;

const keyOf = ({ asset, symbol }: { readonly asset: Asset; readonly symbol: string }): string => positionKey({ asset, mode: 'live', symbol });

const touched = (books: BrokerBooks, of: { readonly asset: Asset; readonly symbol: string }, at: Instant): BrokerBooks => {
  return { ...books, changedAt: { ...books.changedAt, [keyOf(of)]: at } };
};

function filled(books: BrokerBooks, fill: Fill): BrokerBooks {
  if (!isPositive(fill.qty)) return books;
  const key = keyOf(fill);
  const multiplier = books.live.instruments[liveKey(fill)]?.multiplier ?? ONE;
  const { position } = bookFill(books.positions[key] ?? null, fill, multiplier);
  const executions = withExecution(books.executions, fill.venueExecutionId ?? fill.fillId, fill.filledAt);
  return { ...books, executions, positions: position === null ? without(books.positions, key) : { ...books.positions, [key]: position } };
}

const settled = (books: BrokerBooks, of: EventBody<'position.settled'>): BrokerBooks => {
  return { ...books, positions: without(books.positions, keyOf(of)) };
};

function setAside(books: BrokerBooks, { asset, symbol, qty }: EventBody<'dust.set_aside'>): BrokerBooks {
  const key = keyOf({ asset, symbol });
  const dust = { ...books.dust, [key]: add(books.dust[key] ?? ZERO_QTY, qty) };
  return { ...books, dust, positions: without(books.positions, key) };
}

function adjusted(books: BrokerBooks, adjustment: EventBody<'reconcile.adjusted'>): BrokerBooks {
  const key = keyOf(adjustment);
  // The venue's word is of everything that is held: dust is in it.
  const dust = without(books.dust, key);
  const said = books.said.filter((id) => id !== adjustment.differenceId);
  const multiplier = books.live.instruments[liveKey(adjustment)]?.multiplier ?? ONE;
  const { position } = bookAdjusted(books.positions[key] ?? null, adjustment, multiplier);
  return { ...books, said, dust, positions: position === null ? without(books.positions, key) : { ...books.positions, [key]: position } };
}

const endedOf = ({ ended }: LiveState): readonly LiveOrder[] => [...allShelved(ended)].map(([, order]) => order);

export function journalView(broker: Broker, books: BrokerBooks): JournalView {
  const orders = [...endedOf(books.live), ...Object.values(books.live.orders)].map(({ clientOrderId, asset, symbol, purpose, order }) => {
    const isPlaced = order.at === 'ACKED' || order.at === 'PARTIAL';
    const isResting = purpose === 'stop_loss' || purpose === 'take_profit';
    return { clientOrderId, asset, symbol, isOpen: isOpen(order), isPlaced, isResting, sentAt: 'sentAt' in order ? order.sentAt : 0 };
  });
  const positions = Object.values(books.positions).map(({ asset, symbol, side, qty, averagePrice, entryOrderId }) => {
    const isNative = books.live.holdings[liveKey({ asset, symbol })]?.isNative ?? false;
    return { asset, symbol, side, qty, averagePrice, entryOrderId, isNative };
  });
  return { broker, orders, positions, executionIds: executionIds(books.executions), changedAt: books.changedAt, dust: books.dust };
}
