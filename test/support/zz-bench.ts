import { createSpawner } from '#supervisors/comedy.ts';
const toy = new URL('./actors/toy.ts', import.meta.url).href;
const spawner = createSpawner({
  onUnattributed: (e) => {
    console.error('UNATTRIBUTED', e);
  },
});
const ask = (query: string, args: string[] = []) =>
  ({
    op: 'receive',
    facts: [],
    now: 1,
    envelope: { id: 'x', from: 'a', to: 'b', at: 1, epoch: 1, cause: null, correlation: 'c', type: 'actor.asked', body: { query, args } },
  }) as const;
async function main() {
  for (const placement of ['in-memory', 'threaded', 'forked'] as const) {
    let t = performance.now();
    let got = 0;
    let order = true;
    const inc = spawner.spawn({
      name: 'toy',
      epoch: 1,
      placement,
      onEmit: (b) => {
        for (const e of b) {
          const n = Number((e.tell.body as any).args[0]);
          if (n !== got) order = false;
          got++;
        }
      },
      onDeath: (r, n) => console.log('DEATH', placement, r.split('\n')[0], n),
    });
    await inc.ready;
    console.log(placement, 'spawn', (performance.now() - t).toFixed(0), 'pid', inc.pid);
    const s = await inc.request({ op: 'start', module: toy, start: { name: 'toy', epoch: 1, params: {}, now: 0, snapshot: null, facts: [] } });
    console.log(JSON.stringify(s), (performance.now() - t).toFixed(0));
    console.log(JSON.stringify(await inc.request(ask('echo', ['é€😀', 'x']))), JSON.stringify(await inc.request(ask('at'))));
    for (const q of ['throw', 'throw-empty', 'throw-null']) console.log(q, JSON.stringify(await inc.request(ask(q))).slice(0, 120));
    t = performance.now();
    for (let i = 0; i < 5000; i++) await inc.request(ask('note'));
    console.log('seq req/s', Math.round((5000 / (performance.now() - t)) * 1000));
    got = 0;
    t = performance.now();
    let cpu = process.cpuUsage();
    const r = await inc.request(ask('emit', ['5000', 'z']));
    console.log('emit 5000', (performance.now() - t).toFixed(1), 'ms got at reply', got, order, JSON.stringify(r), process.cpuUsage(cpu).user / 1000);
    // one by one
    got = 0;
    t = performance.now();
    for (let i = 0; i < 3000; i++) {
      got = 0;
      const rr = await inc.request(ask('emit', ['1', 'z']));
      if (got !== 1) console.log('NOT YET', got, rr);
    }
    console.log('req+emit/s', Math.round((3000 / (performance.now() - t)) * 1000));
    for (const q of placement === 'in-memory' ? ['throw-later'] : placement === 'threaded' ? ['throw-later'] : ['throw-later']) {
      console.log(q, JSON.stringify(await inc.request(ask(q)).catch((e) => e.message)));
      await new Promise((r) => setTimeout(r, 100));
    }
    await inc.kill();
  }
  await spawner.close();
  console.log(process.getActiveResourcesInfo(), process.listenerCount('exit'));
}
void main();
