/** What a system is started with, and what it reports when it is over. */
import type { Log } from '#protocol/ports.ts';
import type { ResetWindow } from '#trading/model/calendar.ts';
import type { Asset } from '#trading/model/instrument.ts';
import type { LiveVenue } from '#trading/model/messages.ts';
import type { ContractChoice } from '#trading/model/option.ts';
import type { Settings } from '#trading/model/settings.ts';
import type { Market } from '#trading/model/market.ts';
import type { PlayPlan } from './play-plan.ts';

/** Where the settings come from, for reading them again while the system runs (CF-3). */
export interface SettingsFile {
  readonly path: string;
  /** @throws ConfigError naming file, key, value and what would be right. */
  load(): Promise<Settings>;
}

export interface SystemOptions {
  readonly market: Market;
  readonly dataDir: string;
  readonly seed: number;
  /** Times real time; Infinity is as fast as the tree can follow. */
  readonly speed: number;
  readonly plan: PlayPlan;
  readonly assets: readonly {
    readonly asset: Asset;
    /** Of options the underlyings. */
    readonly symbols: readonly string[];
    readonly strategy: string;
    /** Options only: which one is bought. */
    readonly contract?: ContractChoice;
  }[];
  readonly strategies: Readonly<Record<string, Record<string, unknown>>>;
  readonly settings: Settings;
  readonly settingsSource: string;
  readonly settingsFile: SettingsFile;
  readonly configHash: string;
  readonly version: string;
  readonly page: { readonly port: number; readonly uiDir: string } | null;
  readonly untilEnd: boolean;
  readonly chaosMs: number | null;
  /** Live of these assets is on from the start, with nothing typed: on the embedded market only. */
  readonly rehearse?: readonly Asset[];
  /** Whether the environment holds a key pair of Bybit; the pair itself is read by the one process that signs. */
  readonly hasBybitKeys?: boolean;
  /** `liveVenueOf` where absent. */
  readonly liveVenue?: (asset: Asset) => LiveVenue;
  /** Where TWS is, on a real market. */
  readonly ibkr?: { readonly host: string; readonly port: number; readonly clientId: number };
  /** The embedded TWS restarts every night and on Sundays, and its servers are reset, as a real one's. */
  readonly twsRestarts?: boolean;
  /** When TWS is known to be away: nothing is entered at IBKR then. */
  readonly resets?: readonly ResetWindow[];
  readonly log: Log;
}

export interface SystemReport {
  readonly ok: boolean;
  readonly market: string;
  readonly seed: number;
  readonly uptimeMs: number;
  readonly quotes: number;
  readonly intents: number;
  readonly approvals: number;
  readonly refusals: number;
  readonly orders: number;
  readonly fills: number;
  /** Of the whole journal, as are the hash and `byAsset`; the other counts are this run's. */
  readonly closedTrades: number;
  readonly tradesSha256: string;
  readonly marketMs: number;
  readonly wallMs: number;
  readonly journalSeq: number;
  readonly chainHead: string;
  readonly restarts: number;
  readonly byAsset: Readonly<
    Record<
      string,
      {
        readonly paper: { readonly closedTrades: number; readonly pnl: string };
        readonly live: { readonly closedTrades: number; readonly pnl: string };
      }
    >
  >;
}
