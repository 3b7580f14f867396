/** The journal's schemas: one a version, append-only, with the actor that may write each (who holds the pen is who may do what). */
import { MODES } from '#trading/model/instrument.ts';
import type { DomainEvent, EventBody, EventType } from '#trading/model/events.ts';
import type { Settings } from '#trading/model/settings.ts';
import { z } from 'zod';
import * as value from './values.ts';

const perAsset = <S extends z.ZodType>(schema: S) => z.strictObject({ crypto_spot: schema, crypto_futures: schema, forex: schema, options: schema });
const probability = z.number().min(0).max(1);

export const settings = z.strictObject({
  allocMode: z.enum(['absolute', 'percent']),
  alloc: perAsset(value.money),
  perTradeRisk: perAsset(value.ratio),
  percentSizingThreshold: value.money,
  percentSizingAboveThreshold: perAsset(value.ratio),
  profitRollover: z.boolean(),
  enforceWalletAvailable: z.boolean(),
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
  }),
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
  'order.ended': z.strictObject({
    ...order,
    status: z.enum(['filled', 'partially_filled', 'cancelled', 'expired', 'rejected', 'not_sent']),
    filledQty: value.qty,
    reason: value.text,
  }),
  'fill.recorded': z.strictObject({ fill: value.fill }),
  'trade.closed': z.strictObject({ trade: value.closedTrade }),
  'tripwire.tripped': z.strictObject({ asset: value.asset, mode: z.enum(MODES), refusal: value.refusal, until: value.instant.nullable() }),
  'kill.tripped': z.strictObject({ scope: value.killScope, reason: value.text, source: value.name, flatten: z.boolean() }),
  'kill.rearmed': z.strictObject({ source: value.name, reason: value.text }),
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
  'order.ended': 1,
  'fill.recorded': 1,
  'trade.closed': 1,
  'tripwire.tripped': 1,
  'kill.tripped': 1,
  'kill.rearmed': 1,
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
  'order.ended': ['gateway.'],
  'fill.recorded': ['gateway.'],
  'trade.closed': ['governor'],
  'tripwire.tripped': ['governor'],
  'kill.tripped': ['kill-switch'],
  'kill.rearmed': ['kill-switch'],
  'mode.requested': ['mode-switch'],
  'mode.changed': ['mode-switch'],
};

/** @throws z.ZodError where the body does not fit its type. */
export function parseEvent(type: EventType, body: unknown): DomainEvent {
  return { type, body: EVENT_BODIES[type].parse(body) } as DomainEvent;
}

export const isEventType = (type: string): type is EventType => Object.hasOwn(EVENT_BODIES, type);
