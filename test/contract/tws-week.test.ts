/**
 * A week of the embedded TWS as fast as a client can follow: every nightly and the weekly restart, every reset of the servers, with the real library on
 * the other side, which reconnects and goes on trading. Whatever the client could not hear, the account must be what the fills make it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { loadCalendars } from '#config/calendars.ts';
import { sessionAt } from '#trading/calendar/sessions.ts';
import type { SessionCalendar } from '#trading/model/calendar.ts';
import { add, money, negate, notional, qty, subtract, ZERO_MONEY, ZERO_QTY, type Money, type Qty } from '#trading/money/decimal.ts';
import { Desk } from '#venues/embedded/tws/desk.ts';
import type { ExchangeEvent, Fill, TwsExchange } from '#venues/embedded/tws/exchange.ts';
import { DEFAULT_RESTARTS } from '#venues/embedded/tws/restarts.ts';
import { openTws, type EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { Driver } from '../support/tws-driver.ts';
import { EUR } from '../support/tws-scene.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A Sunday, 17:15 in New York. */
const FROM = Date.UTC(2026, 10, 22, 22, 15);
const TO = FROM + 7 * 24 * HOUR_MS;
const CASH = money('1000000');
const EUR_ID = 12087792;
/** Sunday's is over at 23:45 already; Monday to Saturday, and the Sunday on which the week ends has had its login at 01:00. */
const NIGHTLY = 7;
const WEEKLY = 1;

/** What the exchange did, told by nobody but itself. */
function recorded(desk: Desk, fills: Fill[]): TwsExchange {
  const keep = (events: readonly ExchangeEvent[]): readonly ExchangeEvent[] => {
    for (const event of events) if (event.kind === 'filled') fills.push(event.fill);
    return events;
  };
  return new Proxy<TwsExchange>(desk, {
    get(target, name) {
      if (name === 'submit') return (...order: Parameters<Desk['submit']>) => keep(target.submit(...order));
      if (name === 'amend') return (...change: Parameters<Desk['amend']>) => keep(target.amend(...change));
      if (name === 'onQuote') return (...quote: Parameters<Desk['onQuote']>) => keep(target.onQuote(...quote));
      const value: unknown = target[name as keyof TwsExchange];
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A client that knows only what it hears, and takes up a new session whenever the old one is gone. */
class Trader {
  readonly #tws: EmbeddedTws;
  readonly executions = new Map<string, Qty>();
  readonly placed = new Set<number>();
  sessions = 0;
  refused = 0;
  #client: Driver | null = null;
  #read = 0;
  #nextId = 0;

  constructor(tws: EmbeddedTws) {
    this.#tws = tws;
  }

  /** True where it has a session that is up to date. */
  async isReady(): Promise<boolean> {
    if (await this.settle()) return true;
    this.#drop();
    const client = new Driver(this.#tws);
    client.dial(7);
    await client.untilAny(['nextValidId', 'disconnected']);
    if (client.names().has('disconnected')) {
      this.refused++;
      client.close();
      return false;
    }
    this.sessions++;
    this.#client = client;
    this.#read = 0;
    this.#nextId = Math.max(this.#nextId, Number(client.all('nextValidId')[0]?.[0]));
    client.ask('reqExecutions', 9, {});
    client.ask('reqPositions');
    await client.until('execDetailsEnd');
    this.hear();
    return true;
  }

  order(order: Readonly<Record<string, unknown>>): void {
    const id = this.#nextId++;
    this.placed.add(id);
    this.#client?.ask('placeOrder', id, EUR, { totalQuantity: 20_000, tif: 'GTC', transmit: true, orderRef: `ref-${id}`, ...order });
  }

  /** Until everything that was said is heard. False where the session turns out to be over, which it may have been for some time. */
  async settle(): Promise<boolean> {
    const client = this.#client;
    await client?.settled();
    this.hear();
    return client?.names().has('disconnected') === false;
  }

  position(): string {
    const told = this.#client?.all('position') ?? [];
    return String(told.filter(([, contract]) => (contract as { symbol: string }).symbol === 'EUR').at(-1)?.[2] ?? 0);
  }

  decodeErrors(): number {
    return this.#client?.decodeErrors().length ?? 0;
  }

  hear(): void {
    const events = this.#client?.events ?? [];
    for (const [name, values] of events.slice(this.#read)) {
      if (name !== 'execDetails') continue;
      const { execId, side, shares } = values[2] as { execId: string; side: string; shares: number };
      this.executions.set(execId, side === 'BOT' ? qty(shares) : negate(qty(shares)));
    }
    this.#read = events.length;
  }

  close(): void {
    this.#drop();
  }

  #drop(): void {
    this.hear();
    this.#client?.close();
    this.#client = null;
  }
}

/** A wave with a period of seven hours, and one of eleven minutes on it; on the grid of half a pip. */
function middle(at: number): number {
  const minutes = (at - FROM) / MINUTE_MS;
  return 1.1 + 0.004 * Math.sin((2 * Math.PI * minutes) / 420) + 0.0005 * Math.sin((2 * Math.PI * minutes) / 11);
}

function play(tws: EmbeddedTws, calendar: SessionCalendar, at: number): void {
  if (!sessionAt(calendar, at).open) return tws.advance(at);
  const bid = (Math.round(middle(at) / 0.00005) * 0.00005).toFixed(5);
  tws.quote('EUR.USD', bid, (Number(bid) + 0.00005).toFixed(5), '1000000', '1000000', at);
}

describe('embedded TWS: a week', () => {
  it('ST-3 nightly and weekly restarts, resets, and a client that comes back: the account is what the fills make it', async () => {
    const fills: Fill[] = [];
    const calendar = (await loadCalendars('config')).calendars['IDEALPRO'];
    assert.ok(calendar !== undefined);
    const tws = await openTws({
      ...{ port: 0, start: FROM - 1, cash: CASH, restarts: DEFAULT_RESTARTS },
      exchange: (contracts) => recorded(new Desk(CASH, contracts.pairs()), fills),
    });
    const trader = new Trader(tws);
    try {
      for (let at = FROM, hour = 0; at <= TO; at += HOUR_MS, hour++) {
        for (let minute = 0; minute < 60; minute++) {
          play(tws, calendar, at + minute * MINUTE_MS);
          if (minute % 20 !== 0 || !(await trader.isReady())) continue;
          if (sessionAt(calendar, tws.now).open && tws.faults.uplinkIsUp) {
            trader.order({ action: hour % 2 === 0 ? 'BUY' : 'SELL', orderType: 'MKT' });
            // Some of these rest through a restart.
            if (minute === 40) trader.order({ action: 'SELL', orderType: 'LMT', lmtPrice: 1.1035 });
            if (minute === 40) trader.order({ action: 'BUY', orderType: 'LMT', lmtPrice: 1.0965 });
          }
          if (!(await trader.settle())) continue;
          assert.equal(trader.position(), tws.exchange.position(EUR_ID)?.qty ?? '0', `the position at ${new Date(tws.now).toISOString()}`);
        }
      }
      assert.equal(tws.faults.restarts.nightly, NIGHTLY);
      assert.equal(tws.faults.restarts.weekly, WEEKLY);
      assert.ok(trader.sessions > NIGHTLY, `${trader.sessions} sessions`);
      assert.ok(trader.refused > 0, 'nobody was kept out');
      assert.equal(trader.decodeErrors(), 0);
      consistent(tws, fills, trader);
    } finally {
      trader.close();
      await tws.close();
    }
  }).timeout(120_000);
});

function consistent(tws: EmbeddedTws, fills: readonly Fill[], trader: Trader): void {
  let [dollars, euros, held]: [Money, Money, Qty] = [CASH, ZERO_MONEY, ZERO_QTY];
  for (const fill of fills) {
    const value = notional(fill.price, fill.qty);
    const buys = fill.side === 'BUY';
    held = buys ? add(held, fill.qty) : subtract(held, fill.qty);
    euros = buys ? add(euros, money(fill.qty)) : subtract(euros, money(fill.qty));
    dollars = subtract(buys ? subtract(dollars, value) : add(dollars, value), fill.commission);
  }
  assert.ok(fills.length > 300, `${fills.length} fills`);
  assert.equal(tws.exchange.position(EUR_ID)?.qty ?? '0', held);
  assert.equal(tws.exchange.cash().get('USD'), dollars);
  assert.equal(tws.exchange.cash().get('EUR') ?? '0', euros);
  // Each order of the client is one order of the venue, and none is anybody else's.
  const orders = new Set(fills.map(({ key }) => key.split(':').slice(0, 2).join(':')));
  assert.ok([...orders].every((order) => trader.placed.has(Number(order.split(':')[1]))));
  const byOrder = new Map<string, Qty>();
  for (const { key, qty: filled } of fills) byOrder.set(key, add(byOrder.get(key) ?? ZERO_QTY, filled));
  assert.ok([...byOrder.values()].every((filled) => filled === '20000'));
  assert.equal(byOrder.size, orders.size);
  // What it heard is true, each once; what it never heard filled while nobody was let in.
  assert.ok(trader.executions.size <= fills.length);
  assert.ok(trader.executions.size > fills.length - 40, `${trader.executions.size} of ${fills.length} were heard`);
}
