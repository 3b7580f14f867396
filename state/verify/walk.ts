/** One pass over the journal: the chain, then what the facts say. */
import type { Adjustment, Fact } from '#trading/model/events.ts';
import { negate, ZERO_QTY } from '#trading/money/decimal.ts';
import { GENESIS, recordTail, type Link } from '../chain.ts';
import { keyOf, seqOf, type RawRecord } from '../store.ts';
import { DustRules } from './dust.ts';
import { FeeRules } from './fees.ts';
import { FillRules, type FillCounts } from './fills.ts';
import { FundingRules } from './funding.ts';
import { instrumentKey, OrderBook } from './order-book.ts';
import { LiveOrderRules } from './live-orders.ts';
import { LiveStopRules } from './live-stops.ts';
import { OrderRules } from './orders.ts';
import { checkRaw } from './record-check.ts';
import type { Problems, Report } from './report.ts';
import { SessionRules } from './sessions.ts';
import { SettlementRules } from './settlements.ts';
import { SwitchRules } from './switches.ts';
import { TradeRules } from './trades.ts';
import { TrailRules } from './trails.ts';

/** The journal, record by record, under every rule. */
export class Walk {
  records = 0;
  intents = 0;
  /** The number of the newest record and its hash. */
  end: Link = GENESIS;
  /** The hash of the record the anchor names, once it came by. */
  anchoredHash: string | null = null;
  readonly #problems: Problems;
  readonly #from: number;
  readonly #anchor: Link | null;
  readonly #book = new OrderBook();
  readonly #orders = new OrderRules(this.#book);
  readonly #switches = new SwitchRules();
  readonly #live = new LiveOrderRules(this.#book, (of) => this.#fills.positionOf(of)?.held ?? ZERO_QTY);
  readonly #trades = new TradeRules(this.#book);
  readonly #fills = new FillRules(this.#book, (of, by, trip, report) => this.#trades.closed(of, by, trip, report));
  readonly #trails = new TrailRules(this.#book, this.#fills);
  readonly #stops = new LiveStopRules(this.#book, this.#fills);
  readonly #funding = new FundingRules(this.#book, this.#fills, (booked) => this.#trades.moved(booked, negate(booked.amount)));
  readonly #fees = new FeeRules((adjusted) => this.#trades.moved(adjusted, negate(adjusted.amount)));
  readonly #dust = new DustRules(this.#book, this.#fills, (of, by, trip, report) => this.#trades.closed(of, by, trip, report));
  readonly #settlements = new SettlementRules(this.#book, this.#fills, (of, by, trip, report) => this.#trades.closed(of, by, trip, report));
  readonly #sessions = new SessionRules(this.#book);
  /** Null after a break. */
  #prev: Link | null = GENESIS;
  #lastAt = 0;

  constructor(problems: Problems, from: number, anchor: Link | null) {
    this.#problems = problems;
    this.#from = from;
    this.#anchor = anchor;
  }

  take(raw: RawRecord): void {
    this.records += 1;
    const expected = this.end.seq + 1;
    if (raw.key !== keyOf(expected)) {
      this.#problems.add(expected, 'CHAIN', `record ${expected} is missing: ${JSON.stringify(raw.key)} stands in its place`);
      this.#prev = null;
    }
    const seq = seqOf(raw.key) ?? expected;
    const before = this.#problems.total;
    const { link, fact } = checkRaw(raw, this.#prev, this.#problems);
    // A record whose own word cannot be trusted is not what the next one is measured by.
    this.#prev = link.hash === '' || this.#problems.total > before ? null : link;
    this.end = { seq, hash: link.hash };
    if (seq === this.#anchor?.seq) this.anchoredHash = recordTail(raw.value)?.hash ?? null;
    if (fact === null) return;
    try {
      this.#check(fact);
    } catch (error) {
      // Numbers that fit the schema and that no arithmetic takes: still only one more thing that is wrong with this record.
      this.#problems.add(seq, 'SCHEMA', `${fact.type} cannot be checked: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Fills of each mode, and how many of paper were derived again. */
  get fills(): Readonly<FillCounts> {
    return this.#fills.counts;
  }

  /** ST-3: no fill and no trade, but what the fills so far made is money all the same. */
  #adjust(adjustment: Adjustment, report: Report): void {
    if (adjustment.mode !== 'live') report('POSITION', `${adjustment.symbol} was adjusted on paper, where no venue has a word`);
    const settled = this.#fills.adjust(adjustment, report);
    if (settled !== null) this.#trades.moved(adjustment, settled);
  }

  #check(fact: Fact): void {
    const report: Report = (rule, what) => this.#problems.add(fact.seq, rule, what);
    // Only the start of a run may set market time back: recorded data can be played again.
    if (fact.at < this.#lastAt && fact.type !== 'system.started')
      report('TIME', `${fact.type} is of ${fact.at}, before the record before it (${this.#lastAt})`);
    this.#lastAt = fact.at;
    if (fact.type === 'system.started') this.#book.seed = fact.body.seed;
    if (fact.type === 'settings.loaded') this.#book.settings = fact.body.settings;
    if (fact.type === 'instrument.changed') this.#book.instruments.set(instrumentKey(fact.body.instrument), fact.body.instrument);
    if (fact.type === 'order.intended') this.intents += 1;
    this.#switches.check(fact, report);
    this.#live.check(fact, report);
    this.#orders.check(fact, report);
    this.#fills.check(fact, fact.seq >= this.#from, report);
    this.#trails.check(fact, report);
    this.#stops.check(fact, report);
    this.#funding.check(fact, report);
    this.#fees.check(fact, report);
    this.#dust.check(fact, report);
    this.#settlements.check(fact, report);
    this.#sessions.check(fact, report);
    if (fact.type === 'reconcile.adjusted') this.#adjust(fact.body, report);
    this.#trades.check(fact, report);
  }
}
