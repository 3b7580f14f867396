/** The page's actor between a socket and the main process: snapshot and patches out, commands in, restarts in between. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'mocha';
import type { Socket } from 'socket.io-client';
import { PortInUseError } from '#actors/dashboard/server.ts';
import type { ViewPatch, ViewSnapshot } from '#protocol/view.ts';
import { applyPatch } from '#protocol/view-patch.ts';
import { startPageActor } from '#test/support/page-actor.ts';
import { connectPage, sendCommand } from '#test/support/page-socket.ts';
import { PageStory } from '#test/support/page-story.ts';
import { inTempDir } from '#test/support/temp-dir.ts';

/** Follows as the page does. */
async function follow(page: Socket): Promise<{ now: () => ViewSnapshot; until: (holds: (now: ViewSnapshot) => boolean) => Promise<void> }> {
  const waiting: (() => void)[] = [];
  let now: ViewSnapshot | null = null;
  page.on('patch', (patch: ViewPatch) => {
    if (now === null) return;
    assert.equal(patch.seq, now.seq + 1);
    now = { seq: patch.seq, view: applyPatch(now.view, patch) };
    for (const wake of waiting.splice(0)) wake();
  });
  const answer = await sendCommand(page, { command: 'snapshot' });
  assert.ok(answer.ok);
  now = answer.result as ViewSnapshot;
  const current = (): ViewSnapshot => now as ViewSnapshot;
  return {
    now: current,
    until: async (holds) => {
      while (!holds(current())) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

describe('the actor of the page', () => {
  it('UI-3 gives a snapshot, then numbered patches that lead where it stands', () =>
    inTempDir(async (dir) => {
      const story = new PageStory().tell();
      const actor = await startPageActor({ dir, facts: story.facts });
      await actor.feed(story.feed());
      const page = await connectPage(actor.port, await actor.cookie());
      const follower = await follow(page);
      const before = follower.now().view.trades.length;
      assert.ok(before > 0);
      story.minute();
      const seen = story.facts.length;
      const trade = story.trade();
      await actor.record(...story.facts.slice(seen));
      await actor.feed(story.feed({ all: false }));
      await follower.until(({ view }) => view.trades.length === before + 1 && view.run.marketNow === story.now);
      assert.deepEqual(follower.now().view.trades[0], trade);
      const fresh = await sendCommand(page, { command: 'snapshot' });
      assert.ok(fresh.ok);
      assert.deepEqual((fresh.result as ViewSnapshot).view, follower.now().view);
      page.close();
      await actor.stop();
    }));

  it('KS-1 UI-3 a kill from the page waits for the answer of the main process; the view follows the fact', () =>
    inTempDir(async (dir) => {
      const story = new PageStory();
      story.minute();
      const actor = await startPageActor({ dir, facts: story.facts });
      await actor.feed(story.feed());
      const page = await connectPage(actor.port, await actor.cookie());
      const follower = await follow(page);
      let isAnswered = false;
      const answer = sendCommand(page, { command: 'kill', scope: 'all', reason: 'test', flatten: false }).finally(() => (isAnswered = true));
      while (actor.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const [request] = actor.requests();
      assert.ok(request?.command === 'kill');
      assert.equal(request.source, 'page');
      assert.equal(isAnswered, false);
      assert.equal(follower.now().view.kill.tripped, false, 'nothing is assumed');
      const seen = story.facts.length;
      story.kill('test');
      await actor.record(...story.facts.slice(seen));
      await actor.answer(request.id, true, { tripped: true });
      assert.deepEqual(await answer, { ok: true, result: { tripped: true } });
      await follower.until(({ view }) => view.kill.tripped);
      page.close();
      await actor.stop();
    }));

  it('ST-1 a restart shows what it showed before, from its snapshot and the facts after it, each once', () =>
    inTempDir(async (dir) => {
      const story = new PageStory().tell();
      const half = Math.floor(story.facts.length / 2);
      const first = await startPageActor({ dir, facts: story.facts.slice(0, half) });
      const snapshot = { seq: half, state: JSON.parse(JSON.stringify(first.actor.snapshot())) as unknown };
      await first.stop();
      const second = await startPageActor({ dir, epoch: 2, snapshot, facts: story.facts.slice(half) });
      // A fact that the replay held comes again.
      second.actor.apply(story.facts.slice(-3));
      const whole = await startPageActor({ dir, epoch: 3, facts: story.facts });
      assert.deepEqual(second.actor.snapshot(), whole.actor.snapshot());
      await second.stop();
      await whole.stop();
    }));

  it('OP-1 a port in use is said with its number', () =>
    inTempDir(async (dir) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as { port: number };
      await assert.rejects(startPageActor({ dir, port }), (error) => {
        assert.ok(error instanceof PortInUseError);
        assert.equal(error.port, port);
        assert.match(error.message, new RegExp(`port ${port} is in use`));
        return true;
      });
      await new Promise((resolve) => other.close(resolve));
    }));

  it('a page that was not built is said with the command that builds it', () =>
    inTempDir((dir) => assert.rejects(startPageActor({ dir, uiDir: dir }), /no index\.html: build the page with/)));
});
