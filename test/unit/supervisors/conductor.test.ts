import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price } from '#trading/money/decimal.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { Conductor, type ConductorPorts, type StepReply } from '#supervisors/conductor.ts';
import { MarketClock } from '#supervisors/market-clock.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const quote = (symbol: string, at: number): QuoteSnapshot => ({
  id: `${symbol}-${at}`,
  broker: 'bybit',
  asset: 'crypto_spot',
  symbol,
  bid: price(99),
  ask: price(101),
  bidQty: null,
  askQty: null,
  last: null,
  volume: null,
  exchangeAt: at,
  receivedAt: at,
});

/** A venue of scripted steps whose quotes come back through `later`, and a record of everything done. */
function stage(steps: readonly StepReply[], options: { speed?: number; later?: (act: () => void) => void; symbols?: readonly string[] } = {}) {
  const done: string[] = [];
  const clock = new MarketClock(0);
  const symbols = options.symbols ?? ['BTC/USDT'];
  const later = options.later ?? setImmediate;
  let index = 0;
  let wall = 0;
  const play = (what: string): Promise<StepReply> => {
    const reply = steps[index++] ?? { now: clock.now(), books: 0, ended: true, next: null };
    done.push(`${what}@${reply.now}`);
    for (const symbol of symbols.slice(0, reply.books)) later(() => conductor.onQuote(quote(symbol, reply.now)));
    return Promise.resolve(reply);
  };
  const ports: ConductorPorts = {
    step: () => play('step'),
    idle: (ms) => {
      done.push(`idle ${ms}`);
      return Promise.resolve({ now: clock.now() + ms, books: 0, ended: false, next: steps[index]?.now ?? null });
    },
    settled: () => {
      done.push('settled');
      return Promise.resolve();
    },
    ready: () => Promise.resolve(true),
    deliver: (to, message) => done.push(message.type === 'quote.received' ? `${to}<${message.body.quote.id}` : `${to}<${message.type}`),
    wall: () => wall,
    sleep: (ms) => {
      wall += ms;
      return Promise.resolve();
    },
    log: quiet,
  };
  const conductor = new Conductor(clock, ports, {
    speed: options.speed ?? Infinity,
    first: ['governor'],
    clocks: () => ['ledger'],
    traders: () => ['trader'],
  });
  return { conductor, clock, done, wall: () => wall };
}

const at = (now: number, books: number, next: number | null = null): StepReply => ({ now, books, ended: false, next });

describe('the conductor', () => {
  it('plays the next step only after the quotes of this one came back and everything settled', async () => {
    const { conductor, done, clock } = stage([at(1000, 1), at(2000, 1)]);
    assert.equal(await conductor.run(), 'ended');
    assert.deepEqual(done.slice(0, 8), [
      'step@1000',
      'governor<BTC/USDT-1000',
      'ledger<clock.advanced',
      'settled',
      'trader<BTC/USDT-1000',
      'settled',
      'step@2000',
      'governor<BTC/USDT-2000',
    ]);
    assert.equal(clock.now(), 2000);
    assert.equal(conductor.quotes, 2);
  });

  it('hands on the quotes of a step in one order, whichever socket was faster', async () => {
    const order = async (later: (act: () => void) => void): Promise<string[]> => {
      const { conductor, done } = stage([at(1000, 3)], { symbols: ['ETH/USDT', 'BTC/USDT', 'ADA/USDT'], later });
      await conductor.run();
      return done.filter((line) => line.startsWith('trader<'));
    };
    let delay = 3;
    const first = await order(setImmediate);
    const second = await order((act) => void setTimeout(act, delay--));
    assert.deepEqual(first, ['trader<ADA/USDT-1000', 'trader<BTC/USDT-1000', 'trader<ETH/USDT-1000']);
    assert.deepEqual(second, first);
  });

  it('does not take the book of a subscription for that of the first step, although it is of the same time', async () => {
    const { conductor, done } = stage([at(1000, 1), at(2000, 1)]);
    conductor.onQuote(quote('BTC/USDT', 1000));
    await conductor.run();
    assert.equal(conductor.quotes, 2);
    assert.equal(done.filter((line) => line === 'trader<BTC/USDT-1000').length, 2);
    assert.ok(done.indexOf('step@2000') > done.lastIndexOf('trader<BTC/USDT-1000'), 'the step was waited for');
  });

  it('counts a dropped frame as arrived', async () => {
    const { conductor, done } = stage([at(1000, 1)], { symbols: [] });
    setImmediate(() => conductor.onDropped(null));
    assert.equal(await conductor.run(), 'ended');
    assert.equal(conductor.dropped, 1);
    assert.equal(conductor.late, 0);
    assert.ok(!done.some((line) => line.startsWith('trader<')));
  });

  it('waits for books with an old time as well, by that time, and counts them', async () => {
    const { conductor, done } = stage([{ ...at(9000, 2), oldStamps: [4000] }], { symbols: [] });
    setImmediate(() => {
      conductor.onQuote(quote('ETH/USDT', 9000));
      setImmediate(() => conductor.onQuote(quote('BTC/USDT', 4000)));
    });
    assert.equal(await conductor.run(), 'ended');
    assert.deepEqual([conductor.quotes, conductor.late], [2, 0]);
    assert.deepEqual(done.slice(0, 4), ['step@9000', 'governor<BTC/USDT-4000', 'governor<ETH/USDT-9000', 'ledger<clock.advanced']);
  });

  it('goes on without quotes that never come, and counts it', async () => {
    const { conductor } = stage([at(1000, 1)], { symbols: [] });
    assert.equal(await conductor.run(), 'ended');
    assert.equal(conductor.late, 1);
  });

  it('paces market time against the wall and fills gaps with idle steps', async () => {
    const { conductor, done, wall } = stage([at(1000, 1, 4000), at(4000, 1, null)], { speed: 2 });
    await conductor.run();
    assert.ok(done.includes('idle 1000'));
    assert.equal(wall(), 2000);
  });

  it('market time never goes back', () => {
    const clock = new MarketClock(500);
    clock.advance(400);
    assert.equal(clock.now(), 500);
  });
});
