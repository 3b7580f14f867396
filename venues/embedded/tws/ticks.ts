/** A quote as TWS's ticks: bid, ask, their sizes, the day's high, low and close, and of options what the model says. Pure. */
import type { Price, Qty } from '#trading/money/decimal.ts';
import type { Contract } from './contracts.ts';
import type { Quote } from './exchange.ts';
import type { ModelledOption } from './option-model.ts';
import { say, type Said } from './say.ts';

export interface DayFigures {
  readonly high: Price;
  readonly low: Price;
  /** Of the day before; the first price where there was none. */
  readonly close: Price;
}

interface TickTypes {
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly halted: number;
  readonly model: number;
}

const LIVE: TickTypes = { bid: 1, ask: 2, bidSize: 0, askSize: 3, high: 6, low: 7, close: 9, halted: 49, model: 13 };
const DELAYED: TickTypes = { bid: 66, ask: 67, bidSize: 69, askSize: 70, high: 72, low: 73, close: 75, halted: 90, model: 83 };
const CAN_AUTO_EXECUTE = 1;
/** No quote on this side. */
const NO_PRICE = '-1';
const DIGITS = 10;

/** What changed since `before`; everything where there is no before. */
export function quoteTicks(reqId: number, quote: Quote, before: Quote | null, delayed: boolean): readonly Said[] {
  const types = delayed ? DELAYED : LIVE;
  return [
    ...sideTicks(reqId, types.bid, types.bidSize, quote.bid, quote.bidSize, before === null ? null : { price: before.bid, size: before.bidSize }),
    ...sideTicks(reqId, types.ask, types.askSize, quote.ask, quote.askSize, before === null ? null : { price: before.ask, size: before.askSize }),
  ];
}

/** What comes once, after the first quote. */
export function dayTicks(reqId: number, day: DayFigures, delayed: boolean): readonly Said[] {
  const types = delayed ? DELAYED : LIVE;
  const tick = (type: number, value: Price): Said => say('tickPrice', { reqId, tick: type, price: value, size: '0', mask: 0 });
  const halted = say('tickGeneric', { reqId, tick: types.halted, value: '0' });
  return [tick(types.high, day.high), tick(types.low, day.low), tick(types.close, day.close), halted];
}

export function optionTick(reqId: number, option: ModelledOption, delayed: boolean): Said {
  const { value, volatility, spot } = option;
  const text = (amount: number): string => String(Number(amount.toFixed(DIGITS)));
  return say('tickOption', {
    reqId,
    tick: delayed ? DELAYED.model : LIVE.model,
    attribute: 0,
    impliedVolatility: text(volatility),
    delta: text(value.delta),
    price: text(value.price),
    presentDividend: '0',
    gamma: text(value.gamma),
    vega: text(value.vega),
    theta: text(value.theta),
    underlyingPrice: text(spot),
  });
}

/** The smallest increment as TWS writes it: 5.0E-5, not 0.00005. */
export function minTickText(contract: Contract): string {
  return contract.minTick === '0.00005' ? '5.0E-5' : contract.minTick;
}

function sideTicks(
  reqId: number,
  priceType: number,
  sizeType: number,
  at: Price | null,
  size: Qty,
  before: { readonly price: Price | null; readonly size: Qty } | null,
): readonly Said[] {
  const moved = before === null || before.price !== at;
  if (!moved && before.size === size) return [];
  const sized = say('tickSize', { reqId, tick: sizeType, size });
  if (!moved) return [sized];
  return [say('tickPrice', { reqId, tick: priceType, price: at ?? NO_PRICE, size, mask: CAN_AUTO_EXECUTE }), sized];
}
