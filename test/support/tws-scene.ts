/** A failure mode acted out: an embedded TWS, a naive client of the real library, and what that client hears. */
import { MODES, type TwsMode } from './tws-modes.ts';
import { Driver, lineOf } from './tws-driver.ts';
import { openTws, type EmbeddedTws, type TwsParams } from '#venues/embedded/tws/tws.ts';

/** A Tuesday, 10:00 in New York. */
export const SCENE_START = Date.UTC(2026, 10, 24, 15, 0, 0);
export const EUR = { symbol: 'EUR', secType: 'CASH', currency: 'USD', exchange: 'IDEALPRO' };
export const SPY = { symbol: 'SPY', secType: 'STK', currency: 'USD', exchange: 'SMART' };
export const CALL = {
  symbol: 'SPY',
  secType: 'OPT',
  currency: 'USD',
  exchange: 'SMART',
  lastTradeDateOrContractMonth: '20261218',
  strike: 600,
  right: 'C',
  multiplier: 100,
};
const CLIENT_ID = 7;
/** What every session begins with. */
const FARMS_LAST = 2158;

export class Scene {
  readonly tws: EmbeddedTws;
  readonly mode: TwsMode;
  client: Driver;
  readonly #sessions: { readonly driver: Driver; from: number }[] = [];
  #now = SCENE_START;

  private constructor(tws: EmbeddedTws, mode: TwsMode) {
    this.tws = tws;
    this.mode = mode;
    this.client = new Driver(tws);
  }

  /** With markets of EUR.USD at 1.1 and of SPY at 600, and a client that has connected. The faults of the mode are not on yet. */
  static async open(id: number, params: Partial<TwsParams> = {}): Promise<Scene> {
    const mode = MODES.find((known) => known.id === id);
    if (mode === undefined) throw new RangeError(`no failure mode ${id}`);
    const scene = new Scene(await openTws({ port: 0, start: SCENE_START, firstOrderId: 101, ...params }), mode);
    scene.quote('1.1', 0);
    scene.tws.quote('SPY', '599.99', '600.01', '10000', '10000', SCENE_START);
    await scene.connect();
    return scene;
  }

  /** Turns the mode's faults on; from here on the story is told. */
  arm(): void {
    for (const each of this.#sessions) each.from = each.driver.events.length;
    for (const [name, target, value] of this.mode.faults) this.tws.inject(name, target, value);
  }

  /** A new session of a fresh object; the story goes on with it. */
  connect(): Promise<void> {
    return this.connectAfter(() => undefined);
  }

  /** A session of an object that was given something to do before it was connected. */
  async connectAfter(early: (client: Driver) => void): Promise<void> {
    this.client = new Driver(this.tws);
    this.#sessions.push({ driver: this.client, from: 0 });
    early(this.client);
    await this.client.connect();
  }

  /** A session that may never be ready. */
  dial(): void {
    this.client = new Driver(this.tws);
    this.#sessions.push({ driver: this.client, from: 0 });
    this.client.dial(CLIENT_ID);
  }

  /** The bid of EUR.USD, the ask half a pip above it. */
  quote(bid: string, seconds: number): void {
    this.#now = Math.max(this.#now, SCENE_START + seconds * 1000);
    this.tws.quote('EUR.USD', bid, (Number(bid) + 0.00005).toFixed(5), '1000000', '1000000', this.#now);
  }

  pass(seconds: number): void {
    this.#now += seconds * 1000;
    this.tws.advance(this.#now);
  }

  place(orderId: number, order: Readonly<Record<string, unknown>> = {}, contract: object = EUR): void {
    const usual = { action: 'BUY', orderType: 'LMT', totalQuantity: 20_000, tif: 'GTC', lmtPrice: 1.05, transmit: true };
    this.client.ask('placeOrder', orderId, contract, { ...usual, ...order });
  }

  /** What the client has heard since `arm`, session after session, once it has heard everything. */
  async story(): Promise<readonly string[]> {
    if (!(this.client.names().has('disconnected') || this.mode.deaf === true)) await this.client.settled();
    return this.#sessions.flatMap(({ driver, from }) => {
      const told = driver.events.slice(from);
      const ready = from > 0 ? -1 : told.findIndex(([name, values]) => name === 'info' && values[1] === FARMS_LAST);
      return told
        .filter(([name], index) => index > ready || name === 'nextValidId')
        .map(lineOf)
        .filter((line) => line !== null);
    });
  }

  decodeErrors(): readonly string[] {
    return this.#sessions.flatMap(({ driver }) => driver.decodeErrors());
  }

  async close(): Promise<void> {
    for (const { driver } of this.#sessions) driver.close();
    await this.tws.close();
  }
}
