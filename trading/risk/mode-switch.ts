/**
 * RT-2, S18: the switch of each asset's modes. Paper goes on and off at once, live goes off at once. Live goes on in two steps: a request, which
 * shows what is at stake and gives a nonce, and a confirmation that carries this nonce and the typed text, once, within its time.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import { add, ZERO_MONEY, type Money } from '../money/decimal.ts';
import type { EventBody, EventType, Fact, KillScope, LiveSummary, Refusal } from '../model/events.ts';
import { brokerOf, type Asset, type Mode } from '../model/instrument.ts';
import { coveringScope } from '../model/kill-scope.ts';
import type { LiveVenue, Message, MessageBody } from '../model/messages.ts';
import type { Settings } from '../model/settings.ts';
import { without } from '../model/without.ts';
import { evolveSwitches, isModeOn, NO_SWITCHES, type Switches } from './modes.ts';
import { refuse } from './refuse.ts';

/** How long a confirmation may take, milliseconds of the person's clock. */
export const CONFIRM_MS_MAX = 30_000;
/** Source of what `--rehearse` switches on: no person, so nothing to type, and only where the market is ours. */
export const REHEARSE = 'rehearse';
const NONCE_HEX_DIGITS = 32;

export const MODE_SWITCH_FACTS: readonly EventType[] = [
  'system.started',
  'settings.loaded',
  'trade.closed',
  'kill.tripped',
  'kill.rearmed',
  'mode.requested',
  'mode.changed',
];

export type PendingLive = Omit<EventBody<'mode.requested'>, 'mode'>;

export interface ModeSwitchState {
  readonly run: { readonly seed: string; readonly epoch: number; readonly market: string } | null;
  readonly switches: Switches;
  /** At most one an asset: a new request replaces the one before. */
  readonly pending: Readonly<Partial<Record<Asset, PendingLive>>>;
  /** Requests ever made: no two nonces come of the same text. */
  readonly requests: number;
  readonly killed: readonly KillScope[];
  readonly settings: Settings | null;
  /** Σ pnl of closed live trades, USD. */
  readonly realised: Readonly<Partial<Record<Asset, Money>>>;
}

export interface ModeReply {
  readonly ok: boolean;
  readonly asset: Asset;
  readonly mode: Mode;
  /** How it stands when the reply's events are recorded. */
  readonly on: boolean;
  readonly changed: boolean;
  readonly pending: PendingLive | null;
  readonly refusal: Refusal | null;
}

const BLANK: ModeSwitchState = {
  run: null,
  switches: NO_SWITCHES,
  pending: {},
  requests: 0,
  killed: [],
  settings: null,
  realised: {},
};

export const confirmationOf = (asset: Asset): string => `LIVE ${asset}`;

export function createModeSwitch(): Behavior<ModeSwitchState, null> {
  return {
    initial: BLANK,
    blank: null,
    decide: (state, _memory, message) => decide(state, message),
    evolve: evolveModeSwitch,
    resume: () => NOTHING,
  };
}

/** Total. A new run forgets what waited: nobody confirms what an earlier run asked. */
export function evolveModeSwitch(state: ModeSwitchState, fact: Fact): ModeSwitchState {
  const switches = evolveSwitches(state.switches, fact);
  switch (fact.type) {
    case 'system.started': {
      const { seed, epoch, market } = fact.body;
      return { ...state, switches, run: { seed, epoch, market }, pending: {} };
    }
    case 'mode.requested': {
      const { mode: _live, ...pending } = fact.body;
      return { ...state, requests: state.requests + 1, pending: { ...state.pending, [pending.asset]: pending } };
    }
    case 'mode.changed':
      return { ...state, switches, pending: fact.body.mode === 'live' ? without(state.pending, fact.body.asset) : state.pending };
    case 'settings.loaded':
      return { ...state, settings: fact.body.settings };
    case 'trade.closed': {
      const { asset, mode, pnl } = fact.body.trade;
      if (mode !== 'live') return state;
      return { ...state, realised: { ...state.realised, [asset]: add(state.realised[asset] ?? ZERO_MONEY, pnl) } };
    }
    case 'kill.tripped':
      return state.killed.includes(fact.body.scope) ? state : { ...state, killed: [...state.killed, fact.body.scope] };
    case 'kill.rearmed':
      return { ...state, killed: [] };
    default:
      return state;
  }
}

function decide(state: ModeSwitchState, message: Message): Decision<null> {
  switch (message.type) {
    case 'mode.set':
      return set(state, message.body);
    case 'mode.confirm':
      return confirm(state, message.body);
    case 'actor.asked':
      return { ...NOTHING, reply: state };
    default:
      return NOTHING;
  }
}

/** The same setting again changes nothing; switching live off also takes back a request that waits. */
function set(state: ModeSwitchState, body: MessageBody<'mode.set'>): Decision<null> {
  const { asset, mode, on, source } = body;
  const waits = mode === 'live' ? (state.pending[asset] ?? null) : null;
  const isSame = isModeOn(state.switches, { asset, mode }) === on;
  if (isSame && (on || waits === null)) return unchanged(state, { asset, mode });
  if (mode === 'live' && on) return source === REHEARSE ? rehearse(state, body) : request(state, body);
  return switched({ asset, mode }, on, source, isSame ? 'the request was taken back' : `switched ${on ? 'on' : 'off'}`);
}

function request(state: ModeSwitchState, { asset, source, at, venue }: MessageBody<'mode.set'>): Decision<null> {
  const { run, settings } = state;
  if (run === null || settings === null) {
    return refused(state, asset, refuse('LIVE_NOT_AVAILABLE', 'RT-2', { asset }, `${asset} live: no settings were loaded yet`));
  }
  const summary = summaryOf(state, settings, run.market, asset, venue);
  const pending: PendingLive = { asset, nonce: nonceOf(state, asset), expiresAt: at + CONFIRM_MS_MAX, summary, source };
  const reply: ModeReply = { ok: true, asset, mode: 'live', on: false, changed: false, pending, refusal: null };
  return { events: [{ type: 'mode.requested', body: { ...pending, mode: 'live' } }], effects: [], reply };
}

/** A script on our own market has nobody to type. */
function rehearse(state: ModeSwitchState, { asset, venue }: MessageBody<'mode.set'>): Decision<null> {
  const market = state.run?.market ?? '';
  if (market !== 'embedded') {
    const sentence = `${asset} live: a rehearsal is for the embedded market, this is ${market}`;
    return refused(state, asset, refuse('LIVE_NOT_AVAILABLE', 'RT-2', { asset, market }, sentence));
  }
  const refusal = unavailable(state, asset, venue);
  return refusal === null ? switched({ asset, mode: 'live' }, true, REHEARSE, 'rehearsed on the embedded market') : refused(state, asset, refusal);
}

function confirm(state: ModeSwitchState, body: MessageBody<'mode.confirm'>): Decision<null> {
  const { asset, source, venue } = body;
  const refusal = unconfirmed(state, body) ?? unavailable(state, asset, venue);
  return refusal === null
    ? switched({ asset, mode: 'live' }, true, source, 'switched on, with the typed confirmation')
    : refused(state, asset, refusal);
}

/** S18: what is wrong with the confirmation itself, or null. A nonce that was used waits no more. */
function unconfirmed(state: ModeSwitchState, { asset, nonce, typed, at }: MessageBody<'mode.confirm'>): Refusal | null {
  const pending = state.pending[asset];
  const reject = (code: 'CONFIRM_EXPIRED' | 'CONFIRM_WRONG', numbers: Refusal['numbers'], why: string): Refusal =>
    refuse(code, 'RT-2', { asset, ...numbers }, `${asset} live: ${why}`);
  if (pending === undefined) return reject('CONFIRM_EXPIRED', {}, 'nothing waits for a confirmation; it was used, taken back, or lost in a restart');
  if (pending.nonce !== nonce) return reject('CONFIRM_WRONG', {}, 'the confirmation is of another request; the newest one counts');
  const ageMs = at - (pending.expiresAt - CONFIRM_MS_MAX);
  // A clock that was set back would make the time longer.
  if (ageMs > CONFIRM_MS_MAX || ageMs < 0) {
    return reject('CONFIRM_EXPIRED', { ageMs, ageMsMax: CONFIRM_MS_MAX }, `the request is older than ${CONFIRM_MS_MAX / 1000} s; request it again`);
  }
  const { type } = pending.summary;
  return typed === type ? null : reject('CONFIRM_WRONG', { type }, `what has to be typed is ${type}, to the letter`);
}

/** Why live may not be switched on however well it was confirmed, or null. */
function unavailable(state: ModeSwitchState, asset: Asset, venue: LiveVenue): Refusal | null {
  const why = unavailability(state, asset, venue);
  return why === null ? null : refuse('LIVE_NOT_AVAILABLE', 'RT-2', { asset }, `${asset} live: ${why}`);
}

function unavailability(state: ModeSwitchState, asset: Asset, venue: LiveVenue): string | null {
  const scope = coveringScope(state.killed, asset);
  return scope === undefined ? venue.unavailable : `the kill-switch is tripped for ${scope}; re-arm it first`;
}

function summaryOf(state: ModeSwitchState, settings: Settings, market: string, asset: Asset, venue: LiveVenue): LiveSummary {
  const { alloc, allocMode, profitRollover, leverageCaps, maxPositions, risk } = settings;
  const rolled = allocMode === 'absolute' && profitRollover ? (state.realised[asset] ?? ZERO_MONEY) : ZERO_MONEY;
  return {
    budget: add(alloc[asset], rolled),
    allocMode,
    leverageCap: leverageCaps[asset],
    maxPositions: maxPositions[asset],
    maxLossPerOrder: risk.maxLossPerOrder,
    dailyLossCap: risk.dailyLossCap,
    maxDrawdown: risk.maxDrawdown,
    market,
    broker: brokerOf(asset),
    account: venue.account,
    unavailable: unavailability(state, asset, venue),
    type: confirmationOf(asset),
  };
}

/** One for every request that was ever recorded, and the same after a crash between decision and record. */
function nonceOf({ run, requests }: ModeSwitchState, asset: Asset): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([run?.seed, run?.epoch, requests, asset])))).slice(0, NONCE_HEX_DIGITS);
}

interface Account {
  readonly asset: Asset;
  readonly mode: Mode;
}

function switched({ asset, mode }: Account, on: boolean, source: string, reason: string): Decision<null> {
  const reply: ModeReply = { ok: true, asset, mode, on, changed: true, pending: null, refusal: null };
  return { events: [{ type: 'mode.changed', body: { asset, mode, on, source, reason } }], effects: [], reply };
}

function unchanged(state: ModeSwitchState, { asset, mode }: Account): Decision<null> {
  const reply: ModeReply = { ok: true, asset, mode, on: isModeOn(state.switches, { asset, mode }), changed: false, pending: null, refusal: null };
  return { ...NOTHING, reply };
}

function refused(state: ModeSwitchState, asset: Asset, refusal: Refusal): Decision<null> {
  const on = isModeOn(state.switches, { asset, mode: 'live' });
  const reply: ModeReply = { ok: false, asset, mode: 'live', on, changed: false, pending: state.pending[asset] ?? null, refusal };
  return { ...NOTHING, reply };
}
