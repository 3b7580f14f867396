const SPOT_PREFIX = '21';
const SPOT_DIGITS = 17;
const UUID_HEX = 32;

/** Spot trades are numbered with nineteen digits, linear ones have a UUID; the sequence of the listing makes both unique. */
export function tradeId(category: string, sequence: number): string {
  if (category === 'spot') return SPOT_PREFIX + String(sequence).padStart(SPOT_DIGITS, '0');
  const hex = sequence.toString(16).padStart(UUID_HEX, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
