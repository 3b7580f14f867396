/** RELIABILITY's S1–S5 and S19 against the page's server, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import type { Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { ViewSnapshot } from '#protocol/view.ts';
import { PAGES_MAX } from '#actors/dashboard/sockets.ts';
import { startPageActor, type PageActor } from '#test/support/page-actor.ts';
import { connectPage, sendCommand } from '#test/support/page-socket.ts';
import { inTempDir } from '#test/support/temp-dir.ts';

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request with headers that fetch would not let us forge. */
function get(port: number, path: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The status that a WebSocket upgrade was refused with; 101 where it was accepted. */
function upgrade(port: number, headers: Record<string, string>, query = 'EIO=4&transport=websocket'): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?${query}`, { headers });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => resolve(0));
  });
}

/** Waits for what a socket does in its own time; the test's own time limit is the deadline. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10);
}

async function withPage(work: (page: PageActor, dir: string) => Promise<void>): Promise<void> {
  await inTempDir(async (dir) => {
    const page = await startPageActor({ dir });
    try {
      await work(page, dir);
    } finally {
      await page.stop();
    }
  });
}

describe('the page over HTTP', () => {
  it('S2 answers only to its own names, on every route, and says nothing else', () =>
    withPage(async ({ port, cookie }) => {
      const session = await cookie();
      for (const path of ['/', '/index.html', '/assets/main-1234.js', '/login?code=x', '/socket.io/?EIO=4&transport=polling', '/nowhere']) {
        for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`, `localhost.evil.example:${port}`]) {
          const { status, body } = await get(port, path, { host, cookie: session });
          assert.equal(status, 403, `${host} ${path}`);
          assert.doesNotMatch(body, /tiny page/);
        }
      }
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
        assert.equal((await get(port, '/', { host, cookie: session })).status, 200, host);
      }
    }));

  it('S2 listens on loopback alone', () =>
    withPage(async ({ port }) => {
      // Were it bound to every address, another address of loopback would answer too.
      const other = connect({ host: '127.0.0.2', port });
      const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNREFUSED');
    }));

  it('S3 shows nothing without a session: every page, file and socket answers 401 and says how to log in', () =>
    withPage(async ({ port }) => {
      for (const path of ['/', '/index.html', '/assets/main-1234.js', '/nowhere', '/socket.io/?EIO=4&transport=polling']) {
        const { status, body, headers } = await get(port, path);
        assert.equal(status, 401, path);
        assert.match(body, /npm run repl -- -e login/);
        assert.match(String(headers['content-security-policy']), /style-src 'self' 'sha256-/);
      }
    }));

  it('S3 a login link works once and sets a strict, script-proof cookie; a replay, a guess and HEAD do not', () =>
    withPage(async ({ port, loginUrl, counters }) => {
      const { pathname, search } = new URL(await loginUrl());
      assert.equal((await get(port, pathname + search, {}, 'HEAD')).status, 401, 'a preview does not use it up');
      const first = await get(port, pathname + search);
      assert.equal(first.status, 303);
      assert.equal(first.headers.location, '/');
      const [cookie = ''] = first.headers['set-cookie'] ?? [];
      assert.match(cookie, /; HttpOnly; SameSite=Strict; /);
      assert.equal((await get(port, '/', { cookie: cookie.split(';')[0] })).status, 200);
      const replay = await get(port, pathname + search);
      assert.equal(replay.status, 401);
      assert.equal(replay.headers['set-cookie'], undefined);
      assert.equal((await get(port, '/login?code=AAAA')).status, 401);
      assert.equal((await get(port, `/?code=${search.slice(6)}`)).status, 401, 'a code in another address is no session');
      assert.equal((await counters()).refused['login'], 3);
    }));

  it('S3 forged, changed and foreign cookies are no session', () =>
    withPage(async ({ port, cookie }) => {
      const session = await cookie();
      const [name = '', value = ''] = session.split('=');
      const [expiry = '', mac = ''] = value.split('.');
      const forged = [
        `${name}=`,
        `${name}=${Number(expiry) + 1}.${mac}`,
        `${name}=${expiry}.`,
        // One in sixteen ends with the letter already.
        `${name}=${expiry}.${mac.slice(0, -1)}${mac.endsWith('A') ? 'B' : 'A'}`,
        `other=${value}`,
      ];
      for (const cookieHeader of forged) assert.equal((await get(port, '/', { cookie: cookieHeader })).status, 401, cookieHeader);
      assert.equal((await get(port, '/', { cookie: `a=b; ${session}; c=d` })).status, 200);
    }));

  it('S3 the secret is a file of its owner alone, and a session outlives a restart of the process', () =>
    inTempDir(async (dir) => {
      const first = await startPageActor({ dir });
      const session = await first.cookie();
      const { port } = first;
      await first.stop();
      assert.equal(statSync(join(dir, 'page.secret')).mode & 0o777, 0o600);
      const second = await startPageActor({ dir, port, epoch: 2 });
      assert.equal((await get(port, '/', { cookie: session })).status, 200);
      await second.stop();
    }));

  it('S13 every answer carries the policy: nothing from elsewhere, nothing inline, no frames', () =>
    withPage(async ({ port, cookie }) => {
      const session = await cookie();
      const answers = [
        await get(port, '/', { cookie: session }),
        await get(port, '/assets/main-1234.js', { cookie: session }),
        await get(port, '/nowhere', { cookie: session }),
        await get(port, '/'),
        await get(port, '/', { host: 'evil.example' }),
        await get(port, '/', { cookie: session }, 'POST'),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 404, 401, 403, 405],
      );
      for (const { headers, status } of answers) {
        const policy = String(headers['content-security-policy']);
        assert.match(policy, /default-src 'self'.*script-src 'self';.*frame-ancestors 'none'/, String(status));
        assert.doesNotMatch(policy, /unsafe/);
        assert.equal(headers['x-frame-options'], 'DENY');
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.equal(headers['referrer-policy'], 'no-referrer');
        assert.equal(headers['access-control-allow-origin'], undefined);
      }
    }));

  it('S10 no file outside the page is served', () =>
    withPage(async ({ port, cookie }) => {
      const session = await cookie();
      for (const path of [
        '/../page.secret',
        '/..%2fpage.secret',
        '/%2e%2e/page.secret',
        '//page.secret',
        '/assets/../../page.secret',
        '/%',
        '/%00',
      ]) {
        const { status } = await get(port, path, { cookie: session });
        assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      }
    }));

  it('S4 a request that never ends its headers is cut off', () =>
    withPage(async ({ port }) => {
      const slow = connect({ host: '127.0.0.1', port });
      slow.on('error', () => undefined);
      slow.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
      slow.resume();
      await once(slow, 'close');
    })).timeout(20_000);
});

describe('the sockets of the page', () => {
  it('S1 S3 evil origin, no origin, rebound host, no session, good', () =>
    withPage(async ({ port, cookie, counters }) => {
      const origin = `http://127.0.0.1:${port}`;
      const session = await cookie();
      const cases = [
        { origin: 'http://evil.example', cookie: session },
        { origin: 'null', cookie: session },
        { origin: `https://127.0.0.1:${port}`, cookie: session },
        { cookie: session },
        { origin, host: `evil.example:${port}`, cookie: session },
        { origin: `http://evil.example:${port}`, host: `evil.example:${port}`, cookie: session },
        { origin },
        { origin, cookie: session },
        { origin: `http://localhost:${port}`, host: `localhost:${port}`, cookie: session },
      ];
      const statuses: number[] = [];
      for (const headers of cases) statuses.push(await upgrade(port, headers));
      assert.deepEqual(statuses, [403, 403, 403, 403, 403, 403, 401, 101, 101]);
      const { refused } = await counters();
      assert.deepEqual([refused['origin'], refused['host'], refused['session']], [4, 2, 1]);
    }));

  it('S1 there is no polling, whoever asks', () =>
    withPage(async ({ port, cookie }) => {
      const session = await cookie();
      const origin = `http://127.0.0.1:${port}`;
      assert.equal((await get(port, '/socket.io/?EIO=4&transport=polling', { origin, cookie: session })).status, 404);
      assert.equal(
        (await get(port, '/socket.io/?EIO=4&transport=polling', { origin, cookie: session, 'content-type': 'text/plain' }, 'POST')).status,
        405,
      );
      assert.equal(await upgrade(port, { origin, cookie: session }, 'EIO=4&transport=polling'), 400);
    }));

  it('S5 only the commands of the page are taken, exactly as they are written', () =>
    withPage(async ({ port, cookie, counters, requests }) => {
      const page = await connectPage(port, await cookie());
      const bad: unknown[] = [
        null,
        'kill',
        { command: 'shutdown' },
        { command: 'kill' },
        { command: 'kill', scope: 'everything', reason: '', flatten: false },
        { command: 'kill', scope: 'all', reason: 'x'.repeat(501), flatten: false },
        { command: 'kill', scope: 'all', reason: '', flatten: false, source: 'cli' },
        JSON.parse('{"command":"verify","__proto__":{"isAdmin":true}}'),
        { command: 'verify', constructor: { prototype: { isAdmin: true } } },
        JSON.parse(`{"command":"rearm","confirm":"REARM","reason":${'['.repeat(200)}${']'.repeat(200)}}`),
      ];
      for (const command of bad) {
        await sleep(200); // below the rate limit
        assert.equal((await sendCommand(page, command)).ok, false, JSON.stringify(command).slice(0, 80));
      }
      assert.equal((await counters()).refused['schema'], bad.length);
      assert.deepEqual(requests(), []);
      assert.equal(({} as Record<string, unknown>)['isAdmin'], undefined);
      page.close();
    }));

  it('S5 another event than the one there is ends the connection', () =>
    withPage(async ({ port, cookie, counters }) => {
      const page = await connectPage(port, await cookie());
      page.emit('admin', { command: 'kill' });
      await once(page as never, 'disconnect');
      assert.equal((await counters()).refused['event'], 1);
    }));

  it('S4 a message above 16 KB ends the connection and reaches nobody', () =>
    withPage(async ({ port, cookie, requests }) => {
      const page = await connectPage(port, await cookie());
      page.emit('command', { command: 'kill', scope: 'all', reason: 'x'.repeat(20_000), flatten: false });
      await once(page as never, 'disconnect');
      assert.deepEqual(requests(), []);
      assert.equal((await sendCommand(await connectPage(port, await cookie()), { command: 'snapshot' })).ok, true, 'the server lives on');
    }));

  it('S4 a page that floods is cut off', () =>
    withPage(async ({ port, cookie, counters }) => {
      const page = await connectPage(port, await cookie());
      for (let count = 0; count < 100; count++) page.emit('command', { command: 'snapshot' });
      await once(page as never, 'disconnect');
      assert.ok(((await counters()).refused['rate'] ?? 0) >= 1);
    }));

  it(`S4 at most ${PAGES_MAX} pages at once`, () =>
    withPage(async ({ port, cookie, counters }) => {
      const session = await cookie();
      const pages: Socket[] = [];
      for (let count = 0; count < PAGES_MAX; count++) pages.push(await connectPage(port, session));
      await assert.rejects(connectPage(port, session));
      assert.equal((await counters()).refused['pages'], 1);
      pages[0]?.close();
      await until(async () => (await counters()).pages < PAGES_MAX);
      pages.push(await connectPage(port, session));
      for (const page of pages) page.close();
    }));

  it('S19 a page that never reads is dropped, and the others never notice', () =>
    withPage(async ({ port, cookie, feed, counters }) => {
      const session = await cookie();
      const good = await connectPage(port, session);
      let patches = 0;
      good.on('patch', () => patches++);
      await sendCommand(good, { command: 'snapshot' });
      const lazy = await connectPage(port, session);
      await sendCommand(lazy, { command: 'snapshot' });
      // Below socket.io: the operating system's buffers fill, then ours.
      const wire = (lazy.io.engine.transport as unknown as { ws: { _socket: { pause(): void } } }).ws._socket;
      wire.pause();
      const head = 'x'.repeat(200_000);
      for (let seq = 1; ((await counters()).refused['slow'] ?? 0) === 0; seq++) {
        await feed({ ...BLANK_FEED, journal: { seq, head } });
        await sleep(20);
      }
      assert.ok(patches > 0);
      await until(async () => (await counters()).pages === 1);
      assert.equal(((await sendCommand(good, { command: 'snapshot' })) as { ok: true; result: ViewSnapshot }).result.view.journal.head, head);
      good.close();
      lazy.close();
    })).timeout(60_000);
});

const BLANK_FEED = {
  run: { market: 'embedded', play: '', seed: '1', speed: '1', marketNow: 1, startedAt: 1, quotes: 0, ended: false },
  journal: { seq: 0, head: '' },
  actors: [],
  latch: false,
  killLatencyMs: null,
  modes: {},
  quotes: [],
  bars: {},
  allowances: [],
};
