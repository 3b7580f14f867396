import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import TraderActor from '#actors/trader.ts';
import type { Envelope, Start } from '#protocol/actor.ts';
import type { Message } from '#trading/model/messages.ts';
import { quoteOf, spot, spotTrader, T0 } from '../trading/trader/fixtures.ts';
import { Rig, UP } from '../trading/trader/rig.ts';

const start = (params: unknown, more: Partial<Start> = {}): Start => ({
  name: 'trader.crypto_spot.paper',
  epoch: 1,
  params,
  now: T0,
  snapshot: null,
  facts: [],
  ...more,
});
const envelope = (message: Message): Envelope => ({ ...message, id: 'i', from: 'f', to: 't', at: T0, epoch: 1, cause: null, correlation: 'i' });
const nobody = (): void => {};

describe('actors/trader', () => {
  const WRONG: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^trader\.crypto_spot\.paper: params: /],
    [{ ...spotTrader, symbols: [] }, /^trader\.crypto_spot\.paper: params\.symbols: /],
    [{ ...spotTrader, asset: 'gold' }, /params\.asset: /],
    [{ ...spotTrader, quoteAgeMsMax: 2001 }, /params\.quoteAgeMsMax: .*2000/],
    [{ ...spotTrader, intervalMinutes: 5 }, /params\.intervalMinutes: .*1/],
    [{ ...spotTrader, more: 1 }, /params: .*more/],
    [{ ...spotTrader, strategyParams: { fastBars: -1 } }, /ema-cross: fastBars must be an integer/],
  ];
  for (const [params, message] of WRONG) {
    it(`CF-3 refuses to start with ${String(message)}`, () => assert.throws(() => new TraderActor().start(start(params), nobody), { message }));
  }

  it('ST-2 ST-5 restarts from its facts alone: same state, next nonce, no intent made again', () => {
    const rig = new Rig(spotTrader).configured(spot).play(spot, ...UP);
    const actor = new TraderActor();
    assert.deepEqual(actor.start(start(spotTrader, { facts: rig.facts }), nobody), { events: [], tells: [] });
    assert.deepEqual(actor.snapshot(), rig.state);
    const again = actor.receive(envelope({ type: 'quote.received', body: { quote: quoteOf(spot, rig.now, 103.5) } }), rig.now);
    assert.deepEqual(again, { events: [], tells: [] });
  });

  it('answers why', () => {
    const actor = new TraderActor();
    void actor.start(start(spotTrader), nobody);
    const { reply } = actor.receive(envelope({ type: 'actor.asked', body: { query: 'why', args: [] } }), T0);
    assert.deepEqual(Object.keys(reply as object), [...spotTrader.symbols]);
  });
});
