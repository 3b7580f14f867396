/** What a trader asks of a strategy: closed bars in, signals out. A strategy knows no account, no order and no clock. */
import type { Bar } from '../model/quote.ts';
import type { OptionAsk } from '../model/option.ts';
import type { Side } from '../model/order.ts';

/** What a strategy sees. It closes an opposite position, or else asks for an entry whose bracket lies at these distances from its price. */
export interface Signal {
  readonly side: Side;
  /** For a person: what happened, with the numbers. At most REASON_LENGTH_MAX characters. */
  readonly reason: string;
  readonly entry: EntryDistances;
  /** Of a trader of options: which contract it wants, in place of the configured one. The gateway watches what is configured, so it lies within that. */
  readonly option?: OptionAsk;
}

/** All in quote currency from the entry's price, positive. The forms beside the two legs are optional, and absent where not asked for. */
export interface EntryDistances {
  readonly stopDistance: number;
  readonly takeProfitDistance: number;
  /** The stop follows the best price by `distance`, once it has come `activationDistance` (null: from the start). */
  readonly trailing?: { readonly distance: number; readonly activationDistance: number | null };
  /** From the nearest outwards, all nearer than the take-profit: each closes a fraction of the entry, less than 1 together. */
  readonly partialTakeProfits?: readonly { readonly distance: number; readonly fraction: number }[];
}

export const REASON_LENGTH_MAX = 300;

export interface Strategy<Params, Memory> {
  readonly id: string;
  readonly defaults: Params;
  /** Parameters of JSON. @throws RangeError naming the parameter, its value and what would be right. */
  parse(raw: unknown): Params;
  /** Closed bars after which the indicators have forgotten how they were seeded. It may signal earlier. */
  warmUpBars(params: Params): number;
  blank(params: Params): Memory;
  /** One closed bar, later than every bar before. */
  onBar(memory: Memory, bar: Bar): { readonly memory: Memory; readonly signal: Signal | null };
}

/** A strategy with its parameters in it and its memory type hidden, so that one trader can run any. A value: `onBar` gives the next. */
export interface Running {
  onBar(bar: Bar): { readonly running: Running; readonly signal: Signal | null };
}

/** A strategy ready to run: parameters checked, nothing seen yet. */
export interface Prepared {
  readonly id: string;
  readonly warmUpBars: number;
  readonly blank: Running;
}

/** @throws RangeError as `parse` does. */
export function prepare<Params, Memory>(strategy: Strategy<Params, Memory>, rawParams: unknown): Prepared {
  const params = strategy.parse(rawParams);
  return { id: strategy.id, warmUpBars: strategy.warmUpBars(params), blank: running(strategy, strategy.blank(params)) };
}

function running<Params, Memory>(strategy: Strategy<Params, Memory>, memory: Memory): Running {
  return {
    onBar(bar) {
      const next = strategy.onBar(memory, bar);
      return { running: running(strategy, next.memory), signal: next.signal };
    },
  };
}
