import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { price, qty, ratio } from '#trading/money/decimal.ts';
import { both, executionsOf, newExchange, PERP, quote, refused, request, SPOT, states, T0, taken } from './bench.ts';

const walletOf = (exchange: ReturnType<typeof newExchange>, currency: string) =>
  exchange.account().balances.find((row) => row.currency === currency)?.wallet;

describe('the matching engine: orders', () => {
  it('a market order takes the levels it needs and ends filled', () => {
    const exchange = newExchange();
    const outcome = exchange.submit(request({ size: '1.5' }), T0 + 1);
    assert.ok(outcome.ok);
    assert.equal(outcome.value.state, 'filled');
    const fills = executionsOf(outcome.events);
    assert.ok(fills.length >= 2);
    assert.equal(fills[0]?.price, '50000.1');
    assert.equal(fills[0]?.qty, '1');
    assert.deepEqual(states(outcome.events), ['new', ...fills.slice(1).map(() => 'partially-filled'), 'filled']);
  });

  it('a market order that outgrows its slippage cap is cancelled with what it got', () => {
    const exchange = newExchange({ USDT: '100000000' });
    const order = taken(exchange.submit(request({ size: '50', slippage: ratio('0.00001') }), T0));
    assert.equal(order.state, 'cancelled');
    assert.equal(order.cancelReason, 'no-immediate-quantity');
    assert.equal(order.leaves, '0');
    assert.ok(Number(order.filled) > 0 && Number(order.filled) < 50);
  });

  it('on an exchange contract the same end is called partially filled, cancelled', () => {
    const exchange = newExchange({ USDT: '100000000' });
    assert.equal(taken(exchange.submit(request({ contract: SPOT, size: '40', slippage: ratio('0.00001') }), T0)).state, 'partially-filled-cancelled');
  });

  it('IOC takes what there is, FOK all or nothing, post-only nothing', () => {
    const exchange = newExchange({ USDT: '10000000' });
    const ioc = taken(exchange.submit(request({ at: '50000.1', size: '2', timeInForce: 'ioc' }), T0));
    assert.deepEqual([ioc.state, ioc.filled], ['cancelled', '1']);
    exchange.onQuote(quote({}), T0);
    const fok = taken(exchange.submit(request({ at: '50000.1', size: '2', timeInForce: 'fok' }), T0));
    assert.deepEqual([fok.state, fok.filled], ['cancelled', '0']);
    assert.equal(taken(exchange.submit(request({ at: '50000.1', size: '1', timeInForce: 'fok' }), T0)).state, 'filled');
    exchange.onQuote(quote({}), T0);
    const post = taken(exchange.submit(request({ at: '50000.1', size: '1', timeInForce: 'post-only' }), T0));
    assert.deepEqual([post.state, post.cancelReason, post.filled], ['cancelled', 'post-only', '0']);
    assert.equal(taken(exchange.submit(request({ at: '50000', size: '1', timeInForce: 'post-only' }), T0)).state, 'new');
  });

  it('what one order took is gone until the next quote', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '1' }), T0));
    assert.notEqual(exchange.book(PERP, 1)?.asks[0]?.price, '50000.1');
    exchange.onQuote(quote({}), T0 + 1);
    assert.equal(exchange.book(PERP, 1)?.asks[0]?.price, '50000.1');
  });

  it('a resting order waits for the queue before it, then fills in parts at its own price as a maker', () => {
    const exchange = newExchange();
    const order = taken(exchange.submit(request({ at: '50000', size: '0.5' }), T0));
    const sell = (size: string) => exchange.onQuote(quote({ trade: { price: '50000', size, aggressor: 'sell' } }), T0 + 1);
    assert.deepEqual(executionsOf(sell('0.9')), [], 'a bid of 1 was there first');
    const [first] = executionsOf(sell('0.3'));
    assert.equal(first?.qty, '0.2');
    assert.equal(first.price, '50000');
    assert.equal(first.maker, true);
    assert.equal(exchange.order({ contract: PERP, id: order.id, linkId: null })?.state, 'partially-filled');
    exchange.onQuote(quote({ bid: '49990', ask: '49995' }), T0 + 2);
    assert.equal(exchange.order({ contract: PERP, id: order.id, linkId: null })?.state, 'filled');
  });

  it('a client id comes once for ever, or once while its order is open', () => {
    const exchange = newExchange();
    const once = () => exchange.submit(request({ at: '49000', linkId: 'mine' }), T0);
    taken(once());
    assert.equal(refused(once()), 'DUPLICATE_LINK');
    taken(exchange.cancel({ contract: PERP, id: null, linkId: 'mine' }, T0));
    assert.equal(refused(once()), 'DUPLICATE_LINK');
    exchange.switches.linkIds = 'while-active';
    taken(once());
    assert.equal(refused(once()), 'DUPLICATE_LINK');
  });

  it('filters are refused with a code each', () => {
    const exchange = newExchange();
    const code = (given: Parameters<typeof request>[0]) => refused(exchange.submit(request(given), T0));
    assert.equal(code({ at: '50000.05' }), 'OFF_TICK');
    assert.equal(code({ at: '50000', size: '0.0015' }), 'OFF_STEP');
    assert.equal(code({ at: '100', size: '0.001' }), 'BELOW_MIN_NOTIONAL');
    assert.equal(code({ contract: SPOT, at: '50000', size: '0.000001' }), 'BELOW_MIN_QTY');
    assert.equal(code({ at: '50000', size: '101' }), 'ABOVE_MAX_QTY');
    assert.equal(code({ size: '51' }), 'ABOVE_MAX_QTY');
    assert.equal(code({ contract: SPOT, at: '60000' }), 'PRICE_LIMIT');
    assert.equal(code({ at: '50000', size: '30' }), 'INSUFFICIENT_FUNDS');
    assert.equal(code({ contract: SPOT, side: 'sell', at: '50000' }), 'INSUFFICIENT_FUNDS');
    assert.equal(code({ reduceOnly: true, at: '50000' }), 'REDUCE_ONLY');
    assert.equal(code({ slot: 'long' }), 'POSITION_MODE');
    assert.equal(code({ contract: 'linear:NONE' }), 'UNKNOWN_CONTRACT');
    assert.equal(code({ trigger: { price: price('49000'), direction: 'rise', by: 'last' } }), 'TRIGGER_SIDE');
    const stop = { mode: 'full', takeProfit: null, stopLoss: { trigger: price('51000'), by: 'mark', limit: null } } as const;
    assert.equal(code({ protection: stop }), 'EXIT_SIDE');
  });

  it('a perpetual beyond the price limit is moved to it, or refused where the account said so', () => {
    const exchange = newExchange();
    assert.equal(taken(exchange.submit(request({ side: 'sell', at: '40000', timeInForce: 'ioc' }), T0)).price, '47500.1');
    exchange.switches.reprice = false;
    assert.equal(refused(exchange.submit(request({ side: 'sell', at: '40000' }), T0)), 'PRICE_LIMIT');
  });

  it('amending keeps the id, refuses what changes nothing, and may take', () => {
    const exchange = newExchange();
    const { id } = taken(exchange.submit(request({ at: '49000', size: '0.1' }), T0));
    const ref = { contract: PERP, id, linkId: null };
    assert.equal(refused(exchange.amend(ref, { price: price('49000') }, T0)), 'NOT_MODIFIED');
    assert.equal(taken(exchange.amend(ref, { qty: qty('0.2') }, T0)).leaves, '0.2');
    const filled = taken(exchange.amend(ref, { price: price('50000.1') }, T0));
    assert.deepEqual([filled.id, filled.state], [id, 'filled']);
    assert.equal(refused(exchange.amend(ref, { qty: qty('0.3') }, T0)), 'ORDER_ENDED');
    assert.equal(refused(exchange.cancel({ contract: PERP, id: 'none', linkId: null }, T0)), 'ORDER_NOT_FOUND');
  });

  it('amending an order that has filled in part leaves it so', () => {
    const exchange = newExchange({ USDT: '10000000' });
    const { id, state } = taken(exchange.submit(request({ at: '50000.1', size: '1.5' }), T0));
    assert.equal(state, 'partially-filled');
    const outcome = exchange.amend({ contract: PERP, id, linkId: null }, { price: price('49999') }, T0);
    assert.deepEqual(states(outcome.events), ['partially-filled']);
    assert.equal(refused(exchange.amend({ contract: PERP, id, linkId: null }, { qty: qty('0.9') }, T0)), 'QTY_BELOW_FILLED');
  });

  it('eleven conditional orders of one perpetual are one too many', () => {
    const exchange = newExchange();
    const one = () => exchange.submit(request({ trigger: { price: price('51000'), direction: 'rise', by: 'last' }, stopKind: 'stop' }), T0);
    for (let count = 0; count < 10; count++) assert.equal(taken(one()).state, 'untriggered');
    assert.equal(refused(one()), 'TOO_MANY_CONDITIONALS');
  });
});

describe('the matching engine: money', () => {
  it('spot buys pay their fee in base, sells in quote', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ contract: SPOT, size: '0.1' }), T0));
    assert.equal(walletOf(exchange, 'BTC'), '0.0999');
    assert.equal(walletOf(exchange, 'USDT'), '94999.99');
    taken(exchange.submit(request({ contract: SPOT, side: 'sell', size: '0.05' }), T0));
    assert.equal(walletOf(exchange, 'BTC'), '0.0499');
    assert.equal(walletOf(exchange, 'USDT'), '97497.49');
  });

  it('a market buy sized in quote spends no more than that', () => {
    const exchange = newExchange();
    const order = taken(exchange.submit(request({ contract: SPOT, size: '1000', qtyUnit: 'quote' }), T0));
    assert.equal(order.state, 'partially-filled-cancelled', 'dust is left');
    assert.ok(Number(order.filledValue) <= 1000 && Number(order.filledValue) > 999);
  });

  it('a perpetual settles its profit when it is closed, and a flip opens the rest', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.1' }), T0));
    assert.equal(walletOf(exchange, 'USDT'), '99997.2499945');
    exchange.onQuote(quote({ bid: '51000.1', ask: '51000.2' }), T0);
    const order = taken(exchange.submit(request({ side: 'sell', size: '0.3' }), T0));
    assert.equal(order.realised, '100');
    const [position] = exchange.positions(PERP);
    assert.deepEqual([position?.size, position?.averagePrice], ['-0.2', '51000.1']);
  });

  it('closing a part keeps the average of the rest', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.3' }), T0));
    exchange.onQuote(quote({ bid: '51000.1', ask: '51000.2' }), T0);
    assert.equal(taken(exchange.submit(request({ side: 'sell', size: '0.1' }), T0)).realised, '100');
    const [position] = exchange.positions(PERP);
    assert.deepEqual([position?.size, position?.averagePrice, position?.cost], ['0.2', '50000.1', '10000.02']);
  });

  it('reduce-only never opens: it ends where the position does, and rests no longer than it', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.1' }), T0));
    const rest = taken(exchange.submit(request({ side: 'sell', at: '52000', size: '0.1', reduceOnly: true }), T0));
    const more = taken(exchange.submit(request({ side: 'sell', size: '0.5', reduceOnly: true }), T0));
    assert.deepEqual([more.state, more.filled, more.cancelReason], ['cancelled', '0.1', 'reduce-only']);
    assert.equal(exchange.order({ contract: PERP, id: rest.id, linkId: null })?.cancelReason, 'reduce-only');
    assert.deepEqual(exchange.positions(), []);
  });

  it('funding is an execution of the whole position: longs pay a positive rate', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.1' }), T0));
    assert.equal(walletOf(exchange, 'USDT'), '99997.2499945');
    const [execution] = executionsOf(exchange.onTime(T0 + 8 * 3_600_000));
    assert.equal(execution?.kind, 'funding');
    assert.deepEqual([execution.qty, execution.fee], ['0.1', '0.5000005']);
    assert.equal(walletOf(exchange, 'USDT'), '99996.749994');
    assert.deepEqual(executionsOf(exchange.onTime(T0 + 8 * 3_600_000 + 1)), []);
  });

  it('an account that cannot carry its position is liquidated', () => {
    const exchange = newExchange({ USDT: '600' });
    taken(exchange.submit(request({ size: '0.1' }), T0));
    const events = exchange.onQuote(quote({ bid: '44100', ask: '44100.1' }), T0 + 1);
    assert.ok(executionsOf(events).some(({ kind }) => kind === 'liquidation'));
    assert.deepEqual(exchange.positions(), []);
  });

  it('leverage is told when it does not change, and bounded', () => {
    const exchange = newExchange();
    assert.equal(refused(exchange.setLeverage(PERP, both('10'), T0)), 'NOT_MODIFIED');
    assert.equal(refused(exchange.setLeverage(PERP, both('101'), T0)), 'LEVERAGE_RANGE');
    taken(exchange.setLeverage(PERP, both('5'), T0));
    taken(exchange.submit(request({ size: '0.1' }), T0));
    assert.equal(exchange.positions(PERP)[0]?.initialMargin, '1000.002');
  });

  it('two-way keeps long and short apart', () => {
    const exchange = newExchange();
    taken(exchange.setHedge(PERP, true, T0));
    taken(exchange.submit(request({ slot: 'long', size: '0.1' }), T0));
    taken(exchange.submit(request({ slot: 'short', side: 'sell', size: '0.2' }), T0));
    assert.deepEqual(
      exchange.positions(PERP).map(({ size }) => size),
      ['0.1', '-0.2'],
    );
    assert.equal(refused(exchange.setHedge(PERP, false, T0)), 'HAS_POSITION_OR_ORDERS');
    const closing = taken(exchange.submit(request({ slot: 'long', side: 'sell', size: '0.5' }), T0));
    assert.deepEqual([closing.filled, closing.cancelReason], ['0.1', 'reduce-only']);
    assert.equal(refused(exchange.submit(request({ slot: 'long', side: 'sell', size: '0.5' }), T0)), 'REDUCE_ONLY');
  });
});

describe('the matching engine: exits', () => {
  const bracket = (mode: 'full' | 'partial') =>
    ({
      mode,
      takeProfit: { trigger: price('51000'), by: 'last', limit: null },
      stopLoss: { trigger: price('49000'), by: 'mark', limit: null },
    }) as const;
  const trade = (at: string, aggressor: 'buy' | 'sell') =>
    quote({ bid: String(Number(at) - 0.1), ask: at, trade: { price: at, size: '0.1', aggressor } });

  it('full: they stand from the first fill, follow the size of the position and go with it', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.1', protection: bracket('full') }), T0));
    const exits = () => exchange.orders({ contract: PERP, states: 'open' }).map(({ request: { stopKind }, qty: size }) => `${stopKind} ${size}`);
    assert.deepEqual(exits().toSorted(), ['stop-loss 0.1', 'take-profit 0.1']);
    taken(exchange.submit(request({ size: '0.1' }), T0));
    assert.deepEqual(exits().toSorted(), ['stop-loss 0.2', 'take-profit 0.2']);
    exchange.onQuote(trade('48990', 'sell'), T0 + 1);
    assert.deepEqual(exits(), []);
    assert.deepEqual(exchange.positions(), []);
    const ended = exchange.orders({ contract: PERP, states: 'all' });
    assert.equal(ended.find(({ request: { stopKind } }) => stopKind === 'take-profit')?.cancelReason, 'exit-cleared');
    assert.equal(ended.find(({ request: { stopKind } }) => stopKind === 'stop-loss')?.state, 'filled');
  });

  it('partial: they have the size that their entry filled, and one ends the other', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.3' }), T0));
    const entry = taken(exchange.submit(request({ size: '0.1', protection: bracket('partial') }), T0));
    const exits = exchange.orders({ contract: PERP, states: 'open' });
    assert.deepEqual(
      exits.map(({ entry: of, qty: size }) => [of, size]),
      [
        [entry.id, '0.1'],
        [entry.id, '0.1'],
      ],
    );
    exchange.onQuote(trade('51000.1', 'buy'), T0 + 1);
    assert.deepEqual(exchange.orders({ contract: PERP, states: 'open' }), []);
    assert.equal(exchange.positions(PERP)[0]?.size, '0.3');
  });

  it('set on a position, cleared by cancelling them, refused without one', () => {
    const exchange = newExchange();
    const { stopLoss } = bracket('full');
    assert.equal(refused(exchange.setExits(PERP, 'one-way', { stopLoss }, T0)), 'NO_POSITION');
    taken(exchange.submit(request({ size: '0.1' }), T0));
    assert.equal(taken(exchange.setExits(PERP, 'one-way', { stopLoss }, T0)).stopLoss, '49000');
    assert.equal(refused(exchange.setExits(PERP, 'one-way', { stopLoss }, T0)), 'NOT_MODIFIED');
    const [exit] = exchange.orders({ contract: PERP, states: 'open' });
    taken(exchange.cancel({ contract: PERP, id: exit?.id ?? '', linkId: null }, T0));
    assert.equal(exchange.positions(PERP)[0]?.stopLoss, null);
  });

  it('spot: attached to a limit buy, sized by what is left after the fee, and the coins are held once', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ contract: SPOT, at: '50000.1', size: '0.1', protection: bracket('full') }), T0));
    const exits = exchange.orders({ contract: SPOT, states: 'open' });
    assert.deepEqual(
      exits.map(({ qty: size }) => size),
      ['0.0999', '0.0999'],
    );
    assert.equal(exchange.account().balances.find(({ currency }) => currency === 'BTC')?.locked, '0.0999');
    const events = exchange.onQuote({ ...trade('48990', 'sell'), contract: SPOT }, T0 + 1);
    assert.ok(states(events).includes('deactivated') && states(events).includes('filled'));
    assert.equal(walletOf(exchange, 'BTC'), '0');
  });

  it('a conditional order fires at its price; one that has nothing to reduce by then is rejected or gone', () => {
    const exchange = newExchange();
    const stop = taken(exchange.submit(request({ trigger: { price: price('51000'), direction: 'rise', by: 'last' }, stopKind: 'stop' }), T0));
    const events = exchange.onQuote(trade('51000', 'buy'), T0 + 1);
    assert.deepEqual(states(events), ['triggered', 'new', 'filled']);
    assert.equal(exchange.order({ contract: PERP, id: stop.id, linkId: null })?.filled, '0.01');
  });

  it('orders that wait for a parent start when it has filled and end where it has not', () => {
    const exchange = newExchange();
    const parent = taken(exchange.submit(request({ at: '49000', size: '0.1' }), T0));
    const child = taken(exchange.submit(request({ side: 'sell', at: '52000', size: '0.1', parent: parent.id }), T0));
    assert.equal(child.state, 'untriggered');
    exchange.onQuote(quote({ bid: '48990', ask: '48995', askSize: '5' }), T0 + 1);
    assert.equal(exchange.order({ contract: PERP, id: child.id, linkId: null })?.state, 'new');
    const second = taken(exchange.submit(request({ at: '47000', size: '0.1' }), T0 + 2));
    const orphan = taken(exchange.submit(request({ side: 'sell', at: '51000', size: '0.1', parent: second.id }), T0 + 2));
    taken(exchange.cancel({ contract: PERP, id: second.id, linkId: null }, T0 + 3));
    assert.equal(exchange.order({ contract: PERP, id: orphan.id, linkId: null })?.state, 'cancelled');
  });
});
