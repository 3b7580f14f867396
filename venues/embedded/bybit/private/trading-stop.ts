/** position/trading-stop: the take profit, the stop loss and the trailing stop of a position. */
import { isNegative, isZero, price, qty } from '#trading/money/decimal.ts';
import type { ExitLeg, Exits, PartialExits, TrailingExit } from '../../engine/triggers.ts';
import type { Outcome, PositionSlot } from '../../engine/types.ts';
import { listingKey } from '../../listing.ts';
import { codeOf } from './codes.ts';
import type { Desk } from './desk.ts';
import { BadRequest, decimal, legOf, slotOfBody, textOf, type Body } from './order-request.ts';
import { categoryOfBody, failed, ok, type Reply } from './orders-api.ts';

const NOT_MODIFIED = { retCode: 34040, retMsg: 'not modified' };
const MODES = ['', 'Full', 'Partial'];

export class TradingStop {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** @throws BadRequest */
  set(body: Body): Reply {
    if (categoryOfBody(body) !== 'linear') throw new BadRequest('params error: Category is invalid');
    const contract = listingKey('linear', textOf(body, 'symbol'));
    const slot = slotOfBody(body);
    const { engine, now } = this.#desk;
    if (engine.terms(contract) === undefined) throw new BadRequest('params error: symbol invalid');
    const mode = textOf(body, 'tpslMode');
    if (!MODES.includes(mode)) throw new BadRequest('params error: tpslMode invalid');
    const trailing = trailingOf(body, () => engine.positions(contract).find((position) => position.slot === slot)?.trailing ?? null);
    if (mode !== 'Partial') return this.#answer(engine.setExits(contract, slot, { ...legs(body), ...trailing }, now));
    return this.#partial(body, contract, slot, trailing);
  }

  /** Whatever the mode, a trailing stop is of the whole position. */
  #partial(body: Body, contract: string, slot: PositionSlot, trailing: Pick<Exits, 'trailing'>): Reply {
    const { engine, now } = this.#desk;
    const exits = partialOf(body);
    if (exits !== null) {
      const reply = this.#answer(engine.addExits(contract, slot, exits, now));
      if (reply.retCode !== 0 || trailing.trailing === undefined) return reply;
    }
    return this.#answer(engine.setExits(contract, slot, trailing, now));
  }

  #answer(outcome: Outcome<unknown>): Reply {
    this.#desk.after(outcome);
    if (outcome.ok) return ok({});
    return failed(outcome.refusal.code === 'NOT_MODIFIED' ? NOT_MODIFIED : codeOf(outcome.refusal, 'linear'));
  }
}

/** What is not named stays; "0" clears. */
function legs(body: Body): Exits {
  const given = (name: 'takeProfit' | 'stopLoss', prefix: 'tp' | 'sl'): Partial<Readonly<Record<typeof name, ExitLeg | null>>> => {
    const leg = legOf(body, name, prefix);
    if (leg !== null && leg.limit !== null) throw new BadRequest('params error: tpslMode Full takes market orders only');
    return textOf(body, name) === '' ? {} : { [name]: leg };
  };
  return { ...given('takeProfit', 'tp'), ...given('stopLoss', 'sl') };
}

/** Bybit says of no price which one a trailing stop looks at; its help centre names the last one. */
function trailingOf(body: Body, distanceNow: () => TrailingExit['distance'] | null): Pick<Exits, 'trailing'> {
  const [distance, activation] = [decimal(body, 'trailingStop'), decimal(body, 'activePrice')];
  if ((distance !== null && isNegative(distance)) || (activation !== null && isNegative(activation)))
    throw new BadRequest('params error: trailingStop and activePrice cannot be less than 0');
  if (distance !== null && isZero(distance)) return { trailing: null };
  if (distance === null && activation === null) return {};
  const kept = distance === null ? distanceNow() : price(distance);
  if (kept === null) throw new BadRequest('params error: trailingStop is required with activePrice');
  return { trailing: { distance: kept, activation: activation === null || isZero(activation) ? null : price(activation), by: 'last' } };
}

/** Null where no such exit is named. */
function partialOf(body: Body): PartialExits | null {
  const [takeProfit, stopLoss] = [legOf(body, 'takeProfit', 'tp'), legOf(body, 'stopLoss', 'sl')];
  if (takeProfit === null && stopLoss === null) return null;
  const [tpSize, slSize] = [decimal(body, 'tpSize'), decimal(body, 'slSize')];
  if (takeProfit !== null && stopLoss !== null && tpSize !== slSize) throw new BadRequest('params error: tpSize and slSize must be equal');
  const size = takeProfit === null ? slSize : tpSize;
  return { size: size === null ? null : qty(size), takeProfit, stopLoss };
}
