/** Lines that deliver nothing while their market is open (venues/ibkr, modes 10, 40 and 41). */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { watching } from '../support/ibkr-watch.ts';

const DAY_SECONDS = 86_400;

describe('IBKR market data: silent lines', () => {
  it('QS-1 a line that TWS lost without a word is asked for anew, on the same connection, and its quote is of that moment', async () => {
    await watching({}, async ({ tws, play, data, settle, quotes }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.loseLines();
      assert.deepEqual(await play('EUR.USD', '1.2', '1.2001', 30), [], 'not silent for long enough');
      await settle(62);
      assert.deepEqual(
        quotes.slice(1).map(({ bid, exchangeAt, receivedAt }) => [bid, exchangeAt === receivedAt]),
        [['1.2', true]],
      );
      const { reissued, silent, blind } = data.counters();
      assert.deepEqual([reissued, silent, blind, data.health()['connections']], [1, 0, 0, 1]);
    });
  });

  it('a market that is shut is left alone', async () => {
    await watching({}, async ({ tws, play, data, settle }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      tws.faults.loseLines();
      // From Tuesday to Saturday: between the two everything may have been silent.
      await settle(4 * DAY_SECONDS);
      await settle(4 * DAY_SECONDS + 3600);
      assert.deepEqual([data.counters()['reissued'], data.counters()['blind']], [0, 0]);
    });
  });

  it('hours that end are asked for again: a week later a line is still watched over', async () => {
    await watching({}, async ({ tws, play, data }) => {
      await play('EUR.USD', '1.1', '1.1001', 1);
      for (let day = 1; day <= 8; day++) await play('EUR.USD', `1.${day}`, `1.${day}001`, day * DAY_SECONDS);
      tws.faults.loseLines();
      const [quote] = await play('EUR.USD', '1.5', '1.5001', 8 * DAY_SECONDS + 61);
      assert.equal(quote?.bid, '1.5');
      assert.equal(data.health()['hours'] !== undefined, true);
    });
  });
});
