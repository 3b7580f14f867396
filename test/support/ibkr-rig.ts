/** A session with the embedded TWS over the real library, at the pace of a test. */
import assert from 'node:assert/strict';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { createClient, type Client, type MarketClient } from '#venues/ibkr/client.ts';
import { CODE } from '#venues/ibkr/codes.ts';
import type { Line } from '#venues/ibkr/line.ts';
import { IbkrSession, SESSION_LIMITS, type SessionOptions, type SessionPart, type SessionState, type SyncReason } from '#venues/ibkr/session.ts';

export const CLIENT_ID = 21;

export const QUICK = {
  ...SESSION_LIMITS,
  greetMs: 2000,
  quietMs: 50,
  answerMs: 100,
  lookMs: 10,
  redial: { baseMs: 5, capMs: 20 },
  // A test that wants another connection breaks this one.
  renew: { baseMs: 600_000, capMs: 600_000 },
};

/** What happened to it, in order. */
export class RecordingPart implements SessionPart {
  readonly syncs: SyncReason[] = [];
  readonly states: SessionState[] = [];
  readonly epochs: number[] = [];
  attach(line: Line): void {
    this.epochs.push(line.epoch);
  }

  sync(_line: Line, why: SyncReason): Promise<void> {
    this.syncs.push(why);
    return Promise.resolve();
  }

  onState(state: SessionState): void {
    this.states.push(state);
  }
}

export function sessionOn<C extends Client = MarketClient>(tws: Pick<EmbeddedTws, 'port'>, more: Partial<SessionOptions<C>> = {}): IbkrSession<C> {
  return new IbkrSession<C>({
    address: { host: '127.0.0.1', port: tws.port },
    clientId: CLIENT_ID,
    account: null,
    create: (address) => createClient<C>(address),
    rateLimit: null,
    limits: QUICK,
    ...more,
  });
}

/** The library's decoder is the judge of the wire: a field too few or too many is an error 505. */
export function assertDecoded(session: { readonly counters: { view(): Readonly<Record<string, number>> } }): void {
  assert.equal(session.counters.view()[`error.${CODE.decode}`] ?? 0, 0, 'decode errors (505)');
}
