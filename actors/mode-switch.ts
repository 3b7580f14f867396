import { createModeSwitch, type ModeSwitchState } from '#trading/risk/mode-switch.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf } from './params.ts';

const params = z.strictObject({});

/** mode-switch: journals what was switched on and off, live only with its typed confirmation. */
export default class ModeSwitchActor extends BehaviorActor<ModeSwitchState, null> {
  constructor() {
    super((start) => {
      paramsOf(start, params);
      return createModeSwitch();
    });
  }
}
