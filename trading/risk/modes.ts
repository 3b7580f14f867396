/** RT-2: which asset trades in which mode. Paper is on until it is switched off; live is off until it is switched on, and again at every start. */
import { walletKey } from '../ledger/wallet.ts';
import type { DomainEvent, Refusal } from '../model/events.ts';
import type { Asset, Mode } from '../model/instrument.ts';
import { refuse } from './refuse.ts';

/** By `walletKey`: what was switched last; what never was is absent. */
export type Switches = Readonly<Record<string, boolean>>;

export const NO_SWITCHES: Switches = {};

export const isModeOn = (switches: Switches, account: { readonly asset: Asset; readonly mode: Mode }): boolean =>
  switches[walletKey(account)] ?? account.mode === 'paper';

/** Total. A new run disarms live for every asset and leaves paper as it was. */
export function evolveSwitches(switches: Switches, event: DomainEvent): Switches {
  if (event.type === 'mode.changed') return { ...switches, [walletKey(event.body)]: event.body.on };
  if (event.type !== 'system.started') return switches;
  return Object.fromEntries(Object.entries(switches).filter(([key]) => !key.endsWith(LIVE_ENDING)));
}

/** Why this asset and mode may enter nothing, or null: exits are never asked. */
export function modeRefusal(switches: Switches, { asset, mode }: { readonly asset: Asset; readonly mode: Mode }): Refusal | null {
  if (isModeOn(switches, { asset, mode })) return null;
  return refuse('MODE_OFF', 'RT-2', { asset, mode }, `${asset} ${mode}: close-only, ${mode} is switched off for ${asset}`);
}

const LIVE_ENDING = '|live';
