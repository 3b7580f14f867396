/** Which gateways the played market waits for. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Message } from '#trading/model/messages.ts';
import { Feeds } from '#supervisors/feeds.ts';
import { interceptTells } from '#supervisors/intercepts.ts';
import { Router } from '#supervisors/router.ts';
import { FakeJournal } from '../../support/fake-journal.ts';
import { SILENT } from '../../support/supervision.ts';

const RUNNING = { running: true, view: () => [] };
const NEVER = (): boolean => false;
const up = { broker: 'ibkr', up: true, reason: 'market data is live' } as const;
const down = { broker: 'ibkr', up: false, reason: 'the connection was closed' } as const;

function rig() {
  const router = new Router({ journal: new FakeJournal(), clock: { now: () => 1 }, log: SILENT, run: 'r1' });
  const feeds = new Feeds(new Set(['bybit', 'ibkr']), router, SILENT);
  feeds.onFeed({ ...up, broker: 'bybit' });
  return { router, feeds };
}

describe('feeds of a played market', () => {
  it('RT-5 the market waits for a gateway that lost its connection, and not for one whose TWS is away: that comes back with market time', () => {
    const { feeds } = rig();
    assert.equal(feeds.up, false);
    feeds.onFeed(up);
    assert.equal(feeds.up, true);
    feeds.onFeed(down);
    assert.equal(feeds.up, false);
    feeds.onTwsAway(true);
    assert.equal(feeds.up, true);
    feeds.onTwsAway(false);
    assert.equal(feeds.up, false);
    feeds.onFeed(up);
    assert.equal(feeds.up, true);
  });

  it('RT-5 a TWS that went away and is back is waited for, though its gateway has not noticed yet', () => {
    const { feeds } = rig();
    feeds.onFeed(up);
    feeds.onTwsAway(true);
    feeds.onTwsAway(false);
    assert.equal(feeds.up, false);
  });

  it('a TWS that is away never stands for the other broker', () => {
    const { feeds } = rig();
    feeds.onTwsAway(true);
    feeds.onFeed({ ...down, broker: 'bybit' });
    assert.equal(feeds.up, false);
  });

  it('RT-5 a market that begins while TWS is away is played: the venue is asked how it stands', async () => {
    const { feeds } = rig();
    let looks = 0;
    const look = (): Promise<void> => {
      if (++looks === 3) feeds.onTwsAway(true);
      return Promise.resolve();
    };
    assert.equal(await feeds.ready(RUNNING, { look }, NEVER), true);
    assert.equal(looks, 3);
  });

  it('ST-3 a port that reports again is heard by its live orders, and is no word of quotes', () => {
    const { router } = rig();
    const got: Message[] = [];
    const fed: unknown[] = [];
    router.handle('gateway.ibkr.orders', (envelope) => void got.push(envelope));
    const nothing = (): undefined => undefined;
    interceptTells(router, {
      ...{ onQuote: nothing, onDropped: nothing, onHistory: nothing, onKill: nothing, onAdmin: nothing },
      onFeed: (feed) => void fed.push(feed),
      onAllowance: () => false,
    });
    const sender = { name: 'gateway.ibkr.port', epoch: 1 };
    router.tell(sender, { to: 'gateway.ibkr.orders', type: 'feed.changed', body: up }, null, null);
    assert.deepEqual([got.map(({ type }) => type), fed], [['feed.changed'], []]);
    router.tell({ ...sender, name: 'gateway.ibkr' }, { to: '*', type: 'feed.changed', body: up }, null, null);
    assert.deepEqual([got.length, fed], [1, [up]]);
  });
});
