/** Answers to `why` for tests of the page and of the prompt: a signal that was stopped, and one that was filled. */
import type { Asset } from '#trading/model/instrument.ts';
import type { Gate, WhyAnswer, WhyChain } from '#trading/model/why.ts';

const SIGNAL_AT = Date.UTC(2026, 2, 2, 13);

const gate = (name: string, rule: string, by: Gate['by'], outcome: Gate['outcome'], numbers: Gate['numbers'], sentence: string): Gate => {
  return { gate: name, rule, by, outcome, numbers, sentence };
};

const BEFORE: readonly Gate[] = [
  gate('quote', 'QS-1', 'trader', 'passed', { bid: '64210.50', ask: '64211.10', ageMs: 310, maxMs: 2000 }, 'bid 64210.50, ask 64211.10, 310 ms old'),
  gate('signal', 'RG-2', 'trader', 'passed', { side: 'buy' }, 'buy: EMA 9 64204.1 crossed above EMA 21 64198.7, ATR 14 41.2'),
  gate('session', 'SS-1', 'trader', 'skipped', { calendar: 'always' }, 'BTC/USDT trades around the clock'),
];
const COOL: Gate = gate(
  'cool-down',
  'RK-1',
  'trader',
  'stopped',
  { code: 'COOL_DOWN', remainingMs: 431_000, cooldownSeconds: 900 },
  'BTC/USDT: cooling down for 431000 ms more after the last close',
);
const AFTER: readonly Gate[] = [
  gate(
    'sizing',
    'SZ-1',
    'trader',
    'passed',
    { B: '1000', r: '0.02', m: '1', T: '1000', baseCap: '20', notionalCap: '20', usable: '980.74', P: '3180.12', qty: '0.006289' },
    'ETH/USDT: B·r·m = 1000·0.02·1 gives a cap of 20 USD, 0.006289 at 3180.12',
  ),
  gate('intent', 'ST-1', 'trader', 'passed', { clientOrderId: 'a1b2c3d4e5f60718293a4b5c' }, 'ETH/USDT: an order to buy was intended'),
  gate('daily loss', 'RK-1', 'governor', 'passed', { loss: '1.2', equity: '1000', cap: '0.03' }, '1.2 USD lost today of 1000, the cap is 0.03 of it'),
  gate('approved', 'RK-1', 'governor', 'passed', { notional: '19.99', margin: '19.99', maxLoss: '0.08' }, 'ETH/USDT: approved, buy 0.006289'),
  gate('acceptance', 'PX-1', 'execution', 'passed', { latencyMs: 121 }, 'ETH/USDT: the simulator accepted 0.006289, due in 121 ms'),
  gate('fill', 'PX-1', 'execution', 'passed', { price: '3182.67', fee: '0.02' }, 'ETH/USDT: buy 0.006289 filled at 3182.67'),
];

const OFF: Gate = gate(
  'mode',
  'RT-2',
  'governor',
  'stopped',
  { code: 'MODE_OFF', asset: 'crypto_spot', mode: 'live' },
  'crypto_spot live: close-only, live is switched off for crypto_spot',
);

const chain = (symbol: string, clientOrderId: string | null, gates: readonly Gate[], mode: WhyChain['mode'] = 'paper'): WhyChain => {
  return { asset: 'crypto_spot', mode, symbol, signalAt: mode === 'live' ? null : SIGNAL_AT, clientOrderId, gates };
};

export function whyStory(asset: Asset = 'crypto_spot'): WhyAnswer {
  if (asset !== 'crypto_spot') return { asset, chains: [], note: `no trader runs for ${asset}: nothing of it is traded in this run` };
  return {
    asset,
    chains: [
      chain('BTC/USDT', null, [...BEFORE, COOL]),
      chain('ETH/USDT', 'a1b2c3d4e5f60718293a4b5c', [...BEFORE, ...AFTER]),
      chain('BTC/USDT', null, [OFF], 'live'),
    ],
    note: null,
  };
}
