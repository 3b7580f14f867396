/** How much CPU a trader's decision takes beyond its arithmetic: parsed quote → order intent, and the plain quote that closes nothing. */
import { createTrader } from '#trading/trader/trader.ts';
import type { TraderMemory } from '#trading/trader/memory.ts';
import type { TraderState } from '#trading/trader/state.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Message } from '#trading/model/messages.ts';
import { allowanceFor, factOf, MINUTE_MS, quoteOf, settings, spot, spotTrader, T0 } from '#test/unit/trading/trader/fixtures.ts';
import { bareBar, bareOrder } from './bare-pipeline.ts';
import { cpuNs } from './measure.ts';
import { result, type Benchmark } from './result.ts';

/** After these closes the next quote closes the bar on which EMA 2 crosses above EMA 4. */
const BEFORE_CROSS = [100, 99, 98, 97, 96, 95, 103] as const;
const CROSS = 103.5;
const RATIO_MAX = 3;

interface Warm {
  readonly trader: ReturnType<typeof createTrader>;
  readonly state: TraderState;
  readonly memory: TraderMemory;
  readonly now: number;
}

export const decision: Benchmark = ({ quick }) => {
  const { trader, state, memory, now } = warm();
  const at = now + MINUTE_MS;
  const closing: Message = { type: 'quote.received', body: { quote: quoteOf(spot, at, CROSS) } };
  const plain: Message = { type: 'quote.received', body: { quote: quoteOf(spot, now + 1000, 103.2) } };
  const decide = (message: Message, time: number) => trader.decide(state, memory, message, time);
  if (decide(closing, at).events[0]?.type !== 'order.intended') throw new Error('the quote that is measured makes no order');
  if (decide(plain, now + 1000).events.length > 0) throw new Error('the plain quote that is measured makes an order');
  const bare = bareOrder(spot, settings, allowanceFor(spotTrader));
  const inBar = bareBar(settings);
  const quoteAt = quoteOf(spot, at, CROSS);
  const quotePlain = quoteOf(spot, now + 1000, 103.2);
  const rounds = quick ? 7 : 21;
  const [order = NaN, orderBare = NaN] = cpuNs([() => decide(closing, at), () => bare(quoteAt, at)], { rounds, calls: 4000 });
  const [quote = NaN, quoteBare = NaN] = cpuNs([() => decide(plain, now + 1000), () => inBar(quotePlain, now + 1000)], { rounds, calls: 100_000 });
  return Promise.resolve({
    results: [
      result({
        name: 'decision: quote that makes an order',
        unit: 'CPU ns',
        ours: order,
        baseline: orderBare,
        target: { of: 'ratio', is: 'at most', value: RATIO_MAX },
      }),
      result({ name: 'decision: quote that makes none', unit: 'CPU ns', ours: quote, baseline: quoteBare }),
    ],
    broken: [],
    notes: [
      '**decision**: parsed quote → order intent in the pure core (freshness, bar, averages, gates, sizing, clamp, bracket, id). The baseline does the same exact-decimal, float64 and SHA-256 operations in one function, with mutable floats and without gates or refusals. CPU time, medians of rounds that take turns.',
    ],
  });
};

/** A trader that has everything it needs, one quote before the cross. */
function warm(): Warm {
  const trader = createTrader(spotTrader);
  let state = trader.initial;
  let memory = trader.blank;
  let now = T0;
  const send = (message: Message): void => {
    memory = trader.decide(state, memory, message, now).memory ?? memory;
  };
  const fact: Fact = factOf(1, { type: 'settings.loaded', body: { settings, source: 'bench' } });
  state = trader.evolve(state, fact);
  send({ type: 'fact.recorded', body: { fact } });
  send({ type: 'instrument.listed', body: { instrument: spot } });
  send({ type: 'allowance.changed', body: allowanceFor(spotTrader) });
  for (const mid of BEFORE_CROSS) {
    now += MINUTE_MS;
    send({ type: 'quote.received', body: { quote: quoteOf(spot, now, mid) } });
  }
  return { trader, state, memory, now };
}
