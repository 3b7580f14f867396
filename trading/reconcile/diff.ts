/** ST-3: where the journal and the venue disagree. Pure; what is still moving is not judged. */
import { positionKey } from '../ledger/positions.ts';
import type { DifferenceKind, Held } from '../model/events.ts';
import type { Asset, Broker, Instant } from '../model/instrument.ts';
import type { AccountView, VenueExecution, VenueOrder, VenuePosition } from '../model/live.ts';
import { absolute, atMost, scale, subtract, ratio, type Qty } from '../money/decimal.ts';
import { contentId, isOwnOrderId } from '../execution/order-names.ts';

/** Average prices are the same where they are nearer than this: venues round theirs. */
const PRICE_TOLERANCE = ratio('0.0001');

export interface JournalOrder {
  readonly clientOrderId: string;
  readonly asset: Asset;
  readonly symbol: string;
  /** It may still execute, or its fate is unknown. */
  readonly isOpen: boolean;
  /** The venue said that it has it. */
  readonly isPlaced: boolean;
  /** It waits for its price: a leg. Anything else that is open means that the position is moving. */
  readonly isResting: boolean;
  /** Durable since. */
  readonly sentAt: Instant;
}

export interface JournalPosition extends VenuePosition {
  readonly entryOrderId: string;
  /** The venue holds its bracket. */
  readonly isNative: boolean;
}

/** What the journal says of one broker's live account. */
export interface JournalView {
  readonly broker: Broker;
  /** Kept ones, open or over. */
  readonly orders: readonly JournalOrder[];
  readonly executionIds: ReadonlySet<string>;
  readonly positions: readonly JournalPosition[];
  /** By symbol key: coins in the account beside any position, less than a lot from each that was closed. */
  readonly dust: Readonly<Record<string, Qty>>;
  /** By symbol key: when a fact last changed something here. A view asked before says nothing of it. */
  readonly changedAt: Readonly<Record<string, Instant>>;
}

interface Where {
  readonly asset: Asset;
  readonly symbol: string;
}

export type Difference = Where &
  (
    | { readonly kind: 'missing_execution'; readonly execution: VenueExecution }
    | { readonly kind: 'order_gone'; readonly clientOrderId: string }
    | { readonly kind: 'own_orphan'; readonly order: VenueOrder }
    | { readonly kind: 'foreign_order'; readonly order: VenueOrder }
    | { readonly kind: 'foreign_execution'; readonly execution: VenueExecution }
    | { readonly kind: 'position_quantity' | 'position_price'; readonly journal: Held; readonly venue: Held }
    | { readonly kind: 'leg_missing'; readonly clientOrderId: string }
  );

/** In one order for one content: by symbol, then by what it is, rows by when they were executed. */
export function diff(journal: JournalView, view: AccountView): readonly Difference[] {
  const differences = [...ordersOf(journal, view), ...executionsOf(journal, view), ...positionsOf(journal, view)];
  return differences.sort((left, right) => compareText(orderKeyOf(left), orderKeyOf(right)));
}

/** The same difference has the same id, in every run. */
export function differenceId(broker: Broker, difference: Difference): string {
  const { kind, asset, symbol } = difference;
  return contentId(broker, kind, asset, symbol, ...subjectOf(difference));
}

function subjectOf(difference: Difference): readonly string[] {
  switch (difference.kind) {
    case 'missing_execution':
    case 'foreign_execution':
      return [difference.execution.executionId];
    case 'own_orphan':
    case 'foreign_order':
      return [difference.order.venueOrderId];
    case 'order_gone':
    case 'leg_missing':
      return [difference.clientOrderId];
    case 'position_quantity':
    case 'position_price':
      return [heldText(difference.journal), heldText(difference.venue)];
  }
}

export const heldText = (held: Held): string => (held === null ? 'flat' : `${held.side} ${held.qty} at ${held.averagePrice ?? 'no price'}`);

const symbolKey = (of: Where): string => positionKey({ ...of, mode: 'live' });
const TIME_DIGITS = 16;
const orderKeyOf = (difference: Difference): string => {
  const at = 'execution' in difference ? [String(difference.execution.executedAt).padStart(TIME_DIGITS, '0')] : [];
  return [symbolKey(difference), difference.kind, ...at, ...subjectOf(difference)].join(' ');
};
const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function ordersOf(journal: JournalView, { openOrders, askedAt }: AccountView): readonly Difference[] {
  const known = new Map(journal.orders.map((order) => [order.clientOrderId, order]));
  const atVenue = new Set(openOrders.map(({ clientOrderId }) => clientOrderId));
  const differences: Difference[] = [];
  for (const order of openOrders) {
    const { asset, symbol } = order;
    const name = order.clientOrderId ?? order.parentId;
    const ours = name === null ? undefined : known.get(name);
    // A known order that should be over is the gateway's to judge: it hears of it as a report.
    if (ours !== undefined) continue;
    differences.push({ kind: isOwnOrderId(name) ? 'own_orphan' : 'foreign_order', asset, symbol, order });
  }
  for (const { clientOrderId, asset, symbol, isPlaced, isOpen, sentAt } of journal.orders) {
    if (isPlaced && isOpen && sentAt < askedAt && !atVenue.has(clientOrderId)) differences.push({ kind: 'order_gone', asset, symbol, clientOrderId });
  }
  return differences;
}

function executionsOf(journal: JournalView, { executions }: AccountView): readonly Difference[] {
  const known = new Set(journal.orders.map(({ clientOrderId }) => clientOrderId));
  const seen = new Set<string>();
  const differences: Difference[] = [];
  for (const execution of executions) {
    const { executionId, clientOrderId, parentId, asset, symbol } = execution;
    if (journal.executionIds.has(executionId) || seen.has(executionId)) continue;
    seen.add(executionId);
    const isOurs = (clientOrderId !== null && known.has(clientOrderId)) || (parentId !== null && known.has(parentId));
    differences.push({ kind: isOurs ? 'missing_execution' : 'foreign_execution', asset, symbol, execution });
  }
  return differences;
}

/** At rest only: no row is missing, no order that moves the position is open, and nothing changed since the view was asked for. */
function positionsOf(journal: JournalView, view: AccountView): readonly Difference[] {
  const moving = new Set([
    ...journal.orders.filter(({ isOpen, isResting }) => isOpen && !isResting).map(symbolKey),
    ...executionsOf(journal, view)
      .filter(({ kind }) => kind === 'missing_execution')
      .map(symbolKey),
  ]);
  const held = view.positions.flatMap((position) => withoutDust(position, journal.dust[symbolKey(position)]));
  const places = new Map([...journal.positions, ...held].map((position) => [symbolKey(position), position]));
  const differences: Difference[] = [];
  for (const [key, { asset, symbol }] of places) {
    if (moving.has(key) || (journal.changedAt[key] ?? 0) >= view.askedAt) continue;
    const ours = journal.positions.find((position) => symbolKey(position) === key);
    const theirs = held.find((position) => symbolKey(position) === key);
    const kind = disagreement(ours, theirs);
    if (kind !== null) differences.push({ kind, asset, symbol, journal: heldOf(ours), venue: heldOf(theirs) });
    if (ours !== undefined && ours.isNative && theirs !== undefined && !hasStop(view, ours)) {
      differences.push({ kind: 'leg_missing', asset, symbol, clientOrderId: ours.entryOrderId });
    }
  }
  return differences;
}

/** To the last decimal: what is there less or beyond the dust is a difference. */
function withoutDust(position: VenuePosition, dust: Qty | undefined): readonly VenuePosition[] {
  if (dust === undefined) return [position];
  return position.qty === dust ? [] : [{ ...position, qty: subtract(position.qty, dust) }];
}

function disagreement(ours: VenuePosition | undefined, theirs: VenuePosition | undefined): Extract<DifferenceKind, `position_${string}`> | null {
  if (ours === undefined || theirs === undefined) return ours === theirs ? null : 'position_quantity';
  if (ours.side !== theirs.side || ours.qty !== theirs.qty) return 'position_quantity';
  return isNear(ours, theirs) ? null : 'position_price';
}

/** A venue that keeps no entry price has nothing to disagree with. */
const isNear = (ours: VenuePosition, theirs: VenuePosition): boolean =>
  ours.averagePrice === null ||
  theirs.averagePrice === null ||
  atMost(absolute(subtract(ours.averagePrice, theirs.averagePrice)), scale(theirs.averagePrice, PRICE_TOLERANCE));

const hasStop = ({ openOrders }: AccountView, { entryOrderId }: JournalPosition): boolean =>
  openOrders.some(({ parentId, leg }) => parentId === entryOrderId && leg === 'stop_loss');

export const heldOf = (position: VenuePosition | undefined): Held =>
  position === undefined ? null : { side: position.side, qty: position.qty, averagePrice: position.averagePrice };
