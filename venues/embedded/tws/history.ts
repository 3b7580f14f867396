/** reqHistoricalData: bars of what was played, and bars that are kept up to date. */
import type { Instant } from '#trading/model/instrument.ts';
import { BAR_KINDS, barMinutes, durationMs, endInstant, type Bar, type BarKind } from './bars.ts';
import type { RequestRow } from './codec/client-messages.ts';
import type { Contract } from './contracts.ts';
import type { Quote } from './exchange.ts';
import { HistoryPace } from './history-pace.ts';
import { newYork, stampOf } from './hours.ts';
import type { Market } from './market.ts';
import { say } from './say.ts';
import type { Session } from './session.ts';
import type { Switches } from './switches.ts';

interface Kept {
  readonly session: Session;
  readonly reqId: number;
  readonly contract: Contract;
  readonly kind: BarKind;
  readonly minutes: number;
  readonly dateFormat: number;
}

const NO_DATA = 162;
const VALIDATION = 321;
const DUPLICATE = 322;
/** Requests for bars that are kept up to date, over all sessions. */
const KEPT_MAX = 500;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const EPOCH_SECONDS = 2;
/** Currencies have neither volume nor count. */
const NONE = '-1';

export class History {
  readonly #market: Market;
  readonly #switches: Readonly<Switches>;
  readonly #now: () => Instant;
  readonly #kept = new Set<Kept>();
  readonly #pace = new HistoryPace();

  constructor(market: Market, switches: Readonly<Switches>, now: () => Instant) {
    this.#market = market;
    this.#switches = switches;
    this.#now = now;
  }

  request(session: Session, row: RequestRow<'reqHistoricalData'>, contract: Contract): void {
    const { reqId, barSize, duration, what, dateFormat } = row;
    const asked = `${barSize} ${duration} ${row.end}`;
    if (this.#switches.pacesHistory && this.#pace.violates(this.#now(), contract.conId, what, asked)) {
      return session.refuse(reqId, NO_DATA, 'Historical Market Data Service error message:Historical data request pacing violation');
    }
    const minutes = barMinutes(barSize);
    const length = durationMs(duration);
    const end = endInstant(row.end, this.#now());
    if (minutes === undefined || length === undefined || end === undefined) {
      const cause = minutes === undefined ? `bar size '${barSize}'` : length === undefined ? `duration '${duration}'` : `end '${row.end}'`;
      return session.refuse(reqId, VALIDATION, `Error validating request.-'bQ' : cause - ${cause} is not served here`);
    }
    const kind = BAR_KINDS.find((known) => known === what);
    const bars = kind === undefined ? [] : (this.#market.tape(contract)?.bars(kind, minutes, end - length, end) ?? []);
    if (kind === undefined || bars.length === 0) {
      const text = `No historical data query found for ${contract.localSymbol}@${contract.exchange} ${what} ${barSize}`;
      return session.refuse(reqId, NO_DATA, `Historical Market Data Service error message:${text}`);
    }
    const rows = bars.map((bar) => ({ ...rowOf(bar), date: dateOf(bar.at, minutes, dateFormat), volume: NONE, count: Number(NONE) }));
    session.send(say('historicalData', { reqId, start: stampOf(end - length), end: stampOf(end), bars: rows }));
    if (!row.keepUpToDate || session.barsAreDead) return;
    if (this.#kept.size >= KEPT_MAX) return session.refuse(reqId, DUPLICATE, 'Error processing request. too many live bar requests');
    this.#kept.add({ session, reqId, contract, kind, minutes, dateFormat });
  }

  /** Asking anew is what revives dead bars. */
  cancel(session: Session, reqId: number): void {
    session.barsAreDead = false;
    for (const kept of this.#kept) if (kept.session === session && kept.reqId === reqId) this.#kept.delete(kept);
  }

  forget(session: Session): void {
    for (const kept of this.#kept) if (kept.session === session) this.#kept.delete(kept);
  }

  /** Bars that are kept up to date stop, and nobody is told. */
  forgetAll(): void {
    this.#kept.clear();
  }

  push(contract: Contract, quote: Quote): void {
    if (this.#kept.size === 0 || this.#switches.deadBars) return;
    for (const { session, reqId, contract: of, kind, minutes, dateFormat } of this.#kept) {
      if (of.conId !== contract.conId || session.blind) continue;
      const bar = this.#market
        .tape(contract)
        ?.bars(kind, minutes, quote.at - minutes * MINUTE_MS, quote.at + 1)
        .at(-1);
      if (bar === undefined) continue;
      const { open, high, low, close, weighted } = rowOf(bar);
      const row = { reqId, count: Number(NONE), date: dateOf(bar.at, minutes, dateFormat), open, close, high, low, weighted, volume: NONE };
      session.send(say('historicalDataUpdate', row));
    }
  }
}

function rowOf(bar: Bar) {
  return { open: bar.open, high: bar.high, low: bar.low, close: bar.close, weighted: NONE };
}

function dateOf(at: Instant, minutes: number, format: number): string {
  if (minutes >= DAY_MINUTES) return newYork(at).date;
  return format === EPOCH_SECONDS ? String(at / 1000) : stampOf(at);
}
