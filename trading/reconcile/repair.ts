/**
 * What is done about differences: rows of the venue go to the gateway, which makes facts of them; everything else is said, and closes a symbol
 * to new entries. Nothing is ever filled that the venue has no row for. Doing it twice adds nothing: what was said is not said again.
 */
import { refuse } from '../risk/refuse.ts';
import type { AlarmCode, DomainEvent, EventOf, Refusal } from '../model/events.ts';
import type { Broker } from '../model/instrument.ts';
import type { AccountView } from '../model/live.ts';
import type { Tell } from '../model/messages.ts';
import { add, type Money } from '../money/decimal.ts';
import { diff, differenceId, heldText, type Difference, type JournalView } from './diff.ts';

export interface Repair {
  readonly events: readonly DomainEvent[];
  /** To the gateway of the broker. All of them may be repeated. */
  readonly tells: readonly Tell[];
}

export interface RepairConfig {
  readonly broker: Broker;
  /** Name of the cell that decides over the broker's live orders. */
  readonly orders: string;
  /** Name of the cell that asks the venue. */
  readonly port: string;
}

/** `said`: ids of differences that are in the journal already and stand. `askedAt`: of the view. */
export function repair(differences: readonly Difference[], config: RepairConfig, said: ReadonlySet<string>, askedAt: number): Repair {
  const events: DomainEvent[] = [];
  for (const difference of differences) {
    const id = differenceId(config.broker, difference);
    if (!said.has(id)) events.push(...spoken(difference, id));
  }
  return { events, tells: differences.flatMap((difference) => actionsOn(difference, config, askedAt)) };
}

function actionsOn(difference: Difference, { orders, port }: RepairConfig, askedAt: number): readonly Tell[] {
  const { asset, symbol } = difference;
  switch (difference.kind) {
    case 'missing_execution':
      return [{ to: orders, type: 'execution.reported', body: { execution: difference.execution } }];
    case 'order_gone': {
      const order = { clientOrderId: difference.clientOrderId, venueOrderId: null, asset, symbol };
      return [{ to: port, type: 'lookup.requested', body: { order, askedAt } }];
    }
    case 'own_orphan': {
      const { clientOrderId, parentId, venueOrderId } = difference.order;
      const name = clientOrderId ?? parentId;
      return name === null ? [] : [{ to: port, type: 'cancel.requested', body: { order: { clientOrderId: name, venueOrderId, asset, symbol } } }];
    }
    case 'leg_missing':
      return [{ to: orders, type: 'protection.lost', body: { clientOrderId: difference.clientOrderId, reason: 'the venue lists no stop for it' } }];
    case 'foreign_order':
    case 'foreign_execution':
    case 'position_quantity':
    case 'position_price':
      return [];
  }
}

/** The difference, and an alarm for a person. Rows that only came late are no news: the fill says it. */
function spoken(difference: Difference, id: string): readonly DomainEvent[] {
  const code = ALARMS[difference.kind];
  if (code === null) return [];
  const said = differed(difference, id);
  const { asset, symbol, clientOrderId, evidence } = said.body;
  return [said, { type: 'alarm.raised', body: { asset, mode: 'live', symbol, clientOrderId, code, sentence: `${symbol}: ${evidence}` } }];
}

/** Closes its symbol, unless the order is one of ours: that is cancelled. */
export function differed(difference: Difference, id: string): EventOf<'reconcile.differed'> {
  const { kind, asset, symbol } = difference;
  const evidence = evidenceOf(difference);
  const clientOrderId = kind === 'own_orphan' ? difference.order.clientOrderId : null;
  const refusal = kind === 'own_orphan' ? null : closeOnly(symbol, evidence);
  return { type: 'reconcile.differed', body: { asset, mode: 'live', symbol, clientOrderId, differenceId: id, kind, evidence, refusal } };
}

const ALARMS: Readonly<Record<Difference['kind'], AlarmCode | null>> = {
  missing_execution: null,
  order_gone: null,
  leg_missing: null,
  own_orphan: 'ORPHAN_ORDER',
  foreign_order: 'FOREIGN_ORDER',
  foreign_execution: 'FOREIGN_ORDER',
  position_quantity: 'UNEXPLAINED',
  position_price: 'UNEXPLAINED',
};

function evidenceOf(difference: Difference): string {
  switch (difference.kind) {
    case 'missing_execution':
    case 'foreign_execution': {
      const { executionId, side, qty, price, clientOrderId } = difference.execution;
      return `the venue executed ${side} ${qty} at ${price} (${executionId}) for ${clientOrderId ?? 'an order without an id'}, which is not in the journal`;
    }
    case 'own_orphan':
    case 'foreign_order': {
      const { venueOrderId, clientOrderId, side, qty } = difference.order;
      return `the venue has order ${venueOrderId} (${clientOrderId ?? 'no id of ours'}): ${side} ${qty}, which is not in the journal`;
    }
    case 'order_gone':
      return `${difference.clientOrderId} is open in the journal and not at the venue`;
    case 'leg_missing':
      return `the venue lists no stop for ${difference.clientOrderId}`;
    case 'position_quantity':
    case 'position_price':
      return `the journal holds ${heldText(difference.journal)}, the venue ${heldText(difference.venue)}`;
  }
}

const closeOnly = (symbol: string, evidence: string): Refusal =>
  refuse('CLOSE_ONLY', 'ST-3', { symbol }, `${symbol}: ${evidence}; no new entry until a person takes one side's word`);

/** A person takes the venue's word for a position. No fill, no trade, no profit: only what is held from here on. */
export function adjustment(broker: Broker, difference: Difference, evidence: string): EventOf<'reconcile.adjusted'> | null {
  if (difference.kind !== 'position_quantity' && difference.kind !== 'position_price') return null;
  const { asset, symbol, journal: from, venue: to } = difference;
  return { type: 'reconcile.adjusted', body: { differenceId: differenceId(broker, difference), asset, mode: 'live', symbol, from, to, evidence } };
}

export const INVARIANTS = ['QUANTITY', 'AVERAGE_PRICE', 'PROFIT', 'IDENTITY'] as const;
export type Invariant = (typeof INVARIANTS)[number];

/** One finished reconciliation. `realised` sums the profit of the journal's trades, `added` what the venue's missing rows brought. */
export interface Reconciliation {
  readonly view: AccountView;
  readonly before: { readonly journal: JournalView; readonly realised: Money };
  readonly after: { readonly journal: JournalView; readonly realised: Money };
  readonly added: Money;
  readonly events: readonly DomainEvent[];
}

/**
 * The four invariants at rest: quantities are the venue's; average prices are nearer than 0.01 %; profit changed by what the venue's rows
 * brought and by nothing else; every id follows from content.
 */
export function brokenInvariants({ view, before, after, added, events }: Reconciliation): readonly Invariant[] {
  const left = diff(after.journal, view);
  const ids = new Set(diff(before.journal, view).map((difference) => differenceId(before.journal.broker, difference)));
  const isForged = events.some((event) => event.type === 'reconcile.differed' && !ids.has(event.body.differenceId));
  const checks: readonly (readonly [Invariant, boolean])[] = [
    ['QUANTITY', left.some(({ kind }) => kind === 'position_quantity')],
    ['AVERAGE_PRICE', left.some(({ kind }) => kind === 'position_price')],
    ['PROFIT', add(before.realised, added) !== after.realised],
    ['IDENTITY', isForged],
  ];
  return checks.filter(([, isBroken]) => isBroken).map(([invariant]) => invariant);
}
