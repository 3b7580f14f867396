import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readFunding } from '#venues/bybit/funding.ts';
import { executionOf, fundingOf } from '#venues/bybit/trading/rows.ts';
import type { Exchange } from '#venues/bybit/create.ts';
import { perp } from '../../trading/trader/fixtures.ts';

/** As GET /v5/execution/list gives one: the fee is what was paid, negative where it was received. */
const ROW = {
  ...{ symbol: 'ADAUSDT', orderType: 'UNKNOWN', orderLinkId: '', side: 'Sell', orderId: 'synthetic', stopOrderType: 'UNKNOWN' },
  ...{ execId: 'f-1', execType: 'Funding', execPrice: '0.38205', execQty: '5000', execValue: '1910.25', execFee: '-0.191025' },
  ...{ feeRate: '-0.0001', feeCurrency: 'USDT', execTime: '1722038400000', closedSize: '' },
};
const perpetualOf = (symbol: string) => (symbol === 'ADAUSDT' ? perp : undefined);

describe('venues/bybit: funding', () => {
  it('LC-6 a row of funding is cash with its sign, and never an execution', () => {
    assert.deepEqual(fundingOf(ROW, perpetualOf), {
      ...{ executionId: 'f-1', asset: 'crypto_futures', symbol: perp.symbol, qty: '5000', price: '0.38205' },
      ...{ rate: '-0.0001', amount: '-0.191025', executedAt: 1_722_038_400_000 },
    });
    assert.equal(
      executionOf(ROW, perpetualOf, () => undefined),
      null,
    );
  });

  it('trades and other symbols are no funding; a row that cannot be read is an error', () => {
    assert.equal(fundingOf({ ...ROW, execType: 'Trade' }, perpetualOf), null);
    assert.equal(fundingOf({ ...ROW, symbol: 'XRPUSDT' }, perpetualOf), null);
    assert.equal(fundingOf(null, perpetualOf), null);
    assert.throws(() => fundingOf({ ...ROW, feeRate: 'much' }, perpetualOf));
  });

  const ticker = (row: object): Pick<Exchange, 'publicGetV5MarketTickers'> => ({
    publicGetV5MarketTickers: () => Promise.resolve({ result: { list: [row] } }),
  });
  it('the announced rate is that of the next funding time', async () => {
    const row = { symbol: 'ADAUSDT', fundingRate: '-0.000125', nextFundingTime: '1722038400000' };
    assert.deepEqual(await readFunding(ticker(row), perp), { symbol: perp.symbol, rate: '-0.000125', nextAt: 1_722_038_400_000 });
    await assert.rejects(readFunding(ticker({ ...row, fundingRate: '' }), perp), /no funding rate of ADAUSDT/);
    await assert.rejects(readFunding(ticker({ ...row, nextFundingTime: '' }), perp));
    await assert.rejects(readFunding(ticker({ ...row, symbol: 'XRPUSDT' }), perp), /no funding rate of ADAUSDT/);
  });
});
