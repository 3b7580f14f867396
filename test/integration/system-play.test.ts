import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { keyOf, levelStore } from '#state/store.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import type { ClosedTrade } from '#trading/model/position.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, run } from '#test/support/command.ts';

interface Report {
  readonly ok: boolean;
  readonly quotes: number;
  readonly intents: number;
  readonly fills: number;
  readonly closedTrades: number;
  readonly tradesSha256: string;
  readonly marketMs: number;
  readonly restarts: number;
}
interface Proof {
  readonly ok: boolean;
  readonly records: number;
  readonly paperFills: number;
  readonly rederived: number;
  readonly problems: readonly { readonly seq: number; readonly rule: string; readonly what: string }[];
}

const BARS = 1200;
const QUOTES_A_BAR = 4;

const play = async (file: string, dataDir: string, seed = 7): Promise<Report> => {
  const finished = await run(
    'system',
    '--play',
    file,
    '--speed',
    'max',
    '--until-end',
    '--no-page',
    '--json',
    '--seed',
    String(seed),
    '--data-dir',
    dataDir,
  );
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
  return json<Report>(finished);
};
const prove = async (dataDir: string): Promise<{ code: number | null; proof: Proof }> => {
  const finished = await run('verify', '--data-dir', dataDir, '--json');
  return { code: finished.code, proof: json<Proof>(finished) };
};

describe('recorded candles through the whole tree', function () {
  this.timeout(180_000);
  let file = '';
  let dataDir = '';
  let report: Report;

  before(async () => {
    file = writeCandles(freshDirectory(), { bars: BARS });
    dataDir = freshDirectory();
    report = await play(file, dataDir);
  });

  it('OP-1 every bar is played as four quotes through real sockets, and trades close', () => {
    assert.equal(report.quotes, BARS * QUOTES_A_BAR);
    assert.equal(report.ok, true);
    assert.equal(report.restarts, 0);
    assert.ok(report.closedTrades >= 5, `${report.closedTrades} closed trades`);
    assert.equal(report.marketMs, (BARS - 1) * 60_000 + 45_000);
  });

  it('OP-4 VF-1 verify derives every paper fill again', async () => {
    const { code, proof } = await prove(dataDir);
    assert.equal(code, 0, JSON.stringify(proof.problems));
    assert.equal(proof.ok, true);
    assert.equal(proof.paperFills, report.fills);
    assert.equal(proof.rederived, report.fills);
  });

  it('the trade file holds one line a closed trade', () => {
    const lines = readFileSync(join(dataDir, 'embedded', 'state', 'paper', 'trades_crypto_spot.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const trades = lines.map((line) => JSON.parse(line) as ClosedTrade);
    assert.equal(trades.length, report.closedTrades);
    assert.equal(new Set(trades.map(({ tradeId }) => tradeId)).size, trades.length);
  });

  it('the same seed gives the same trades, another seed others', async () => {
    assert.equal((await play(file, freshDirectory())).tradesSha256, report.tradesSha256);
    assert.notEqual((await play(file, freshDirectory(), 8)).tradesSha256, report.tradesSha256);
  });

  it('VF-1 a proof of nothing is none: records that are not there, and a journal that is held by a run that does not answer', async () => {
    const beyond = await run('verify', '--data-dir', dataDir, '--from', '999999');
    assert.equal(beyond.code, 2);
    assert.match(beyond.stderr, /--from 999999: the journal has \d+ records/);
    const store = levelStore(join(dataDir, 'embedded', 'state', 'leveldb'));
    await store.open();
    const held = await run('verify', '--data-dir', dataDir);
    await store.close();
    assert.equal(held.code, 1);
    assert.match(held.stderr.trim(), /^not verified: a run holds the journal and did not answer .*$/);
  });

  it('VF-1 a run that holds the journal is asked for what was asked of us', async () => {
    const store = levelStore(join(dataDir, 'embedded', 'state', 'leveldb'));
    await store.open();
    let asked: unknown = null;
    const answering = createServer((socket) => {
      socket.once('data', (line) => {
        const { id, ...request } = JSON.parse(line.toString()) as { readonly id: string };
        asked = request;
        socket.write(`${JSON.stringify({ id, ok: false, error: 'heard' })}\n`);
      });
    });
    await new Promise<void>((resolve) => answering.listen(adminSocketPath(join(dataDir, 'embedded', 'admin.sock')), resolve));
    await run('verify', '--data-dir', dataDir, '--from', '7');
    answering.close();
    await store.close();
    assert.deepEqual(asked, { command: 'verify', from: 7 });
  });

  it('VF-1 one flipped byte of a record fails verify by its number', async () => {
    const store = levelStore(join(dataDir, 'embedded', 'state', 'leveldb'));
    await store.open();
    const key = keyOf(9);
    const before = (await store.get(key)) ?? '';
    await store.write([{ key, value: before.replace('"type"', '"tyqe"') }]);
    await store.close();
    const { code, proof } = await prove(dataDir);
    assert.equal(code, 1);
    assert.equal(proof.problems[0]?.seq, 9);
  });
});
