import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, money, negate, ratio, subtract, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import { closedPnlRow, closingsOf, transactionRow, transactionsOf } from '#venues/embedded/bybit/private/ledger.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import { newExchange, PERP, quote, request, SPOT, T0, taken } from '../engine/bench.ts';

const HOUR_MS = 3_600_000;
const booksOf = (exchange: MatchingExchange) => ({
  executions: exchange.executions(),
  positions: exchange.positions(),
  account: exchange.account(),
  openedAt: exchange.openedAt,
  termsOf: (contract: string) => exchange.terms(contract),
});
const closedOf = (exchange: MatchingExchange) =>
  closingsOf(exchange.executions(PERP)).map((closing) =>
    closedPnlRow(closing, exchange.order({ contract: PERP, id: closing.orderId, linkId: null }) ?? null, 'USDT'),
  );
const sum = (values: readonly Money[]): Money => values.reduce((total, value) => add(total, value), ZERO_MONEY);
const at = (bid: string, contract = PERP) => quote({ contract, bid, ask: (Number(bid) + 0.1).toFixed(1), bidSize: '5', askSize: '5' });

/** Lots with a sign that are traded at once, moves of the price, and settlements of funding. */
const step = fc.record({
  spot: fc.boolean(),
  lots: fc.integer({ min: -800, max: 800 }).filter((lots) => lots !== 0),
  move: fc.integer({ min: -300, max: 300 }),
  wait: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Some fees are paid in MNT, until it is used up. */
function play(steps: readonly Step[], mnt = '0'): MatchingExchange {
  const exchange = newExchange({ USDT: '100000', BTC: '1', MNT: mnt }, 'ledger');
  if (mnt !== '0') for (const kind of ['exchange', 'margin'] as const) exchange.switches.feesIn[kind] = { currency: 'MNT', price: ratio('0.8') };
  let [now, middle] = [T0, 50_000];
  for (const { spot, lots, move, wait } of steps) {
    now += wait ? 8 * HOUR_MS : 1000;
    middle += move;
    for (const contract of [SPOT, PERP]) exchange.onQuote(at(middle.toFixed(1), contract), now);
    const size = (Math.abs(lots) / 1000).toFixed(3);
    exchange.submit(request({ contract: spot ? SPOT : PERP, side: lots > 0 ? 'buy' : 'sell', size }), now);
  }
  return exchange;
}
const steps = fc.array(step, { minLength: 1, maxLength: 25 });

describe('the ledger of the embedded Bybit', () => {
  it('changes of a currency add up to its wallet, each row’s balance to the row before it, whatever was traded', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom('0', '30', '100000'), (all, mnt) => {
        const exchange = play(all, mnt);
        const rows = transactionsOf(booksOf(exchange));
        assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length);
        for (const { currency, wallet } of exchange.account().balances) {
          const own = rows.filter((row) => row.currency === currency);
          assert.equal(sum(own.map(({ change }) => change)), wallet, currency);
          for (const [index, row] of own.entries()) assert.equal(subtract(row.balance, row.change), own[index + 1]?.balance ?? '0');
          for (const { change, cashFlow, funding, fee } of own) assert.equal(change, subtract(add(cashFlow, funding ?? ZERO_MONEY), fee));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('once flat, what was closed and what was settled is all that the perpetual brought', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const exchange = play(all.map((one) => ({ ...one, spot: false })));
        const [position] = exchange.positions();
        if (position !== undefined) {
          const long = !position.size.startsWith('-');
          exchange.onQuote(quote({ bidSize: '50', askSize: '50' }), T0 + 1000 * HOUR_MS);
          taken(
            exchange.submit(request({ side: long ? 'sell' : 'buy', size: position.size.replace('-', ''), reduceOnly: true }), T0 + 1000 * HOUR_MS),
          );
        }
        assert.deepEqual(exchange.positions(), []);
        const closed = sum(closedOf(exchange).map(({ closedPnl }) => closedPnl));
        const funding = sum(exchange.executions().flatMap(({ kind, fee }) => (kind === 'funding' ? [negate(fee)] : [])));
        const wallet = exchange.account().balances.find(({ currency }) => currency === 'USDT')?.wallet ?? ZERO_MONEY;
        assert.equal(add(closed, funding), subtract(wallet, money('100000')));
      }),
      { numRuns: 100 },
    );
  });

  it('a closing order has one row: what was entered and left, its fills, and the fees of both ends', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000'), T0);
    taken(exchange.submit(request({ size: '0.4' }), T0 + 1));
    exchange.onQuote(quote({ bid: '51000', bidSize: '0.1', ask: '51000.1' }), T0 + 2);
    const close = taken(exchange.submit(request({ side: 'sell', size: '0.2', reduceOnly: true }), T0 + 3));
    const [row, ...others] = closedOf(exchange);
    assert.deepEqual(others, []);
    assert.deepEqual([row?.orderId, row?.side, row?.closedSize, row?.qty, row?.orderType], [close.id, 'Sell', '0.2', '0.2', 'Market']);
    assert.deepEqual([row?.cumEntryValue, row?.avgEntryPrice, row?.fillCount, row?.leverage], ['10000.02', '50000.1', '2', '10']);
    const left = Number(row?.cumExitValue);
    assert.ok(left < 10_200 && left > 10_190, 'two levels of the book');
    // Half of 0.4 × 50000.1 × 0.00055, and 0.00055 of what was left.
    assert.deepEqual([row?.openFee, row?.closeFee], ['5.500011', String(Number((left * 0.00055).toFixed(9)))]);
    assert.equal(Number(row?.closedPnl).toFixed(6), (left - 10_000.02 - 5.500011 - left * 0.00055).toFixed(6));
  });

  it('an order that turns a position is a closing of the old one alone', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000'), T0);
    taken(exchange.submit(request({ size: '0.1' }), T0 + 1));
    taken(exchange.submit(request({ side: 'sell', size: '0.3' }), T0 + 2));
    const [row] = closedOf(exchange);
    assert.deepEqual([row?.closedSize, row?.qty, row?.cumExitValue, row?.closeFee], ['0.1', '0.3', '5000', '2.75']);
    taken(exchange.submit(request({ size: '0.2', reduceOnly: true }), T0 + 3));
    assert.equal(closedOf(exchange)[0]?.openFee, '5.5', 'the short was opened for 0.2 × 50000 × 0.00055');
  });

  it('rows say what Bybit says: the coin that was given is negative, funding is received where positive, a short’s rate turned round', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000'), T0);
    taken(exchange.submit(request({ contract: SPOT, size: '0.1', linkId: 'mine' }), T0 + 1));
    taken(exchange.submit(request({ side: 'sell', size: '0.1' }), T0 + 2));
    exchange.onTime(T0 + 8 * HOUR_MS);
    const rows = transactionsOf(booksOf(exchange)).map((row) => transactionRow(row, 'linear'));
    // Without a trade the mark is the middle of the book, 50000.05.
    assert.deepEqual(
      rows.map((row) => [row.type, row.currency, row.side, row.qty, row.size, row.funding, row.fee, row.feeRate, row.change]),
      [
        ['SETTLEMENT', 'USDT', 'Sell', '0.1', '-0.1', '0.5000005', '0', '-0.0001', '0.5000005'],
        ['TRADE', 'USDT', 'Sell', '0.1', '-0.1', '', '2.75', '0.00055', '-2.75'],
        ['TRADE', 'BTC', 'Buy', '0.1', '0', '', '0.0001', '0.001', '0.0999'],
        ['TRADE', 'USDT', 'Buy', '-5000.01', '0', '', '0', '0.001', '-5000.01'],
        ['TRANSFER_IN', 'USDT', 'None', '', '', '', '0', '', '100000'],
      ],
    );
    assert.deepEqual(
      rows.map(({ cashBalance, orderLinkId }) => [cashBalance, orderLinkId]),
      [
        ['94997.7400005', ''],
        ['94997.24', ''],
        ['0.0999', 'mine'],
        ['94999.99', 'mine'],
        ['100000', ''],
      ],
    );
  });
});
