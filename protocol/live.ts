/** Schemas of what live orders are made of (trading/model/live.ts). */
import type { Held } from '#trading/model/events.ts';
import {
  PURPOSES,
  TROUBLE_CODES,
  VENUE_STATUSES,
  type AccountView,
  type ChangeOutcome,
  type FeedTrouble,
  type Amendment,
  type KnownProtection,
  type Lookup,
  type OrderRef,
  type Placement,
  type PlaceOutcome,
  type Pricing,
  type Purpose,
  type VenueExecution,
  type VenueFee,
  type VenueFunding,
  type VenueOrder,
  type VenuePosition,
  type VenueTrouble,
} from '#trading/model/live.ts';
import { z } from 'zod';
import * as value from './values.ts';

/** Rows of one answer of a venue. */
const ROWS_MAX = 2000;
const leg = z.enum(['stop_loss', 'take_profit']).nullable();
const rejected = z.strictObject({ kind: z.literal('rejected'), code: value.name, text: value.text });

export const purpose: z.ZodType<Purpose> = z.enum(PURPOSES);
export const pricing: z.ZodType<Pricing> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('market'), worst: value.price.nullable() }),
  z.strictObject({ type: z.literal('limit'), price: value.price }),
  z.strictObject({ type: z.literal('stop'), trigger: value.price }),
]);

export const held: z.ZodType<Held> = z.strictObject({ side: value.side, qty: value.qty, averagePrice: value.price.nullable() }).nullable();

export const placement = z.strictObject({
  clientOrderId: value.clientOrderId,
  asset: value.asset,
  symbol: value.name,
  side: value.side,
  purpose,
  qty: value.qty,
  pricing,
  bracket: value.bracket.nullable(),
  reduceOnly: z.boolean(),
  deadlineAt: value.instant,
}) satisfies z.ZodType<Placement>;

export const orderRef = z.strictObject({
  clientOrderId: value.clientOrderId,
  venueOrderId: value.name.nullable(),
  asset: value.asset,
  symbol: value.name,
}) satisfies z.ZodType<OrderRef>;

export const amendment = z.strictObject({
  entry: orderRef,
  stop: orderRef.nullable(),
  bracket: value.bracket,
  sentAt: value.instant,
  deadlineAt: value.instant,
}) satisfies z.ZodType<Amendment>;

const STOPS_MAX = 4;
export const knownProtection = z.strictObject({
  clientOrderId: value.clientOrderId,
  symbol: value.name,
  side: value.side,
  takeProfit: value.price,
  stops: z.array(value.price).max(STOPS_MAX),
  sentAt: value.instant,
}) satisfies z.ZodType<KnownProtection>;

export const placementOutcome: z.ZodType<PlaceOutcome | { readonly kind: 'withheld'; readonly reason: string }> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('acknowledged'), venueOrderId: value.name }),
  rejected,
  z.strictObject({ kind: z.literal('unknown'), reason: value.text, answered: z.boolean() }),
  z.strictObject({ kind: z.literal('withheld'), reason: value.text }),
]);

export const changeOutcome: z.ZodType<ChangeOutcome> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done') }),
  z.strictObject({ kind: z.literal('gone') }),
  rejected,
  z.strictObject({ kind: z.literal('unknown'), reason: value.text }),
]);

export const venueOrder = z.strictObject({
  clientOrderId: value.name.nullable(),
  parentId: value.name.nullable(),
  venueOrderId: value.name,
  asset: value.asset,
  symbol: value.name,
  side: value.side,
  leg,
  status: z.enum(VENUE_STATUSES),
  qty: value.qty,
  cumQty: value.qty,
  trigger: value.price.exactOptional(),
  reason: value.text,
}) satisfies z.ZodType<VenueOrder>;

export const venueExecution = z.strictObject({
  executionId: value.name,
  clientOrderId: value.name.nullable(),
  parentId: value.name.nullable(),
  venueOrderId: value.name,
  asset: value.asset,
  symbol: value.name,
  side: value.side,
  leg,
  price: value.price,
  qty: value.qty,
  fee: value.money,
  feeQty: value.qty.nullable(),
  executedAt: value.instant,
}) satisfies z.ZodType<VenueExecution>;

export const venueFunding = z.strictObject({
  executionId: value.name,
  asset: value.asset,
  symbol: value.name,
  qty: value.qty,
  price: value.price,
  rate: value.ratio,
  amount: value.money,
  executedAt: value.instant,
}) satisfies z.ZodType<VenueFunding>;

export const venueFee: z.ZodType<VenueFee> = z.strictObject({
  executionId: value.name,
  asset: value.asset,
  symbol: value.name,
  fee: value.money,
});

export const venueTrouble: z.ZodType<VenueTrouble> = z.strictObject({
  code: z.enum(TROUBLE_CODES),
  sentence: value.text,
  order: z.strictObject({ asset: value.asset, symbol: value.name, clientOrderId: value.clientOrderId.nullable() }).nullable(),
  closes: z.boolean(),
});

export const feedTrouble = z.strictObject({
  broker: value.broker,
  code: z.enum(TROUBLE_CODES),
  sentence: value.text,
}) satisfies z.ZodType<FeedTrouble>;

const venuePosition = z.strictObject({
  asset: value.asset,
  symbol: value.name,
  side: value.side,
  qty: value.qty,
  averagePrice: value.price.nullable(),
}) satisfies z.ZodType<VenuePosition>;

export const lookup: z.ZodType<Lookup> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('found'), order: venueOrder, executions: z.array(venueExecution).max(ROWS_MAX) }),
  z.strictObject({ kind: z.literal('absent') }),
  z.strictObject({ kind: z.literal('unavailable'), reason: value.text }),
]);

export const accountView = z.strictObject({
  openOrders: z.array(venueOrder).max(ROWS_MAX),
  executions: z.array(venueExecution).max(ROWS_MAX),
  positions: z.array(venuePosition).max(ROWS_MAX),
  fundings: z.array(venueFunding).max(ROWS_MAX).exactOptional(),
  askedAt: value.instant,
}) satisfies z.ZodType<AccountView>;
