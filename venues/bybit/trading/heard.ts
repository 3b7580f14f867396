/** A stream can fall silent while its pongs go on: what a list tells and the stream does not shows it. */
import type { Instant } from '#trading/model/instrument.ts';
import type { VenueExecution } from '#trading/model/live.ts';

const KEPT_MAX = 5000;
/** How much later than a list the stream may tell of an execution before it is taken for silent. */
const UNHEARD_MS_MAX = 3000;

export class HeardExecutions {
  readonly #heard = new Set<string>();
  readonly #told = new Set<string>();
  /** Since when an execution that a list has is missed on the stream. */
  readonly #unheard = new Map<string, Instant>();

  hear({ executionId }: VenueExecution): void {
    this.#unheard.delete(executionId);
    this.#heard.add(executionId);
    const [oldest] = this.#heard;
    if (this.#heard.size > KEPT_MAX && oldest !== undefined) this.#heard.delete(oldest);
  }

  /** It was handed on, whoever told of it. */
  tell(executions: readonly VenueExecution[]): void {
    for (const { executionId } of executions) this.#told.add(executionId);
    for (const oldest of [...this.#told].slice(0, Math.max(0, this.#told.size - KEPT_MAX))) this.#told.delete(oldest);
  }

  isTold({ executionId }: VenueExecution): boolean {
    return this.#told.has(executionId) || this.#heard.has(executionId);
  }

  /** Why the stream is suspect, or null. `reportsSince` is null while the stream is down, which is known without this. */
  listed({ executionId, executedAt }: VenueExecution, reportsSince: Instant | null, now: Instant): string | null {
    if (reportsSince === null || executedAt <= reportsSince || this.#heard.has(executionId)) return null;
    const since = this.#unheard.get(executionId);
    if (since === undefined) this.#unheard.set(executionId, now);
    if (since === undefined || now - since < UNHEARD_MS_MAX) return null;
    this.#unheard.clear();
    return `execution ${executionId} was listed ${now - since} ms ago and is not reported yet`;
  }
}
