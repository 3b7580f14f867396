/** Numbers and times as a person reads them. Display only: money stays text until it gets here. */
import { ASSETS, MODES, type Asset, type Mode } from '#trading/model/instrument.ts';

const MINUS = '−';
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const ASSET_NAMES: Readonly<Record<Asset, string>> = {
  crypto_spot: 'Crypto spot',
  crypto_futures: 'Crypto futures',
  forex: 'Forex',
  options: 'Options',
};

export const assetName = (asset: Asset): string => ASSET_NAMES[asset];
export const accountName = ({ asset, mode }: { readonly asset: Asset; readonly mode: Mode }): string => `${assetName(asset)} · ${mode}`;
export const accountKey = ({ asset, mode }: { readonly asset: Asset; readonly mode: Mode }): string => `${asset}|${mode}`;

/** In the order of the specification, paper before live. */
export const inOrder = <T extends { readonly asset: Asset; readonly mode: Mode }>(accounts: readonly T[]): readonly T[] =>
  accounts.toSorted(
    (left, right) => ASSETS.indexOf(left.asset) - ASSETS.indexOf(right.asset) || MODES.indexOf(left.mode) - MODES.indexOf(right.mode),
  );

const cents = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const small = new Intl.NumberFormat('en-US', { minimumFractionDigits: 4, maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const plain = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** USD. What is less than ten cents keeps four places: a fee of $0.0075 is not nothing. */
export function usd(value: string | number): string {
  const number = Number(value);
  const size = Math.abs(number);
  const text = (size > 0 && size < 0.1 ? small : cents).format(size);
  return `${number < 0 ? MINUS : ''}$${text}`;
}

/** USD with its sign, also for a gain. */
export const signedUsd = (value: string | number): string => (Number(value) > 0 ? `+${usd(value)}` : usd(value));

/** Exact decimal text with thousands apart; every digit stays. */
export function decimal(text: string): string {
  const [integer = '', fraction] = text.replace('-', MINUS).split('.');
  const grouped = integer.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Decimal text with at most `places` decimals, for reported averages. */
function shortDecimal(text: string, places: number): string {
  const fraction = text.split('.')[1] ?? '';
  return fraction.length <= places ? decimal(text) : decimal(Number(text).toFixed(places));
}

/** A price: at least two decimals, so that columns line up. A mean has no tick and is cut where nobody would see the difference. */
export function priceText(text: string, places = 2): string {
  const fraction = text.split('.')[1] ?? '';
  const size = Math.abs(Number(text));
  const most = Math.max(places, size >= 1000 ? 2 : size >= 1 ? 4 : 6);
  if (fraction.length > most) return shortDecimal(text, most);
  const padded = fraction.padEnd(places, '0');
  return decimal(padded === '' ? text : `${text.split('.')[0] ?? ''}.${padded}`);
}

/** How many decimals a price is quoted with. */
export const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;

export const count = (value: number): string => whole.format(value);
export const percent = (fraction: number, places = 1): string => `${(fraction * 100).toFixed(places).replace('-', MINUS)} %`;
export const numberText = (value: string | number): string => (typeof value === 'number' ? plain.format(value) : value);

export type Trend = 'gain' | 'loss' | 'flat';
export const trendOf = (value: string | number): Trend => (Number(value) > 0 ? 'gain' : Number(value) < 0 ? 'loss' : 'flat');
/** Said by shape as well as by colour. */
export const TREND_GLYPH: Readonly<Record<Trend, string>> = { gain: '▲', loss: '▼', flat: '■' };

export const utcDate = (at: number): string => new Date(at).toISOString().slice(0, 10);
export const utcTime = (at: number): string => new Date(at).toISOString().slice(11, 19);
export const utcStamp = (at: number): string => `${utcDate(at)} ${utcTime(at)}`;

/** Coarse on purpose: an age that flickers is not read. */
export function age(ms: number): string {
  if (ms < SECOND_MS) return '<1 s';
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

export function latency(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${whole.format(ms)} ms`;
}
