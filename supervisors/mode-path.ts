/**
 * RT-2: the way of every mode switch, from socket, page and `--rehearse`, to the mode-switch actor; and what follows of its facts here: a live
 * trader is woken while live is on, and the page sees how the switches stand.
 */
import type { ModeAnswer } from '#protocol/admin.ts';
import type { Log } from '#protocol/ports.ts';
import type { ModesView, PendingView, View } from '#protocol/view.ts';
import { sendGate } from '#actors/send-gate.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Asset, Instant, Mode } from '#trading/model/instrument.ts';
import type { Allowance, LiveVenue, Message } from '#trading/model/messages.ts';
import { createModeSwitch, evolveModeSwitch, REHEARSE, type ModeReply, type ModeSwitchState, type PendingLive } from '#trading/risk/mode-switch.ts';
import { isModeOn } from '#trading/risk/modes.ts';
import { venuesOf } from './live-venues.ts';
import { wallClock } from './real-market.ts';
import type { Recipient, Router } from './router.ts';
import { SystemError } from './system-error.ts';
import type { SystemOptions } from './system-options.ts';
import { ACTOR, traderName } from './tree.ts';

const ACK_MS_MAX = 2000;

/** What of the tree's root is used. */
export interface Sleepers<C extends Recipient = Recipient> {
  wake(name: string): C | null;
  sleep(name: string): Promise<boolean>;
}

export interface ModePathOptions {
  readonly assets: readonly Asset[];
  readonly latchPath: string;
  readonly router: Router;
  readonly root: Sleepers;
  readonly venueOf: (asset: Asset) => LiveVenue;
  /** UTC milliseconds of the person's clock: a confirmation has thirty seconds of it, however fast the market is played. */
  readonly wall: () => Instant;
  readonly log: Log;
  /** Before a live trader is woken: what stands behind it must be there. */
  readonly onLive: (asset: Asset) => void;
  /** A live trader was woken: it hears what was told before. */
  readonly onWoken: (name: string) => void;
}

interface SetRequest {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly on: boolean;
  readonly source: string;
}

interface ConfirmRequest {
  readonly asset: Asset;
  readonly nonce: string;
  readonly typed: string;
  readonly source: string;
}

/** Of a running system. `allowanceOf` is what a trader was told last. */
export function createModePath(
  options: SystemOptions,
  latchPath: string,
  router: Router,
  root: Sleepers,
  allowanceOf: (trader: string) => Allowance | undefined,
  onLive: (asset: Asset) => void,
): ModePath {
  const { assets, log } = options;
  return new ModePath({
    assets: assets.map(({ asset }) => asset),
    latchPath,
    router,
    root,
    venueOf: venuesOf(options),
    wall: wallClock.now,
    log,
    onLive,
    onWoken: (name) => {
      const allowance = allowanceOf(name);
      if (allowance !== undefined) router.deliver(name, { type: 'allowance.changed', body: allowance });
    },
  });
}

export class ModePath {
  readonly #options: ModePathOptions;
  readonly #awake = new Set<Asset>();
  /** Made when a switch turns, not at every quote. */
  readonly #traders = new Map<Asset, readonly string[]>();
  #state: ModeSwitchState = createModeSwitch().initial;
  #turns: Promise<void> = Promise.resolve();

  constructor(options: ModePathOptions) {
    this.#options = options;
    for (const asset of options.assets) this.#count(asset, false);
  }

  /** A fact of an earlier run, at boot. */
  before(fact: Fact): void {
    this.#state = evolveModeSwitch(this.#state, fact);
  }

  /** A fact as it becomes durable. */
  onFact(fact: Fact): void {
    this.#state = evolveModeSwitch(this.#state, fact);
    if (fact.type !== 'mode.changed' || fact.body.mode !== 'live') return;
    const { asset } = fact.body;
    this.#turns = this.#turns.then(() => this.#follow(asset)).catch((error: unknown) => this.#failed(asset, error));
  }

  /** The traders who see the asset's quotes now. */
  tradersOf(asset: Asset): readonly string[] {
    return this.#traders.get(asset) ?? [];
  }

  view(): View['modes'] {
    return Object.fromEntries(this.#options.assets.map((asset) => [asset, this.#viewOf(asset)]));
  }

  /** @throws Error `CODE: sentence` where it is refused. */
  set({ asset, mode, on, source }: SetRequest): Promise<ModeAnswer> {
    if (source === REHEARSE) return Promise.reject(new Error(`${REHEARSE} is no source of a request`));
    return this.#ask({ type: 'mode.set', body: { ...this.#edge(asset, source), mode, on } });
  }

  /** @throws Error `CODE: sentence` where it is refused. */
  confirm({ asset, nonce, typed, source }: ConfirmRequest): Promise<ModeAnswer> {
    return this.#ask({ type: 'mode.confirm', body: { ...this.#edge(asset, source), nonce, typed } });
  }

  /** `--rehearse`. @throws SystemError where live of one of them is refused. */
  async rehearse(assets: readonly Asset[]): Promise<void> {
    for (const asset of assets) {
      try {
        await this.#ask({ type: 'mode.set', body: { ...this.#edge(asset, REHEARSE), mode: 'live', on: true } });
      } catch (error) {
        throw new SystemError(`--rehearse ${asset}: ${(error as Error).message}`);
      }
    }
    await this.#turns;
  }

  /** Only the main process says what time it is for a person, and what is known of the venue. */
  #edge(asset: Asset, source: string): { asset: Asset; source: string; at: Instant; venue: LiveVenue } {
    const { assets, latchPath, venueOf, wall } = this.#options;
    if (!assets.includes(asset)) throw new Error(`${asset} is not traded here; there are ${assets.join(', ')}`);
    const venue = venueOf(asset);
    const closed = sendGate(latchPath).closedFor(asset);
    return { asset, source, at: wall(), venue: closed === null ? venue : { ...venue, unavailable: closed.sentence } };
  }

  async #ask(message: Message): Promise<ModeAnswer> {
    const reply = (await this.#options.router.ask(ACTOR.modeSwitch, message, ACK_MS_MAX)) as ModeReply; // what the behaviour answers to these two
    if (reply.refusal !== null) throw new Error(`${reply.refusal.code}: ${reply.refusal.sentence}`);
    const { asset, mode, on, changed, pending } = reply;
    return { asset, mode, on, changed, pending: pending === null ? null : pendingView(pending) };
  }

  async #follow(asset: Asset): Promise<void> {
    const { root, router, log, onLive, onWoken } = this.#options;
    const name = traderName(asset, 'live');
    const on = isModeOn(this.#state.switches, { asset, mode: 'live' });
    if (on === this.#awake.has(asset)) return;
    if (!on) {
      this.#count(asset, false);
      await root.sleep(name);
      router.unregister(name);
      log.info({ actor: name }, 'a live trader ended: live is off');
      return;
    }
    onLive(asset);
    const cell = root.wake(name);
    if (cell === null) throw new Error(`${name} is not in the tree`);
    router.register(cell);
    this.#count(asset, true);
    onWoken(name);
    log.info({ actor: name }, 'a live trader starts: live is on');
  }

  #count(asset: Asset, live: boolean): void {
    if (live) this.#awake.add(asset);
    else this.#awake.delete(asset);
    this.#traders.set(asset, live ? [traderName(asset), traderName(asset, 'live')] : [traderName(asset)]);
  }

  #failed(asset: Asset, error: unknown): void {
    this.#options.log.error({ actor: traderName(asset, 'live'), error: String(error) }, 'a live trader did not follow its switch');
  }

  #viewOf(asset: Asset): ModesView {
    const { switches, pending } = this.#state;
    const waits = pending[asset];
    return {
      paper: isModeOn(switches, { asset, mode: 'paper' }),
      live: isModeOn(switches, { asset, mode: 'live' }),
      pending: waits === undefined || waits.expiresAt < this.#options.wall() ? null : pendingView(waits),
    };
  }
}

const pendingView = ({ nonce, expiresAt, summary }: PendingLive): PendingView => ({ nonce, expiresAt, summary, type: summary.type });
