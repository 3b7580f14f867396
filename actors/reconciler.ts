import { createReconciler, type ReconcilerMemory } from '#trading/reconcile/reconciler.ts';
import type { ReconcilerState } from '#trading/reconcile/state.ts';
import * as value from '#protocol/values.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf } from './params.ts';

const EVERY_MS_MAX = 3_600_000;
const BROKERS_MAX = 2;

const params = z.strictObject({
  brokers: z.array(z.strictObject({ broker: value.broker, orders: value.name, port: value.name })).max(BROKERS_MAX),
  everyMs: z.int().min(1000).max(EVERY_MS_MAX),
});

/** reconciler: compares each live account with the journal, at start and again and again (ST-3). */
export default class ReconcilerActor extends BehaviorActor<ReconcilerState, ReconcilerMemory> {
  constructor() {
    super((start) => createReconciler({ name: start.name, ...paramsOf(start, params) }));
  }
}
