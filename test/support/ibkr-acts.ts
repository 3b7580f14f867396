/** A failure mode acted out through the gateway itself: what is done, by the id that the mode has in the table. `arm` turns its faults on. */
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import type { IbkrMarketOptions } from '#venues/ibkr/market-data.ts';
import { IbkrRig } from './ibkr-orders-rig.ts';
import { watching, type WatchRig } from './ibkr-watch.ts';
import { inWorld, type IbkrWorld } from './ibkr-world.ts';
import type { TwsMode } from './tws-modes.ts';

export type Act = (mode: TwsMode) => Promise<void>;
export type Acts = Readonly<Record<number, Act>>;

const arming =
  (tws: EmbeddedTws, { faults }: TwsMode) =>
  (): void => {
    for (const [name, target, value] of faults) tws.inject(name, target, value);
  };

/** At the order port. */
export const atPort =
  (work: (rig: IbkrRig, arm: () => void) => Promise<void>, opens = true): Act =>
  (mode) =>
    IbkrRig.with((rig) => work(rig, arming(rig.tws, mode)), {}, opens);

/** In the whole live path, where alarms are raised and symbols closed. */
export const inHouse =
  (work: (rig: IbkrRig, world: IbkrWorld, arm: () => void) => Promise<void>): Act =>
  (mode) =>
    inWorld((rig, world) => work(rig, world, arming(rig.tws, mode)));

/** At the market data. `before` is what TWS is like when it is dialled first. */
export const atMarket =
  (
    work: (rig: WatchRig, arm: () => void) => Promise<void>,
    more: Partial<IbkrMarketOptions> = {},
    before: (tws: EmbeddedTws, arm: () => void) => void = () => undefined,
  ): Act =>
  (mode) =>
    watching(
      more,
      (rig) => work(rig, arming(rig.tws, mode)),
      (tws) => before(tws, arming(tws, mode)),
    );

export const heard = ({ session }: IbkrRig, what: string): number => session.counters.view()[what] ?? 0;

/** Market time goes by, and no quote comes. */
export const elapse = ({ tws }: IbkrRig, ms: number): void => tws.advance(tws.now + ms);
