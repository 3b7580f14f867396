/** What the embedded venue will play, checked before anything starts. */
import type { Instant } from '#trading/model/instrument.ts';
import { openFundingTape } from '#venues/embedded/market/funding-tape.ts';
import { DataFileError, inspectFile, type FileInfo } from '#venues/embedded/market/inspect.ts';
import { SYNTHETIC_ORIGIN } from '#venues/embedded/market/synthetic.ts';
import { SystemError } from './system-error.ts';

export interface PlayPlan {
  readonly kind: 'synthetic' | 'files' | 'real';
  /** For a person, and for the journal. */
  readonly label: string;
  /** First market time. */
  readonly start: Instant;
  /** The venue's `play` parameter. */
  readonly play: unknown;
  /** What the TWS façade plays, of recorded files. */
  readonly twsFiles?: readonly { readonly path: string; readonly what: 'pair' | 'share' | 'options'; readonly symbol: string }[];
  /** The embedded venue makes one quote of so many a bad one. */
  readonly badQuotes?: number;
}

const SECOND_MS = 1000;
export const SYNTHETIC_START: Instant = SYNTHETIC_ORIGIN;

export const SYNTHETIC_PLAN: PlayPlan = { kind: 'synthetic', label: 'synthetic', start: SYNTHETIC_START, play: { kind: 'synthetic' } };

/** A part of the synthetic market, shown in larger steps where asked. */
export function syntheticPlan({
  from,
  to,
  stepMs,
}: {
  readonly from: Instant | null;
  readonly to: Instant | null;
  readonly stepMs: number;
}): PlayPlan {
  const start = Math.max(SYNTHETIC_START, from ?? SYNTHETIC_START);
  const play = { kind: 'synthetic', stepMs, ...(from !== null && { from: start }), ...(to !== null && { to }) };
  if (to !== null && to <= start)
    throw new SystemError(`--to leaves nothing to play: the synthetic market begins at ${new Date(start).toISOString()}`);
  return { ...SYNTHETIC_PLAN, start, play, ...(stepMs !== SECOND_MS && { label: `synthetic, a step every ${stepMs / SECOND_MS} s` }) };
}

/** The same market through a venue whose quotes cannot be trusted; the journal tells it. */
export const withBadQuotes = (plan: PlayPlan, every: number): PlayPlan => ({
  ...plan,
  label: `${plan.label}, one quote of ${every} bad`,
  badQuotes: every,
});

/** Nobody plays a real market: only its name is told. */
export const realPlan = (market: string): PlayPlan => ({ kind: 'real', label: `${market} quotes`, start: 0, play: null });

export interface NamedFile {
  readonly path: string;
  readonly category: 'spot' | 'linear' | 'pair' | 'share' | 'options';
  readonly venueSymbol: string;
  /** Rates of a perpetual, played beside its prices. */
  readonly isFunding?: boolean;
}

export interface PlayWindow {
  readonly from: Instant | null;
  readonly to: Instant | null;
  /** Bars that are missing are left missing; without it they are taken for a damaged file. */
  readonly allowGaps: boolean;
}

/** Reads every file whole. @throws SystemError with the file's one error: what, where, what would be right. */
export async function inspectPlay(named: readonly NamedFile[], window: PlayWindow): Promise<PlayPlan> {
  const files = named.filter(({ isFunding }) => isFunding !== true);
  const fundings = named.filter(({ isFunding }) => isFunding === true);
  let first = Infinity;
  let last = -Infinity;
  for (const { path, category } of files) {
    try {
      const info = await inspectFile(path);
      // A share's exchange is closed at night.
      if (!window.allowGaps && category !== 'share') refuseGaps(info);
      const { firstAt, lastAt } = info;
      first = Math.min(first, firstAt);
      last = Math.max(last, lastAt);
    } catch (error) {
      if (error instanceof DataFileError) throw new SystemError(error.message);
      throw error;
    }
  }
  const from = Math.max(first, window.from ?? first);
  const to = Math.min(last, window.to ?? last);
  if (from > to) {
    throw new SystemError(`--from/--to leave nothing to play: the files hold ${new Date(first).toISOString()} to ${new Date(last).toISOString()}`);
  }
  for (const file of fundings) await inspectFunding(file, { from, to, allowGaps: window.allowGaps });
  return {
    kind: 'files',
    label: files.map(({ venueSymbol, category }) => `${venueSymbol} ${category}`).join(', '),
    start: from,
    play: {
      kind: 'files',
      files: files.flatMap(({ path, category, venueSymbol }) =>
        category === 'spot' || category === 'linear' ? [{ path, category, venueSymbol }] : [],
      ),
      ...(fundings.length > 0 && { funding: fundings.map(({ path, venueSymbol }) => ({ path, venueSymbol })) }),
      ...(window.from !== null && { from: window.from }),
      ...(window.to !== null && { to: window.to }),
    },
    ...twsFilesOf(files),
  };
}

/** What IBKR's façade plays. */
function twsFilesOf(files: readonly NamedFile[]): Pick<PlayPlan, 'twsFiles'> {
  const twsFiles = files.flatMap(({ path, category: what, venueSymbol: symbol }) =>
    what === 'spot' || what === 'linear' ? [] : [{ path, what, symbol }],
  );
  return twsFiles.length === 0 ? {} : { twsFiles };
}

const MINUTE_MS = 60_000;

/** A settlement that is missing would cost nothing: it is asked for as bars are. */
async function inspectFunding(
  { path, venueSymbol }: NamedFile,
  { from, to, allowGaps }: { readonly from: Instant; readonly to: Instant; readonly allowGaps: boolean },
): Promise<void> {
  try {
    const { intervalMs, firstAt, lastAt, firstGapLine } = await openFundingTape(path);
    if (allowGaps) return;
    const right = 'give the whole file, or --allow-gaps to play it with the settlements left out';
    if (firstGapLine !== null) throw new SystemError(`${path} line ${firstGapLine}: settlements are missing before this one; ${right}`);
    const [due, over] = [from - (from % intervalMs) + intervalMs, to - (to % intervalMs)];
    if (due > over || (firstAt <= due && lastAt >= over)) return;
    const held = `${new Date(firstAt).toISOString()} to ${new Date(lastAt).toISOString()}`;
    throw new SystemError(
      `${path}: holds the funding of ${venueSymbol} from ${held}, and ${new Date(from).toISOString()} to ${new Date(to).toISOString()} is played; ${right}, or cut with --from and --to`,
    );
  } catch (error) {
    if (error instanceof DataFileError) throw new SystemError(error.message);
    throw error;
  }
}

function refuseGaps({ path, gaps, missingBars, largestGapMs, firstGapLine }: FileInfo): void {
  if (gaps === 0) return;
  throw new SystemError(
    `${path} line ${firstGapLine ?? '?'}: bars are missing before this one (${missingBars} in ${gaps} gaps, the longest ${largestGapMs / MINUTE_MS} min); ` +
      'give the whole file, or --allow-gaps to play it with the bars left missing',
  );
}
