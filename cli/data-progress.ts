/** Progress of long work: a bar that is drawn over on a terminal, and now and then a plain line elsewhere. */
import type { Progress } from '#supervisors/data-tools.ts';

const BAR_CELLS = 24;
const DRAWN_EVERY_MS = 100;
const SAID_EVERY_MS = 5000;

export interface ProgressView {
  show(progress: Progress): void;
  /** Ends the line of the bar. */
  end(): void;
}

/** @param wall monotonic milliseconds */
export function progressView(stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>, wall: () => number): ProgressView {
  const begun = wall();
  let shownAt = begun;
  let drawn = false;
  let startMs: number | null = null;
  return {
    show: (progress) => {
      // What an earlier run did says nothing about the pace of this one.
      startMs ??= progress.doneMs;
      const now = wall();
      const done = progress.doneMs >= progress.totalMs;
      if (!done && now - shownAt < (stream.isTTY ? DRAWN_EVERY_MS : SAID_EVERY_MS)) return;
      shownAt = now;
      const text = progressLine(progress, progress.doneMs - startMs, now - begun);
      if (stream.isTTY) stream.write(`\r${bar(progress)} ${text}\u001B[K`);
      else stream.write(`${text}\n`);
      drawn = true;
    },
    end: () => {
      if (drawn && stream.isTTY) stream.write('\n');
    },
  };
}

function bar({ doneMs, totalMs }: Progress): string {
  const filled = Math.floor((BAR_CELLS * doneMs) / totalMs);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
}

/** @param movedMs market time done in this run @param wallMs wall time of this run */
export function progressLine({ doneMs, totalMs, added, pages }: Progress, movedMs: number, wallMs: number): string {
  const percent = Math.floor((100 * doneMs) / totalMs);
  const rate = wallMs > 0 ? Math.round((added / wallMs) * 1000) : 0;
  const left = movedMs > 0 ? `, ${timeLeft(((totalMs - doneMs) * wallMs) / movedMs)} left` : '';
  return `${percent} %, ${added} rows in ${pages} pages, ${rate} rows/s${left}`;
}

function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
