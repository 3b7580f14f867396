import type { KillScope } from './events.ts';
import { brokerOf, type Asset } from './instrument.ts';

/** The first scope that covers an asset (everything, its broker, or itself), or undefined: KS-1 has one reading everywhere. */
export const coveringScope = (scopes: readonly KillScope[], asset: Asset): KillScope | undefined =>
  scopes.find((scope) => scope === 'all' || scope === asset || scope === brokerOf(asset));
