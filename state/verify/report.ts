/** What verify found. */

/** Problems kept in full; more are only counted. */
export const PROBLEMS_KEPT_MAX = 100;

/**
 * - `STORE`, `CHAIN`, `ANCHOR`: a record is missing, out of place, or not what was written.
 * - `SCHEMA`, `VERSION`, `OWNER`, `TIME`: a record that could not have been written so.
 * - `INTENT`, `APPROVAL`, `ORDER`, `KILL`, `MODE`, `WIRE`: an order without its cause, twice, or against a switch.
 * - `FILL`, `PROOF`, `POSITION`: an execution that nothing explains.
 * - `FUNDING`, `FEE`, `DUST`, `SETTLEMENT`: cash or an end of a position that does not follow from the position that was open.
 * - `SESSION`: an order where its market was closed.
 * - `TRADE`, `BUDGET`: a result that does not follow from its fills.
 */
export type VerifyRule =
  | 'STORE'
  | 'CHAIN'
  | 'ANCHOR'
  | 'SCHEMA'
  | 'VERSION'
  | 'OWNER'
  | 'TIME'
  | 'INTENT'
  | 'APPROVAL'
  | 'ORDER'
  | 'KILL'
  | 'MODE'
  | 'WIRE'
  | 'FILL'
  | 'PROOF'
  | 'POSITION'
  | 'FUNDING'
  | 'FEE'
  | 'DUST'
  | 'SETTLEMENT'
  | 'SESSION'
  | 'TRADE'
  | 'BUDGET';

export interface VerifyProblem {
  readonly seq: number;
  readonly rule: VerifyRule;
  readonly what: string;
}

/** How a rule says that the record at hand breaks it. */
export type Report = (rule: VerifyRule, what: string) => void;

export class Problems {
  readonly kept: VerifyProblem[] = [];
  total = 0;
  readonly #from: number;

  /** Problems of records before `from` are not counted: somebody has verified those before. */
  constructor(from: number) {
    this.#from = from;
  }

  add(seq: number, rule: VerifyRule, what: string): void {
    if (seq < this.#from) return;
    this.total += 1;
    if (this.kept.length < PROBLEMS_KEPT_MAX) this.kept.push({ seq, rule, what });
  }
}
