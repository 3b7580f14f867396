/** From a run's options to the parameters of its actors. */
import { join } from 'node:path';
import { brokerOf, MODES, type Asset, type Broker, type Instant } from '#trading/model/instrument.ts';
import { valueOf } from '#trading/market/black-scholes.ts';
import type { OptionAsk } from '#trading/model/option.ts';
import type { DataPaths } from '#state/data-dir.ts';
import type { SystemOptions } from './system-options.ts';
import { ACTOR, traderName, type TreeParams } from './tree.ts';
import type { VenueControl } from './venue-control.ts';

const BAR_MINUTES = 1;

/** `resumeAt` is asked at every start of the venue: a venue that died goes on from where market time stands. */
export function treeParams(options: SystemOptions, places: DataPaths, venue: VenueControl, resumeAt: () => Instant | null): TreeParams {
  const seed = String(options.seed);
  const embedded = options.market === 'embedded';
  const trades = (broker: Broker): boolean => options.assets.some(({ asset }) => brokerOf(asset) === broker);
  const symbolsOf = (asset: Asset): readonly string[] => options.assets.find((chosen) => chosen.asset === asset)?.symbols ?? [];
  return {
    seed,
    latchPath: places.latch,
    traders: MODES.flatMap((mode) =>
      options.assets.map(({ asset, symbols, strategy, contract }) => ({
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
          gateway: brokerOf(asset) === 'bybit' ? ACTOR.bybit : ACTOR.ibkr,
          ...(contract !== undefined && { contract }),
        },
      })),
    ),
    venue: embedded
      ? () => ({
          seed,
          host: venue.host,
          port: venue.port,
          play: options.plan.play,
          ...(trades('ibkr') && {
            tws: { port: venue.twsPort, files: options.plan.twsFiles ?? [], restarts: options.twsRestarts ?? false, file: places.twsAccount },
          }),
          ...(options.plan.badQuotes !== undefined && { badQuotes: options.plan.badQuotes }),
          resumeAt: resumeAt(),
          account: { limits: options.speed === 1, leverage: options.settings.leverageCaps.crypto_futures, file: places.venueAccount },
        })
      : null,
    gateway: trades('bybit')
      ? () => ({
          environment: options.market,
          ...(embedded ? venue.urls() : {}),
          assets: { crypto_spot: symbolsOf('crypto_spot'), crypto_futures: symbolsOf('crypto_futures') },
          rateLimit: options.settings.rateLimit,
        })
      : null,
    ibkr: trades('ibkr') ? () => ibkrParams(options, venue) : null,
    liveOrders: {
      ...(trades('bybit') && {
        bybit: () => ({
          environment: options.market,
          ...(embedded ? venue.urls() : {}),
          symbols: [...symbolsOf('crypto_spot'), ...symbolsOf('crypto_futures')],
          rateLimit: options.settings.rateLimit,
          leverage: options.settings.leverageCaps.crypto_futures,
          latchPath: places.latch,
          reportsTo: ACTOR.bybitOrders,
        }),
      }),
      ...(trades('ibkr') && { ibkr: () => ibkrPortParams(options, places, venue) }),
    },
    dashboard:
      options.page === null ? null : { port: options.page.port, uiDir: options.page.uiDir, secretPath: places.pageSecret, market: options.market },
    forked: 'forked',
  };
}

/** What the reach of a delta is reckoned at: a share that moves a good deal. At less the strikes that are wanted lie nearer. */
const ASSUMED = { volatility: 0.4, rate: 0 };
const REACH_STEP = 0.005;
const REACH_MAX = 0.5;

/** How far out of the money options are watched so that what is asked for is among them, as a fraction of the underlying's price. */
export function reachOf({ target: { kind, value, within }, dteMax }: OptionAsk): number {
  if (kind === 'moneyness') return value + within + REACH_MORE;
  const years = (dteMax + 1) / 365;
  for (let out = 0; out < REACH_MAX; out += REACH_STEP) {
    const { delta } = valueOf({ right: 'C', spot: 1, strike: 1 + out, years, ...ASSUMED });
    if (delta <= Math.max(value - within, 0)) return out + REACH_MORE;
  }
  return REACH_MAX;
}

/** Options are watched somewhat farther out than the one that is wanted may be: the money moves. */
const REACH_MORE = 0.02;
const NO_OPTIONS = { dteMin: 0, dteMax: 0, reach: REACH_MORE };
/** Of the embedded TWS. */
const EMBEDDED_CLIENT_ID = 1;

interface TwsPlace {
  readonly host?: string;
  readonly port?: number;
  readonly clientId?: number;
}

/** Quotes and orders have sessions of their own, so client ids of their own: the orders' is the next one. */
function twsOf({ market, ibkr }: SystemOptions, venue: VenueControl): TwsPlace {
  return market === 'embedded' ? { host: venue.host, port: venue.twsPort, clientId: EMBEDDED_CLIENT_ID } : (ibkr ?? {});
}

function ibkrPortParams(options: SystemOptions, places: DataPaths, venue: VenueControl): unknown {
  const { market, assets, settings, resets = [] } = options;
  const of = (asset: Asset) => assets.find((chosen) => chosen.asset === asset)?.symbols ?? [];
  const { clientId, ...address } = twsOf(options, venue);
  return {
    environment: market,
    ...address,
    ...(clientId !== undefined && { clientId: clientId + 1 }),
    ...{ pairs: of('forex'), underlyings: of('options'), rateLimit: settings.rateLimit, resets },
    directory: join(places.stateDir, 'live', 'ibkr'),
    latchPath: places.latch,
    reportsTo: ACTOR.ibkrOrders,
  };
}

function ibkrParams(options: SystemOptions, venue: VenueControl): unknown {
  const { market, assets, settings } = options;
  const of = (asset: Asset) => assets.find((chosen) => chosen.asset === asset);
  const wish = of('options')?.contract;
  return {
    environment: market,
    ...twsOf(options, venue),
    assets: { forex: of('forex')?.symbols ?? [], options: of('options')?.symbols ?? [] },
    ...(wish === undefined ? NO_OPTIONS : { dteMin: wish.dteMin, dteMax: wish.dteMax, reach: reachOf(wish) }),
    rateLimit: settings.rateLimit,
  };
}
