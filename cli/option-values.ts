/** What the options of the command line may be. Each says what would be right. */
import { InvalidArgumentError } from 'commander';

/** A whole number from `low` to `high`. */
export const whole =
  (name: string, low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) throw new InvalidArgumentError(`${name} must be a whole number from ${low} to ${high}.`);
    return value;
  };

/** `max`, or a factor of real time. */
export function speed(text: string): number {
  if (text === 'max') return Infinity;
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new InvalidArgumentError('must be "max" or a number above 0, at most 1000000.');
  return value;
}

/** As the recordings write it: thirteen digits, so that seconds are not taken for milliseconds. */
const MILLISECONDS = /^\d{13}$/;
const ISO = /^(\d{4}-\d{2}-\d{2})(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** A time of day without a zone is UTC, whatever the zone of this machine. */
export function instant(text: string): number {
  const [iso, day, time, zone] = ISO.exec(text) ?? [];
  const value = MILLISECONDS.test(text) ? Number(text) : Date.parse(`${iso ?? '-'}${time !== undefined && zone === undefined ? 'Z' : ''}`);
  // The 31st of a shorter month would be taken for a day of the next.
  if (Number.isFinite(value) && (day === undefined || new Date(`${day}T00:00Z`).toISOString().startsWith(day))) return value;
  throw new InvalidArgumentError('must be a time such as 2024-08-01T00:00:00Z, or UTC milliseconds.');
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `5m`, `1h`. */
export function duration(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = Number(parts?.[1]) * (UNITS[parts?.[2] ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('must be a duration such as 90s, 5m or 1h.');
  return ms;
}

/** Between two steps of a synthetic market, in milliseconds. */
export function step(text: string): number {
  const ms = duration(text);
  if (ms % 1000 !== 0 || 60_000 % ms !== 0) throw new InvalidArgumentError('must be whole seconds and a part of a minute, such as 1s, 15s or 60s.');
  return ms;
}

export const list = (text: string): readonly string[] => text.split(',').map((item) => item.trim());
