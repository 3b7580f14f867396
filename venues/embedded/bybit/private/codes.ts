/** Bybit's return codes for what the engine refuses. */
import { price, ratio, scale } from '#trading/money/decimal.ts';
import type { RefusalCode, Refusal, Side } from '../../engine/types.ts';
import type { Category } from '../../listing.ts';

export interface Code {
  readonly retCode: number;
  readonly retMsg: string;
}

export const PARAMETERS_WRONG = 10001;
/** "Order does not exist" of both categories. */
export const NOT_FOUND = { linear: 110001, spot: 170213 } as const;

type Pair = readonly [linear: number, spot: number, text?: string];

/** Where no text is given, the engine's own words are sent. */
const CODES: Readonly<Record<RefusalCode, Pair>> = {
  UNKNOWN_CONTRACT: [PARAMETERS_WRONG, 170121, 'Invalid symbol.'],
  NOT_TRADING: [110074, 170121, 'This contract is not live.'],
  NO_MARKET: [PARAMETERS_WRONG, PARAMETERS_WRONG],
  DUPLICATE_LINK: [110072, 170141],
  BAD_REQUEST: [PARAMETERS_WRONG, 170130],
  OFF_TICK: [PARAMETERS_WRONG, 170134],
  OFF_STEP: [PARAMETERS_WRONG, 170137],
  BELOW_MIN_QTY: [PARAMETERS_WRONG, 170136],
  ABOVE_MAX_QTY: [PARAMETERS_WRONG, 170135],
  BELOW_MIN_NOTIONAL: [110094, 170140],
  PRICE_LIMIT: [110003, 170193],
  INSUFFICIENT_FUNDS: [110007, 170131],
  REDUCE_ONLY: [110017, 110017],
  POSITION_MODE: [PARAMETERS_WRONG, PARAMETERS_WRONG, 'position idx not match position mode'],
  TRIGGER_SIDE: [110093, 170130],
  EXIT_SIDE: [PARAMETERS_WRONG, 170130],
  TOO_MANY_ORDERS: [110020, 170810],
  TOO_MANY_CONDITIONALS: [110009, 170810],
  TOO_MANY_EXITS: [110060, 170810],
  EXIT_SIZE: [110058, PARAMETERS_WRONG],
  ORDER_NOT_FOUND: [NOT_FOUND.linear, NOT_FOUND.spot],
  ORDER_ENDED: [NOT_FOUND.linear, 170142],
  NOT_MODIFIED: [PARAMETERS_WRONG, PARAMETERS_WRONG],
  QTY_BELOW_FILLED: [PARAMETERS_WRONG, PARAMETERS_WRONG],
  LEVERAGE_RANGE: [110013, PARAMETERS_WRONG],
  NO_POSITION: [PARAMETERS_WRONG, PARAMETERS_WRONG],
  HAS_POSITION_OR_ORDERS: [110024, PARAMETERS_WRONG],
  LEVERAGE_TIER: [110013, PARAMETERS_WRONG],
  RISK_LIMIT: [110090, PARAMETERS_WRONG],
  THIN_BOOK: [PARAMETERS_WRONG, PARAMETERS_WRONG],
  MARGIN_SHORT: [110007, 170131, 'ab not enough for new leverage'],
  WOULD_LIQUIDATE: [110011, PARAMETERS_WRONG, 'Liquidation will be triggered immediately by this adjustment.'],
};

const TEXTS: Readonly<Record<number, string>> = {
  110001: 'order not exists or too late to cancel',
  110003: 'Order price exceeds the allowable range.',
  110007: 'ab not enough for new order',
  110058: 'Insufficient number of remaining position size to set take profit and stop loss.',
  110060: 'Cannot have more than 20 TP/SLs under Partial tpSlMode.',
  110072: 'OrderLinkedID is duplicate',
  110094: 'Order does not meet minimum order value',
  170131: 'Insufficient balance.',
  170134: 'Order price has too many decimals.',
  170135: 'Order quantity exceeded upper limit.',
  170136: 'Order quantity exceeded lower limit.',
  170137: 'Order quantity has too many decimals.',
  170139: 'Order has been filled.',
  170140: 'Order value exceeded lower limit.',
  170141: 'Duplicate clientOrderId.',
  170142: 'Order has been cancelled.',
  170213: 'Order does not exist.',
  110013: 'Cannot set leverage due to risk limit level.',
  110024: 'You have an existing position, so the position mode cannot be switched.',
  110028: 'You have existing open orders, so the position mode cannot be switched.',
  110020: 'Not allowed to have more than 500 active orders.',
  110009: 'The number of stop orders exceeds the maximum allowable limit.',
  170810: 'Cannot exceed maximum of 500 conditional, TP/SL and active orders.',
};

export function codeOf({ code, what }: Refusal, category: Category, side?: Side): Code {
  const [linear, spot, text] = CODES[code];
  const retCode = exact(code, what, category === 'linear' ? linear : spot, side, category);
  return { retCode, retMsg: text ?? TEXTS[retCode] ?? own(code, what) };
}

/** Where Bybit's words carry numbers. */
function own(code: RefusalCode, what: string): string {
  if (code === 'THIN_BOOK') return scaled(what);
  if (code !== 'RISK_LIMIT') return what;
  const failed = 'Order placement failed as your position may exceed the max limit.';
  const leverage = /at most (\S+) would/.exec(what)?.[1];
  return leverage === undefined ? failed : `${failed} Please adjust your leverage to ${leverage} or below to increase the max. limit`;
}

/** Bybit tells prices of its matching engine as whole numbers: of 1e-4, of 1e-8 where the tick is finer. */
function scaled(what: string): string {
  const decimals = Math.max(...[...what.matchAll(/\.(\d+)/g)].map(([, digits = '']) => digits.length), 0);
  return what.replaceAll(/\d+(\.\d+)?/g, (number) => scale(price(number), ratio(decimals > 4 ? '100000000' : '10000')));
}

/** Some of Bybit's codes depend on more than the reason. */
function exact(code: RefusalCode, what: string, retCode: number, side: Side | undefined, category: Category): number {
  if (category === 'spot') {
    if (code === 'PRICE_LIMIT' && side === 'sell') return 170194;
    return code === 'ORDER_ENDED' && what.endsWith('is filled') ? 170139 : retCode;
  }
  if (code === 'HAS_POSITION_OR_ORDERS' && what.endsWith('orders')) return 110028;
  return code === 'TRIGGER_SIDE' && what.startsWith('expect Rising') ? 110092 : retCode;
}
