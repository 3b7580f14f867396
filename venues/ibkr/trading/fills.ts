/**
 * Executions and what they cost, which TWS says in two messages, in either order, or late, or not at all (venues/ibkr, modes 5 to 7). An execution is
 * told once both are there; where the commission does not come, at the price of our own table, and what it was is told when it comes (decision 33).
 */
import type { Instrument, Instant } from '#trading/model/instrument.ts';
import type { VenueExecution, VenueFee } from '#trading/model/live.ts';
import { larger, money, notional, ratio, scale, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';

/** One execution as TWS tells it. */
export interface ExecutionRow {
  readonly execId: string;
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly conId: number;
  /** The broker closed the position itself. */
  readonly isLiquidation: boolean;
  readonly execution: Omit<VenueExecution, 'executionId' | 'fee'>;
  readonly instrument: Instrument;
}

export interface FillPorts {
  readonly told: (execution: VenueExecution) => void;
  /** The commission came after ours was used, and is another one. */
  readonly charged: (fee: VenueFee) => void;
  /** The exchange changed an execution that was told: it is nobody's order, and a person looks. */
  readonly corrected: (execution: VenueExecution) => void;
}

interface Kept {
  readonly row: ExecutionRow;
  readonly heardAt: Instant;
  told: VenueExecution | null;
  isEstimated: boolean;
}

/** Two days of a busy account. */
const KEPT_MAX = 50_000;
const COMMISSIONS_WAITING_MAX = 1000;
/** Hundredths of a percent. */
const OF_BASIS_POINT = ratio('0.0001');

/** An execution id without its last part, which counts corrections. */
export function stemOf(execId: string): string {
  const dot = execId.lastIndexOf('.');
  return dot > 0 && /^\d{1,3}$/.test(execId.slice(dot + 1)) ? execId.slice(0, dot) : execId;
}

export class Fills {
  readonly #ports: FillPorts;
  /** By stem. */
  readonly #kept = new Map<string, Kept>();
  /** By stem: commissions that came before their execution. */
  readonly #early = new Map<string, Money>();
  readonly #revisions = new Set<string>();
  /** Commissions that came after ours was used, and were others. */
  lateDifferences = 0;
  estimated = 0;
  corrections = 0;

  constructor(ports: FillPorts) {
    this.#ports = ports;
  }

  hear(row: ExecutionRow, now: Instant): void {
    const stem = stemOf(row.execId);
    const known = this.#kept.get(stem);
    if (known !== undefined) return this.#again(known, row);
    this.#kept.set(stem, { row, heardAt: now, told: null, isEstimated: false });
    if (this.#kept.size > KEPT_MAX) for (const oldest of [...this.#kept.keys()].slice(0, 1)) this.#kept.delete(oldest);
    const fee = this.#early.get(stem);
    if (fee === undefined) return;
    this.#early.delete(stem);
    this.#tell(stem, fee, false);
  }

  /** `fee` in USD. */
  charged(execId: string, fee: Money): void {
    const stem = stemOf(execId);
    const known = this.#kept.get(stem);
    if (known === undefined) {
      this.#early.set(stem, fee);
      if (this.#early.size > COMMISSIONS_WAITING_MAX) for (const oldest of [...this.#early.keys()].slice(0, 1)) this.#early.delete(oldest);
    } else if (known.told === null) this.#tell(stem, fee, false);
    else if (known.isEstimated && known.told.fee !== fee) {
      // The journal has it at our own price: the fill is never booked again, the difference is cash.
      known.isEstimated = false;
      known.told = { ...known.told, fee };
      this.lateDifferences++;
      const { executionId, asset, symbol } = known.told;
      this.#ports.charged({ executionId, asset, symbol, fee });
    }
  }

  /** Whatever has waited since before `before` is told at the price of our own table. */
  estimate(before: Instant): void {
    for (const [stem, { row, heardAt, told }] of this.#kept) {
      if (told !== null || heardAt > before) continue;
      this.estimated++;
      this.#tell(stem, commissionOf(row.instrument, row.execution, this.#isFirst(row)), true);
    }
  }

  get waiting(): number {
    let count = 0;
    for (const { told } of this.#kept.values()) if (told === null) count++;
    return count;
  }

  /** Told ones, oldest first. */
  since(at: Instant): readonly VenueExecution[] {
    const found: VenueExecution[] = [];
    for (const { told } of this.#kept.values()) if (told !== null && told.executedAt >= at) found.push(told);
    return found.sort((left, right) => left.executedAt - right.executedAt);
  }

  rows(): readonly ExecutionRow[] {
    return [...this.#kept.values()].map(({ row }) => row);
  }

  #again(known: Kept, row: ExecutionRow): void {
    const isSame = row.execution.price === known.row.execution.price && row.execution.qty === known.row.execution.qty;
    if (row.execId === known.row.execId || isSame || this.#revisions.has(row.execId)) return;
    this.#revisions.add(row.execId);
    this.corrections++;
    const nobody = { clientOrderId: null, parentId: null, leg: null };
    this.#ports.corrected({ ...row.execution, ...nobody, executionId: row.execId, fee: ZERO_MONEY });
  }

  #tell(stem: string, fee: Money, isEstimated: boolean): void {
    const kept = this.#kept.get(stem);
    if (kept === undefined || kept.told !== null) return;
    kept.told = { ...kept.row.execution, executionId: stem, fee };
    kept.isEstimated = isEstimated;
    this.#ports.told(kept.told);
  }

  /** The minimum of a commission is asked once an order. */
  #isFirst(row: ExecutionRow): boolean {
    const [first] = this.rows().filter(({ permId }) => permId === row.permId);
    return first === row;
  }
}

function commissionOf({ commission, multiplier }: Instrument, { price, qty }: Pick<VenueExecution, 'price' | 'qty'>, isFirst: boolean): Money {
  if (commission === undefined) return ZERO_MONEY;
  const paid =
    'perUnit' in commission
      ? scale(commission.perUnit, ratio(qty))
      : scale(scale(money(notional(price, qty, multiplier)), commission.bps), OF_BASIS_POINT);
  return isFirst ? larger(paid, commission.min) : paid;
}
