import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Instrument } from '#trading/model/instrument.ts';
import { price, qty } from '#trading/money/decimal.ts';
import type { OptionAsk } from '#trading/model/option.ts';
import { answerByOption } from '#trading/trader/options.ts';
import type { TraderConfig } from '#trading/trader/config.ts';
import { option } from '../paper/ibkr-instruments.ts';
import { quoteOf, settings, spot, spotTrader, T0 } from './fixtures.ts';
import { DOWN, Rig, UP } from './rig.ts';

const DAY_MS = 86_400_000;
const EXPIRY = new Date(T0 + 8 * DAY_MS).toISOString().slice(0, 10);
const of = (strike: string, right: 'C' | 'P'): Instrument => ({ ...option('SPY', EXPIRY, strike, right), option: { strike: price(strike), right } });
const CALL = of('106', 'C');
const FAR_CALL = of('112', 'C');
const PUT = of('94', 'P');
/** The share is watched and not traded: the catalog does not list it. */
const SHARE: Instrument = { ...spot, asset: 'options', broker: 'ibkr', symbol: 'SPY' };

const trader: TraderConfig = {
  ...spotTrader,
  name: 'trader.options.paper',
  asset: 'options',
  symbols: ['SPY'],
  gateway: 'gateway.ibkr',
  contract: { dteMin: 3, dteMax: 12, target: { kind: 'moneyness', value: 0.03, within: 0.08 }, stopFraction: 0.5, takeProfitFraction: 1 },
};

type Seen = readonly [Instrument, bid: string, ask: string, delta?: number];

class OptionRig extends Rig {
  constructor(listed: readonly Instrument[] = [CALL, FAR_CALL, PUT], config: TraderConfig = trader) {
    super(config);
    this.configured(CALL);
    for (const instrument of listed) this.record({ type: 'instrument.changed', body: { instrument } });
  }

  /** A quote of each option at the time of the next one of the share, before it. */
  quoted(quotes: readonly Seen[], agoMs = 0): this {
    const at = this.now + 60_000 - agoMs;
    const before = this.now;
    this.now = at;
    for (const [instrument, bid, ask, delta] of quotes) {
      const quote = { ...quoteOf(instrument, at, 1), bid: price(bid), ask: price(ask), ...(delta !== undefined && { delta }) };
      this.send({ type: 'quote.received', body: { quote } });
    }
    this.now = before;
    return this;
  }

  upTo(prices: readonly number[], quotes: readonly Seen[], agoMs = 0): this {
    return this.play(SHARE, ...prices.slice(0, -1))
      .quoted(quotes, agoMs)
      .play(SHARE, ...prices.slice(-1));
  }
}

describe('a trader of options', () => {
  it('SZ-4 buys the call that a signal to buy describes, of those that the budget can pay, with a bracket around its premium', () => {
    const rig = new OptionRig().upTo(UP, [
      [CALL, '0.29', '0.31'],
      [FAR_CALL, '0.07', '0.09'],
      [PUT, '0.05', '0.06'],
    ]);
    const [intent] = rig.intents;
    assert.equal(rig.intents.length, 1);
    assert.deepEqual([intent?.symbol, intent?.side, intent?.kind], [FAR_CALL.symbol, 'buy', 'entry'], 'the nearer one costs 31 USD, 20 may be used');
    assert.deepEqual([intent?.bracket?.stopLoss, intent?.bracket?.takeProfit], ['0.05', '0.18']);
    assert.equal(intent?.snapshot.symbol, FAR_CALL.symbol);
    assert.match(intent?.signal ?? '', /crossed above/);
  });

  it('QS-1 an option whose quote is stale or crossed is none to choose, and why says so', () => {
    const rig = new OptionRig().upTo(UP, [[FAR_CALL, '0.07', '0.09']], 2001);
    rig.quoted([[CALL, '0.12', '0.1']]);
    assert.deepEqual(rig.intents, []);
    const { last, gates } = rig.why('SPY');
    assert.equal(last?.gate?.code, 'NO_OPTION');
    assert.equal(gates.at(-1)?.gate, 'contract');
  });

  it('sells what it holds when the share signals the other way, and buys nothing in the same bar', () => {
    const quotes = [[FAR_CALL, '0.07', '0.09']] as const;
    const rig = new OptionRig().upTo(UP, quotes);
    const [entry] = rig.intents;
    assert.ok(entry !== undefined);
    rig.fill(entry);
    rig.end(entry);
    rig.upTo(DOWN, [...quotes, [PUT, '0.05', '0.06']]);
    assert.deepEqual(
      rig.intents.slice(1).map(({ symbol, side, kind, qty: size }) => [symbol, side, kind, size]),
      [[FAR_CALL.symbol, 'sell', 'exit', entry.qty]],
    );
  });

  it('a strategy may ask by delta: the venue’s model decides, of puts by its size, and without one there is none to choose', () => {
    const target = { kind: 'delta', value: 0.3, within: 0.06 } as const;
    const choice = trader.contract;
    assert.ok(choice !== undefined);
    const byDelta = { ...trader, contract: { ...choice, target } };
    const asked = (prices: readonly number[], ...quotes: readonly Seen[]): OptionRig =>
      new OptionRig([CALL, FAR_CALL, PUT], byDelta).upTo(prices, quotes);
    const chosen = asked(UP, [CALL, '0.07', '0.09', 0.27], [FAR_CALL, '0.05', '0.06', 0.2]);
    assert.equal(chosen.intents[0]?.symbol, CALL.symbol);
    assert.equal(chosen.intents[0].snapshot.delta, 0.27);
    const mirrored = asked(
      [...UP].map((at) => 200 - at),
      [PUT, '0.07', '0.09', -0.35],
    );
    assert.equal(mirrored.intents[0]?.symbol, PUT.symbol);
    const unknown = asked(UP, [CALL, '0.07', '0.09'], [FAR_CALL, '0.05', '0.06']);
    assert.deepEqual(unknown.intents, []);
    assert.match(unknown.why('SPY').last?.gate?.sentence ?? '', /has a delta that is known/);
  });

  it('a signal that names its own contract goes before what is configured', () => {
    const rig = new OptionRig().upTo(UP, [
      [CALL, '0.07', '0.09', 0.3],
      [FAR_CALL, '0.05', '0.06', 0.1],
    ]);
    const moment = rig.memory.slots['SPY']?.last?.moment;
    const choice = trader.contract;
    assert.ok(moment !== undefined && choice !== undefined);
    // As it was when the share's signal came, before its order.
    const share = { ...moment, quote: quoteOf(SHARE, moment.now, 105), state: { ...moment.state, pending: {}, intendedAt: {} } };
    const picked = (option?: OptionAsk): string | null => {
      const signal = { ...moment.signal, side: 'buy', ...(option && { option }) } as const;
      return answerByOption({ ...share, signal }, choice, rig.memory.contracts, settings.risk).verdict.intent?.symbol ?? null;
    };
    const delta = (value: number): OptionAsk => ({ dteMin: 3, dteMax: 12, target: { kind: 'delta', value, within: 0.05 } });
    assert.deepEqual([picked(delta(0.1)), picked(delta(0.3)), picked({ ...delta(0.3), dteMin: 9 })], [FAR_CALL.symbol, CALL.symbol, null]);
    assert.equal(picked(), CALL.symbol);
  });

  it('RT-5 an exit without a fresh quote of its option is asked for again with the next bar', () => {
    const rig = new OptionRig().upTo(UP, [[FAR_CALL, '0.07', '0.09']]);
    const [entry] = rig.intents;
    assert.ok(entry !== undefined);
    rig.fill(entry);
    rig.end(entry);
    rig.play(SHARE, ...DOWN);
    assert.equal(rig.why('SPY').last?.gate?.code, 'STALE_QUOTE');
    rig.upTo([96], [[FAR_CALL, '0.07', '0.09']]);
    assert.deepEqual(rig.intents[1]?.kind, 'exit');
  });

  it('RK-2 an order that is on its way is the only one of its share', () => {
    const rig = new OptionRig().upTo(UP, [[FAR_CALL, '0.07', '0.09']]);
    rig.upTo(DOWN, [[PUT, '0.05', '0.06']]);
    assert.equal(rig.intents.length, 1);
    assert.equal(rig.why('SPY').last?.gate?.code, 'DUPLICATE_INTENT');
  });

  it('RG-2 a refusal of the governor is told of the share that signalled', () => {
    const rig = new OptionRig().upTo(UP, [[FAR_CALL, '0.07', '0.09']]);
    const [entry] = rig.intents;
    assert.ok(entry !== undefined);
    rig.refuse(entry);
    assert.equal(rig.memory.slots['SPY']?.last?.gate?.code, 'THROTTLED');
  });

  it('asks for the bars of the share once, however many options are listed, and again after a restart', () => {
    const rig = new OptionRig();
    assert.deepEqual(
      rig.tells.map((tell) => tell.type === 'history.requested' && tell.body.symbol),
      ['SPY'],
    );
    assert.equal(rig.resume().length, 1);
    assert.deepEqual(rig.replayed(), rig.state);
  });

  it('after a restart an option that the facts know is chosen without being listed anew', () => {
    const rig = new OptionRig();
    rig.memory = { ...rig.memory, contracts: {} };
    rig.upTo(UP, [[FAR_CALL, '0.07', '0.09']]);
    assert.equal(rig.intents[0]?.symbol, FAR_CALL.symbol);
    assert.equal(rig.intents[0].qty, qty('2'), '20 USD may be used, and one costs 9');
  });
});
