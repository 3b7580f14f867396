/** TWS's account over the end of its process: whatever happened, and whenever it is lost, the next one goes on with the same. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Instant } from '#trading/model/instrument.ts';
import { blank } from '#venues/embedded/tws/codec/layout.ts';
import { PLACE_ORDER } from '#venues/embedded/tws/codec/place-order.ts';
import type { TwsMemory } from '#venues/embedded/tws/memory.ts';
import type { Placed } from '#venues/embedded/tws/orders/record.ts';
import { openTws, type EmbeddedTws } from '#venues/embedded/tws/tws.ts';

/** A Friday, 10:00 in New York: options are over in the evening. */
const START = Date.UTC(2026, 10, 27, 15, 0, 0);
const CLIENT = 7;
const EUR = { symbol: 'EUR', secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' } as const;
const OPTION = 'SPY   261127C00600000';
const CALL = { symbol: 'SPY', secType: 'OPT', exchange: 'SMART', currency: 'USD', localSymbol: OPTION } as const;
const MINUTE_MS = 60_000;

type Step =
  | { readonly do: 'place'; readonly buy: boolean; readonly lots: number; readonly family: boolean; readonly held: boolean; readonly option: boolean }
  | { readonly do: 'quote'; readonly pips: number }
  | { readonly do: 'cancel'; readonly back: number }
  | { readonly do: 'wait'; readonly minutes: number }
  | { readonly do: 'restart' }
  /** The process; and then the market is shown as it stands. */
  | { readonly do: 'lose' }
  | { readonly do: 'look' };

/** A process that can be lost, and what it wrote. */
class World {
  readonly #lines: string[] = [];
  #tws: EmbeddedTws | null = null;
  #now: Instant = START;
  #id = 0;
  #pips = 0;

  get tws(): EmbeddedTws {
    return this.#tws ?? assert.fail('not open');
  }

  async open(): Promise<void> {
    const tws = await openTws({ port: 0, start: this.#now });
    // As a venue does that goes on: the market first, then the account.
    this.#tws = tws;
    this.#show();
    tws.memory.recall(this.#lines.map((line) => JSON.parse(line) as TwsMemory));
    tws.memory.keep = (memory) => void this.#lines.push(JSON.stringify(memory));
  }

  async lose(): Promise<void> {
    await this.tws.close();
    await this.open();
  }

  async do(step: Step): Promise<void> {
    const { tws } = this;
    if (step.do === 'lose' || step.do === 'look') {
      if (step.do === 'lose') await this.lose();
      return this.#quote(this.#pips);
    }
    if (step.do === 'quote') return this.#quote(step.pips);
    if (step.do === 'wait') return tws.advance((this.#now += step.minutes * MINUTE_MS));
    tws.memory.turn([], () => {
      tws.memory.touched = true;
      if (step.do === 'restart') tws.faults.restart(null);
      else if (step.do === 'cancel') tws.book.cancel(CLIENT, this.#id - step.back);
      else for (const placed of this.#family(step)) tws.book.place(CLIENT, placed);
    });
  }

  /** All that a client or a person could ever see of the account. */
  get account(): unknown {
    const { book, exchange, account } = this.tws;
    const { executions, register } = book;
    const orders = [book.openOrders('all'), book.completedOrders(), book.live().map(({ key, working, filled }) => [key, working, filled])];
    const held = exchange.positions().map(({ contract, ...rest }) => [contract.localSymbol, rest]);
    const counted = [executions.all(), executions.forgotten, register.counters(), account.values()];
    const text = JSON.stringify([orders, held, [...exchange.cash()], [...exchange.working()], ...counted]);
    // Ids of executions tell the process by which they were made.
    return JSON.parse(text.replaceAll(/0000e0d5\.[0-9a-f]+\./g, 'id.')) as unknown;
  }

  #quote(pips: number): void {
    this.#pips = pips;
    this.#now += 1000;
    this.#show();
  }

  #show(): void {
    const pips = this.#pips;
    const at = this.#now;
    const bid = 110_000 + 5 * pips;
    this.tws.quote('EUR.USD', String(bid / 100_000), String((bid + 5) / 100_000), '30000', '30000', at);
    this.tws.quote('SPY', String(600 + pips / 100), String(600.02 + pips / 100), '100', '100', at);
    this.tws.quote(OPTION, '5', '5.05', '3', '3', at);
  }

  #family({ buy, lots, family, held, option }: Extract<Step, { do: 'place' }>): readonly Placed[] {
    const first = ++this.#id;
    const [action, opposite] = buy ? ['BUY', 'SELL'] : ['SELL', 'BUY'];
    const totalQuantity = String(option ? lots : lots * 10_000);
    const common = { ...blank(PLACE_ORDER), ...(option ? CALL : EUR), totalQuantity, timeInForce: 'GTC' };
    const parent = { ...common, orderId: first, action: action ?? '', orderType: 'MKT', transmit: !family && !held, orderRef: `r${first}` };
    if (!family) return [parent];
    const leg = { ...common, action: opposite ?? '', parentId: first, transmit: false };
    const [low, high] = option ? ['0.05', '90'] : ['1.09', '1.11'];
    this.#id += 2;
    return [
      parent,
      { ...leg, orderId: first + 1, orderType: 'LMT', limitPrice: (buy ? high : low) ?? null },
      { ...leg, orderId: first + 2, orderType: 'STP', auxPrice: (buy ? low : high) ?? null, transmit: !held },
    ];
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('quote' as const), pips: fc.integer({ min: -300, max: 300 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      buy: fc.boolean(),
      lots: fc.integer({ min: 1, max: 9 }),
      family: fc.boolean(),
      held: fc.boolean(),
      option: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), back: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 600, 2000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'lose' as const }) },
);

async function play(steps: readonly Step[]): Promise<World> {
  const world = new World();
  await world.open();
  await world.do({ do: 'quote', pips: 0 });
  for (const each of steps) await world.do(each);
  return world;
}

const notLost = (steps: readonly Step[]): readonly Step[] => steps.map((each) => (each.do === 'lose' ? { do: 'look' } : each));

describe('embedded TWS: its memory', () => {
  it('ST-5 an account whose process is lost again and again is the account of one that never was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const worlds = [await play(steps), await play(notLost(steps))] as const;
        try {
          assert.deepEqual(worlds[0].account, worlds[1].account);
        } finally {
          for (const { tws } of worlds) await tws.close();
        }
      }),
      { numRuns: 100 },
    );
  });
});
