/**
 * ST-2, ST-3: the whole live path (orders, port, reconciler, one journal) at an embedded TWS over the real client library, while connections break, servers
 * go away, ids roll back and processes die: at rest the venue's side is the journal's.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import type { Side } from '#trading/model/order.ts';
import { add, averagePrice, isZero, negate, price, qty, subtract, ZERO_QTY, type Price, type Qty } from '#trading/money/decimal.ts';
import { isOpen } from '#trading/execution/order-state.ts';
import { stemOf } from '#venues/ibkr/trading/fills.ts';
import { CALL, IbkrRig, PAIR } from '../support/ibkr-orders-rig.ts';
import { CLIENT_ID } from '../support/ibkr-rig.ts';
import { random } from '../support/faults.ts';
import { LiveWorld, rules } from '../support/live-world.ts';
import { until } from '../support/until.ts';
import { eurUsd } from '../unit/trading/paper/ibkr-instruments.ts';

/** STORM_SEEDS=30 for a long look; each takes some seconds. */
const SEEDS = Number(process.env['STORM_SEEDS'] ?? 3);
const STEPS = 240;
const REST_STEPS = 150;

class Story {
  readonly rig: IbkrRig;
  readonly world: LiveWorld<IbkrRig['port']>;
  readonly draw: () => number;
  /** All that the venue ever executed, by the id without its revision: a restart of TWS forgets them. */
  readonly executions = new Set<string>();
  readonly orderIds = new Map<number, string>();
  readonly reused: string[] = [];
  readonly count = { drops: 0, outages: 0, restarts: 0, deaths: 0, lost: 0 };
  #euro = 1.1;
  #premium = 12.3;
  #back = 0;

  constructor(rig: IbkrRig, seed: number) {
    this.rig = rig;
    this.draw = random(seed);
    this.world = new LiveWorld<IbkrRig['port']>(rig.port, rules, { broker: 'ibkr', instruments: [eurUsd, CALL] });
    this.world.isStrict = true;
    this.world.now = rig.tws.now;
  }

  async step(): Promise<void> {
    const { rig, world } = this;
    this.#euro = Math.max(1.02, Math.min(1.18, this.#euro * (1 + (this.draw() - 0.5) * 0.004)));
    this.#premium = Math.max(5, Math.min(30, this.#premium * (1 + (this.draw() - 0.5) * 0.05)));
    const [bid, size] = [Math.round(this.#euro * 20_000) / 20_000, this.draw() < 0.1 ? '7000' : '1000000'];
    rig.quote(bid.toFixed(5), (bid + 0.00005).toFixed(5), size);
    const premium = Math.round(this.#premium * 20) / 20;
    rig.quoteCall(premium.toFixed(2), (premium + 0.05).toFixed(2), this.draw() < 0.1 ? '1' : '50');
    this.note();
    world.isAway = !rig.tws.faults.uplinkIsUp;
    // Most of the time a connection is back before the next quote; else nearly everything would be refused.
    if (this.#back === 0 && this.draw() < 0.8) await until('a connection', () => rig.session.state.usable);
    await world.tick(rig.tws.now);
    this.note();
  }

  note(): void {
    const { book } = this.rig.tws;
    for (const { execId } of book.executions.all()) this.executions.add(stemOf(execId));
    for (const { clientId, orderId, placed } of [...book.live(), ...book.ended()]) {
      if (clientId !== CLIENT_ID) continue;
      const known = this.orderIds.get(orderId);
      if (known !== undefined && known !== placed.orderRef) this.reused.push(`${orderId}: ${known} and ${placed.orderRef}`);
      this.orderIds.set(orderId, placed.orderRef);
    }
  }

  trade(): void {
    const asset = this.draw() < 0.5 ? 'forex' : 'options';
    const symbol = asset === 'forex' ? PAIR : CALL.symbol;
    const { world, rig } = this;
    const touch = rig.touch(symbol);
    const snapshot = { ...world.intent(symbol).snapshot, broker: 'ibkr', asset, ...touch } as const;
    const held = world.state.holdings[`${asset}|${symbol}`];
    if (held !== undefined) {
      const side: Side = held.side === 'buy' ? 'sell' : 'buy';
      world.approve(world.intent(symbol, { asset, snapshot, side, kind: 'exit', qty: held.qty, bracket: null }));
      return;
    }
    const far = (by: number): Price => price((Math.round(Number(touch.ask) * by * 20) / 20).toFixed(2));
    const [near, wide] = asset === 'forex' ? [price('1.01'), price('1.19')] : [far(0.8), far(1.2)];
    const side: Side = asset === 'forex' && this.draw() < 0.5 ? 'sell' : 'buy';
    const bracket = side === 'buy' ? { stopLoss: near, takeProfit: wide } : { stopLoss: wide, takeProfit: near };
    world.approve(world.intent(symbol, { asset, snapshot, side, qty: qty(asset === 'forex' ? '20000' : '3'), bracket }));
  }

  async misfortune(): Promise<void> {
    const { rig, count } = this;
    const { tws } = rig;
    if (this.#back > 0 && --this.#back === 0) tws.faults.restoreUplink(this.draw() < 0.5 ? 'kept' : 'lost');
    const luck = this.draw();
    Object.assign(tws.switches, { duplicateStatus: this.draw() < 0.2, commissionFirst: this.draw() < 0.2, noStatusOnFill: this.draw() < 0.2 });
    if (luck < 0.03) {
      count.drops++;
      tws.faults.dropSessions();
    } else if (luck < 0.05 && this.#back === 0) {
      count.outages++;
      this.#back = 1 + Math.floor(this.draw() * 5);
      tws.switches.uplinkLoses = this.draw() < 0.5;
      tws.faults.loseUplink();
    } else if (luck < 0.07 && this.#back === 0 && rig.session.state.usable) {
      // After everything is told: what TWS forgets untold nobody can know.
      count.restarts++;
      await rig.port.caughtUp();
      tws.faults.restart(this.draw() < 0.5 ? { clientId: CLIENT_ID, to: 5 } : null);
    } else if (luck < 0.08) {
      count.deaths++;
      await rig.replace();
      this.world.venue = rig.port;
      await this.world.start();
    } else if (luck < 0.12 && this.#back === 0) {
      count.lost++;
      if (this.draw() < 0.5) tws.switches.dropAfterNextPlace = true;
      else tws.switches.swallowNextPlace = true;
    }
  }

  async rest(): Promise<void> {
    const { tws, session } = this.rig;
    if (this.#back > 0) tws.faults.restoreUplink('kept');
    this.#back = 0;
    Object.assign(tws.switches, { dropAfterNextPlace: false, swallowNextPlace: false, uplinkLoses: false });
    await until('a connection', () => session.state.usable);
    for (let step = 0; step < REST_STEPS; step++) await this.step();
  }
}

function checkRest({ rig, world, executions, reused, count }: Story, seed: number): void {
  const say = (what: string): string => `seed ${seed}: ${what} (${JSON.stringify(count)})`;
  const fills = world.of('fill.recorded').map(({ fill }) => fill);
  assert.deepEqual(fills.map(({ venueExecutionId }) => venueExecutionId ?? '').sort(), [...executions].sort(), say('executions'));
  const held = new Map<string, Qty>();
  for (const { symbol, side, qty: size } of fills) {
    const before = held.get(symbol) ?? ZERO_QTY;
    held.set(symbol, side === 'buy' ? add(before, size) : subtract(before, size));
  }
  for (const [symbol, size] of held) if (isZero(size)) held.delete(symbol);
  const atVenue = rig.tws.exchange.positions().map(({ contract, qty: size }) => [contract.secType === 'CASH' ? PAIR : CALL.symbol, size] as const);
  assert.deepEqual(held, new Map(atVenue), say('positions'));
  checkAverages(world.facts, rig, say);
  assert.deepEqual(reused, [], say('ids used twice'));
  for (const holding of Object.values(world.state.holdings)) assert.equal(holding.nakedSince, null, say(`${holding.symbol} is naked`));
  const refs = rig.tws.book.live().map(({ placed }) => placed.orderRef);
  assert.equal(new Set(refs).size, refs.length, say(`two orders of one name: ${refs.join()}`));
  const entries = Object.values(world.state.holdings).map(({ entryOrderId }) => entryOrderId);
  const strange = refs.filter((ref) => !entries.some((entry) => ref.startsWith(entry)));
  assert.deepEqual(strange, [], say('orders of nothing that is held'));
  for (const order of Object.values(world.state.orders)) {
    const isLeg = order.parentId !== null && entries.includes(order.parentId);
    assert.ok(!isOpen(order.order) || isLeg, say(`${order.clientOrderId} is ${order.order.at}`));
  }
  assert.deepEqual(world.of('reconcile.differed'), [], say('differences'));
  const alarms = world.of('alarm.raised').filter(({ code }) => code !== 'NAKED_POSITION');
  assert.deepEqual(alarms, [], say('alarms'));
  const ends = world.of('order.ended').map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(ends).size, ends.length, say('two ends of one order'));
}

/** Of what is held now: the price of the fills that opened it. */
function checkAverages(facts: readonly Fact[], rig: IbkrRig, say: (what: string) => string): void {
  for (const { contract, qty: size, averagePrice: theirs } of rig.tws.exchange.positions()) {
    const symbol = contract.secType === 'CASH' ? PAIR : CALL.symbol;
    let opening: { price: Price; qty: Qty }[] = [];
    let open = ZERO_QTY;
    for (const fact of facts) {
      if (fact.type !== 'fill.recorded' || fact.body.fill.symbol !== symbol) continue;
      const { fill } = fact.body;
      const before = open;
      open = add(open, fill.side === 'buy' ? fill.qty : negate(fill.qty));
      if (isZero(open)) opening = [];
      else if (isZero(before) || before.startsWith('-') === (fill.side === 'sell')) opening.push({ price: fill.price, qty: fill.qty });
    }
    assert.equal(open, size, say(symbol));
    assert.ok(Math.abs(Number(averagePrice(opening)) - Number(theirs)) < Number(theirs) * 1e-4, say(`the average price of ${symbol}`));
  }
}

describe('live orders at TWS in a storm', function () {
  this.timeout(60_000 + SEEDS * 60_000);

  it(`ST-2 ST-3 ${SEEDS} seeds: nothing twice, no ghost, no id used again, and one truth at the end`, async () => {
    const total = { fills: 0, drops: 0, outages: 0, restarts: 0, deaths: 0, lost: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      await IbkrRig.with(
        async (rig) => {
          const story = new Story(rig, seed);
          await story.world.start();
          for (let step = 0; step < STEPS; step++) {
            await story.misfortune();
            if (story.draw() < 0.15) story.trade();
            await story.step();
          }
          await story.rest();
          checkRest(story, seed);
          total.fills += story.executions.size;
          for (const key of Object.keys(story.count) as (keyof typeof story.count)[]) total[key] += story.count[key];
        },
        {},
        false,
      );
    }
    // Or it proves nothing; how often a restart finds a session depends on how fast connections come back.
    for (const [what, times] of Object.entries(total)) assert.ok(times > 0, `${what}: ${times}`);
    assert.ok(total.fills > SEEDS * 10, `fills: ${total.fills}`);
  });
});
