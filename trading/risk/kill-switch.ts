/** KS-1: the switch itself. It journals what was tripped and re-armed; gate and latch (actors/) act before it is asked. */
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import type { EventType, Fact, KillScope } from '../model/events.ts';
import type { Instant } from '../model/instrument.ts';
import type { Message, MessageBody } from '../model/messages.ts';

/** What a person types to re-arm. */
export const REARM_CONFIRMATION = 'REARM';

export const KILL_SWITCH_FACTS: readonly EventType[] = ['kill.tripped', 'kill.rearmed'];

export interface KillSwitchState {
  /** Tripped and not re-armed, in the order of tripping. */
  readonly scopes: readonly KillScope[];
  /** Those of them tripped with flatten. */
  readonly flattened: readonly KillScope[];
  readonly reason: string | null;
  readonly source: string | null;
  readonly at: Instant | null;
}

export interface KillReply {
  readonly ok: boolean;
  readonly tripped: boolean;
  readonly scopes: readonly KillScope[];
  readonly error?: string;
}

const ARMED: KillSwitchState = { scopes: [], flattened: [], reason: null, source: null, at: null };

export function createKillSwitch(): Behavior<KillSwitchState, null> {
  return { initial: ARMED, blank: null, decide: (state, _memory, message) => decide(state, message), evolve, resume: () => NOTHING };
}

function decide(state: KillSwitchState, message: Message): Decision<null> {
  switch (message.type) {
    case 'kill.trip':
      return trip(state, message.body);
    case 'kill.rearm':
      return rearm(state, message.body);
    case 'actor.asked':
      return { ...NOTHING, reply: state };
    default:
      return NOTHING;
  }
}

/** The same scope again changes nothing, unless now it is to be flattened too. */
function trip(state: KillSwitchState, { scope, reason, source, flatten }: MessageBody<'kill.trip'>): Decision<null> {
  const isKnown = state.scopes.includes(scope) && (!flatten || state.flattened.includes(scope));
  const scopes = state.scopes.includes(scope) ? state.scopes : [...state.scopes, scope];
  const reply: KillReply = { ok: true, tripped: true, scopes };
  return { events: isKnown ? [] : [{ type: 'kill.tripped', body: { scope, reason, source, flatten } }], effects: [], reply };
}

/** An event also where nothing is tripped: it re-arms the governor's wires too. */
function rearm(state: KillSwitchState, { confirm, reason, source }: MessageBody<'kill.rearm'>): Decision<null> {
  if (confirm !== REARM_CONFIRMATION) {
    const error = `re-arming takes the typed confirmation ${REARM_CONFIRMATION}`;
    return { ...NOTHING, reply: { ok: false, tripped: state.scopes.length > 0, scopes: state.scopes, error } satisfies KillReply };
  }
  const reply: KillReply = { ok: true, tripped: false, scopes: [] };
  return { events: [{ type: 'kill.rearmed', body: { source, reason } }], effects: [], reply };
}

function evolve(state: KillSwitchState, fact: Fact): KillSwitchState {
  if (fact.type === 'kill.rearmed') return ARMED;
  if (fact.type !== 'kill.tripped') return state;
  const { scope, flatten, reason, source } = fact.body;
  return {
    scopes: [...new Set([...state.scopes, scope])],
    flattened: flatten ? [...new Set([...state.flattened, scope])] : state.flattened,
    reason,
    source,
    at: fact.at,
  };
}
