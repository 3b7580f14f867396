import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { readOrMakeSecret, SECRET_BYTES } from '#actors/dashboard/secret-file.ts';
import { CODE_LIFE_MS, LoginCodes, SESSION_LIFE_MS, Sessions } from '#actors/dashboard/session.ts';
import { inTempDir } from '#test/support/temp-dir.ts';

/** Different bytes each time, and the same in each run. */
function counting(): (count: number) => Uint8Array {
  let next = 0;
  return (count) => Buffer.alloc(count, ++next);
}
const headerOf = (setCookie: string): string => setCookie.split(';')[0] ?? '';

describe('login codes', () => {
  it('S3 a code of 256 bits works once', () => {
    const codes = new LoginCodes(() => 0, counting());
    const code = codes.make();
    assert.equal(Buffer.from(code, 'base64url').length, 32);
    assert.equal(codes.use(code), true);
    assert.equal(codes.use(code), false);
    assert.equal(codes.use(''), false);
  });

  it('S3 a code expires after ten minutes', () => {
    let now = 0;
    const codes = new LoginCodes(() => now, counting());
    const [early, late] = [codes.make(), codes.make()];
    now = CODE_LIFE_MS - 1;
    assert.equal(codes.use(early), true);
    now = CODE_LIFE_MS;
    assert.equal(codes.use(late), false);
    assert.equal(CODE_LIFE_MS, 600_000);
  });

  it('S4 only the newest codes are kept', () => {
    const codes = new LoginCodes(() => 0, counting());
    const first = codes.make();
    const others = Array.from({ length: 16 }, () => codes.make());
    assert.equal(codes.use(first), false);
    assert.equal(codes.use(others[0] ?? ''), true);
  });
});

describe('sessions', () => {
  it('S3 a cookie holds until its expiry, for the port and the secret it was made for', () => {
    let now = 1000;
    const secret = Buffer.alloc(SECRET_BYTES, 1);
    const sessions = new Sessions(secret, 8000, () => now);
    const cookie = headerOf(sessions.open());
    assert.equal(sessions.isOpen(cookie), true);
    assert.equal(new Sessions(secret, 8000, () => now).isOpen(cookie), true, 'a restarted process knows it');
    assert.equal(new Sessions(Buffer.alloc(SECRET_BYTES, 2), 8000, () => now).isOpen(cookie), false);
    assert.equal(new Sessions(secret, 8001, () => now).isOpen(cookie), false);
    now += SESSION_LIFE_MS - 1;
    assert.equal(sessions.isOpen(cookie), true);
    now += 1;
    assert.equal(sessions.isOpen(cookie), false);
  });

  it('S3 no text of a stranger is a session, and none makes it throw', () => {
    const sessions = new Sessions(Buffer.alloc(SECRET_BYTES, 1), 8000, () => 0);
    const name = sessions.cookieName;
    const bad = [
      undefined,
      '',
      name,
      `${name}=`,
      `${name}=.`,
      `${name}=9e99.x`,
      `${name}=-1.x`,
      `${name}=99999999999999999.x`,
      `${name}=${'9'.repeat(5000)}`,
    ];
    for (const header of bad) assert.equal(sessions.isOpen(header), false, header);
  });
});

describe('the session secret', () => {
  it('S3 is made once, of 256 bits, for its owner alone', () =>
    inTempDir((dir) => {
      const path = join(dir, 'below', 'page.secret');
      const bytes = counting();
      const secret = readOrMakeSecret(path, bytes);
      assert.equal(secret.length, 32);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(Buffer.from(readOrMakeSecret(path, bytes)), Buffer.from(secret));
      return Promise.resolve();
    }));

  it('S3 one that others could read, or that is cut short, is replaced', () =>
    inTempDir((dir) => {
      const path = join(dir, 'page.secret');
      const bytes = counting();
      const first = readOrMakeSecret(path, bytes);
      chmodSync(path, 0o644);
      const second = readOrMakeSecret(path, bytes);
      assert.notDeepEqual(Buffer.from(second), Buffer.from(first));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      writeFileSync(path, 'short');
      assert.equal(readOrMakeSecret(path, bytes).length, SECRET_BYTES);
      assert.equal(readFileSync(path).length, SECRET_BYTES);
      return Promise.resolve();
    }));
});
