/** Fees that were told late: each is of a live fill, follows from what was booked for it, and moves the wallet by no trade. */
import { subtract, type Money } from '#trading/money/decimal.ts';
import type { Fact, FeeAdjusted } from '#trading/model/events.ts';
import { gatewayOf, isGatewayOf } from './gateways.ts';
import type { Report } from './report.ts';

export class FeeRules {
  /** Of live fills, by gateway and execution of the venue: as booked, or adjusted last. */
  readonly #booked = new Map<string, { readonly symbol: string; readonly fee: Money }>();
  readonly #onMoved: (adjusted: FeeAdjusted) => void;

  constructor(onMoved: (adjusted: FeeAdjusted) => void) {
    this.#onMoved = onMoved;
  }

  check({ type, body, actor }: Fact, report: Report): void {
    if (type === 'fill.recorded') {
      const { asset, mode, symbol, fee, venueExecutionId } = body.fill;
      if (mode === 'live' && venueExecutionId !== null) this.#booked.set(keyOf(asset, venueExecutionId), { symbol, fee });
      return;
    }
    if (type !== 'fee.adjusted') return;
    const { asset, mode, symbol, venueExecutionId, booked, fee, amount } = body;
    const say = (what: string): void => report('FEE', `${venueExecutionId}: ${what}`);
    if (mode !== 'live') say('it is of paper, where no venue tells a fee (RT-1)');
    if (!isGatewayOf(actor, asset, mode)) say(`${actor} adjusted it, which is of ${gatewayOf(asset, mode)}`);
    const known = this.#booked.get(keyOf(asset, venueExecutionId));
    if (known === undefined) say('no fill names it');
    else if (known.symbol !== symbol) say(`it is of ${symbol}, its fill of ${known.symbol}`);
    else if (known.fee !== booked) say(`it says that ${booked} was booked, and ${known.fee} was`);
    if (amount !== subtract(fee, booked)) say(`it moved ${amount}, from ${booked} to ${fee} is ${subtract(fee, booked)}`);
    if (known !== undefined) this.#booked.set(keyOf(asset, venueExecutionId), { ...known, fee });
    this.#onMoved(body);
  }
}

const keyOf = (asset: FeeAdjusted['asset'], executionId: string): string => `${gatewayOf(asset, 'live')}|${executionId}`;
