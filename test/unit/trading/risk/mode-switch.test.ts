import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { confirmationOf, CONFIRM_MS_MAX, createModeSwitch, REHEARSE, type ModeReply, type ModeSwitchState } from '#trading/risk/mode-switch.ts';
import { isModeOn } from '#trading/risk/modes.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import { EVENT_OWNERS, parseEvent } from '#protocol/events.ts';
import { parseMessage } from '#protocol/messages.ts';
import type { DomainEvent, EventBody, KillScope } from '#trading/model/events.ts';
import { ASSETS, type Asset, type Mode } from '#trading/model/instrument.ts';
import { coveringScope } from '#trading/model/kill-scope.ts';
import type { LiveVenue, Message } from '#trading/model/messages.ts';
import type { Settings } from '#trading/model/settings.ts';
import { factOf, settings, T0 } from '../trader/fixtures.ts';

const OPEN: LiveVenue = { account: 'UNIFIED 1234', unavailable: null };
const SHUT: LiveVenue = { account: 'none', unavailable: 'no gateway sends live orders' };

class Switch {
  readonly behavior = createModeSwitch();
  readonly events: DomainEvent[] = [];
  state: ModeSwitchState = this.behavior.initial;
  wall = T0;
  venue: LiveVenue = OPEN;

  constructor(market = 'embedded', rules: Settings = settings) {
    this.boot(market, rules);
  }

  boot(market = 'embedded', rules: Settings = settings): void {
    const epoch = (this.state.run?.epoch ?? 0) + 1;
    this.record({ type: 'system.started', body: { version: '0', market, seed: '7', epoch, configHash: 'c', play: 'p' } });
    this.record({ type: 'settings.loaded', body: { settings: rules, source: 'test' } });
  }

  /** As the journal does: only what its schema lets pass, and as plain JSON. */
  record(event: DomainEvent): void {
    const parsed = parseEvent(event.type, JSON.parse(JSON.stringify(event.body)));
    this.events.push(parsed);
    this.state = this.behavior.evolve(this.state, factOf(this.events.length, parsed));
  }

  tell(message: Message): ModeReply {
    const decision = this.behavior.decide(this.state, null, parseMessage(message.type, message.body), T0);
    for (const event of decision.events) {
      assert.deepEqual(EVENT_OWNERS[event.type], ['mode-switch']);
      this.record(event);
    }
    return decision.reply as ModeReply; // what it answers to the two messages of a switch
  }

  set(asset: Asset, mode: Mode, on: boolean, source = 'cli'): ModeReply {
    return this.tell({ type: 'mode.set', body: { asset, mode, on, source, at: this.wall, venue: this.venue } });
  }

  confirm(asset: Asset, nonce: string, typed = confirmationOf(asset), source = 'cli'): ModeReply {
    return this.tell({ type: 'mode.confirm', body: { asset, nonce, typed, source, at: this.wall, venue: this.venue } });
  }

  request(asset: Asset): string {
    const { pending } = this.set(asset, 'live', true);
    assert.ok(pending !== null);
    return pending.nonce;
  }

  kill(scope: KillScope): void {
    this.record({ type: 'kill.tripped', body: { scope, reason: 'test', source: 'test', flatten: false } });
  }

  isOn(asset: Asset, mode: Mode): boolean {
    return isModeOn(this.state.switches, { asset, mode });
  }

  get changes(): readonly EventBody<'mode.changed'>[] {
    return this.events.flatMap((event) => (event.type === 'mode.changed' ? [event.body] : []));
  }
}

describe('risk/mode-switch', () => {
  it('RT-2 paper is on and live is off until they are switched', () => {
    const rig = new Switch();
    for (const asset of ASSETS) assert.deepEqual([rig.isOn(asset, 'paper'), rig.isOn(asset, 'live')], [true, false]);
  });

  it('RT-2 paper goes off and on at once, and the same again is no second fact', () => {
    const rig = new Switch();
    assert.equal(rig.set('crypto_spot', 'paper', true).changed, false);
    assert.deepEqual([rig.set('crypto_spot', 'paper', false).changed, rig.set('crypto_spot', 'paper', false).changed], [true, false]);
    assert.deepEqual([rig.isOn('crypto_spot', 'paper'), rig.isOn('crypto_futures', 'paper')], [false, true]);
    rig.set('crypto_spot', 'paper', true);
    assert.deepEqual(
      rig.changes.map(({ asset, mode, on, source }) => [asset, mode, on, source]),
      [
        ['crypto_spot', 'paper', false, 'cli'],
        ['crypto_spot', 'paper', true, 'cli'],
      ],
    );
  });

  it('S18 live goes on in two steps: the request shows what is at stake, the confirmation carries nonce and text', () => {
    const rig = new Switch();
    const { pending, on } = rig.set('crypto_futures', 'live', true);
    assert.deepEqual([on, rig.isOn('crypto_futures', 'live'), rig.changes.length], [false, false, 0]);
    assert.equal(pending?.expiresAt, T0 + CONFIRM_MS_MAX);
    assert.deepEqual(pending.summary, {
      budget: settings.alloc.crypto_futures,
      allocMode: 'absolute',
      leverageCap: settings.leverageCaps.crypto_futures,
      maxPositions: settings.maxPositions.crypto_futures,
      maxLossPerOrder: settings.risk.maxLossPerOrder,
      dailyLossCap: settings.risk.dailyLossCap,
      maxDrawdown: settings.risk.maxDrawdown,
      market: 'embedded',
      broker: 'bybit',
      account: 'UNIFIED 1234',
      unavailable: null,
      type: 'LIVE crypto_futures',
    });
    const reply = rig.confirm('crypto_futures', pending.nonce);
    assert.deepEqual([reply.ok, reply.on, reply.changed, reply.refusal], [true, true, true, null]);
    assert.equal(rig.isOn('crypto_futures', 'live'), true);
    assert.deepEqual(rig.state.pending, {});
    assert.equal(rig.set('crypto_futures', 'live', true).pending, null, 'on already: nothing to confirm');
    assert.equal(rig.changes.length, 1);
  });

  it('SZ-8 the budget shown has what live realised, and nothing of paper', () => {
    const rig = new Switch();
    const trade = (mode: Mode, pnl: string): void =>
      rig.record({
        type: 'trade.closed',
        body: { trade: { ...closed, mode, pnl: money(pnl) } },
      });
    trade('live', '-12.5');
    trade('paper', '99');
    assert.equal(rig.set('crypto_spot', 'live', true).pending?.summary.budget, String(Number(settings.alloc.crypto_spot) - 12.5));
  });

  const refusals: readonly (readonly [title: string, code: string, act: (rig: Switch, nonce: string) => ModeReply])[] = [
    ['a wrong text', 'CONFIRM_WRONG', (rig, nonce) => rig.confirm('crypto_spot', nonce, 'live crypto_spot')],
    ['a text with a space more', 'CONFIRM_WRONG', (rig, nonce) => rig.confirm('crypto_spot', nonce, 'LIVE crypto_spot ')],
    ['the text of another asset', 'CONFIRM_WRONG', (rig, nonce) => rig.confirm('crypto_spot', nonce, 'LIVE forex')],
    ['a wrong nonce', 'CONFIRM_WRONG', (rig) => rig.confirm('crypto_spot', 'f'.repeat(32))],
    [
      'the nonce of another asset',
      'CONFIRM_WRONG',
      (rig, nonce) => {
        rig.request('forex');
        return rig.confirm('forex', nonce);
      },
    ],
    ['an asset for which nothing waits', 'CONFIRM_EXPIRED', (rig, nonce) => rig.confirm('options', nonce)],
    [
      'the nonce of a request that a newer one replaced',
      'CONFIRM_WRONG',
      (rig, nonce) => {
        rig.request('crypto_spot');
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a nonce that was used',
      'CONFIRM_EXPIRED',
      (rig, nonce) => {
        rig.confirm('crypto_spot', nonce);
        rig.set('crypto_spot', 'live', false);
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a request that was taken back',
      'CONFIRM_EXPIRED',
      (rig, nonce) => {
        rig.set('crypto_spot', 'live', false);
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a request older than thirty seconds',
      'CONFIRM_EXPIRED',
      (rig, nonce) => {
        rig.wall += CONFIRM_MS_MAX + 1;
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a clock that was set back',
      'CONFIRM_EXPIRED',
      (rig, nonce) => {
        rig.wall -= 1;
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a request of the run before',
      'CONFIRM_EXPIRED',
      (rig, nonce) => {
        rig.boot();
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a venue that is not there',
      'LIVE_NOT_AVAILABLE',
      (rig, nonce) => {
        rig.venue = SHUT;
        return rig.confirm('crypto_spot', nonce);
      },
    ],
    [
      'a kill that covers the asset',
      'LIVE_NOT_AVAILABLE',
      (rig, nonce) => {
        rig.kill('bybit');
        return rig.confirm('crypto_spot', nonce);
      },
    ],
  ];
  for (const [title, code, act] of refusals) {
    it(`S18 ${title} is refused with ${code} and leaves live off`, () => {
      const rig = new Switch();
      const { refusal, ok } = act(rig, rig.request('crypto_spot'));
      assert.deepEqual([ok, refusal?.code, refusal?.rule], [false, code, 'RT-2']);
      assert.ok(refusal !== null && refusal.sentence.includes('live'));
      for (const asset of ASSETS) assert.equal(rig.isOn(asset, 'live'), false);
    });
  }

  it('S18 within the thirty seconds a wrong text may be corrected, up to the last millisecond', () => {
    const rig = new Switch();
    const nonce = rig.request('crypto_spot');
    rig.confirm('crypto_spot', nonce, 'LIVE');
    rig.wall += CONFIRM_MS_MAX;
    assert.equal(rig.confirm('crypto_spot', nonce).ok, true);
  });

  it('KS-1 a kill of others does not stand in the way; one while live is on switches nothing', () => {
    const rig = new Switch();
    rig.kill('ibkr');
    rig.confirm('crypto_spot', rig.request('crypto_spot'));
    rig.kill('all');
    assert.equal(rig.isOn('crypto_spot', 'live'), true);
    const { pending } = rig.set('crypto_futures', 'live', true);
    assert.match(pending?.summary.unavailable ?? '', /kill-switch is tripped for all/);
    rig.record({ type: 'kill.rearmed', body: { source: 'test', reason: 'test' } });
    assert.equal(rig.confirm('crypto_futures', pending?.nonce ?? '').ok, true);
  });

  it('RT-2 a new run disarms live for every asset and leaves paper as it was', () => {
    const rig = new Switch();
    rig.confirm('crypto_spot', rig.request('crypto_spot'));
    rig.confirm('forex', rig.request('forex'));
    rig.set('crypto_futures', 'paper', false);
    rig.boot();
    for (const asset of ASSETS) assert.equal(rig.isOn(asset, 'live'), false);
    assert.equal(rig.isOn('crypto_futures', 'paper'), false);
    assert.equal(rig.isOn('crypto_spot', 'paper'), true);
  });

  it('RT-2 a rehearsal types nothing, on the embedded market only, where live is available and nothing is killed', () => {
    const rig = new Switch();
    assert.equal(rig.set('crypto_spot', 'live', true, REHEARSE).on, true);
    assert.deepEqual(rig.changes[0], {
      asset: 'crypto_spot',
      mode: 'live',
      on: true,
      source: REHEARSE,
      reason: 'rehearsed on the embedded market',
    });
    rig.venue = SHUT;
    assert.equal(rig.set('crypto_futures', 'live', true, REHEARSE).refusal?.code, 'LIVE_NOT_AVAILABLE');
    const real = new Switch('mainnet');
    assert.equal(real.set('crypto_spot', 'live', true, REHEARSE).refusal?.code, 'LIVE_NOT_AVAILABLE');
    const killed = new Switch();
    killed.kill('all');
    assert.equal(killed.set('crypto_spot', 'live', true, REHEARSE).refusal?.code, 'LIVE_NOT_AVAILABLE');
    for (const none of [real, killed]) assert.equal(none.changes.length, 0);
  });

  it('answers its state', () => {
    const rig = new Switch();
    assert.equal(rig.tell({ type: 'actor.asked', body: { query: 'state', args: [] } }) as unknown, rig.state);
  });
});

const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), asset: fc.nat(3), live: fc.boolean(), on: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('confirm' as const), asset: fc.option(fc.nat(3)), back: fc.nat(2), wrong: fc.nat(4) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 100, 5000, 29_000, 31_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), scope: fc.constantFrom<KillScope>('all', 'bybit', 'forex') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rearm' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('boot' as const) }) },
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

interface Given {
  readonly nonce: string;
  readonly asset: Asset;
  readonly at: number;
  readonly run: number;
}

/** A switch with what a person was given and has used. */
class Person {
  readonly rig = new Switch();
  readonly given: Given[] = [];
  readonly used = new Set<string>();

  take(each: Act): void {
    const { rig } = this;
    switch (each.do) {
      case 'wait':
        rig.wall += each.ms;
        return;
      case 'boot':
        return rig.boot();
      case 'kill':
        return rig.kill(each.scope);
      case 'rearm':
        return rig.record({ type: 'kill.rearmed', body: { source: 'test', reason: 'test' } });
      case 'set':
        return this.#set(ASSETS[each.asset] ?? 'options', each.live ? 'live' : 'paper', each.on);
      case 'confirm':
        return this.#confirm(each);
    }
  }

  #set(asset: Asset, mode: Mode, on: boolean): void {
    const { rig, given } = this;
    const before = rig.events.length;
    const { pending, changed } = rig.set(asset, mode, on);
    assert.equal(rig.events.length - before, changed || pending !== null ? 1 : 0);
    if (pending !== null) given.push({ nonce: pending.nonce, asset, at: rig.wall, run: rig.state.run?.epoch ?? 0 });
  }

  #confirm({ asset: other, back, wrong }: Extract<Act, { do: 'confirm' }>): void {
    const { rig, given, used } = this;
    const of = given.at(-1 - back);
    const asset = (other === null ? of?.asset : ASSETS[other]) ?? 'options';
    const wasOn = rig.isOn(asset, 'live');
    const reply = rig.confirm(asset, of?.nonce ?? 'none', wrong === 0 ? 'LIVE' : confirmationOf(asset));
    if (!reply.ok) return assert.equal(rig.isOn(asset, 'live'), wasOn);
    assert.ok(of !== undefined && wrong !== 0 && !used.has(of.nonce) && of.asset === asset);
    assert.ok(rig.wall - of.at <= CONFIRM_MS_MAX && of.run === rig.state.run?.epoch);
    assert.equal(
      of,
      given.findLast((request) => request.asset === asset),
    );
    assert.equal(coveringScope(rig.state.killed, asset), undefined);
    used.add(of.nonce);
  }
}

describe('risk/mode-switch: for any requests, confirmations, waits, kills and restarts', () => {
  it('S18 a nonce confirms once, its own asset, within its time and its run; no two requests share one; replay gives the same', () => {
    let switchedOn = 0;
    fc.assert(
      fc.property(fc.array(act, { minLength: 30, maxLength: 80 }), (acts) => {
        const person = new Person();
        for (const each of acts) person.take(each);
        const { given, rig, used } = person;
        switchedOn += used.size;
        assert.equal(new Set(given.map(({ nonce }) => nonce)).size, given.length);
        let again = rig.behavior.initial;
        rig.events.forEach((event, index) => (again = rig.behavior.evolve(again, factOf(index + 1, event))));
        assert.deepEqual(again, rig.state);
      }),
      { numRuns: 300 },
    );
    assert.ok(switchedOn > 100, `only ${switchedOn} confirmations went through`);
  });
});

const closed: EventBody<'trade.closed'>['trade'] = {
  tradeId: 't1',
  asset: 'crypto_spot',
  mode: 'live',
  symbol: 'BTC/USDT',
  strategyId: 'ema-cross',
  side: 'buy',
  qty: qty('1'),
  entryPrice: price('100'),
  exitPrice: price('99'),
  fees: money('0'),
  pnl: money('0'),
  exitReason: 'exit',
  openedAt: T0,
  closedAt: T0,
  budgetBefore: money('0'),
  budgetAfter: money('0'),
};
