import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { inspectPlay } from '#supervisors/play-plan.ts';
import { SystemError } from '#supervisors/system-error.ts';
import { openFundingTape } from '#venues/embedded/market/funding-tape.ts';
import { DataFileError } from '#venues/embedded/market/inspect.ts';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';
import { inTempDir } from '../../../support/temp-dir.ts';
import { CANDLES, MINUTE, write } from './data-files.ts';

const HOUR_MS = 3_600_000;
/** 2023-11-14 20:00 UTC. */
const FROM = 1_699_992_000_000;
const HEADER = 'ts_ms,rate';
const rows = (hours: number, ...rates: readonly string[]): string[] => [
  HEADER,
  ...rates.map((rate, index) => `${FROM + index * hours * HOUR_MS},${rate}`),
];
/** A bar a minute from just before the first settlement. */
const bars = (count: number): string[] => [
  CANDLES,
  ...Array.from({ length: count }, (_, index) => `${FROM + (index - 2) * MINUTE},0.5,0.5,0.5,0.5,1000`),
];

const wif = (path: string) => ({ path, category: 'linear', venueSymbol: 'WIFUSDT' }) as const;
const window = (to: number, allowGaps = false) => ({ from: FROM - 2 * MINUTE, to, allowGaps });

async function ask(venue: Venue, path: string): Promise<Record<string, string>[]> {
  const answer = (await (await fetch(`${venue.info().rest}/v5/market/${path}`)).json()) as { result: { list: Record<string, string>[] } };
  return answer.result.list;
}

describe('embedded venue: recorded funding', () => {
  it('LC-6 a perpetual is listed, announced and settled with its own interval and rates', () =>
    inTempDir(async (dir) => {
      const [candles, funding] = [
        write(dir, 'WIFUSDT-linear-1m.csv', bars(300)),
        write(dir, 'WIFUSDT-funding.csv', rows(4, '0.00005', '-2.5e-4', '0.0003')),
      ];
      const plan = await inspectPlay([wif(candles), { ...wif(funding), isFunding: true }], window(FROM + 4.5 * HOUR_MS));
      const venue = await openVenue(venueParams.parse({ seed: 'funding', play: plan.play }));
      try {
        await venue.step();
        const [listed] = await ask(venue, 'instruments-info?category=linear&symbol=WIFUSDT');
        assert.equal(listed?.['fundingInterval'], 240);
        const [before] = await ask(venue, 'tickers?category=linear&symbol=WIFUSDT');
        assert.deepEqual([before?.['fundingRate'], before?.['nextFundingTime'], before?.['fundingIntervalHour']], ['0.00005', String(FROM), '4']);
        while (venue.info().now < FROM) await venue.step();
        const [after] = await ask(venue, 'tickers?category=linear&symbol=WIFUSDT');
        assert.deepEqual([after?.['fundingRate'], after?.['nextFundingTime']], ['-0.00025', String(FROM + 4 * HOUR_MS)]);
        const [settled] = await ask(venue, 'funding/history?category=linear&symbol=WIFUSDT&limit=1');
        assert.deepEqual([settled?.['fundingRate'], settled?.['fundingRateTimestamp']], ['0.00005', String(FROM)]);
      } finally {
        await venue.close();
      }
    }));

  it('a settlement that is missing, or lies outside the file, is refused before anything is played; --allow-gaps plays it at nothing', () =>
    inTempDir(async (dir) => {
      const candles = wif(write(dir, 'WIFUSDT-linear-1m.csv', bars(600)));
      const short = { ...wif(write(dir, 'a.csv', rows(4, '0.0001', '0.0001'))), isFunding: true };
      const torn = { ...wif(write(dir, 'b.csv', rows(4, '0.1', '0.1', '0.1', '0.1', '0.1').toSpliced(3, 1))), isFunding: true };
      const refused = (funding: typeof short, words: RegExp): Promise<void> =>
        assert.rejects(
          inspectPlay([candles, funding], window(FROM + 9 * HOUR_MS)),
          (error) => error instanceof SystemError && words.test(error.message),
        );
      await refused(short, /a\.csv: holds the funding of WIFUSDT from .* is played; give the whole file, or --allow-gaps/);
      await refused(torn, /b\.csv line 4: settlements are missing/);
      await inspectPlay([candles, short], window(FROM + 9 * HOUR_MS, true));
      await inspectPlay([candles, short], window(FROM + 5 * HOUR_MS));
      const tape = await openFundingTape(short.path);
      assert.deepEqual([tape.rateAt(FROM), tape.rateAt(FROM + 8 * HOUR_MS)], ['0.0001', '0']);
    }));

  it('names the first thing that is wrong', () =>
    inTempDir(async (dir) => {
      const refused = (lines: readonly string[], words: RegExp): Promise<void> =>
        assert.rejects(openFundingTape(write(dir, 'f.csv', lines)), (error) => error instanceof DataFileError && words.test(error.message));
      await refused([CANDLES, `${FROM},1,1,1,1,1`], /f\.csv line 1: the header is .*; it must be ts_ms,rate/);
      await refused([HEADER, `${FROM},lots`], /line 2: rate "lots" is not a number/);
      await refused([HEADER, `${FROM + 1},0.1`, `${FROM + 1 + 4 * HOUR_MS},0.1`], /line 2: \d+ is no settlement of every 4 h/);
      await refused([HEADER, `${FROM},0.1`, `${FROM + 1000},0.1`], /settles every 1000 ms/);
    }));
});
