import { createKillSwitch, type KillSwitchState } from '#trading/risk/kill-switch.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf } from './params.ts';

const params = z.strictObject({});

/** kill-switch: journals what was tripped and re-armed. */
export default class KillSwitchActor extends BehaviorActor<KillSwitchState, null> {
  constructor() {
    super((start) => {
      paramsOf(start, params);
      return createKillSwitch();
    });
  }
}
