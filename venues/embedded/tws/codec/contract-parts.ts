/** The parts that name a contract. */
import { DECIMAL_TEXT, field, INT, list, optionalDecimal, TEXT, type Part } from './layout.ts';

const TERMS = [
  field('conId', INT),
  field('symbol', TEXT),
  field('secType', TEXT),
  field('expiry', TEXT),
  field('strike', DECIMAL_TEXT),
  field('right', TEXT),
  field('multiplier', TEXT),
  field('exchange', TEXT),
] as const;

const LISTED = [field('currency', TEXT), field('localSymbol', TEXT), field('tradingClass', TEXT)] as const;

/** As clients name one: twelve fields. */
export const NAMED_CONTRACT = [...TERMS, field('primaryExchange', TEXT), ...LISTED] as const;

/** As the server names one in orders and executions: eleven fields, no primary exchange. */
export const ORDERED_CONTRACT = [...TERMS, ...LISTED] as const;

export const TAG_VALUES = [field('tag', TEXT), field('value', TEXT)] as const;

const isKind =
  (...kinds: readonly number[]) =>
  (row: Readonly<Record<string, unknown>>): boolean =>
    typeof row['kind'] === 'number' && kinds.includes(row['kind']);

const PRICE = 1;
const TIME = 3;
const MARGIN = 4;
const EXECUTION = 5;
const VOLUME = 6;
const PERCENT_CHANGE = 7;

/** One condition of an order: its kind says what follows. */
const CONDITION = [
  field('kind', INT),
  field('conjunction', TEXT),
  field('secType', TEXT, { when: isKind(EXECUTION) }),
  field('executionExchange', TEXT, { when: isKind(EXECUTION) }),
  field('symbol', TEXT, { when: isKind(EXECUTION) }),
  field('isMore', TEXT, { when: isKind(PRICE, TIME, MARGIN, VOLUME, PERCENT_CHANGE) }),
  field('value', TEXT, { when: isKind(PRICE, TIME, MARGIN, VOLUME, PERCENT_CHANGE) }),
  field('conId', INT, { when: isKind(PRICE, VOLUME, PERCENT_CHANGE) }),
  field('exchange', TEXT, { when: isKind(PRICE, VOLUME, PERCENT_CHANGE) }),
  field('triggerMethod', INT, { when: isKind(PRICE) }),
] as const;

const hasConditions = (row: Readonly<Record<string, unknown>>): boolean => Array.isArray(row['conditions']) && row['conditions'].length > 0;

export const CONDITIONS = [
  list('conditions', CONDITION),
  field('conditionsIgnoreRth', TEXT, { when: hasConditions }),
  field('conditionsCancelOrder', TEXT, { when: hasConditions }),
] as const;

const COMBO_LEG = [
  field('conId', INT),
  field('ratio', INT),
  field('action', TEXT),
  field('exchange', TEXT),
  field('openClose', INT),
  field('shortSaleSlot', INT),
  field('designatedLocation', TEXT),
  field('exemptCode', INT),
] as const;

const LEG_PRICE = [field('price', optionalDecimal(''))] as const;

/** Legs of a combination: always in what the server sends, and in a client's order where it is a BAG. */
export function comboParts(
  when?: (row: Readonly<Record<string, unknown>>) => boolean,
): readonly [Part<'legs', readonly unknown[]>, Part<'legPrices', readonly unknown[]>, Part<'smartRouting', readonly unknown[]>] {
  const presence = when === undefined ? {} : { when };
  return [list('legs', COMBO_LEG, presence), list('legPrices', LEG_PRICE, presence), list('smartRouting', TAG_VALUES, presence)];
}
