/** The journal's schemas: one a version, append-only, with the actor that may write each (who holds the pen is who may do what). */
import { MODES } from '#trading/model/instrument.ts';
import { ALARM_CODES, DIFFERENCE_KINDS, type DomainEvent, type EventBody, type EventType } from '#trading/model/events.ts';
import type { Settings } from '#trading/model/settings.ts';
import { z } from 'zod';
import * as live from './live.ts';
import * as value from './values.ts';

const perAsset = <S extends z.ZodType>(schema: S) => z.strictObject({ crypto_spot: schema, crypto_futures: schema, forex: schema, options: schema });
const probability = z.number().min(0).max(1);

export const settings = z.strictObject({
  allocMode: z.enum(['absolute', 'percent']),
  alloc: perAsset(value.money),
  perTradeRisk: perAsset(value.ratio),
  percentSizingThreshold: value.money,
  percentSizingAboveThreshold: perAsset(value.ratio),
  paperWallet: z.strictObject({ bybit: value.money, ibkr: value.money }).exactOptional(),
  profitRollover: z.boolean(),
  enforceWalletAvailable: z.boolean(),
  allowOddLots: z.boolean().exactOptional(),
  maxConcurrent: z.int().positive(),
  maxPositions: perAsset(z.int().positive()),
  cooldownSeconds: z.int().nonnegative(),
  scale: z.strictObject({
    enabled: z.boolean(),
    windowDays: z.int().positive(),
    ladder: z.array(z.strictObject({ profit: value.money, multiplier: value.ratio })),
  }),
  leverageCaps: perAsset(value.ratio),
  risk: z.strictObject({
    maxLossPerOrder: value.ratio,
    dailyLossCap: value.ratio,
    maxDrawdown: value.ratio,
    quoteCollar: value.ratio,
    quoteAgeMsMax: z.int().positive(),
    maxOrderNotional: value.money,
    ordersPerMinuteMax: z.int().positive(),
    repeatedEntriesMax: z.int().positive(),
    repeatedEntriesWindowSeconds: z.int().positive(),
    losingTradesMax: z.int().nonnegative(),
    duplicateWindowMs: z.int().nonnegative(),
    clockSkewMsMax: z.int().positive(),
  }),
  paper: z.strictObject({
    harsh: z.boolean(),
    slippageBps: z.number().nonnegative(),
    partialProbability: probability,
    latencyMsMin: z.int().nonnegative(),
    latencyMsMax: z.int().nonnegative(),
    fillDepth: z.enum(['touch', 'book']).exactOptional(),
  }),
  fundingEnabled: z.boolean().exactOptional(),
  strictBrackets: z.boolean(),
  rateLimit: value.ratio,
}) satisfies z.ZodType<Settings>;

const order = { clientOrderId: value.clientOrderId, asset: value.asset, mode: z.enum(MODES), symbol: value.name };

type BodySchemas = { readonly [T in EventType]: z.ZodType<EventBody<T>> };

/** Schemas of the newest version of each event. */
export const EVENT_BODIES: BodySchemas = {
  'system.started': z.strictObject({
    version: value.name,
    market: value.name,
    seed: value.name,
    epoch: z.int().nonnegative(),
    configHash: value.name,
    play: value.text,
  }),
  'system.stopped': z.strictObject({ reason: value.text }),
  'settings.loaded': z.strictObject({ settings, source: value.text }),
  'instrument.changed': z.strictObject({ instrument: value.instrument }),
  'order.intended': z.strictObject({ intent: value.orderIntent }),
  'order.approved': z.strictObject({ ...order, intent: value.orderIntent, notional: value.money, margin: value.money, maxLoss: value.money }),
  'order.refused': z.strictObject({ ...order, kind: z.enum(['entry', 'exit']), refusal: value.refusal }),
  'order.clamped': z.strictObject({ ...order, clamps: z.array(value.clamp) }),
  'order.accepted': z.strictObject({ ...order, qty: value.qty, draws: value.paperDraws, acceptedAt: value.instant, dueAt: value.instant }),
  'order.sending': z.strictObject({
    ...order,
    purpose: live.purpose,
    parentId: value.clientOrderId.nullable(),
    side: value.side,
    qty: value.qty,
    pricing: live.pricing,
    bracket: value.bracket.nullable(),
    payloadHash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in hexadecimal'),
    sentAt: value.instant,
    deadlineAt: value.instant,
  }),
  'order.acknowledged': z.strictObject({ ...order, venueOrderId: value.name }),
  'order.unknown': z.strictObject({ ...order, reason: value.text, resolveAfter: value.instant }),
  'order.ended': z.strictObject({
    ...order,
    status: z.enum(['filled', 'partially_filled', 'cancelled', 'expired', 'rejected', 'not_sent']),
    filledQty: value.qty,
    reason: value.text,
  }),
  'fill.recorded': z.strictObject({ fill: value.fill }),
  'stop.trailed': z.strictObject({
    asset: value.asset,
    mode: z.enum(MODES),
    symbol: value.name,
    entryOrderId: value.clientOrderId,
    stopLoss: value.price,
    pricedOn: value.quoteSnapshot,
    trailedAt: value.instant,
  }),
  'funding.booked': z.strictObject({
    asset: value.asset,
    mode: z.enum(MODES),
    symbol: value.name,
    fundingId: value.name,
    side: value.side,
    qty: value.qty,
    price: value.price,
    rate: value.ratio,
    amount: value.money,
    at: value.instant,
    venueExecutionId: value.name.nullable(),
    pricedOn: value.quoteSnapshot.nullable(),
  }),
  'dust.set_aside': z.strictObject({
    asset: value.asset,
    mode: z.enum(MODES),
    symbol: value.name,
    entryOrderId: value.clientOrderId,
    qty: value.qty,
    price: value.price,
    value: value.money,
    exitReason: value.fillReason,
    exitedAt: value.instant,
  }),
  'trade.closed': z.strictObject({ trade: value.closedTrade }),
  'wallet.based': z.strictObject({ broker: value.broker, mode: z.enum(MODES), equity: value.money, base: value.money, reportedAt: value.instant }),
  'tripwire.tripped': z.strictObject({ asset: value.asset, mode: z.enum(MODES), refusal: value.refusal, until: value.instant.nullable() }),
  'kill.tripped': z.strictObject({ scope: value.killScope, reason: value.text, source: value.name, flatten: z.boolean() }),
  'kill.rearmed': z.strictObject({ source: value.name, reason: value.text }),
  'alarm.raised': z.strictObject({ ...order, clientOrderId: value.clientOrderId.nullable(), code: z.enum(ALARM_CODES), sentence: value.text }),
  'reconcile.differed': z.strictObject({
    ...order,
    clientOrderId: value.clientOrderId.nullable(),
    differenceId: value.name,
    kind: z.enum(DIFFERENCE_KINDS),
    evidence: value.text,
    refusal: value.refusal.nullable(),
  }),
  'reconcile.adjusted': z.strictObject({
    differenceId: value.name,
    asset: value.asset,
    mode: z.enum(MODES),
    symbol: value.name,
    from: live.held,
    to: live.held,
    evidence: value.text,
  }),
  'mode.requested': z.strictObject({
    asset: value.asset,
    mode: z.literal('live'),
    nonce: value.name,
    expiresAt: value.instant,
    summary: value.liveSummary,
    source: value.name,
  }),
  'mode.changed': z.strictObject({ asset: value.asset, mode: z.enum(MODES), on: z.boolean(), source: value.name, reason: value.text }),
};

export const EVENT_VERSION: Readonly<Record<EventType, number>> = {
  'system.started': 1,
  'system.stopped': 1,
  'settings.loaded': 1,
  'instrument.changed': 1,
  'order.intended': 1,
  'order.approved': 1,
  'order.refused': 1,
  'order.clamped': 1,
  'order.accepted': 1,
  'order.sending': 1,
  'order.acknowledged': 1,
  'order.unknown': 1,
  'order.ended': 1,
  'fill.recorded': 1,
  'stop.trailed': 1,
  'funding.booked': 1,
  'dust.set_aside': 1,
  'trade.closed': 1,
  'wallet.based': 1,
  'tripwire.tripped': 1,
  'kill.tripped': 1,
  'kill.rearmed': 1,
  'alarm.raised': 1,
  'reconcile.differed': 1,
  'reconcile.adjusted': 1,
  'mode.requested': 1,
  'mode.changed': 1,
};

/** The only actors that may write an event: a prefix ending in `.` stands for a family. */
export const EVENT_OWNERS: Readonly<Record<EventType, readonly string[]>> = {
  'system.started': ['system'],
  'system.stopped': ['system'],
  'settings.loaded': ['system'],
  'instrument.changed': ['catalog'],
  'order.intended': ['trader.'],
  'order.approved': ['governor'],
  'order.refused': ['governor'],
  'order.clamped': ['gateway.'],
  'order.accepted': ['gateway.'],
  'order.sending': ['gateway.'],
  'order.acknowledged': ['gateway.'],
  'order.unknown': ['gateway.'],
  'order.ended': ['gateway.'],
  'fill.recorded': ['gateway.'],
  'stop.trailed': ['gateway.'],
  'funding.booked': ['gateway.'],
  'dust.set_aside': ['gateway.'],
  'trade.closed': ['governor'],
  'wallet.based': ['governor'],
  'tripwire.tripped': ['governor'],
  'kill.tripped': ['kill-switch'],
  'kill.rearmed': ['kill-switch'],
  'alarm.raised': ['gateway.', 'reconciler'],
  'reconcile.differed': ['reconciler'],
  'reconcile.adjusted': ['reconciler'],
  'mode.requested': ['mode-switch'],
  'mode.changed': ['mode-switch'],
};

/** @throws z.ZodError where the body does not fit its type. */
export function parseEvent(type: EventType, body: unknown): DomainEvent {
  return { type, body: EVENT_BODIES[type].parse(body) } as DomainEvent;
}

export const isEventType = (type: string): type is EventType => Object.hasOwn(EVENT_BODIES, type);
