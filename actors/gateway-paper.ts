import { createPaperSimulator } from '#trading/paper/simulator.ts';
import type { PaperState } from '#trading/paper/state.ts';
import type { PaperMemory } from '#trading/paper/turn.ts';
import type { Behavior, Decision } from '#trading/behavior.ts';
import type { DomainEvent, KillScope } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Message } from '#trading/model/messages.ts';
import * as value from '#protocol/values.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf, path } from './params.ts';
import { sendGate, type SendGate } from './send-gate.ts';

const params = z.strictObject({ seed: value.name, latchPath: path });

/** gateway.paper: the simulator behind the send gate. */
export default class PaperGatewayActor extends BehaviorActor<PaperState, PaperMemory> {
  constructor() {
    super((start) => {
      const { seed, latchPath } = paramsOf(start, params);
      return gated(createPaperSimulator({ name: start.name, seed }), sendGate(latchPath), start.name);
    });
  }
}

/**
 * KS-1: before every decision the gate is read; an acceptance counts once it is on disk, behind its approval. Where it says something else than the simulator knows, the
 * simulator hears that first: entries on their way are cancelled, and what it decides next already follows from it.
 */
function gated(simulator: Behavior<PaperState, PaperMemory>, gate: SendGate, name: string): Behavior<PaperState, PaperMemory> {
  const decide = (state: PaperState, memory: PaperMemory, message: Message, now: Instant): Decision<PaperMemory> => {
    const closed = gate.closed();
    if (isSame(closed, memory.gate)) return simulator.decide(state, memory, message, now);
    const events: DomainEvent[] = [];
    let known = { state, memory };
    for (const told of gateMessages(closed)) {
      const decision = simulator.decide(known.state, known.memory, told, now);
      events.push(...decision.events);
      known = { state: decision.events.reduce(evolve(now), known.state), memory: decision.memory ?? known.memory };
    }
    const decision = simulator.decide(known.state, known.memory, message, now);
    return { ...decision, events: [...events, ...decision.events], memory: decision.memory ?? known.memory };
  };
  /** The facts these events become have other numbers; the simulator's state depends on none of them. */
  const evolve =
    (now: Instant) =>
    (state: PaperState, event: DomainEvent): PaperState =>
      simulator.evolve(state, { ...event, seq: 0, at: now, actor: name, version: 1, cause: null });
  return { ...simulator, decide };
}

/** Opened, then closed for what it is closed for now: so that a gate which was opened in part is known in full. */
function gateMessages(closed: readonly KillScope[]): readonly Message[] {
  const told = { reason: 'the send gate is closed', source: 'latch', flatten: false };
  return [
    { type: 'kill.rearm', body: { confirm: '', source: 'latch', reason: 'the send gate was read' } },
    ...closed.map((scope): Message => ({ type: 'kill.trip', body: { scope, ...told } })),
  ];
}

function isSame(left: readonly KillScope[], right: readonly KillScope[]): boolean {
  return left.length === right.length && left.every((scope, index) => scope === right[index]);
}
