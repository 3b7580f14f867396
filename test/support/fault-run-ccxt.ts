/** The fault run again, over the real order port: live orders, an unmodified ccxt, HTTP and WebSocket, and the embedded Bybit. */
import assert from 'node:assert/strict';
import { isOpen } from '#trading/execution/order-state.ts';
import { sleep } from '#venues/shared/retry.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';
import { call, rowsOf } from '../contract/bybit-account.ts';
import { BybitRig, PERP, SPOT, type House } from './bybit-rig.ts';
import { checkJournal, ghostsOf, type Story } from './fault-run.ts';
import { random } from './faults.ts';

/** On the wall: how long an answer is waited for, and when what is late arrives. */
const DEADLINE_MS = 250;
const LATE_MS = 350;
/** A step of the market is a second: more of them than the receive window has. */
const BEYOND_STEPS = 4;
const AMBIGUOUS = ['10000', '10014', '10016', '170146'];
const REST_STEPS = 60;
const PAGES_MAX = 100;

type Row = Readonly<Record<string, unknown>>;

export interface CcxtRun {
  readonly seed: number;
  readonly uniqueness: 'forever' | 'while open';
  readonly intents: number;
}

export async function faultRunOverCcxt({ seed, uniqueness, intents }: CcxtRun): Promise<Story> {
  const account = { limits: false, wallet: { USDT: '10000000' } };
  const terms = { ...BYBIT_TERMS, deadlineMs: DEADLINE_MS };
  const rig = await BybitRig.made({ venue: { seed: `fence-${seed}`, account }, terms });
  try {
    rig.venue.fault('link-reuse', uniqueness === 'forever' ? 'off' : 'on');
    rig.venue.fault('duplicate-fills', 'on');
    const house = await rig.world();
    const draw = random(seed);
    for (let intent = 0; intent < intents; intent++) {
      const steps = await oneIntent(house, draw);
      await house.play(steps);
    }
    await house.play(REST_STEPS);
    return await counted(house, `seed ${seed}, ids taken ${uniqueness}`);
  } finally {
    await rig.close();
  }
}

/** Sends one with what happens to it. Returns the steps that the market goes on. */
async function oneIntent(house: House, draw: () => number): Promise<number> {
  const { venue } = house.rig;
  const symbol = draw() < 0.5 ? SPOT : PERP;
  // A symbol whose order nobody knows takes no other one: it waits for the fence.
  await house.until(() => !Object.values(house.world.state.orders).some((order) => order.symbol === symbol && isOpen(order.order)));
  let left = draw();
  const isWithin = (share: number): boolean => (left -= share) < 0;
  if (isWithin(0.1)) venue.fault('drop-before', 'order/create');
  else if (isWithin(0.1)) venue.fault('drop-reply', 'order/create');
  else if (isWithin(0.1)) {
    venue.fault('late-delivery', 'order/create', String(LATE_MS));
    await trade(house, symbol);
    await sleep(LATE_MS);
    return 1;
  } else if (isWithin(0.05)) {
    venue.fault('late-delivery', 'order/create', String(2 * LATE_MS));
    await trade(house, symbol);
    await house.play(BEYOND_STEPS);
    await sleep(2 * LATE_MS);
    return 0;
  } else if (isWithin(0.14)) {
    const code = AMBIGUOUS[Math.floor(draw() * AMBIGUOUS.length)] ?? '';
    venue.fault(draw() < 0.5 ? 'code' : 'code-after', 'order/create', code);
  }
  await trade(house, symbol);
  return 1;
}

/** An entry where nothing is held, else an exit of everything. */
async function trade(house: House, symbol: string): Promise<void> {
  const { world } = house;
  const held = world.state.holdings[`${symbol === SPOT ? 'crypto_spot' : 'crypto_futures'}|${symbol}`];
  const exit = held === undefined ? {} : ({ side: 'sell', kind: 'exit', qty: held.qty, bracket: null } as const);
  world.approve(await house.intent(symbol, exit));
  await world.quiet();
}

async function counted({ world, rig }: House, name: string): Promise<Story> {
  const [orders, executions] = [new Map<string, string>(), new Set<string>()];
  for (const category of ['spot', 'linear']) {
    const settled = category === 'linear' ? '&settleCoin=USDT' : '';
    for (const row of await allRows(rig, '/v5/order/realtime', `category=${category}${settled}&openOnly=1`)) {
      if (String(row.orderLinkId).startsWith('l')) orders.set(String(row.orderId), String(row.orderLinkId));
    }
    const rows = await allRows(rig, '/v5/execution/list', `category=${category}`);
    for (const row of rows) if (row.execType !== 'Funding') executions.add(String(row.execId));
  }
  const fills = world.of('fill.recorded').map(({ fill }) => fill.venueExecutionId ?? '');
  assert.deepEqual(fills.toSorted(), [...executions].toSorted(), `${name}: executions`);
  const open = Object.values(world.state.orders).filter(({ order }) => order.at === 'SENDING' || order.at === 'UNKNOWN');
  assert.deepEqual(open, [], `${name}: nobody knows`);
  await checkJournal(world.facts, name);
  const sent = world.of('order.sending').map(({ clientOrderId }) => clientOrderId);
  const ids = [...orders.values()];
  const duplicated = ids.length - new Set(ids).size + sent.length - new Set(sent).size;
  return { duplicated, ghosts: ghostsOf(new Set(ids), world), early: 0, sent: sent.length, crashes: 0 };
}

async function allRows(rig: BybitRig, path: string, query: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor = '';
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await call(rig.venue, path, `${query}&limit=50${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const list = rowsOf(answer);
    rows.push(...list);
    cursor = String(answer.body.result.nextPageCursor);
    if (cursor === '' || list.length === 0) return rows;
  }
  throw new Error(`${path} has more than ${PAGES_MAX} pages`);
}
