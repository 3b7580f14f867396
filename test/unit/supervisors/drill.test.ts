import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Drill } from '#supervisors/drill.ts';
import { handOut, type Audience } from '#supervisors/hand-out.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { MINUTE_MS, quoteOf, spot, T0 } from '../trading/trader/fixtures.ts';

const at = (ms: number, symbol = 'BTC/USDT'): QuoteSnapshot => ({ ...quoteOf(spot, T0 + ms, 100), symbol });
const audience: Audience = { first: ['governor', 'paper'], clocks: () => ['orders'], traders: () => ['trader'], port: () => 'port' };

/** Traders answer after so many looks at whether anybody is deciding. */
function rig(looks: number) {
  const done: string[] = [];
  let left = looks;
  const drill = new Drill({
    journal: () => done.push('journal'),
    actor: (name) => done.push(name),
    isDeciding: () => left-- > 0,
  });
  const ports = {
    deliver: (to: string) => done.push(`${to}<`),
    settled: () => {
      done.push('settled');
      return Promise.resolve();
    },
    drill,
  };
  return { done, drill, ports };
}

describe('a drill', () => {
  it('is due at the first quote of an instrument in a minute, which closes a bar', () => {
    const { drill } = rig(0);
    const due = (...quotes: readonly QuoteSnapshot[]): boolean => drill.isDue(quotes);
    assert.deepEqual([due(), due(at(0)), due(at(1)), due(at(0, 'ETH/USDT')), due(at(2), at(3, 'ETH/USDT'))], [false, true, false, true, false]);
    assert.deepEqual([due(at(MINUTE_MS), at(4, 'ETH/USDT')), due(at(MINUTE_MS + 1)), due(at(MINUTE_MS, 'ETH/USDT'))], [true, false, true]);
  });

  it('is done by those who judge while the traders think, and by traders and ports when everything is over', async () => {
    const { done, ports } = rig(10);
    await handOut([at(0)], ports, audience);
    const handed = ['governor<', 'paper<', 'orders<', 'settled', 'trader<'];
    assert.deepEqual(done.splice(0), [...handed, 'journal', 'governor', 'paper', 'orders', 'settled', 'trader', 'port']);
    await handOut([at(1)], ports, audience);
    assert.deepEqual(done, [...handed, 'settled']);
  });

  it('lets an order go first: what is not done when the traders have answered is done when everything is over', async () => {
    for (const [looks, meanwhile] of [
      [0, []],
      [1, ['journal']],
      [2, ['journal', 'governor']],
      [3, ['journal', 'governor', 'paper']],
    ] as const) {
      const { done, ports } = rig(looks);
      await handOut([at(0)], ports, audience);
      const after = ['governor', 'paper', 'orders'].slice(Math.max(0, meanwhile.length - 1));
      assert.deepEqual(done.slice(5), [...meanwhile, 'settled', ...after, 'trader', 'port'], `${looks}`);
    }
  });
});
