/** gateway.<broker>.orders: decides over the live orders of one broker, in the main process. What it wants of the venue it asks of the broker's port. */
import type { Behavior } from '#trading/behavior.ts';
import { createLiveGateway } from '#trading/execution/live-gateway.ts';
import type { LiveState } from '#trading/execution/live-book.ts';
import type { LiveMemory } from '#trading/execution/live-turn.ts';
import type { OrderTerms } from '#trading/model/live.ts';
import type { Start } from '#protocol/actor.ts';
import * as value from '#protocol/values.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf, path } from './params.ts';
import { sendGate, type SendGate } from './send-gate.ts';

export interface LiveOrdersPlan {
  readonly terms: OrderTerms;
  /** Name of the cell that holds the order port (actors/order-port.ts). */
  readonly port: string;
  readonly gate: SendGate;
}

const params = z.strictObject({ latchPath: path, port: value.name });

/** The plan of a broker: its terms, and what the main process says of the rest. */
export const planOf =
  (terms: OrderTerms) =>
  (start: Start): LiveOrdersPlan => {
    const { latchPath, port } = paramsOf(start, params);
    return { terms, port, gate: sendGate(latchPath) };
  };

export class LiveOrders extends BehaviorActor<LiveState, LiveMemory> {
  constructor(create: (start: Start) => LiveOrdersPlan) {
    super((start) => {
      const { terms, port, gate } = create(start);
      return gated(createLiveGateway({ name: start.name, port, terms }), gate);
    });
  }
}

/** KS-1: before every decision the gate is read, after the approval has its place in the journal: what it says counts, whatever the mailbox has not told yet. */
function gated(behavior: Behavior<LiveState, LiveMemory>, gate: SendGate): Behavior<LiveState, LiveMemory> {
  return { ...behavior, decide: (state, memory, message, now) => behavior.decide(state, { ...memory, gate: gate.closed() }, message, now) };
}
