/** Public frames of Bybit v5, parsed strictly. What cannot be a quote is a reason and the frame's time; nothing here throws. */
import { amount, isDecimalText, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { z } from 'zod';

/** The best bid and ask of one moment. Crossed or zero prices pass: the core judges them (QS-2), and must be seen to. */
export interface BookTop {
  readonly bid: Price;
  readonly ask: Price;
  readonly bidQty: Qty;
  readonly askQty: Qty;
  /** Rises with every change; the same again where nothing changed; 1 after the venue restarted. */
  readonly update: number;
  readonly sequence: string;
  /** When the venue sent it, and when its matching engine made it. */
  readonly sentAt: Instant;
  readonly matchedAt: Instant | null;
}

export interface Trade {
  readonly price: Price;
  readonly qty: Qty;
}

export type Parsed<T> = { readonly value: T } | { readonly reason: string; readonly at: Instant | null };

const BOOK_PREFIX = 'orderbook.1.';
const TRADES_PREFIX = 'publicTrade.';
export const bookTopic = (venueSymbol: string): string => BOOK_PREFIX + venueSymbol;
export const tradesTopic = (venueSymbol: string): string => TRADES_PREFIX + venueSymbol;

/** A frame of depth one has one level a side; Bybit sends at most 1024 trades a frame. */
const LEVELS_MAX = 50;
const TRADES_MAX = 1024;
const INSTANT_MIN = Date.UTC(2009, 0, 3);
const INSTANT_MAX = Date.UTC(2100, 0, 1);
const REASON_LENGTH_MAX = 120;

const instant = z.int().min(INSTANT_MIN).max(INSTANT_MAX);
/** ccxt makes text of integers with 15 digits and more. */
const counter = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/)]);
const level = z.tuple([z.string(), z.string()]);
const bookFrame = z.object({
  // Depth one is documented as snapshots only; a delta without its snapshot would be an invented book.
  type: z.literal('snapshot'),
  ts: instant,
  cts: instant.optional(),
  data: z.object({ s: z.string(), b: z.array(level).max(LEVELS_MAX), a: z.array(level).max(LEVELS_MAX), u: counter, seq: counter }),
});
const tradesFrame = z.object({
  ts: instant,
  data: z.array(z.object({ s: z.string(), p: z.string(), v: z.string(), BT: z.boolean().optional() })).max(TRADES_MAX),
});

/** The top of a frame of `orderbook.1.SYMBOL`. */
export function parseBook(frame: unknown, venueSymbol: string): Parsed<BookTop> {
  const result = bookFrame.safeParse(frame);
  if (!result.success) return malformed(result.error, frame);
  const { ts, cts = null, data } = result.data;
  const refused = (reason: string): Parsed<BookTop> => ({ reason, at: cts ?? ts });
  if (data.s !== venueSymbol) return refused('wrong_symbol');
  const [bid] = data.b;
  const [ask] = data.a;
  if (bid === undefined || ask === undefined) return refused('missing_side');
  for (const text of [bid[0], bid[1], ask[0], ask[1]]) {
    if (!isDecimalText(text)) return refused('not_a_number');
    if (text.startsWith('-')) return refused('negative');
  }
  const bidQty = amount<'qty'>(bid[1]);
  const askQty = amount<'qty'>(ask[1]);
  // A level without quantity is how Bybit says that there is none.
  if (bidQty === '0' || askQty === '0') return refused('missing_side');
  return {
    value: {
      bid: amount<'price'>(bid[0]),
      ask: amount<'price'>(ask[0]),
      bidQty,
      askQty,
      update: Number(data.u),
      sequence: String(data.seq),
      sentAt: ts,
      matchedAt: cts,
    },
  };
}

/** The trades of a frame of `publicTrade.SYMBOL`, oldest first. Block trades are agreed off the book and are no price of it: left out. */
export function parseTrades(frame: unknown, venueSymbol: string): Parsed<readonly Trade[]> {
  const result = tradesFrame.safeParse(frame);
  if (!result.success) return malformed(result.error, frame);
  const { ts, data } = result.data;
  const trades: Trade[] = [];
  for (const { s, p, v, BT } of data) {
    if (s !== venueSymbol) return { reason: 'wrong_symbol', at: ts };
    if (!isDecimalText(p) || !isDecimalText(v)) return { reason: 'not_a_number', at: ts };
    if (!(Number(p) > 0 && Number(v) > 0)) return { reason: 'negative', at: ts };
    if (BT !== true) trades.push({ price: amount<'price'>(p), qty: amount<'qty'>(v) });
  }
  return { value: trades };
}

/** The venue's time of a frame that may be anything. */
export function timeOf(frame: unknown): Instant | null {
  if (typeof frame !== 'object' || frame === null) return null;
  const { cts, ts } = frame as { readonly cts?: unknown; readonly ts?: unknown }; // read as unknown, and parsed here
  for (const time of [cts, ts]) {
    const parsed = instant.safeParse(time);
    if (parsed.success) return parsed.data;
  }
  return null;
}

function malformed(error: z.ZodError, frame: unknown): { readonly reason: string; readonly at: Instant | null } {
  const where = error.issues[0]?.path.join('.') ?? '';
  return { reason: `malformed ${where}`.trim().slice(0, REASON_LENGTH_MAX), at: timeOf(frame) };
}
