/** Faults of TWS by name, as a person types them: every switch (`read-only on`, `cancel-after-ms 60000`), the modes, and what happens once. */
import { isDecimalText, isNegative, price, qty } from '#trading/money/decimal.ts';
import type { Faults, ForeignOrder } from './faults.ts';
import { MODES, type Switches } from './switches.ts';

type Happening = (faults: Faults, target: string, value: string) => void;

/** A session of somebody else, where an order of another client is asked for. */
const OTHER_CLIENT = 9;
const FARMS = ['cashfarm', 'usopt', 'ushmds'] as const;
const ID_MAX = 2_147_483_646;

/** `name [TARGET] [VALUE]`, and what each takes. */
const HAPPENINGS: Readonly<Record<string, { readonly takes: string; readonly run: Happening }>> = {
  'lose-uplink': { takes: '', run: (faults) => faults.loseUplink() },
  'restore-uplink': { takes: 'kept or lost', run: (faults, data) => faults.restoreUplink(oneOf('restore-uplink', data, ['kept', 'lost'])) },
  restart: { takes: 'nightly or weekly', run: (faults, kind) => faults.restart(null, oneOf('restart', kind, ['nightly', 'weekly'])) },
  'go-down': { takes: 'nightly or weekly', run: (faults, kind) => faults.restart(null, oneOf('go-down', kind, ['nightly', 'weekly']), null) },
  login: { takes: '', run: (faults) => faults.login() },
  'drop-sessions': { takes: '', run: (faults) => faults.dropSessions() },
  'roll-back-ids': {
    takes: 'CLIENT ID',
    run: (faults, client, id) => faults.rollBackIds(whole('roll-back-ids', client), whole('roll-back-ids', id)),
  },
  'farm-broken': { takes: 'cashfarm, usopt or ushmds', run: (faults, farm) => faults.farm(oneOf('farm-broken', farm, FARMS), 'broken') },
  'farm-ok': { takes: 'cashfarm, usopt or ushmds', run: (faults, farm) => faults.farm(oneOf('farm-ok', farm, FARMS), 'ok') },
  'lose-lines': { takes: '', run: (faults) => faults.loseLines() },
  'competing-login': { takes: 'on or off', run: (faults, on) => faults.competingSession(oneOf('competing-login', on, ['on', 'off']) === 'on') },
  'correct-execution': {
    takes: 'EXEC_ID PRICE',
    run: (faults, execId, at) => faults.correctExecution(execId, price(decimal('correct-execution', at))),
  },
  'manual-order': { takes: 'SYMBOL QUANTITY (below 0 sells)', run: (faults, symbol, size) => faults.foreignOrder(foreign(symbol, size, 0, 0)) },
  'other-session-order': {
    takes: 'SYMBOL QUANTITY (below 0 sells)',
    run: (faults, symbol, size) => faults.foreignOrder(foreign(symbol, size, OTHER_CLIENT, faults.nextId(OTHER_CLIENT))),
  },
  liquidate: {
    takes: 'SYMBOL QUANTITY (below 0 buys)',
    run: (faults, symbol, size) => {
      const quantity = qty(decimal('liquidate', size));
      faults.liquidate(symbol, isNegative(quantity) ? 'BUY' : 'SELL', quantity.replace('-', ''), faults.priceOf(symbol));
    },
  },
  assign: { takes: 'LOCAL_SYMBOL QUANTITY', run: (faults, symbol, size) => faults.assign(symbol, decimal('assign', size)) },
  'answer-dialog': { takes: '', run: (faults) => faults.answerDialog() },
  'locate-shares': { takes: '', run: (faults) => faults.locateShares() },
};

/** @throws RangeError where it is not understood. */
export function inject(faults: Faults, switches: Switches, name: string, target: string, value: string): object {
  const happening = Object.hasOwn(HAPPENINGS, name) ? HAPPENINGS[name] : undefined;
  if (happening !== undefined) {
    happening.run(faults, target, value);
    return { fault: name, target, value };
  }
  if (Object.hasOwn(MODES, name)) return setMode(switches, name as keyof typeof MODES, target === '' ? 'on' : target);
  return setSwitch(switches, name, target);
}

/** Every name that `inject` knows, and what it takes. */
export function faultNames(switches: Readonly<Switches>): readonly string[] {
  const happenings = Object.entries(HAPPENINGS).map(([name, { takes }]) => `${name} ${takes}`.trimEnd());
  const set = Object.entries(switches).map(([name, value]) => `${kebab(name)} ${typeof value === 'boolean' ? 'on|off' : 'NUMBER'}`);
  return [...Object.keys(MODES), ...happenings, ...set];
}

function setMode(switches: Switches, name: keyof typeof MODES, target: string): object {
  const on = oneOf(name, target, ['on', 'off']) === 'on';
  for (const [key, value] of Object.entries<number | boolean>(MODES[name])) Object.assign(switches, { [key]: on ? value : off(value) });
  return { fault: name, target };
}

function setSwitch(switches: Switches, name: string, target: string): object {
  const key = (Object.keys(switches) as (keyof Switches)[]).find((known) => kebab(known) === name);
  if (key === undefined) throw new RangeError(`no fault ${JSON.stringify(name.slice(0, 40))}; there are ${faultNames(switches).join(', ')}`);
  const value = switches[key];
  if (typeof value === 'boolean') Object.assign(switches, { [key]: oneOf(name, target === '' ? 'on' : target, ['on', 'off']) === 'on' });
  else Object.assign(switches, { [key]: typeof value === 'number' ? whole(name, target) : price(decimal(name, target)) });
  return { fault: name, target: String(switches[key]) };
}

const off = (value: number | boolean): number | boolean => (typeof value === 'number' ? 0 : false);
const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function foreign(localSymbol: string, size: string, clientId: number, orderId: number): ForeignOrder {
  const quantity = qty(decimal('an order', size));
  const action = isNegative(quantity) ? 'SELL' : 'BUY';
  return { clientId, orderId, localSymbol, action, quantity: quantity.replace('-', ''), limit: null, orderRef: '' };
}

function oneOf<const T extends string>(name: string, given: string, right: readonly T[]): T {
  const found = right.find((known) => known === given);
  if (found === undefined) throw new RangeError(`${name} takes ${right.join(' or ')}, not ${JSON.stringify(given.slice(0, 40))}`);
  return found;
}

function whole(name: string, given: string): number {
  const value = /^\d{1,10}$/.test(given) ? Number(given) : NaN;
  if (!(value <= ID_MAX)) throw new RangeError(`${name} takes a whole number up to ${ID_MAX}, not ${JSON.stringify(given.slice(0, 40))}`);
  return value;
}

function decimal(name: string, given: string): string {
  if (!isDecimalText(given)) throw new RangeError(`${name} takes a number, not ${JSON.stringify(given.slice(0, 40))}`);
  return given;
}
