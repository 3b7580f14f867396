/** What POST /v5/order/create and /amend say, as the engine's request; or why it cannot be one. */
import {
  absolute,
  amount,
  isDecimalText,
  isPositive,
  isZero,
  lessThan,
  price,
  qty,
  ratio,
  type Price,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import type { ExitLeg, PriceSource, Protection, StopKind, Trigger } from '../../engine/triggers.ts';
import type { Amendment, OrderRequest, PositionSlot, Side } from '../../engine/types.ts';
import { listingKey, type Category } from '../../listing.ts';
import { PARAMETERS_WRONG, type Code } from './codes.ts';

export type Body = Readonly<Record<string, unknown>>;

/** What the translation needs to know of the market and the account. */
export interface Facts {
  readonly mark: Price | undefined;
  readonly tick: Price;
  /** Signed, of the position that the order is for. */
  readonly size: Qty;
}

/** Bybit's limit; longer ids come back with the text of 45. */
const LINK_LENGTH_MAX = 36;
const LINK = /^[A-Za-z0-9_-]*$/;
const SLOTS: readonly PositionSlot[] = ['one-way', 'long', 'short'];
const SOURCES: Readonly<Record<string, PriceSource>> = { LastPrice: 'last', MarkPrice: 'mark', IndexPrice: 'index' };
const TIMES = { GTC: 'gtc', IOC: 'ioc', FOK: 'fok', PostOnly: 'post-only' } as const;
/** Percent, or ticks. */
const SLIPPAGE_TYPES = ['Percent', 'TickSize'] as const;

export class BadRequest extends Error {
  readonly code: Code;

  constructor(retMsg: string, retCode: number = PARAMETERS_WRONG) {
    super(retMsg);
    this.code = { retCode, retMsg };
  }
}

/** @throws BadRequest */
export function orderRequest(body: Body, category: Category, facts: Facts): OrderRequest {
  const side = sideOf(body.side);
  const type = oneOf(body, 'orderType', { Limit: 'limit', Market: 'market' } as const, null);
  const closeAll = category === 'linear' && body.reduceOnly === true && body.qty === '0';
  const size = closeAll ? absolute(facts.size) : decimal(body, 'qty');
  if (size === null) throw new BadRequest('params error: qty invalid');
  const linkId = textOf(body, 'orderLinkId');
  if (linkId.length > LINK_LENGTH_MAX) throw new BadRequest('params error: order link id is longer than 45');
  if (!LINK.test(linkId)) throw new BadRequest('params error: OrderLinkId invalid');
  const quoteSized = category === 'spot' && type === 'market' && side === 'buy' && textOf(body, 'marketUnit') !== 'baseCoin';
  const trigger = triggerOf(body, category, facts);
  const protection = protectionOf(body);
  return {
    contract: listingKey(category, textOf(body, 'symbol')),
    linkId,
    side,
    type,
    qty: qty(size),
    qtyUnit: quoteSized ? 'quote' : 'base',
    price: type === 'limit' ? required(body, 'price') : null,
    timeInForce: type === 'market' ? 'ioc' : oneOf(body, 'timeInForce', TIMES, 'gtc'),
    slippage: type === 'market' ? slippageOf(body, facts) : null,
    reduceOnly: category === 'linear' && (body.reduceOnly === true || body.closeOnTrigger === true),
    closeOnTrigger: body.closeOnTrigger === true,
    slot: category === 'spot' ? 'one-way' : slotOf(body),
    trigger,
    stopKind: stopKindOf(body, category, trigger),
    protection,
    parent: null,
    group: null,
    ...selfMatchOf(body),
  };
}

/** @throws BadRequest */
export function amendmentRequest(body: Body, before: Protection | null): Amendment {
  const at = decimal(body, 'price');
  const size = decimal(body, 'qty');
  const trigger = decimal(body, 'triggerPrice');
  const exits = ['takeProfit', 'stopLoss', 'tpLimitPrice', 'slLimitPrice'].some((key) => textOf(body, key) !== '');
  return {
    ...(at !== null && { price: price(at) }),
    ...(size !== null && { qty: qty(size) }),
    ...(trigger !== null && { trigger: price(trigger) }),
    ...(exits && { protection: changedExits(body, before) }),
  };
}

/** "0" takes an exit away, '' leaves it. */
function changedExits(body: Body, before: Protection | null): Protection | null {
  const leg = (name: 'takeProfit' | 'stopLoss', prefix: 'tp' | 'sl'): ExitLeg | null => {
    const given = textOf(body, name);
    return given === '' ? (before?.[name] ?? null) : legOf(body, name, prefix);
  };
  const mode = oneOf(body, 'tpslMode', { Full: 'full', Partial: 'partial' } as const, before?.mode ?? 'full');
  const changed: Protection = { mode, takeProfit: leg('takeProfit', 'tp'), stopLoss: leg('stopLoss', 'sl') };
  return changed.takeProfit === null && changed.stopLoss === null ? null : changed;
}

export function protectionOf(body: Body): Protection | null {
  const takeProfit = legOf(body, 'takeProfit', 'tp');
  const stopLoss = legOf(body, 'stopLoss', 'sl');
  if (takeProfit === null && stopLoss === null) return null;
  const limited = [takeProfit, stopLoss].some((leg) => leg !== null && leg.limit !== null);
  const mode = oneOf(body, 'tpslMode', { Full: 'full', Partial: 'partial' } as const, limited ? 'partial' : 'full');
  if (mode === 'full' && limited) throw new BadRequest('params error: tpslMode Full takes market orders only');
  return { mode, takeProfit, stopLoss };
}

/** @throws BadRequest */
export function legOf(body: Body, name: 'takeProfit' | 'stopLoss', prefix: 'tp' | 'sl'): ExitLeg | null {
  const trigger = decimal(body, name);
  if (trigger === null || isZero(trigger)) return null;
  const limit = decimal(body, `${prefix}LimitPrice`);
  const isLimit = textOf(body, `${prefix}OrderType`) === 'Limit' || limit !== null;
  return { trigger: price(trigger), by: oneOf(body, `${prefix}TriggerBy`, SOURCES, 'last'), limit: isLimit && limit !== null ? price(limit) : null };
}

function triggerOf(body: Body, category: Category, { mark }: Facts): Trigger | null {
  const given = decimal(body, 'triggerPrice');
  if (given === null || isZero(given)) {
    if (['StopOrder', 'tpslOrder'].includes(textOf(body, 'orderFilter'))) throw new BadRequest('params error: triggerPrice is required');
    return null;
  }
  const at = price(given);
  const by = oneOf(body, 'triggerBy', SOURCES, 'last');
  // Spot takes no direction: the last price decides, so a stop on the wrong side waits for the wrong way.
  if (category === 'spot') return { price: at, by, direction: mark !== undefined && lessThan(at, mark) ? 'fall' : 'rise' };
  if (body.triggerDirection !== 1 && body.triggerDirection !== 2) throw new BadRequest('params error: triggerDirection invalid');
  return { price: at, by, direction: body.triggerDirection === 1 ? 'rise' : 'fall' };
}

function stopKindOf(body: Body, category: Category, trigger: Trigger | null): StopKind {
  if (trigger === null) return 'none';
  return category === 'spot' && textOf(body, 'orderFilter') !== 'StopOrder' ? 'tpsl' : 'stop';
}

const SELF_MATCHES = { None: 'trade', CancelMaker: 'cancel-maker', CancelTaker: 'cancel-taker', CancelBoth: 'cancel-both' } as const;

function selfMatchOf(body: Body): Pick<OrderRequest, 'selfMatch'> {
  const selfMatch = oneOf(body, 'smpType', SELF_MATCHES, 'trade');
  return selfMatch === 'trade' ? {} : { selfMatch };
}

function slippageOf(body: Body, { mark, tick }: Facts): Ratio | null {
  const kind = SLIPPAGE_TYPES.find((known) => known === body.slippageToleranceType);
  const given = decimal(body, 'slippageTolerance');
  if (kind === undefined || given === null || mark === undefined) return null;
  const share = kind === 'Percent' ? Number(given) / 100 : (Number(given) * Number(tick)) / Number(mark);
  return ratio(share.toFixed(8));
}

function slotOf(body: Body): PositionSlot {
  const index = body.positionIdx ?? 0;
  const slot = typeof index === 'number' ? SLOTS[index] : undefined;
  if (slot === undefined) throw new BadRequest('params error: positionIdx invalid');
  return slot;
}

export const slotOfBody = slotOf;

function sideOf(value: unknown): Side {
  if (value !== 'Buy' && value !== 'Sell') throw new BadRequest('params error: side invalid');
  return value === 'Buy' ? 'buy' : 'sell';
}

/** Text of a field; '' where it is absent. @throws BadRequest where it is no text. */
export function textOf(body: Body, key: string): string {
  const value = body[key] ?? '';
  if (typeof value !== 'string') throw new BadRequest(`params error: ${key} must be a string`);
  return value;
}

/** Null where it is absent. @throws BadRequest where it is no decimal number. */
export function decimal(body: Body, key: string): ReturnType<typeof amount> | null {
  const text = textOf(body, key);
  if (text === '') return null;
  if (!isDecimalText(text)) throw new BadRequest(`params error: ${key} invalid`);
  return amount(text);
}

function required(body: Body, key: string): Price {
  const value = decimal(body, key);
  if (value === null || !isPositive(value)) throw new BadRequest(`params error: ${key} invalid`);
  return price(value);
}

function oneOf<T>(body: Body, key: string, known: Readonly<Record<string, T>>, otherwise: T | null): T {
  const text = textOf(body, key);
  const found = text === '' ? otherwise : Object.hasOwn(known, text) ? known[text] : undefined;
  if (found === undefined || found === null) throw new BadRequest(`params error: ${key} invalid`);
  return found;
}
