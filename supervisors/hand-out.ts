/** Hands quotes on, to the judges first: what an order is filled at never depends on which process was faster. */
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Message } from '#trading/model/messages.ts';
import { isOptionSymbol } from '#trading/model/option.ts';
import type { Drill } from './drill.ts';

export interface Audience {
  /** Who sees a quote before the traders: governor and paper simulator. */
  readonly first: readonly string[];
  /** Who hears of time alone: live orders and the reconciler, which wait for a venue. */
  readonly clocks: () => readonly string[];
  readonly traders: (quote: QuoteSnapshot) => readonly string[];
  /** Who sends its orders to the venue. Absent where nobody does. */
  readonly port?: (quote: QuoteSnapshot) => string;
  /** Of those that hear of time: whose quotes it is, since the stops of its positions follow them. Absent where there are none. */
  readonly trails?: (quote: QuoteSnapshot) => string | null;
}

export interface HandOutPorts {
  deliver(to: string, message: Message): void;
  /** Resolves when every counted mailbox is empty and nothing is being handled. */
  settled(): Promise<void>;
  /** Where an order's latency counts. */
  readonly drill?: Drill | null;
}

/** Quotes in one order whichever socket was faster; where there are none, the judges hear the clock. Resolves when everybody has handled them. */
export async function handOut(
  unordered: readonly QuoteSnapshot[],
  { deliver, settled, drill = null }: HandOutPorts,
  { first, clocks, traders, trails, port }: Audience,
): Promise<void> {
  const quotes = unordered.length > 1 ? unordered.toSorted(inOrder) : unordered;
  for (const name of first) {
    for (const quote of quotes) deliver(name, { type: 'quote.received', body: { quote } });
    // A quote says what time it is by itself.
    if (quotes.length === 0) deliver(name, { type: 'clock.advanced', body: {} });
  }
  for (const quote of quotes) {
    const name = trails?.(quote) ?? null;
    if (name !== null) deliver(name, { type: 'quote.received', body: { quote } });
  }
  for (const name of clocks()) deliver(name, { type: 'clock.advanced', body: {} });
  await settled();
  for (const quote of quotes) {
    for (const name of traders(quote)) deliver(name, { type: 'quote.received', body: { quote } });
  }
  if (drill === null || !drill.isDue(quotes)) return settled();
  const left = await drill.whileDeciding([...first, ...clocks()]);
  await settled();
  const ports = port === undefined ? [] : quotes.map(port);
  drill.finish([...left, ...new Set([...quotes.flatMap(traders), ...ports])]);
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const inOrder = (left: QuoteSnapshot, right: QuoteSnapshot): number =>
  left.exchangeAt - right.exchangeAt ||
  byText(left.asset, right.asset) ||
  Number(isOption(right)) - Number(isOption(left)) ||
  byText(left.symbol, right.symbol);

/** Before their share: its quote may close the bar that wants one of them. */
const isOption = ({ symbol }: QuoteSnapshot): boolean => isOptionSymbol(symbol);
