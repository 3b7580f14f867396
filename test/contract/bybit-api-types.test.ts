/** The embedded venue's rows against the declarations of bybit-api, an independent client: by the compiler, which is the check. */
import type {
  AccountOrderV5,
  ClosedPnLV5,
  ExecutionV5,
  PositionV5,
  PreCheckOrderResultV5,
  RiskLimitV5,
  TransactionLogV5,
  WalletBalanceV5,
  WalletBalanceV5Coin,
  WSAccountOrderV5,
  WSExecutionFastV5,
  WSExecutionV5,
  WSPositionV5,
  WSWalletV5,
} from 'bybit-api';
import { describe, it } from 'mocha';
import type { closedPnlRow, transactionRow } from '#venues/embedded/bybit/private/ledger.ts';
import type { preCheckRow, riskLimitRow } from '#venues/embedded/bybit/private/risk-rows.ts';
import type {
  executionEvent,
  executionFast,
  executionRow,
  orderEvent,
  orderRow,
  positionEvent,
  positionRow,
  walletRow,
} from '#venues/embedded/bybit/private/rows.ts';

/** Keys that theirs has and ours has not (where theirs must be), or has with another type. */
type Differences<Ours, Theirs> = {
  [K in keyof Theirs]-?: K extends keyof Ours ? (Ours[K] extends Theirs[K] ? never : K) : undefined extends Theirs[K] ? never : K;
}[keyof Theirs];
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

type OrderRow = ReturnType<typeof orderRow>;
type Wallet = ReturnType<typeof walletRow>;

/** What differs, and why ours stays as it is. Bybit's documented examples decide where they and the declarations are not of one mind. */
const orders: Same<
  Differences<OrderRow, AccountOrderV5>,
  // Examples send '' and 'UNKNOWN' for what an order has not, 0 for no trigger, and a number for the group.
  | ('isLeverage' | 'stopOrderType' | 'marketUnit' | 'tpTriggerBy' | 'slTriggerBy' | 'triggerDirection' | 'triggerBy' | 'smpGroup')
  // Documented: CancelByDCP, CreateByTrailingProfit, CreateBySettle, EC_BySelfMatch; the declarations lack them.
  | ('cancelType' | 'createType' | 'rejectReason')
  // Spot rows have none: ccxt takes every row with this key for a contract's.
  | 'tpslMode'
  // Of options and OCO orders: the venue has neither.
  | ('ocoTriggerType' | 'basePrice')
> = true;
const executions: Same<
  Differences<ReturnType<typeof executionRow>, ExecutionV5>,
  // UNKNOWN for funding (nautilus#4937) and for orders that are no stop; execFeeV2 is of option spreads.
  'orderType' | 'stopOrderType' | 'execFeeV2'
> = true;
const positions: Same<
  Differences<ReturnType<typeof positionRow>, PositionV5>,
  // The list's example says mmrSysUpdateTime, the stream's mmrSysUpdatedTime; openTime is in neither.
  'mmrSysUpdatedTime' | 'openTime'
> = true;
const closings: Same<Differences<ReturnType<typeof closedPnlRow>, ClosedPnLV5>, never> = true;
const transactions: Same<
  Differences<ReturnType<typeof transactionRow>, TransactionLogV5>,
  // A transfer is of no category.
  'category'
> = true;
const riskLimits: Same<
  Differences<ReturnType<typeof riskLimitRow>, RiskLimitV5>,
  // Rates are text, as all numbers of a result.
  'maintenanceMargin' | 'initialMargin'
> = true;
const preChecks: Same<Differences<ReturnType<typeof preCheckRow>, PreCheckOrderResultV5>, never> = true;
const wallets: Same<Differences<Wallet, WalletBalanceV5>, 'coin'> = true;
// `free` was of classic accounts: the example has none.
const coins: Same<Differences<Wallet['coin'][number], WalletBalanceV5Coin>, 'free'> = true;
const orderEvents: Same<
  Differences<ReturnType<typeof orderEvent>, WSAccountOrderV5>,
  // As in the list.
  'cancelType' | 'createType' | 'rejectReason' | 'stopOrderType' | 'marketUnit' | 'tpslMode' | 'triggerBy' | 'smpGroup'
> = true;
const executionEvents: Same<
  Differences<ReturnType<typeof executionEvent>, WSExecutionV5>,
  // As in the list; extraFees is a list in the example; createType is '' for funding.
  'createType' | 'orderType' | 'stopOrderType' | 'extraFees'
> = true;
const fastExecutions: Same<Differences<ReturnType<typeof executionFast>, WSExecutionFastV5>, never> = true;
const positionEvents: Same<
  Differences<ReturnType<typeof positionEvent>, WSPositionV5>,
  // Of options; openTime is in no example.
  'delta' | 'gamma' | 'vega' | 'theta' | 'openTime'
> = true;
const walletEvents: Same<Differences<Wallet, WSWalletV5>, never> = true;

describe('rows of the embedded venue and the declarations of bybit-api', () => {
  it('differ in what is listed, and in nothing else', () => {
    const rows = [orders, executions, positions, closings, transactions, riskLimits, preChecks, wallets, coins];
    void [...rows, orderEvents, executionEvents, fastExecutions, positionEvents, walletEvents];
  });
});
