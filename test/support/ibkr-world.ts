/** The whole live path (orders, port, reconciler, one journal) at an embedded TWS: what a person is alarmed of, and what is closed. */
import type { OrderIntent } from '#trading/model/order.ts';
import { price, qty } from '#trading/money/decimal.ts';
import { eurUsd } from '../unit/trading/paper/ibkr-instruments.ts';
import { CALL, IbkrRig, PAIR } from './ibkr-orders-rig.ts';
import { LiveWorld, rules } from './live-world.ts';

export type IbkrWorld = LiveWorld<IbkrRig['port']>;

/** Not started yet. */
export function worldOf(rig: IbkrRig): IbkrWorld {
  const world = new LiveWorld<IbkrRig['port']>(rig.port, rules, { broker: 'ibkr', instruments: [eurUsd, CALL] });
  world.isStrict = true;
  world.now = rig.tws.now;
  return world;
}

/** A world that has read its account, and lets an order through at once. */
export async function inWorld(work: (rig: IbkrRig, world: IbkrWorld) => Promise<void>): Promise<void> {
  await IbkrRig.with(
    async (rig) => {
      const world = worldOf(rig);
      await world.start();
      await pass(rig, world, 3);
      await work(rig, world);
    },
    {},
    false,
  );
}

/** Seconds of a market that stands still. */
export async function pass(rig: IbkrRig, world: IbkrWorld, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    const { bid, ask } = rig.touch(PAIR);
    rig.quote(bid, ask);
    await world.tick(rig.tws.now);
  }
}

/** Of an approved entry into a symbol, at its touch. */
export function entryInto(world: IbkrWorld, rig: IbkrRig, symbol: string): OrderIntent {
  const asset = symbol === PAIR ? 'forex' : 'options';
  const [stopLoss, takeProfit] = symbol === PAIR ? ['1.01', '1.19'] : ['9', '16'];
  const snapshot = { ...world.intent(symbol).snapshot, broker: 'ibkr', asset, ...rig.touch(symbol) } as const;
  const bracket = { stopLoss: price(stopLoss ?? ''), takeProfit: price(takeProfit ?? '') };
  return world.intent(symbol, { asset, snapshot, qty: qty(symbol === PAIR ? '20000' : '2'), bracket });
}

export const alarmsOf = (world: IbkrWorld): readonly string[] => world.of('alarm.raised').map(({ code, symbol }) => `${code} ${symbol}`);

/** Why the order of the id ended; undefined where it did not. */
export const endOf = (world: IbkrWorld, id: string): string | undefined =>
  world.of('order.ended').find(({ clientOrderId }) => clientOrderId === id)?.reason;
