import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { removeLatch, writeLatch } from '#actors/latch.ts';
import PaperGatewayActor from '#actors/gateway-paper.ts';
import GovernorActor from '#actors/governor.ts';
import KillSwitchActor from '#actors/kill-switch.ts';
import CatalogActor from '#actors/catalog.ts';
import { sendGate } from '#actors/send-gate.ts';
import { ZERO_MONEY } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact, KillScope } from '#trading/model/events.ts';
import type { Message } from '#trading/model/messages.ts';
import type { ActorInstance, Start } from '#protocol/actor.ts';
import { envelope } from '#test/support/envelopes.ts';
import { inTempDir } from '#test/support/temp-dir.ts';
import { perp, quoteOf, settings as base, spot, T0 } from '../trading/trader/fixtures.ts';
import { entryOn } from '../trading/risk/house.ts';

const settings = { ...base, paper: { ...base.paper, partialProbability: 0, latencyMsMin: 100, latencyMsMax: 100 } };
const startOf = (name: string, params: unknown, facts: readonly Fact[] = []): Start => ({ name, epoch: 1, params, now: T0, snapshot: null, facts });

/** The gateway with a journal that takes whatever it decides. */
class Rig {
  readonly path: string;
  readonly facts: Fact[] = [];
  gateway: ActorInstance = new PaperGatewayActor();

  constructor(dir: string) {
    this.path = join(dir, 'KILL');
    this.start();
    this.journal('system', { type: 'settings.loaded', body: { settings, source: 'test' } });
    for (const instrument of [spot, perp]) this.journal('catalog', { type: 'instrument.changed', body: { instrument } });
  }

  start(): void {
    this.gateway = new PaperGatewayActor();
    const outcome = this.gateway.start(startOf('gateway.paper', { seed: '7', latchPath: this.path }, this.facts), () => {});
    assert.ok(!(outcome instanceof Promise));
    for (const event of outcome.events) this.journal('gateway.paper', event);
  }

  journal(actor: string, event: DomainEvent): Fact {
    const fact: Fact = { ...event, seq: this.facts.length + 1, at: T0, actor, version: 1, cause: null };
    this.facts.push(fact);
    void this.gateway.apply([fact]);
    return fact;
  }

  tell(message: Message, now = T0): readonly string[] {
    // As where a bar closes, whatever the gate has become since the last order: it must change nothing.
    this.gateway.drill?.();
    const outcome = this.gateway.receive(envelope(`m${this.facts.length}`, message), now);
    assert.ok(!(outcome instanceof Promise));
    for (const event of outcome.events) this.journal('gateway.paper', event);
    return outcome.events.map(({ type, body }) => ('status' in body ? `${body.status} ${body.symbol}` : type));
  }

  approve(instrument = spot): readonly string[] {
    const intent = entryOn(quoteOf(instrument, T0, 100, { id: `q${this.facts.length}` }), instrument);
    const { clientOrderId, asset, mode, symbol } = intent;
    const numbers = { notional: ZERO_MONEY, margin: ZERO_MONEY, maxLoss: ZERO_MONEY };
    const fact = this.journal('governor', { type: 'order.approved', body: { clientOrderId, asset, mode, symbol, intent, ...numbers } });
    return this.tell({ type: 'fact.recorded', body: { fact } });
  }

  latch(...scopes: readonly KillScope[]): void {
    writeLatch(this.path, { scopes, reason: 'fire', source: 'cli', at: 1, flatten: false });
  }

  clock(now: number): readonly string[] {
    return this.tell({ type: 'clock.advanced', body: {} }, now);
  }
}

describe('actors/gateway-paper', () => {
  it('PX-1 accepts and fills while the gate is open', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      assert.deepEqual(rig.approve(), ['order.accepted']);
      assert.deepEqual(rig.clock(T0 + 100), ['fill.recorded', 'filled BTC/USDT']);
    }));

  it('KS-1 a latch written after the approval was durable: the order is not sent', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.latch('all');
      assert.deepEqual(rig.approve(), ['not_sent BTC/USDT']);
    }));

  it('KS-1 an entry on its way when the latch is written is cancelled by the very next message, and not filled by it', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.approve();
      rig.latch('all');
      assert.deepEqual(rig.clock(T0 + 100), ['cancelled BTC/USDT']);
      assert.deepEqual(rig.clock(T0 + 200), []);
    }));

  it('KS-1 the memory flag alone does the same, and only for its scope', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.approve();
      rig.approve(perp);
      sendGate(rig.path).trip(['crypto_futures']);
      assert.deepEqual(rig.clock(T0 + 100), ['cancelled ADA/USDT:USDT', 'fill.recorded', 'filled BTC/USDT']);
    }));

  it('KS-1 a kill fact that comes later has nothing left to cancel', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.approve();
      sendGate(rig.path).trip(['all']);
      const fact = rig.journal('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'r', source: 's', flatten: false } });
      assert.deepEqual(rig.tell({ type: 'fact.recorded', body: { fact } }), ['cancelled BTC/USDT']);
    }));

  it('KS-1 when the gate opens again entries are accepted again, in whatever order flag, file and fact went', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.latch('all');
      sendGate(rig.path).trip(['all']);
      rig.journal('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'r', source: 's', flatten: false } });
      assert.deepEqual(rig.approve(), ['not_sent BTC/USDT']);
      rig.journal('kill-switch', { type: 'kill.rearmed', body: { source: 's', reason: 'r' } });
      assert.deepEqual(rig.approve(), ['not_sent BTC/USDT'], 'the latch is still there');
      sendGate(rig.path).rearm();
      removeLatch(rig.path);
      assert.deepEqual(rig.approve(), ['order.accepted']);
    }));

  it('KS-2 a restart with a latch comes up closed', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.latch('bybit');
      rig.start();
      assert.deepEqual(rig.approve(), ['not_sent BTC/USDT']);
      const reply = rig.gateway.receive(envelope('ask', { type: 'actor.asked', body: { query: 'kill', args: [] } }), T0);
      assert.ok(!(reply instanceof Promise));
      assert.deepEqual(reply.reply, { closed: ['bybit'] });
    }));

  it('ST-5 a restart finishes what was on its way, once', () =>
    inTempDir(async (dir) => {
      const rig = new Rig(dir);
      rig.approve();
      rig.start();
      const last = rig.facts.at(-1);
      assert.ok(last?.type === 'order.ended');
      assert.deepEqual([last.body.status, last.body.reason], ['expired', 'interrupted']);
      const before = rig.facts.length;
      rig.start();
      assert.equal(rig.facts.length, before);
    }));
});

describe('actors: parameters', () => {
  it('CF-3 one clear error names the actor, the key and what is wrong', () => {
    const started = (params: unknown) => () => new PaperGatewayActor().start(startOf('gateway.paper', params), () => {});
    assert.throws(started({ seed: '7' }), /gateway\.paper: params\.latchPath: /);
    assert.throws(started({ seed: 7, latchPath: '/x' }), /gateway\.paper: params\.seed: /);
    assert.throws(started({ seed: '7', latchPath: '/x', mode: 'live' }), /gateway\.paper: params: .*mode/);
  });

  for (const [name, Actor] of [
    ['governor', GovernorActor],
    ['kill-switch', KillSwitchActor],
    ['catalog', CatalogActor],
  ] as const) {
    it(`CF-3 ${name} takes none`, () => {
      assert.deepEqual(
        new Actor().start(startOf(name, {}), () => {}),
        { events: [], tells: [] },
      );
      assert.throws(() => new Actor().start(startOf(name, { extra: 1 }), () => {}), new RegExp(`${name}: params: .*extra`));
    });
  }
});
