import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { complete, parseLine } from '#cli/repl.ts';

describe('the admin prompt', () => {
  it('OP-2 turns a line into one request of the table', () => {
    assert.deepEqual(parseLine('ask governor why crypto_spot'), { command: 'ask', actor: 'governor', query: 'why', args: ['crypto_spot'] });
    assert.deepEqual(parseLine('tell kill-switch kill.trip {"scope": "all"}'), {
      command: 'tell',
      actor: 'kill-switch',
      type: 'kill.trip',
      body: { scope: 'all' },
    });
    assert.deepEqual(parseLine('kill bybit too many errors'), {
      command: 'kill',
      scope: 'bybit',
      reason: 'too many errors',
      flatten: false,
      source: 'repl',
    });
    assert.deepEqual(parseLine(' tree '), { command: 'tree' });
    assert.deepEqual(parseLine('reload'), { command: 'reload' });
    assert.equal(parseLine('help'), 'help');
  });

  it('RT-2 switches modes, and confirms what live asks for', () => {
    assert.deepEqual(parseLine('mode crypto_spot paper off'), {
      command: 'mode.set',
      asset: 'crypto_spot',
      mode: 'paper',
      on: false,
      source: 'repl',
    });
    assert.deepEqual(parseLine('mode forex live on'), { command: 'mode.set', asset: 'forex', mode: 'live', on: true, source: 'repl' });
    assert.deepEqual(parseLine('mode confirm forex 0a1b  LIVE forex'), {
      command: 'mode.confirm',
      asset: 'forex',
      nonce: '0a1b',
      typed: 'LIVE forex',
      source: 'repl',
    });
    assert.throws(() => parseLine('mode stocks paper on'), /mode stocks: must be crypto_spot, crypto_futures, forex, options/);
    for (const line of ['mode forex', 'mode forex live', 'mode forex live maybe', 'mode forex live on now']) {
      assert.throws(() => parseLine(line), /usage: mode ASSET paper\|live on\|off/);
    }
    assert.throws(() => parseLine('mode confirm forex 0a1b'), /usage: mode confirm ASSET NONCE TYPED/);
    assert.deepEqual(complete('mode forex li', [])[0], ['live']);
  });

  it('S9 code is not a command', () => {
    for (const line of ['process.exit()', 'require("fs")', '.load x', '1 + 1']) assert.throws(() => parseLine(line), /unknown command/);
  });

  it('says the right form where a word is missing', () => {
    assert.throws(() => parseLine('ask governor'), /usage: ask ACTOR QUERY/);
    assert.throws(() => parseLine('tell governor x {oops'), /not JSON/);
    assert.throws(() => parseLine('crash'), /usage: crash ACTOR/);
  });

  it('completes verbs first, then names', () => {
    assert.deepEqual(complete('tr', ['governor'])[0], ['tree']);
    assert.deepEqual(complete('ask gov', ['governor', 'trader.crypto_spot.paper'])[0], ['governor']);
    assert.ok(complete('why crypto', [])[0].includes('crypto_futures'));
  });
});
