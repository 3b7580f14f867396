/** LC-6 rehearsed over funding times: the venue's own wallet, asked as its owner would ask it, is what our journal says, to the last decimal. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'mocha';
import { factsOf } from '#test/support/venue-account.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import type { EventBody, EventType, Fact } from '#trading/model/events.ts';
import { add, amount, money, subtract, type Money } from '#trading/money/decimal.ts';
import { TEST_KEYS } from '#venues/embedded/params.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, run, start, type Running } from '#test/support/command.ts';

const ASK_MS_MAX = 10_000;
const SYMBOL = 'ADA/USDT:USDT';
/** Ten hours from 04:25 UTC: a position of both modes is open at 08:00. */
const BARS = 600;
const START = Date.UTC(2024, 0, 8, 4, 25);
const FUNDED_AT = Date.UTC(2024, 0, 8, 8);
const OPENING = money('100000');
const PRICE_SCALE = 10_000;

const ask = <T>(dataDir: string, request: Parameters<typeof askSystem>[1]): Promise<T> =>
  askSystem(adminSocketPath(paths(dataDir, 'embedded').adminSocket), request, ASK_MS_MAX) as Promise<T>;

/** As ADA trades: four decimals. */
function writeAda(directory: string, seed: number): string {
  const ada = (line: string): string => {
    const [at, open, high, low, close] = line.split(',');
    const scaled = [open, high, low, close].map((text) => (Number(text) / PRICE_SCALE).toFixed(4));
    return [at, ...scaled, '250000'].join(',');
  };
  return writeCandles(directory, { name: 'ADAUSDT-made-1m.csv', bars: BARS, start: START, price: 0.38 * PRICE_SCALE, seed }, (lines) =>
    lines.map(ada),
  );
}

/** USDT in the wallet, by a signed request. */
async function walletOf(rest: string, at: number): Promise<Money> {
  const query = 'accountType=UNIFIED';
  const { apiKey, secret } = TEST_KEYS;
  const headers = {
    ...{ 'X-BAPI-API-KEY': apiKey, 'X-BAPI-TIMESTAMP': String(at), 'X-BAPI-RECV-WINDOW': '5000' },
    'X-BAPI-SIGN': createHmac('sha256', secret).update(`${at}${apiKey}5000${query}`).digest('hex'),
  };
  const answer = (await (await fetch(`${rest}/v5/account/wallet-balance?${query}`, { headers })).json()) as {
    readonly result: { readonly list: readonly { readonly coin: readonly { readonly coin: string; readonly walletBalance: string }[] }[] };
  };
  const coin = answer.result.list[0]?.coin.find((row) => row.coin === 'USDT') ?? assert.fail(JSON.stringify(answer));
  return amount<'money'>(coin.walletBalance);
}

const bodies = <T extends EventType>(facts: readonly Fact[], type: T): readonly EventBody<T>[] =>
  facts.flatMap((fact) => (fact.type === type ? [fact.body as EventBody<T>] : []));

/** What our facts say that the wallet moved by: results of trades; of what is open its fees; and funding that no trade has in it. */
function moved(facts: readonly Fact[]): Money {
  let cash = money('0');
  for (const { trade } of bodies(facts, 'trade.closed')) if (trade.mode === 'live') cash = add(cash, trade.pnl);
  const closed = new Set(bodies(facts, 'trade.closed').map(({ trade }) => trade.tradeId));
  const open = bodies(facts, 'fill.recorded').filter(
    ({ fill }) => fill.mode === 'live' && !closed.has(fill.clientOrderId) && fill.reason === 'entry',
  );
  for (const { fill } of open) cash = subtract(cash, fill.fee);
  const inTrades = add(
    money('0'),
    ...bodies(facts, 'trade.closed').flatMap(({ trade }) => (trade.mode === 'live' ? [trade.funding ?? money('0')] : [])),
  );
  const booked = add(money('0'), ...bodies(facts, 'funding.booked').flatMap((of) => (of.mode === 'live' ? [of.amount] : [])));
  return subtract(add(cash, inTrades), booked);
}

describe('live over a funding time, rehearsed', function () {
  this.timeout(240_000);

  it('LC-6 the wallet at the venue is the opening one and the sum of our facts, funding among them; paper pays its own', async () => {
    const dataDir = freshDirectory();
    const file = writeAda(freshDirectory(), 3);
    const args = ['--play', file, '--speed', 'max', '--symbol', SYMBOL, '--seed', '7', '--rehearse', 'crypto_futures'];
    const system: Running = start('system', '--no-page', '--json', '--data-dir', dataDir, ...args);
    await system.line(/ running /);
    const { rest } = await ask<{ rest: string }>(dataDir, { command: 'ask', actor: 'gateway.bybit', query: 'health', args: [] });
    await system.line(/market.*(over|ended|end)/i);
    const closing = await walletOf(rest, Date.now());
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const facts = await factsOf(dataDir);
    const booked = bodies(facts, 'funding.booked');
    assert.deepEqual(booked.map(({ mode, at, rate }) => `${mode} ${at} ${rate}`).sort(), [`live ${FUNDED_AT} 0.0001`, `paper ${FUNDED_AT} 0.0001`]);
    for (const { mode, amount: paid } of booked) {
      const trades = bodies(facts, 'trade.closed').flatMap(({ trade }) =>
        trade.mode === mode && trade.funding !== undefined ? [trade.funding] : [],
      );
      assert.deepEqual(trades, [paid], `the trade of ${mode}`);
    }
    assert.equal(subtract(closing, OPENING), moved(facts));
    const proof = json<{ ok: boolean; problems: unknown[] }>(await run('verify', '--data-dir', dataDir, '--json'));
    assert.deepEqual([proof.problems, proof.ok], [[], true]);
  });
});
