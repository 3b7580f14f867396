/** A session over the real library with the embedded TWS: greeting, loss of the connection and of the servers, order ids. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { OrderIds } from '#venues/ibkr/order-ids.ts';
import type { IbkrSession } from '#venues/ibkr/session.ts';
import { assertDecoded, CLIENT_ID, QUICK, RecordingPart, sessionOn } from '../support/ibkr-rig.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { RawClient, START, withTws } from './tws-support.ts';

interface Opened {
  readonly tws: EmbeddedTws;
  readonly session: IbkrSession<never>;
  readonly part: RecordingPart;
}

async function opened(work: (rig: Opened) => Promise<void>): Promise<void> {
  await withTws({}, async (tws) => {
    const session = sessionOn<never>(tws);
    const part = new RecordingPart();
    session.add(part);
    try {
      await session.open();
      await work({ tws, session, part });
      assertDecoded(session);
    } finally {
      session.close();
    }
  });
}

describe('IBKR session', () => {
  it('is READY after the greeting, and says who we are', async () => {
    await opened(({ session, part }) => {
      assert.deepEqual(part.syncs, ['connected']);
      assert.equal(session.state.phase, 'ready');
      assert.deepEqual(session.greeting, { accounts: ['DU1234567'], nextValidId: 101, serverVersion: 193 });
      assert.deepEqual(
        part.states.map(({ phase, usable }) => `${phase}${usable ? ' usable' : ''}`).filter((text, index, all) => text !== all[index - 1]),
        ['dialling', 'syncing', 'ready usable'],
      );
      return Promise.resolve();
    });
  });

  it('an account that TWS does not manage is refused, by name', async () => {
    await withTws({}, async (tws) => {
      const session = sessionOn(tws, { account: 'U7', limits: { ...QUICK, openMs: 1 } });
      await assert.rejects(session.open(), /TWS manages DU1234567, not U7/);
      assert.equal(session.state.phase, 'closed');
    });
  });

  it('RT-5 a TWS that is not there is waited for, unusable and with its reason, and the session comes alive by itself', async () => {
    const port = await withTws({}, (tws) => Promise.resolve(tws.port));
    const session = sessionOn({ port }, { limits: { ...QUICK, openMs: 30 } });
    try {
      await session.open();
      assert.equal(session.usable, null);
      assert.match(String(session.health()['lastTrouble']), /ECONNREFUSED/);
      await withTws({ port }, async () => {
        await until('the session', () => session.state.usable);
        assert.equal(session.state.phase, 'ready');
        session.close();
      });
    } finally {
      session.close();
    }
  });

  it('a client id in use (326) is tried again, the same one, until it is free', async () => {
    await withTws({}, async (tws) => {
      const other = await RawClient.start(tws, CLIENT_ID);
      const session = sessionOn(tws);
      const open = session.open();
      await until('a refusal', () => (session.counters.view()['connections.ended'] ?? 0) > 1);
      assert.match(String(session.health()['lastTrouble']), /326/);
      other.close();
      await open;
      assert.equal(session.state.usable, true);
      session.close();
    });
  });

  it('a connection that breaks is dialled again with a fresh client, and synchronised anew', async () => {
    await opened(async ({ tws, session, part }) => {
      const before = session.line;
      tws.faults.dropSessions();
      await until('a second connection', () => part.syncs.length === 2 && session.state.usable);
      assert.notEqual(session.line, before);
      assert.equal(before?.ended, true);
      assert.deepEqual(part.epochs, [1, 2]);
      assert.ok(part.states.some(({ phase, usable }) => phase === 'down' && !usable));
      assert.equal(tws.counters().sessions, 1);
    });
  });

  it('a request of a connection that ends is refused, and is no empty answer', async () => {
    await opened(async ({ tws, session }) => {
      const line = session.usable;
      assert.ok(line !== null);
      tws.switches.stall = true;
      const asked = line.ask('positions', 10_000, () => undefined);
      tws.faults.dropSessions();
      await assert.rejects(asked, /the connection ended/);
      await assert.rejects(
        line.ask('positions', 10_000, () => assert.fail('sent')),
        /the connection is over/,
      );
      tws.switches.stall = false;
    });
  });

  it('a request that needs the servers fails as soon as TWS has lost them; what TWS knows itself it goes on answering', async () => {
    await opened(async ({ tws, session }) => {
      const line = session.usable;
      assert.ok(line !== null);
      const bars = line.ask('bars', 3_600_000, ({ needsServers }) => needsServers());
      let answer = (_: string): void => undefined;
      const orders = line.ask<string>('open orders', 3_600_000, ({ done }) => (answer = done));
      tws.faults.loseUplink();
      await assert.rejects(bars, /1100: TWS has lost its servers/);
      answer('none');
      assert.equal(await orders, 'none');
    });
  });

  it('servers that go while a session opens are waited for, as a TWS that is not there', async () => {
    await withTws({}, async (tws) => {
      const session = sessionOn(tws, { limits: { ...QUICK, openMs: 0 } });
      let syncs = 0;
      session.add({
        attach: () => undefined,
        sync: async (line) => {
          if (++syncs > 1) return;
          const asked = line.ask('bars', 3_600_000, ({ needsServers }) => needsServers());
          tws.faults.loseUplink();
          await asked;
        },
      });
      await session.open();
      tws.faults.restoreUplink('kept');
      await until('the session', () => session.state.usable);
      assert.equal(syncs, 2);
      session.close();
    });
  });

  it('a half-open peer is found by the heartbeat, which the library never does', async () => {
    await opened(async ({ tws, session, part }) => {
      tws.switches.stall = true;
      await until('the end', () => part.states.some(({ reason }) => /answered nothing/.test(reason)));
      tws.switches.stall = false;
      await until('a new connection', () => session.state.usable);
      assert.ok(part.syncs.length >= 2);
    });
  });

  for (const [data, why] of [
    ['lost', 'data-lost'],
    ['kept', 'data-kept'],
  ] as const) {
    it(`1100 stops sending and keeps the connection; the servers back with data ${data} are synchronised as ${why}`, async () => {
      await opened(async ({ tws, session, part }) => {
        tws.faults.loseUplink();
        await until('the loss', () => !session.state.usable);
        assert.equal(session.usable, null);
        assert.equal(session.line?.ended, false);
        tws.faults.restoreUplink(data);
        await until('the end of it', () => session.state.usable);
        assert.deepEqual(part.syncs, ['connected', why]);
        assert.deepEqual(part.epochs, [1]);
      });
    });
  }

  it('a broken farm is known by its kind, until it is well', async () => {
    await opened(async ({ tws, session }) => {
      tws.faults.farm('usopt', 'broken');
      await until('broken', () => !session.farmUp('market'));
      assert.equal(session.farmUp('history'), true);
      assert.equal(session.state.usable, true);
      tws.faults.farm('usopt', 'ok');
      await until('well', () => session.farmUp('market'));
    });
  });

  it('ST-2 ids that TWS rolls back are not used again: the floor of the client id is on disk', async () => {
    await inTempDir(async (directory) => {
      const path = join(directory, 'order-ids.json');
      await withTws({}, async (tws) => {
        const first = new OrderIds(path, CLIENT_ID);
        const session = sessionOn(tws, { onGreeting: ({ nextValidId }) => first.observe(nextValidId) });
        await session.open();
        assert.equal(first.take(3), 101);
        assert.equal(first.take(1), 104);
        session.close();
        tws.faults.restart({ clientId: CLIENT_ID, to: 50 });
        const second = new OrderIds(path, CLIENT_ID);
        const again = sessionOn(tws, { onGreeting: ({ nextValidId }) => second.observe(nextValidId) });
        await again.open();
        assert.equal(again.greeting?.nextValidId, 50);
        assert.ok(second.take(1) > 104);
        again.close();
      });
    });
  });

  it('what TWS takes for market time is read by a round trip, behind everything it sent before', async () => {
    await opened(async ({ session }) => {
      assert.equal(await session.usable?.roundTrip(1000), START / 1000);
    });
  });
});
