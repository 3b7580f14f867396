import { it } from 'mocha';
import { FakeBybit } from '#test/support/fake-bybit.ts';
import { createBybitMarketData } from '#venues/bybit/market-data.ts';
it('tries', async () => {
  const fake = await FakeBybit.open({ spot: ['BTC', 'ETH'], linear: ['BTC', 'ADA'] });
  const md = createBybitMarketData({ environment: 'embedded', endpoints: fake.endpoints, symbols: ['BTC/USDT', 'ADA/USDT:USDT'], rateLimit: 0.9 });
  const t = performance.now();
  await md.open(); console.log('open', performance.now() - t);
  console.log(await md.instruments());
  await md.subscribe(['BTC/USDT', 'ADA/USDT:USDT'], { onQuote: (q) => console.log(q), onDropped: (d) => console.log('drop', d), onState: (u, r) => console.log(u, r), onInstrument: () => {} });
  fake.trade('spot', 'BTC', '100', '0.1'); fake.trade('spot', 'BTC', '101', '0.2');
  fake.now += 1000; fake.book('spot', 'BTC', { bid: '100.0', ask: '101', u: 2 });
  fake.raw('spot', '{bad'); fake.raw('spot', 'hello'); fake.raw('spot', '[1]'); fake.raw('spot', '{"a":1}');
  console.log((await md.history('BTC/USDT', 1, 3)));
  await new Promise((r) => setTimeout(r, 100));
  console.log(md.counters(), JSON.stringify(md.health()), fake.requests, fake.calls.map((c) => c.path));
  await md.close(); await fake.close();
});
