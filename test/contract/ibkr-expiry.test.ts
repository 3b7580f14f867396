/**
 * LC-5, ST-3: a live option at its expiry, at an embedded TWS that says nothing of it: orders, port and reconciler over one journal and the real client
 * library. What is sold before, what runs out, and what turns into shares in the night.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { loadCalendars } from '#config/calendars.ts';
import type { Fact, Settled } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import type { Settings } from '#trading/model/settings.ts';
import { CALL as LISTED, IbkrRig } from '../support/ibkr-orders-rig.ts';
import { LiveWorld, rules } from '../support/live-world.ts';
import { verified } from '../unit/trading/paper/option-scene.ts';

const EXPIRY = Date.parse('2026-12-18T21:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const CALL: Instrument = { ...LISTED, expiry: EXPIRY, option: { strike: price('600'), right: 'C' } };
const KEY = `options|${CALL.symbol}`;
/** 02:30 in New York. */
const NIGHT = Date.parse('2026-12-19T07:30:00Z');
const MONDAY = Date.parse('2026-12-21T15:00:00Z');

let settings: Settings;
before(async () => {
  const expiry = { openDteMin: 3, closeMinutes: 60, exerciseThreshold: money('0.01') };
  settings = { ...rules, sessions: await loadCalendars('config'), expiry };
});

class Desk {
  readonly rig: IbkrRig;
  readonly world: LiveWorld<IbkrRig['port']>;

  constructor(rig: IbkrRig, more: Partial<NonNullable<Settings['expiry']>>) {
    const expiry = settings.expiry === undefined ? {} : { expiry: { ...settings.expiry, ...more } };
    this.rig = rig;
    this.world = new LiveWorld<IbkrRig['port']>(rig.port, { ...settings, ...expiry }, { broker: 'ibkr', instruments: [CALL] });
    this.world.isStrict = true;
    this.world.now = rig.tws.now;
  }

  /** Time passes at TWS, and everybody hears of it. */
  async at(now: number): Promise<void> {
    this.rig.tws.advance(now);
    await this.world.tick(now);
  }

  async some(ticks: number): Promise<void> {
    for (let tick = 0; tick < ticks; tick++) await this.at(this.rig.tws.now + 6000);
  }

  async enter(): Promise<void> {
    await this.world.start();
    await this.some(2);
    const { world, rig } = this;
    const snapshot = { ...world.intent(CALL.symbol).snapshot, broker: 'ibkr', asset: 'options', ...rig.touch(CALL.symbol) } as const;
    const bracket = { stopLoss: price('0.05'), takeProfit: price('900') };
    world.approve(world.intent(CALL.symbol, { asset: 'options', snapshot, qty: qty('2'), bracket }));
    await this.world.quiet();
    await this.some(2);
    assert.equal(world.state.holdings[KEY]?.qty, '2', JSON.stringify(world.of('order.ended')));
  }

  /** The share closes at it on the day of the expiry. */
  async close(spot: number): Promise<void> {
    await this.at(EXPIRY - 10 * MINUTE_MS);
    this.rig.tws.quote('SPY', spot.toFixed(2), (spot + 0.02).toFixed(2), '1000', '1000', EXPIRY - 5 * MINUTE_MS);
    await this.at(EXPIRY - MINUTE_MS);
    await this.at(EXPIRY + MINUTE_MS);
    await this.some(3);
  }

  get alarms(): readonly string[] {
    return this.world.of('alarm.raised').map(({ code }) => code);
  }
}

/** VF-1: what `verify` says of it. The world has no governor, so its orders have no mode and its positions no trade. */
async function settlementProblems(facts: readonly Fact[], more: Partial<Settled> = {}): Promise<readonly string[]> {
  const change = (fact: Fact): Fact => (fact.type === 'position.settled' ? { ...fact, body: { ...fact.body, ...more } } : fact);
  const found = await verified({ facts: [...facts] }, change);
  return found.filter((problem) => /^(SETTLEMENT|SESSION|POSITION|OWNER|SCHEMA)/.test(problem));
}

const withDesk = (more: Partial<NonNullable<Settings['expiry']>>, work: (desk: Desk) => Promise<void>): Promise<void> =>
  IbkrRig.with((rig) => work(new Desk(rig, more)), {}, false);

describe('a live option at its expiry', function () {
  this.timeout(60_000);

  it('LC-5 the house sells it an hour before trading ends: nothing is exercised', async () => {
    await withDesk({}, async (desk) => {
      const { world, rig } = desk;
      await desk.enter();
      await desk.at(EXPIRY - HOUR_MS - MINUTE_MS);
      assert.equal(world.of('order.sending').filter(({ purpose }) => purpose === 'flatten').length, 0);
      rig.tws.quote(CALL.venueSymbol, '4.1', '4.2', '50', '50', EXPIRY - HOUR_MS);
      await desk.at(EXPIRY - HOUR_MS + 1000);
      await desk.some(3);
      const sold = world.of('fill.recorded').at(-1)?.fill;
      assert.deepEqual([sold?.reason, sold?.qty, world.state.holdings[KEY]], ['flatten', '2', undefined]);
      await desk.at(NIGHT + HOUR_MS);
      await desk.some(3);
      assert.deepEqual([rig.tws.exchange.positions(), desk.alarms, world.of('position.settled')], [[], [], []]);
    });
  });

  it('LC-5 out of the money and held to the end: it is gone in the night, which is a fact of its own and no difference', async () => {
    await withDesk({ closeMinutes: 0 }, async (desk) => {
      const { world } = desk;
      await desk.enter();
      await desk.close(590);
      assert.deepEqual([world.of('position.settled'), world.state.holdings[KEY]?.qty], [[], '2'], 'the venue still shows it');
      await desk.at(NIGHT + MINUTE_MS);
      await desk.some(3);
      assert.deepEqual(world.of('position.settled'), [], 'shares may still come');
      await desk.at(NIGHT + HOUR_MS);
      await desk.some(2);
      const [settled, ...more] = world.of('position.settled');
      assert.deepEqual([settled?.outcome, settled?.price, settled?.qty, settled?.expiredAt, more], ['worthless', '0', '2', EXPIRY, []]);
      assert.deepEqual([desk.alarms, world.of('reconcile.differed'), world.state.holdings], [[], [], {}]);
      assert.deepEqual(await settlementProblems(world.facts), []);
      const forged = await settlementProblems(world.facts, { evidence: '', price: price('1') });
      assert.match(forged.join('\n'), /worthless at 1: .*\n.*says nothing of what the venue showed/);
    });
  });

  it('LC-5 in the money: shares are there in the morning, an alarm, and no new option until a person takes the venue’s word', async () => {
    await withDesk({ closeMinutes: 0 }, async (desk) => {
      const { world, rig } = desk;
      await desk.enter();
      await desk.close(612);
      await desk.at(NIGHT + MINUTE_MS);
      await desk.some(4);
      assert.deepEqual(new Set(desk.alarms), new Set(['EXERCISED']));
      assert.deepEqual(
        world.of('reconcile.differed').map(({ symbol, refusal }) => [symbol, refusal?.rule]),
        [
          [CALL.symbol, 'LC-5'],
          ['SPY', 'LC-5'],
        ],
      );
      await desk.at(NIGHT + 2 * HOUR_MS);
      await desk.some(3);
      assert.deepEqual([world.of('position.settled'), desk.alarms.length], [[], 2], 'nothing is booked, and it is said once');
      const other = { ...CALL, id: 'other', symbol: 'SPY 2027-01-15 610 C', expiry: Date.parse('2027-01-15T21:00:00Z') };
      world.tellFact('catalog', { type: 'instrument.changed', body: { instrument: other } });
      await desk.at(MONDAY);
      const ends = async (): Promise<string> => {
        const snapshot = { ...world.intent(other.symbol).snapshot, broker: 'ibkr', asset: 'options', ...rig.touch(CALL.symbol) } as const;
        const bracket = { stopLoss: price('0.05'), takeProfit: price('900') };
        const id = world.approve(world.intent(other.symbol, { asset: 'options', snapshot, bracket }));
        await world.quiet();
        await desk.some(2);
        return world.of('order.ended').find(({ clientOrderId }) => clientOrderId === id)?.reason ?? 'it was sent';
      };
      assert.match(await ends(), /CLOSE_ONLY: .* no new option until a person/);
      const standing = world.reconcile({ type: 'actor.asked', body: { query: 'differences', args: [] } }) as readonly { id: string }[];
      assert.equal(standing.length, 2);
      for (const { id } of standing) world.reconcile({ type: 'actor.asked', body: { query: 'adjust', args: [id, 'seen at the venue'] } });
      await desk.some(2);
      assert.deepEqual([world.state.holdings, world.state.blocked], [{}, {}]);
      assert.doesNotMatch(await ends(), /CLOSE_ONLY/);
    });
  });
});
