/** From a run's options to the parameters of its actors. */
import { MODES, type Asset, type Instant } from '#trading/model/instrument.ts';
import type { DataPaths } from '#state/data-dir.ts';
import type { SystemOptions } from './system-options.ts';
import { ACTOR, traderName, type TreeParams } from './tree.ts';
import type { VenueControl } from './venue-control.ts';

const BAR_MINUTES = 1;

/** `resumeAt` is asked at every start of the venue: a venue that died goes on from where market time stands. */
export function treeParams(options: SystemOptions, places: DataPaths, venue: VenueControl, resumeAt: () => Instant | null): TreeParams {
  const seed = String(options.seed);
  const embedded = options.market === 'embedded';
  const symbolsOf = (asset: Asset): readonly string[] => options.assets.find((chosen) => chosen.asset === asset)?.symbols ?? [];
  return {
    seed,
    latchPath: places.latch,
    traders: MODES.flatMap((mode) =>
      options.assets.map(({ asset, symbols, strategy }) => ({
        asset,
        mode,
        params: {
          name: traderName(asset, mode),
          asset,
          mode,
          strategyId: strategy,
          strategyParams: options.strategies[strategy] ?? {},
          symbols,
          quoteAgeMsMax: options.settings.risk.quoteAgeMsMax,
          intervalMinutes: BAR_MINUTES,
          gateway: ACTOR.bybit,
        },
      })),
    ),
    venue: embedded
      ? () => ({
          seed,
          host: venue.host,
          port: venue.port,
          play: options.plan.play,
          ...(options.plan.badQuotes !== undefined && { badQuotes: options.plan.badQuotes }),
          resumeAt: resumeAt(),
          account: { limits: options.speed === 1, leverage: options.settings.leverageCaps.crypto_futures, file: places.venueAccount },
        })
      : null,
    gateway: () => ({
      environment: options.market,
      ...(embedded ? venue.urls() : {}),
      assets: { crypto_spot: symbolsOf('crypto_spot'), crypto_futures: symbolsOf('crypto_futures') },
      rateLimit: options.settings.rateLimit,
    }),
    liveOrders: () => ({
      environment: options.market,
      ...(embedded ? venue.urls() : {}),
      symbols: [...symbolsOf('crypto_spot'), ...symbolsOf('crypto_futures')],
      rateLimit: options.settings.rateLimit,
      leverage: options.settings.leverageCaps.crypto_futures,
      latchPath: places.latch,
      reportsTo: ACTOR.bybitOrders,
    }),
    dashboard:
      options.page === null ? null : { port: options.page.port, uiDir: options.page.uiDir, secretPath: places.pageSecret, market: options.market },
    forked: 'forked',
  };
}
