import type { Environment, Market } from '#config/environment.ts';
import type { Output } from './output.ts';

/** What every verb gets. */
export interface Context {
  readonly output: Output;
  readonly environment: Environment;
  readonly market: Market;
  readonly dataDir: string;
}
