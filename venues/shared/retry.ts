/** Bounded repetition of reads. Never around an order. */
export interface RetryLimits {
  readonly baseMs: number;
  readonly capMs: number;
  /** No try begins later than this after the first one. */
  readonly totalMs: number;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `baseMs`, doubled for each attempt after the first (from 1), at most `capMs`. */
export const delayMs = (attempt: number, { baseMs, capMs }: Pick<RetryLimits, 'baseMs' | 'capMs'>): number =>
  Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));

/** Tries until it succeeds, time is up, or an error is final: that one as it is. @throws Error with `what`, the number of tries and the last error as its cause. */
export async function retried<T>(
  what: string,
  limits: RetryLimits,
  task: () => Promise<T>,
  onFailed: (error: Error) => void,
  isFinal: (error: Error) => boolean = () => false,
): Promise<T> {
  const begun = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await task();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      onFailed(error);
      if (isFinal(error)) throw error;
      const wait = delayMs(attempt, limits);
      if (performance.now() - begun + wait > limits.totalMs) {
        throw new Error(`${what} failed ${attempt} times, last with: ${briefly(error)}`, { cause: error });
      }
      await sleep(wait);
    }
  }
}

/** Resolves when `work` has, or after `ms`, whichever is first. */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const ERROR_LENGTH_MAX = 300;

/** One line: libraries put whole response bodies into their messages. */
export function briefly(error: unknown): string {
  const [message, name] = error instanceof Error ? [error.message, error.name] : [String(error), 'an error'];
  return message.replaceAll(/\s+/g, ' ').slice(0, ERROR_LENGTH_MAX) || name;
}
