import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price, qty } from '#trading/money/decimal.ts';
import type { BookTop } from '#venues/bybit/frames.ts';
import { instrumentOf } from '#venues/bybit/markets.ts';
import { SymbolFeed } from '#venues/bybit/symbol-feed.ts';
import { markets } from './rows.ts';

const AT = 1_722_003_300_000;
const top = (update: number, at = AT): BookTop => ({
  bid: price('100'),
  ask: price('101'),
  bidQty: qty('1'),
  askQty: qty('2'),
  update,
  sequence: String(update * 10),
  sentAt: at + 5,
  matchedAt: at,
});
const trade = (at: string, size: string) => ({ price: price(at), qty: qty(size) });

function feed(): SymbolFeed {
  const symbol = new SymbolFeed(instrumentOf('BTC/USDT', markets));
  symbol.subscribed(0, AT);
  return symbol;
}

describe('a symbol of the Bybit feed', () => {
  it('QS-1 a quote holds venue, symbol, both sides, last, both times, and an id of its own', () => {
    const symbol = feed();
    symbol.onTrades([trade('100.5', '1')]);
    assert.deepEqual(symbol.onBook(top(7), AT + 9), {
      id: 'BTCUSDT-7-70',
      broker: 'bybit',
      asset: 'crypto_spot',
      symbol: 'BTC/USDT',
      bid: '100',
      ask: '101',
      bidQty: '1',
      askQty: '2',
      last: '100.5',
      volume: null,
      exchangeAt: AT,
      receivedAt: AT + 9,
    });
  });

  it('volume is what traded since the quote before, exactly; unknown on the first quote, since trades may have been missed', () => {
    const symbol = feed();
    symbol.onTrades([trade('100', '5')]);
    const volumes = [top(1), top(2), top(3), top(4)].map((next, index) => {
      if (index === 1) symbol.onTrades([trade('100', '0.1'), trade('101', '0.2')]);
      if (index === 3) symbol.onTrades([trade('102', '1')]);
      return symbol.onBook(next, AT)?.volume;
    });
    assert.deepEqual(volumes, [null, '0.3', '0', '1']);
  });

  it('a book pushed again unchanged is a new quote of the time it was sent', () => {
    const symbol = feed();
    symbol.onBook(top(7), AT);
    const again = symbol.onBook({ ...top(7), sentAt: AT + 3000 }, AT + 3001);
    const third = symbol.onBook({ ...top(7), sentAt: AT + 6000 }, AT + 6001);
    assert.deepEqual([again?.exchangeAt, again?.id], [AT + 3000, 'BTCUSDT-7-70.1']);
    assert.deepEqual([third?.exchangeAt, third?.id], [AT + 6000, 'BTCUSDT-7-70.2']);
  });

  it('an older update is refused, gaps are not (every frame is a snapshot), and 1 starts anew', () => {
    const symbol = feed();
    const taken = [5, 9, 8, 10, 1, 2].map((update) => symbol.onBook(top(update), AT) !== null);
    assert.deepEqual(taken, [true, true, false, true, true, true]);
  });

  it('subscribed again, it knows nothing of the updates and trades before', () => {
    const symbol = feed();
    symbol.onBook(top(50), AT);
    symbol.onTrades([trade('100', '1')]);
    symbol.subscribed(1, AT);
    const quote = symbol.onBook(top(3), AT);
    assert.equal(quote?.id, 'BTCUSDT-3-30');
    assert.equal(quote?.volume, null);
  });
});
