/** Counts a run from its facts, and keeps the closed trades of the whole journal for the report. */
import { money, add, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import type { Fact } from '#trading/model/events.ts';
import { MODES, type Asset, type Instant, type Mode } from '#trading/model/instrument.ts';
import type { ClosedTrade } from '#trading/model/position.ts';

const DAY_MS = 86_400_000;

export class Tally {
  intents = 0;
  approvals = 0;
  refusals = 0;
  /** Accepted by the simulator, or sent to a venue; legs that a venue keeps with their entry are part of it. */
  orders = 0;
  fills = 0;
  readonly trades: ClosedTrade[] = [];

  /** A fact of an earlier run: only its trade counts. */
  before(fact: Fact): void {
    if (fact.type === 'trade.closed') this.trades.push(fact.body.trade);
  }

  add(fact: Fact): void {
    if (fact.type === 'order.intended') this.intents++;
    else if (fact.type === 'order.approved') this.approvals++;
    else if (fact.type === 'order.refused') this.refusals++;
    else if (fact.type === 'order.accepted' || fact.type === 'order.sending') this.orders++;
    else if (fact.type === 'fill.recorded') this.fills++;
    this.before(fact);
  }

  byAsset(assets: readonly Asset[]): Record<string, Record<Mode, { closedTrades: number; pnl: Money }>> {
    return Object.fromEntries(
      assets.map((asset) => [
        asset,
        Object.fromEntries(MODES.map((mode) => [mode, this.#of(asset, mode)])) as Record<Mode, { closedTrades: number; pnl: Money }>,
      ]),
    );
  }

  /** Realised PnL of one asset and mode in the UTC day that `now` falls in. */
  realisedOn(asset: Asset, mode: Mode, now: Instant): Money {
    const day = Math.floor(now / DAY_MS);
    let sum: Money = ZERO_MONEY;
    // Trades close in time order: the day's are at the end.
    for (let index = this.trades.length - 1; index >= 0; index--) {
      const trade = this.trades[index];
      if (trade === undefined || Math.floor(trade.closedAt / DAY_MS) < day) break;
      if (trade.asset === asset && trade.mode === mode) sum = add(sum, trade.pnl);
    }
    return sum;
  }

  #of(asset: Asset, mode: Mode): { closedTrades: number; pnl: Money } {
    const own = this.trades.filter((trade) => trade.asset === asset && trade.mode === mode);
    return { closedTrades: own.length, pnl: own.length === 0 ? money(0) : add(ZERO_MONEY, ...own.map(({ pnl }) => pnl)) };
  }
}
