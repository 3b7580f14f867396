/** Who is told of which quotes. Values that have not changed are not sent again. */
import type { Contract } from './contracts.ts';
import type { Quote } from './exchange.ts';
import type { Market } from './market.ts';
import { say, sayError, type Said } from './say.ts';
import type { Session } from './session.ts';
import type { Switches } from './switches.ts';
import { dayTicks, minTickText, optionTick, quoteTicks } from './ticks.ts';

interface Line {
  readonly session: Session;
  readonly reqId: number;
  readonly contract: Contract;
  readonly kind: 'ticks' | 'BidAsk' | 'MidPoint' | 'Last';
  readonly delayed: boolean;
  last: Quote | null;
}

/** Market data lines of one session. */
const LINES_MAX = 100;
const TOO_MANY_LINES = 101;
const DUPLICATE_LINE = 102;
const UNKNOWN_LINE = 300;
const NOT_SUBSCRIBED = 354;
const SHOWING_DELAYED = 10167;
const COMPETING = 10197;
export const COMPETING_TEXT = 'No market data during competing live session';
const PARTIAL = 10090;
const PARTIAL_TEXT = 'Part of requested market data is not subscribed. Subscription-independent ticks are still active.';
const LIVE = 1;
const DELAYED = 3;
const BBO = '9c0001';
const SNAPSHOT_PERMISSIONS = 3;

export class Subscriptions {
  readonly #market: Market;
  readonly #switches: Readonly<Switches>;
  readonly #byContract = new Map<number, Set<Line>>();
  readonly #bySession = new Map<Session, Map<number, Line>>();

  constructor(market: Market, switches: Readonly<Switches>) {
    this.#market = market;
    this.#switches = switches;
  }

  subscribe(session: Session, reqId: number, contract: Contract, snapshot: boolean): void {
    const lines = this.#linesOf(session);
    if (lines.has(reqId)) return session.refuse(reqId, DUPLICATE_LINE, 'Duplicate ticker ID');
    if (lines.size >= LINES_MAX) return session.refuse(reqId, TOO_MANY_LINES, 'Max number of tickers has been reached');
    const delayed = this.#switches.delayedOnly;
    if (delayed && session.marketDataType < DELAYED) {
      return session.refuse(reqId, NOT_SUBSCRIBED, 'Requested market data is not subscribed. Delayed market data is available.');
    }
    if (delayed) session.refuse(reqId, SHOWING_DELAYED, 'Requested market data is not subscribed. Displaying delayed market data.');
    if (this.#switches.competingSession) return session.refuse(reqId, COMPETING, COMPETING_TEXT);
    if (this.#switches.partialSubscription) session.refuse(reqId, PARTIAL, PARTIAL_TEXT);
    const minTick = minTickText(contract);
    session.send(
      say('marketDataType', { reqId, type: delayed ? DELAYED : LIVE }),
      say('tickReqParams', { reqId, minTick, bboExchange: BBO, snapshotPermissions: SNAPSHOT_PERMISSIONS }),
    );
    const line: Line = { session, reqId, contract, kind: 'ticks', delayed, last: null };
    const quote = this.#market.quote(contract);
    if (quote !== undefined) this.#push(line, quote);
    if (snapshot) session.send(say('tickSnapshotEnd', { reqId }));
    else this.#add(line);
  }

  subscribeTicks(session: Session, reqId: number, contract: Contract, kind: 'BidAsk' | 'MidPoint' | 'Last'): void {
    if (this.#linesOf(session).has(reqId)) return session.refuse(reqId, DUPLICATE_LINE, 'Duplicate ticker ID');
    const line: Line = { session, reqId, contract, kind, delayed: false, last: null };
    this.#add(line);
    const quote = this.#market.quote(contract);
    if (quote !== undefined) this.#push(line, quote);
  }

  cancel(session: Session, reqId: number): void {
    const line = this.#linesOf(session).get(reqId);
    if (line === undefined) return session.refuse(reqId, UNKNOWN_LINE, `Can't find EId with tickerId:${reqId}`);
    this.#remove(line);
  }

  /** The session is gone. */
  forget(session: Session): void {
    for (const line of [...this.#linesOf(session).values()]) this.#remove(line);
    this.#bySession.delete(session);
  }

  /** Every subscription is lost, and nobody is told: what 1101 means. */
  forgetAll(): void {
    for (const session of [...this.#bySession.keys()]) this.forget(session);
  }

  /** Says so to every line. */
  refuseAll(code: number, text: string): void {
    for (const lines of this.#bySession.values()) for (const line of lines.values()) line.session.send(sayError(line.reqId, code, text));
  }

  push(contract: Contract, quote: Quote): void {
    const lines = this.#byContract.get(contract.conId);
    if (lines === undefined || this.#switches.silentFarm || this.#switches.competingSession) return;
    for (const line of lines) this.#push(line, quote);
  }

  count(): number {
    let lines = 0;
    for (const of of this.#bySession.values()) lines += of.size;
    return lines;
  }

  #push(line: Line, quote: Quote): void {
    if (line.session.blind) return;
    const before = line.last;
    line.last = quote;
    if (line.kind === 'ticks') line.session.send(...this.#ticks(line, quote, before));
    else if (line.kind !== 'Last') line.session.send(...tickByTick(line, quote));
  }

  #ticks(line: Line, quote: Quote, before: Quote | null): readonly Said[] {
    const { reqId, contract, delayed } = line;
    const said: Said[] = [...quoteTicks(reqId, quote, before, delayed)];
    const day = before === null ? this.#market.day(contract) : undefined;
    if (day !== undefined) said.push(...dayTicks(reqId, day, delayed));
    const option = contract.secType === 'OPT' && said.length > 0 ? this.#market.modelled(contract, quote.at) : null;
    if (option !== null) said.push(optionTick(reqId, option, delayed));
    return said;
  }

  #add(line: Line): void {
    this.#linesOf(line.session).set(line.reqId, line);
    const lines = this.#byContract.get(line.contract.conId) ?? new Set();
    lines.add(line);
    this.#byContract.set(line.contract.conId, lines);
  }

  #remove(line: Line): void {
    this.#linesOf(line.session).delete(line.reqId);
    this.#byContract.get(line.contract.conId)?.delete(line);
  }

  #linesOf(session: Session): Map<number, Line> {
    const lines = this.#bySession.get(session) ?? new Map<number, Line>();
    this.#bySession.set(session, lines);
    return lines;
  }
}

const BID_ASK = 3;
const MID_POINT = 4;

function tickByTick(line: Line, quote: Quote): readonly Said[] {
  const { bid, ask, bidSize, askSize, at } = quote;
  if (bid === null || ask === null) return [];
  const unsaid = { price: '0', size: '0', lastMask: 0, exchange: '', conditions: '', bid, ask, bidSize, askSize, bidAskMask: 0 };
  const kind = line.kind === 'BidAsk' ? BID_ASK : MID_POINT;
  const mid = String((Number(bid) + Number(ask)) / 2);
  return [say('tickByTick', { ...unsaid, reqId: line.reqId, kind, seconds: Math.floor(at / 1000), mid })];
}
