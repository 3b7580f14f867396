/** What the account is worth. */
import type { Money } from '#trading/money/decimal.ts';

export interface Balance {
  readonly currency: string;
  /** What is owned, locked or not. */
  readonly wallet: Money;
  /** Held by open orders of exchange contracts. */
  readonly locked: Money;
  readonly orderMargin: Money;
  readonly positionMargin: Money;
  readonly maintenanceMargin: Money;
  readonly unrealised: Money;
  readonly realisedEver: Money;
  /** In account money. */
  readonly value: Money;
}

/** In account money (USD): balances at their marks. */
export interface Account {
  readonly equity: Money;
  readonly wallet: Money;
  readonly available: Money;
  readonly initialMargin: Money;
  readonly maintenanceMargin: Money;
  readonly unrealised: Money;
  readonly balances: readonly Balance[];
}
