import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Envelope } from '#protocol/actor.ts';
import { LiveDesk } from '#supervisors/live-desk.ts';
import type { Sleepers } from '#supervisors/mode-path.ts';
import { Router, type Recipient } from '#supervisors/router.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Asset } from '#trading/model/instrument.ts';
import { FakeJournal } from '../../support/fake-journal.ts';
import { SILENT } from '../../support/supervision.ts';

class Cell implements Recipient {
  readonly name: string;
  readonly facts: Recipient['facts'] = new Set();
  readonly listens: Recipient['listens'] = new Set();
  readonly wants = (): boolean => true;
  readonly got: Envelope[] = [];
  constructor(name: string) {
    this.name = name;
  }
  post(envelope: Envelope): void {
    this.got.push(envelope);
  }
  postFact(): void {
    // Nobody here subscribes.
  }
  ask(): Promise<unknown> {
    return Promise.resolve({ worked: false });
  }
  drill(): void {}
}

function rig(unavailable: string | null = null) {
  const router = new Router({ journal: new FakeJournal(), clock: { now: () => 1 }, log: SILENT, run: 'r1' });
  const woken = new Map<string, Cell>();
  const root: Sleepers = {
    wake: (name) => {
      const cell = new Cell(name);
      woken.set(name, cell);
      return cell;
    },
    sleep: () => Promise.resolve(true),
  };
  const desk = new LiveDesk({
    router,
    root,
    brokers: ['bybit', 'ibkr'],
    venueOf: () => ({ account: 'a', unavailable }),
    settled: () => Promise.resolve(),
    log: SILENT,
  });
  const view = (port: string): void =>
    router.deliver(port, { type: 'account.requested', body: { since: 0, askedAt: 1, replyTo: 'reconciler' } }, 'reconciler');
  return { router, woken, desk, view };
}

/** Of which the desk reads the asset alone. */
const sentOf = (asset: Asset): Fact => ({ type: 'order.sending', body: { asset } }) as Fact;

describe('the live desk', () => {
  it('RT-2 one broker is woken and the other sleeps: what it is asked is nobody’s loss, and no letter is dead', () => {
    const { desk, woken, router, view } = rig();
    desk.open('bybit');
    desk.open('bybit');
    assert.deepEqual([...woken.keys()], ['gateway.bybit.port', 'gateway.bybit.orders', 'reconciler']);
    assert.deepEqual(desk.actors, ['gateway.bybit.orders', 'reconciler']);
    view('gateway.ibkr.port');
    view('gateway.bybit.port');
    assert.equal(woken.get('gateway.bybit.port')?.got.length, 1);
    assert.equal(router.deadLetters, 0);
    desk.open('ibkr');
    view('gateway.ibkr.port');
    assert.equal(woken.get('gateway.ibkr.port')?.got.length, 1);
    assert.deepEqual(desk.actors, ['gateway.bybit.orders', 'gateway.ibkr.orders', 'reconciler']);
  });

  it('ST-5 at boot the broker that an earlier run sent an order to is watched again, and only that one', async () => {
    const { desk, woken } = rig();
    desk.before(sentOf('forex'));
    desk.resume();
    assert.deepEqual([...woken.keys()], ['gateway.ibkr.port', 'gateway.ibkr.orders', 'reconciler']);
    await desk.settled();
  });

  it('CF-3 without keys a data directory that sent live orders does not boot, and says what would be right', () => {
    const { desk } = rig('live orders on testnet need BYBIT_API_KEY and BYBIT_API_SECRET');
    assert.throws(
      () => desk.before(sentOf('crypto_spot')),
      /live crypto_spot: live orders on testnet need BYBIT_API_KEY .* Set them in \.env, or name another --data-dir/,
    );
  });
});
