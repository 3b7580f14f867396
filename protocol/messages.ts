/** Schemas of everything told. Validated where a message crosses a process; inside the core values are already parsed. */
import type { Message, MessageBody, MessageType, Tell } from '#trading/model/messages.ts';
import type { Fact } from '#trading/model/events.ts';
import { z } from 'zod';
import { isEventType, parseEvent } from './events.ts';
import * as live from './live.ts';
import * as value from './values.ts';

const ARGUMENTS_MAX = 16;
const HISTORY_BARS_MAX = 5000;
const PROTECTIONS_MAX = 500;

/** Every fact whose envelope fits and whose body fits its own type's schema. */
export const fact: z.ZodType<Fact> = z
  .strictObject({
    seq: z.int().positive(),
    at: value.instant,
    actor: value.name,
    type: z.string().refine(isEventType, 'unknown event type'),
    version: z.int().positive(),
    cause: value.name.nullable(),
    body: z.unknown(),
  })
  .transform((raw, context) => {
    try {
      return { ...raw, ...parseEvent(raw.type, raw.body) };
    } catch (error) {
      context.addIssue({ code: 'custom', message: `${raw.type}: ${(error as Error).message}` });
      return z.NEVER;
    }
  });

const modeEdge = {
  asset: value.asset,
  source: value.name,
  at: value.instant,
  venue: z.strictObject({ account: value.text, unavailable: value.text.nullable() }),
};

type BodySchemas = { readonly [T in MessageType]: z.ZodType<MessageBody<T>> };

export const MESSAGE_BODIES: BodySchemas = {
  'quote.received': z.strictObject({ quote: value.quoteSnapshot }),
  'frame.dropped': z.strictObject({ asset: value.asset, symbol: value.name.nullable(), reason: value.text, exchangeAt: value.instant.nullable() }),
  'funding.announced': z.strictObject({ symbol: value.name, rate: value.ratio, nextAt: value.instant }),
  'feed.changed': z.strictObject({ broker: value.broker, up: z.boolean(), reason: value.text }),
  'feed.troubled': live.feedTrouble,
  'instrument.listed': z.strictObject({ instrument: value.instrument }),
  'history.requested': z.strictObject({
    asset: value.asset,
    symbol: value.name,
    intervalMinutes: z.int().positive(),
    bars: z.int().positive().max(HISTORY_BARS_MAX),
    replyTo: value.name,
  }),
  'history.loaded': z.strictObject({
    asset: value.asset,
    symbol: value.name,
    intervalMinutes: z.int().positive(),
    bars: z.array(value.bar).max(HISTORY_BARS_MAX),
  }),
  'allowance.changed': z.strictObject({
    asset: value.asset,
    mode: value.mode,
    budget: value.money,
    multiplier: value.ratio,
    remaining: value.money,
    walletAvailable: value.money,
    usable: value.money,
    openPositions: z.int().nonnegative(),
    liveEntries: z.int().nonnegative(),
    closeOnly: value.refusal.nullable(),
  }),
  'wallet.reported': z.strictObject({
    broker: value.broker,
    mode: value.mode,
    equity: value.money,
    available: value.money,
    at: value.instant,
  }),
  'clock.advanced': z.strictObject({}),
  'kill.trip': z.strictObject({ scope: value.killScope, reason: value.text, source: value.name, flatten: z.boolean() }),
  'kill.rearm': z.strictObject({ confirm: value.text, source: value.name, reason: value.text }),
  'mode.set': z.strictObject({ ...modeEdge, mode: value.mode, on: z.boolean() }),
  'mode.confirm': z.strictObject({ ...modeEdge, nonce: value.name, typed: value.text }),
  'fact.recorded': z.strictObject({ fact }),
  'window.fed': z.strictObject({ feed: z.unknown() }),
  'admin.requested': z.strictObject({ id: value.name, request: z.unknown() }),
  'admin.answered': z.strictObject({ id: value.name, ok: z.boolean(), result: z.unknown() }),
  'placement.requested': z.strictObject({ order: live.placement }),
  'placement.answered': z.strictObject({ clientOrderId: value.clientOrderId, outcome: live.placementOutcome }),
  'cancel.requested': z.strictObject({ order: live.orderRef }),
  'cancel.answered': z.strictObject({ clientOrderId: value.clientOrderId, outcome: live.changeOutcome }),
  'amend.requested': z.strictObject({ amendment: live.amendment }),
  'amend.answered': z.strictObject({ amendment: live.amendment, outcome: live.changeOutcome }),
  'lookup.requested': z.strictObject({ order: live.orderRef, askedAt: value.instant }),
  'lookup.answered': z.strictObject({ clientOrderId: value.clientOrderId, askedAt: value.instant, lookup: live.lookup }),
  'order.reported': z.strictObject({ order: live.venueOrder }),
  'execution.reported': z.strictObject({ execution: live.venueExecution }),
  'funding.reported': z.strictObject({ funding: live.venueFunding }),
  'fee.reported': z.strictObject({ fee: live.venueFee }),
  'limit.told': z.strictObject({ limit: z.int().positive(), windowMs: z.int().positive() }),
  'trouble.reported': z.strictObject({ trouble: live.venueTrouble }),
  'account.requested': z.strictObject({
    since: value.instant,
    askedAt: value.instant,
    replyTo: value.name,
    protections: z.array(live.knownProtection).max(PROTECTIONS_MAX).exactOptional(),
  }),
  'account.viewed': z.strictObject({ broker: value.broker, view: live.accountView }),
  'protection.lost': z.strictObject({ clientOrderId: value.clientOrderId, reason: value.text }),
  'actor.asked': z.strictObject({ query: value.name, args: z.array(value.text).max(ARGUMENTS_MAX) }),
};

export const isMessageType = (type: string): type is MessageType => Object.hasOwn(MESSAGE_BODIES, type);

/** @throws z.ZodError or RangeError where the type is unknown or the body does not fit it. */
export function parseMessage(type: string, body: unknown): Message {
  if (!isMessageType(type)) throw new RangeError(`unknown message type ${JSON.stringify(type.slice(0, 64))}`);
  return { type, body: MESSAGE_BODIES[type].parse(body) } as Message;
}

/** @throws as parseMessage. */
export function parseTell(raw: { readonly to: string; readonly type: string; readonly body: unknown }): Tell {
  return { to: value.name.parse(raw.to), ...parseMessage(raw.type, raw.body) };
}
