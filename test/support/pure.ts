/** A behaviour that is held to its word: `decide` gets what it cannot change, and an order is decided twice with one result, as a drill does (drill.ts). */
import assert from 'node:assert/strict';
import type { Behavior, Decision } from '#trading/behavior.ts';
import { ORDER_PATH } from '#trading/model/events.ts';

export function pure<State, Memory>(behavior: Behavior<State, Memory>): Behavior<State, Memory> {
  return {
    ...behavior,
    decide(state, memory, message, now) {
      for (const given of [state, memory, message]) deepFreeze(given);
      const decision = behavior.decide(state, memory, message, now);
      if (decision.events.some(({ type }) => ORDER_PATH.has(type)))
        assert.equal(textOf(behavior.decide(state, memory, message, now)), textOf(decision));
      return decision;
    },
  };
}

// A strategy's memory is a function of it (strategy/port.ts): what it holds is not seen, what it says of a bar is.
const textOf = (decision: Decision<unknown>): string => JSON.stringify(decision);

const frozen = new WeakSet<object>();

/** @throws AssertionError over what freezing does not keep from being changed: a Map, a Set, an object with private fields. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || frozen.has(value)) return;
  frozen.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  assert.ok(prototype === Object.prototype || prototype === Array.prototype, `not plain data: ${value.constructor.name}`);
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
