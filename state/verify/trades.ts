/** Trades and budgets: every closed trade is one round trip of fills, and the budget moves by nothing else (SZ-8). */
import { add, ratio, scale, subtract, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import { brokerOf, ASSETS } from '#trading/model/instrument.ts';
import type { Settings } from '#trading/model/settings.ts';
import type { EventBody, Fact } from '#trading/model/events.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import { positionKey, type OrderBook } from './order-book.ts';
import { cashOf, type RoundTrip } from './positions.ts';
import { ledgerProblems } from './ledger.ts';
import type { Report } from './report.ts';

export class TradeRules {
  readonly #book: OrderBook;
  readonly #tradeIds = new Set<string>();
  /** Round trips whose trade is not in the journal yet: at most one a position, unless something is missing. */
  readonly #closed = new Map<string, RoundTrip>();
  readonly #realised = new Map<string, Money>();
  /** By broker and mode: what shares of a live wallet are taken of. */
  readonly #bases = new Map<string, Money>();

  constructor(book: OrderBook) {
    this.#book = book;
  }

  /** `by`: what closed it. */
  closed(of: Pick<ClosedTrade, 'asset' | 'mode' | 'symbol'>, by: string, trip: RoundTrip, report: Report): void {
    const key = positionKey(of);
    if (this.#closed.has(key)) report('TRADE', `${by} closes ${of.symbol} again, but the round trip before was never booked as a trade`);
    this.#closed.set(key, trip);
  }

  /** Money that came by no trade: it moves the wallet, and every budget after it. */
  moved({ asset, mode }: Pick<ClosedTrade, 'asset' | 'mode'>, amount: Money): void {
    const key = `${asset}|${mode}`;
    this.#realised.set(key, add(this.#realised.get(key) ?? ZERO_MONEY, amount));
  }

  check(fact: Fact, report: Report): void {
    if (fact.type === 'wallet.based') return this.#checkBase(fact.body, report);
    if (fact.type !== 'trade.closed') return;
    const { trade } = fact.body;
    if (this.#tradeIds.has(trade.tradeId)) return report('TRADE', `${trade.tradeId} was booked before: the same trade twice`);
    this.#tradeIds.add(trade.tradeId);
    this.#checkBudget(trade, report);
    const key = positionKey(trade);
    const trip = this.#closed.get(key);
    if (trip === undefined)
      return report('TRADE', `${trade.tradeId} follows from no fills: no position of ${trade.asset} ${trade.mode} ${trade.symbol} was closed`);
    this.#closed.delete(key);
    for (const problem of [...cashProblems(trade, trip), ...ledgerProblems(trade, trip)]) report('TRADE', `${trade.tradeId}: ${problem}`);
  }

  #checkBudget(trade: ClosedTrade, report: Report): void {
    const { settings } = this.#book;
    const key = `${trade.asset}|${trade.mode}`;
    const realised = this.#realised.get(key) ?? ZERO_MONEY;
    this.#realised.set(key, add(realised, trade.pnl));
    if (settings === null) return report('BUDGET', `${trade.tradeId} was booked before any settings were loaded`);
    const alloc = this.#allotted(settings, trade);
    const before = settings.profitRollover ? add(alloc, realised) : alloc;
    const after = settings.profitRollover ? add(before, trade.pnl) : alloc;
    if (trade.budgetBefore !== before) {
      report('BUDGET', `${trade.tradeId} found a budget of ${trade.budgetBefore}; ${alloc} allotted and ${realised} realised before make ${before}`);
    }
    if (trade.budgetAfter !== after) report('BUDGET', `${trade.tradeId} left a budget of ${trade.budgetAfter}, it must be ${after}`);
  }

  /** USD: as configured, or the share of the paper wallet as configured, or of the live wallet's base. */
  #allotted(settings: Settings, { asset, mode }: ClosedTrade): Money {
    const share = settings.alloc[asset];
    if (settings.allocMode === 'absolute') return share;
    const broker = brokerOf(asset);
    const base = mode === 'paper' ? settings.paperWallet?.[broker] : this.#bases.get(`${broker}|${mode}`);
    return scale(base ?? ZERO_MONEY, ratio(share));
  }

  #checkBase({ broker, mode, equity, base }: EventBody<'wallet.based'>, report: Report): void {
    const key = `${broker}|${mode}`;
    if (this.#bases.has(key)) return report('BUDGET', `the ${mode} wallet of ${broker} was based before: budgets would move by no trade`);
    const realised = ASSETS.filter((asset) => brokerOf(asset) === broker).map((asset) => this.#realised.get(`${asset}|${mode}`) ?? ZERO_MONEY);
    const expected = subtract(equity, add(ZERO_MONEY, ...realised));
    this.#bases.set(key, expected);
    if (base !== expected)
      report('BUDGET', `the ${mode} wallet of ${broker} is based on ${base}; ${equity} less what was realised makes ${expected}`);
  }
}

/** What the fills say that the trade does not: cash first, then what can be read off the first and the last one. */
function cashProblems(trade: ClosedTrade, trip: RoundTrip): string[] {
  const first = trip.fills[0];
  const last = trip.fills.at(-1);
  const expected = {
    ...cashOf(trip),
    side: trip.side,
    strategyId: first?.strategyId,
    openedAt: first?.filledAt,
    closedAt: trip.settled?.expiredAt ?? last?.filledAt,
    exitReason: trip.settled === undefined ? last?.reason : 'settlement',
  };
  return Object.entries(expected)
    .filter(([key, value]) => trade[key as keyof typeof expected] !== value)
    .map(([key, value]) => `${key} is ${trade[key as keyof typeof expected]}, its fills make ${value}`);
}
