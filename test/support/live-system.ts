/**
 * A whole system whose live venue is there or not, which no option of the command line gives. Arguments: the data directory, `open` or
 * `shut` for the venue, then the assets to rehearse. Prints `running`; SIGTERM stops it in order. Exit 2 with a line where it is refused.
 */
import { readFileSync } from 'node:fs';
import { settingsFrom } from '#config/budgets.ts';
import { loadStrategy } from '#config/markets.ts';
import { ratio } from '#trading/money/decimal.ts';
import { asset } from '#protocol/values.ts';
import { SYNTHETIC_PLAN } from '#supervisors/play-plan.ts';
import { SystemError } from '#supervisors/system-error.ts';
import { startSystem } from '#supervisors/system.ts';
import { SILENT } from './supervision.ts';

/** As of a broker whose order port is not built. */
const NO_GATEWAY = 'no gateway of bybit sends live orders here';
const BUDGETS = 'config/budgets.json';

async function main([dataDir = '', venue, ...rehearse]: readonly string[]): Promise<void> {
  const settings = settingsFrom('budgets.json', JSON.parse(readFileSync(BUDGETS, 'utf8')), {
    paper: { harsh: true, slippageBps: 8, partialProbability: 0.2, latencyMsMin: 40, latencyMsMax: 250 },
    strictBrackets: true,
    rateLimit: ratio('0.9'),
  });
  const running = await startSystem({
    market: 'embedded',
    dataDir,
    seed: 5,
    speed: 600,
    plan: SYNTHETIC_PLAN,
    assets: [
      { asset: 'crypto_spot', symbols: ['BTC/USDT', 'ETH/USDT'], strategy: 'ema-cross' },
      { asset: 'crypto_futures', symbols: ['ADA/USDT:USDT'], strategy: 'ema-cross' },
    ],
    strategies: { 'ema-cross': await loadStrategy('config', 'ema-cross') },
    settings,
    settingsSource: BUDGETS,
    settingsFile: { path: BUDGETS, load: () => Promise.resolve(settings) },
    configHash: 'c',
    version: '0',
    page: null,
    untilEnd: false,
    chaosMs: null,
    rehearse: rehearse.map((name) => asset.parse(name)),
    liveVenue: () => (venue === 'open' ? { account: 'rehearsal 1', unavailable: null } : { account: 'none', unavailable: NO_GATEWAY }),
    log: SILENT,
  });
  process.once('SIGTERM', () => void running.stop('SIGTERM').then(() => process.exit(0)));
  process.stdout.write('running\n');
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(error instanceof SystemError ? 2 : 70);
});
