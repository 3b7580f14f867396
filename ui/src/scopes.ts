/** KS-1: what a kill may cover, in the order in which a person looks for it. */
import { ASSETS, BROKERS } from '#trading/model/instrument.ts';
import type { KillScope } from '#trading/model/events.ts';
import { assetName } from './format.ts';

export const SCOPES: readonly KillScope[] = ['all', ...BROKERS, ...ASSETS];

export function scopeName(scope: KillScope): string {
  if (scope === 'all') return 'everything';
  if (scope === 'bybit') return 'Bybit';
  if (scope === 'ibkr') return 'Interactive Brokers';
  return assetName(scope);
}
