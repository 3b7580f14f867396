import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CoinPath, SECONDS } from '#venues/embedded/market/synthetic-path.ts';

const MODEL = { coin: 'BTC', startPrice: 64_000, annualVolatility: 0.65, correlation: 0.8 };
const FIRST = 29_000_000;
const MINUTE_VOLATILITY = MODEL.annualVolatility / Math.sqrt(525_600);

describe('embedded venue: the path of a coin', () => {
  it('is one path: the next minute begins where the last one ended, jumps included, and jumps come every few hours', () => {
    const path = new CoinPath('path', MODEL, FIRST);
    let [before, jumps, atSeams] = [MODEL.startPrice, 0, 0];
    for (let minute = 0; minute < 3 * 1440; minute++) {
      const prices = path.seconds(FIRST + minute);
      const second = (MINUTE_VOLATILITY * path.unrest) / Math.sqrt(SECONDS);
      prices.forEach((price, index) => {
        const move = Math.abs(Math.log(price / before));
        const isJump = move > 4.5 * MINUTE_VOLATILITY;
        if (isJump) jumps++;
        if (isJump && index === 0) atSeams++;
        // Seven deviations of a second: a normal draw never goes there, a torn seam at once does.
        if (!isJump) assert.ok(move < Math.max(7 * second, MINUTE_VOLATILITY), `minute ${minute} second ${index}: ${move}`);
        before = price;
      });
    }
    assert.ok(jumps >= 4 && jumps <= 30, `${jumps} jumps in three days, one in six hours is meant`);
    assert.ok(atSeams <= 2, `${atSeams} jumps fall between two minutes: a jump must last`);
  });

  it('has the same minute whether the ones before were looked at or passed by, and does not go back', () => {
    const walked = new CoinPath('path', MODEL, FIRST);
    for (let minute = 0; minute < 500; minute++) walked.seconds(FIRST + minute);
    const passed = new CoinPath('path', MODEL, FIRST);
    assert.deepEqual([...passed.seconds(FIRST + 500)], [...walked.seconds(FIRST + 500)]);
    assert.throws(() => passed.seconds(FIRST + 499), /only goes forward/);
  });
});
