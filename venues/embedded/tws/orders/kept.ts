/** Orders and executions as they are kept over the end of the process: plain JSON, contracts by name, and of what was placed only what was said. */
import { blank } from '../codec/layout.ts';
import { PLACE_ORDER } from '../codec/place-order.ts';
import type { Contract } from '../contracts.ts';
import type { OrderRecord, Placed } from './record.ts';

export type Kept<T extends { readonly contract: Contract }> = Omit<T, 'contract'> & { readonly contract: string };
export type KeptOrder = Omit<Kept<OrderRecord>, 'placed'> & { readonly placed: Partial<Placed> };

/** By the local symbol. @throws RangeError where it is not listed any more. */
export type Listed = (localSymbol: string) => Contract;

const UNSAID: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(blank(PLACE_ORDER)).map(([name, value]) => [name, JSON.stringify(value)]),
);

export function keepOrder({ placed, contract, ...order }: OrderRecord): KeptOrder {
  const said = Object.entries(placed).filter(([name, value]) => JSON.stringify(value) !== UNSAID[name]);
  return { ...order, contract: contract.localSymbol, placed: Object.fromEntries(said) };
}

export function recallOrder({ placed, contract, ...order }: KeptOrder, listed: Listed): OrderRecord {
  return { ...order, contract: listed(contract), placed: { ...blank(PLACE_ORDER), ...placed } };
}

export const keepContract = <T extends { readonly contract: Contract }>(of: T): Kept<T> => ({ ...of, contract: of.contract.localSymbol });
