/** What befalls requests and reports at a venue in memory, and the seeded chance that decides it. */
export interface Faults {
  /** The request never arrives. */
  readonly drop: number;
  /** It arrives, the answer does not. */
  readonly replyLost: number;
  /** It arrives late, within the receive window. */
  readonly late: number;
  /** It arrives behind the receive window: the venue takes it no more. */
  readonly beyond: number;
  readonly ambiguous: number;
  readonly rejected: number;
  readonly reportLost: number;
  readonly reportTwice: number;
  /** A leg that the venue holds executes by itself. */
  readonly legTouched: number;
}
export const NO_FAULTS: Faults = {
  drop: 0,
  replyLost: 0,
  late: 0,
  beyond: 0,
  ambiguous: 0,
  rejected: 0,
  reportLost: 0,
  reportTwice: 0,
  legTouched: 0,
};
export const STORM: Faults = {
  ...{ drop: 0.1, replyLost: 0.1, late: 0.07, beyond: 0.03, ambiguous: 0.05, rejected: 0.04 },
  ...{ reportLost: 0.2, reportTwice: 0.2, legTouched: 0.2 },
};

/** venues/bybit.md §5.4, and a stream that loses, repeats and shuffles. */
export const FENCE: Faults = {
  ...{ drop: 0.1, replyLost: 0.1, late: 0.1, beyond: 0.05, ambiguous: 0.14, rejected: 0 },
  ...{ reportLost: 0.2, reportTwice: 0.2, legTouched: 0.2 },
};

/** Seeded, so that a failure can be seen again. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What is answered to a request, by what befell it; `taken` where it arrived as it should. */
export interface Answers<T, Arrived> {
  readonly silence: T;
  readonly ambiguous: T;
  readonly rejected: T;
  readonly taken: (arrived: Arrived) => T;
}

interface FaultyVenue {
  readonly faults: Faults;
  readonly receiveWindowMs: number;
  readonly now: () => number;
  readonly at: (at: number, run: () => void) => void;
}

/** One request under the faults: whether and when it arrives, and what is answered after how long. */
export function requestUnder<T, Arrived>(
  { faults, receiveWindowMs, now, at }: FaultyVenue,
  chance: () => number,
  deadlineAt: number,
  arrive: (stampedAt: number) => Arrived,
  answers: Answers<T, Arrived>,
): { readonly inMs: number; readonly answer: () => T } {
  const { drop, replyLost, late, beyond, ambiguous, rejected } = faults;
  let draw = chance();
  const isWithin = (share: number): boolean => (draw -= share) < 0;
  const sentAt = now();
  const silence = { inMs: deadlineAt - sentAt, answer: (): T => answers.silence };
  const arrivesIn = (inMs: number): typeof silence => {
    at(sentAt + inMs, () => void arrive(sentAt));
    return silence;
  };
  if (isWithin(drop)) return silence;
  if (isWithin(replyLost)) return arrivesIn(30);
  if (isWithin(late)) return arrivesIn(chance() * receiveWindowMs);
  if (isWithin(beyond)) return arrivesIn((1 + chance()) * receiveWindowMs);
  if (isWithin(ambiguous)) {
    // It passed the check of the time stamp: what is in the engine's queue may come out any time.
    if (chance() < 0.5) at(sentAt + chance() * 10_000, () => void arrive(now()));
    return { inMs: 40, answer: () => answers.ambiguous };
  }
  if (isWithin(rejected)) return { inMs: 40, answer: () => answers.rejected };
  return { inMs: 40, answer: () => answers.taken(arrive(sentAt)) };
}
