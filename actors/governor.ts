import { createGovernor } from '#trading/risk/governor.ts';
import type { GovernorMemory } from '#trading/risk/memory.ts';
import type { GovernorState } from '#trading/risk/state.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf } from './params.ts';

const params = z.strictObject({});

/** governor: approves or refuses every order. */
export default class GovernorActor extends BehaviorActor<GovernorState, GovernorMemory> {
  constructor() {
    super((start) => {
      paramsOf(start, params);
      return createGovernor({ name: start.name });
    });
  }
}
