/** The answer to `why` (RG-2, UI-2): the gates that a signal met, in the order in which they were asked, down to the one that stopped it. */
import type { Asset, Instant, Mode } from './instrument.ts';

/** `waiting`: it is not known yet. `skipped`: the gate has nothing to say about this order, and does not stop it. */
export const GATE_OUTCOMES = ['passed', 'stopped', 'waiting', 'skipped'] as const;
export type GateOutcome = (typeof GATE_OUTCOMES)[number];

export interface Gate {
  readonly gate: string;
  readonly rule: string;
  readonly by: 'trader' | 'governor' | 'execution';
  readonly outcome: GateOutcome;
  /** What it decided on; money, prices and quantities as exact decimal text. */
  readonly numbers: Readonly<Record<string, string | number>>;
  readonly sentence: string;
}

/** The gates that one order met at the governor and after it. */
export interface OrderGates {
  readonly mode: Mode;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly gates: readonly Gate[];
}

export interface WhyChain {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  /** Of the last signal; null where there was none since the trader started. */
  readonly signalAt: Instant | null;
  readonly clientOrderId: string | null;
  readonly gates: readonly Gate[];
}

export interface WhyAnswer {
  readonly asset: Asset;
  /** One a symbol and mode, in the order in which the trader was given them. */
  readonly chains: readonly WhyChain[];
  /** Why there is no chain; null where there is one. */
  readonly note: string | null;
}
