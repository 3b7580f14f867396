import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Answer } from '#venues/bybit/trading/outcome.ts';
import { accountProblem, prepareAccount } from '#venues/bybit/trading/account-check.ts';
import { perp, spot } from '../../../trading/trader/fixtures.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const key = { readOnly: 0, permissions: { Spot: ['SpotTrade'], ContractTrade: ['Order', 'Position'], Wallet: [] }, uta: 1 };
const problem = (more: object, environment: 'embedded' | 'mainnet' = 'mainnet') => accountProblem({ ...key, ...more }, NOW, environment);

describe('what an account must be before the first order', () => {
  it('a key that trades and does nothing else is fine', () => assert.equal(problem({ expiredAt: '2026-08-01T00:00:00Z' }), null));

  it('a key that may withdraw is refused', () => {
    assert.match(String(problem({ permissions: { ...key.permissions, Wallet: ['AccountTransfer', 'Withdraw'] } })), /may withdraw/);
  });

  it('a key that only reads is refused', () => assert.match(String(problem({ readOnly: 1 })), /read-only/));

  it('a classic account is refused', () => assert.match(String(problem({ uta: 0 })), /classic account/));

  it('an expired key is refused, by the clock of a real market only', () => {
    assert.match(String(problem({ expiredAt: '2026-05-31T23:59:59Z' })), /expired at 2026-05-31/);
    assert.equal(problem({ expiredAt: '2026-05-31T23:59:59Z' }, 'embedded'), null);
  });

  it('a key bound to addresses never expires: Bybit writes the year 1970', () => {
    assert.equal(problem({ expiredAt: '1970-01-01T00:00:00Z', deadlineDay: -2 }), null);
  });

  it('an answer that cannot be read is refused', () => {
    for (const raw of [null, 'OK', { permissions: 'all' }, { readOnly: 'no' }])
      assert.match(String(accountProblem(raw, NOW, 'mainnet')), /cannot be read/);
  });

  const answering = (codes: Readonly<Record<string, number>>) => {
    const calls: [string, object][] = [];
    const answerOf = (thrown: unknown): Answer => ({
      retCode: Number((thrown as Error).message),
      httpStatus: 200,
      text: `said ${(thrown as Error).message}`,
    });
    const write = (call: string, body: object): Promise<unknown> => {
      calls.push([call, body]);
      const code = codes[call];
      return code === undefined ? Promise.resolve({}) : Promise.reject(new Error(String(code)));
    };
    return { calls, session: { write, answerOf } };
  };

  it('perpetuals are set to one-way and their leverage, spot to nothing', async () => {
    const { calls, session } = answering({});
    await prepareAccount(session, [spot, perp], 3);
    assert.deepEqual(calls, [
      ['privatePostV5PositionSwitchMode', { category: 'linear', symbol: 'ADAUSDT', mode: 0 }],
      ['privatePostV5PositionSetLeverage', { category: 'linear', symbol: 'ADAUSDT', buyLeverage: '3', sellLeverage: '3' }],
    ]);
  });

  it('what is so already is no error; what is refused stops the opening', async () => {
    await prepareAccount(answering({ privatePostV5PositionSwitchMode: 110025, privatePostV5PositionSetLeverage: 110043 }).session, [perp], 3);
    await assert.rejects(
      prepareAccount(answering({ privatePostV5PositionSwitchMode: 110024 }).session, [perp], 3),
      /privatePostV5PositionSwitchMode of ADAUSDT: said 110024/,
    );
  });
});
