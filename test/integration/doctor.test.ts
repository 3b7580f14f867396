import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { examine, type Check, type Patient } from '#cli/doctor.ts';
import { disk, node } from '#cli/doctor-checks.ts';
import { readEnvironment } from '#config/environment.ts';
import { openJournal } from '#state/journal.ts';
import { createDataDir, type DataPaths } from '#state/data-dir.ts';
import { keyOf, levelStore } from '#state/store.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { writeLatch } from '#supervisors/latch.ts';
import { freePort } from '#supervisors/venue-control.ts';
import { freshDirectory, json, ROOT, run } from '#test/support/command.ts';

const DAY_MS = 86_400_000;
const SECRET = 'CANARY-SECRET-9f';
const KEY = 'CANARY-KEY-7a';

describe('doctor', () => {
  let patient: Patient;
  let places: DataPaths;
  const servers: Server[] = [];

  beforeEach(async () => {
    const dataDir = freshDirectory();
    places = await createDataDir(dataDir, 'embedded');
    rmSync(places.leveldb, { recursive: true });
    patient = {
      environment: readEnvironment({}, 'test'),
      market: 'embedded',
      dataDir,
      port: await freePort(),
      configDir: join(ROOT, 'config'),
      envFile: join(dataDir, '.env'),
    };
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  const found = async (name: string, changes: Partial<Patient> = {}): Promise<Check> => {
    const { ok, checks } = await examine({ ...patient, ...changes });
    const check = checks.find((other) => other.name === name);
    assert.ok(check !== undefined, name);
    assert.equal(
      ok,
      checks.every((other) => other.ok),
    );
    return check;
  };
  const failed = async (name: string, words: RegExp, changes: Partial<Patient> = {}): Promise<void> => {
    const check = await found(name, changes);
    assert.equal(check.ok, false, check.detail);
    assert.match(check.detail, words);
  };
  const passed = async (name: string, words: RegExp, changes: Partial<Patient> = {}): Promise<void> => {
    const check = await found(name, changes);
    assert.equal(check.ok, true, check.detail);
    assert.match(check.detail, words);
  };
  const listening = async (server: Server, at: number | string): Promise<void> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at }, resolve));
  };
  const venueOf = async (answer: RequestListener): Promise<Partial<Patient>> => {
    const server = createHttpServer(answer);
    await listening(server, 0);
    return { market: 'testnet', venueRest: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const written = async (): Promise<void> => {
    mkdirSync(places.leveldb);
    const journal = await openJournal({ dir: places.leveldb, anchorPath: places.anchor });
    for (let at = 1; at <= 3; at++) await journal.append('system', null, [{ type: 'system.stopped', body: { reason: `run ${at}` } }], at);
    await journal.close();
  };

  it('OP-4 a healthy machine passes, and nothing was made or changed', async () => {
    const before = readdirSync(patient.dataDir, { recursive: true });
    const { ok, checks } = await examine(patient);
    assert.deepEqual(
      checks.filter((check) => !check.ok),
      [],
    );
    assert.equal(ok, true);
    assert.deepEqual(readdirSync(patient.dataDir, { recursive: true }), before);
  });

  it('OP-4 an old Node is named with what is needed', () => {
    assert.match(node('20.19.0'), />=20\.19/);
    assert.throws(() => node('20.18.3'), /20\.18\.3 is too old; Ledgerwood needs >=20\.19/);
    assert.throws(() => node('18.20.0'), /too old/);
    assert.match(node('22.0.0'), /22\.0\.0/);
  });

  it('CF-3 OP-4 configuration that does not load is named by file and key', async () => {
    const configDir = freshDirectory();
    await failed('configuration', /budgets\.json/, { configDir });
    cpSync(join(ROOT, 'config'), configDir, { recursive: true });
    await passed('configuration', /load/, { configDir });
    writeFileSync(join(configDir, 'strategies', 'ema-cross.json'), '{"fast": "quick"}');
    await failed('configuration', /ema-cross\.json/, { configDir });
  });

  it('CF-4 OP-4 keys that others may read are named, never shown', async () => {
    writeFileSync(patient.envFile, `BYBIT_API_KEY=${KEY}\nBYBIT_API_SECRET=${SECRET}\n`, { mode: 0o644 });
    const environment = readEnvironment({ BYBIT_API_KEY: KEY, BYBIT_API_SECRET: SECRET }, 'test');
    await failed('environment file', /BYBIT_API_KEY, BYBIT_API_SECRET.*mode 644.*chmod 600/, { environment });
    assert.doesNotMatch(JSON.stringify(await examine({ ...patient, environment })), /CANARY/);
    chmodSync(patient.envFile, 0o600);
    await passed('environment file', /its owner's only/, { environment });
    writeFileSync(patient.envFile, 'BYBIT_API_KEY=\n');
    chmodSync(patient.envFile, 0o644);
    await passed('environment file', /no keys/);
  });

  it('CF-4 OP-4 a secret that found its way into a path is hidden', async () => {
    const environment = readEnvironment({ BYBIT_API_KEY: KEY, BYBIT_API_SECRET: SECRET }, 'test');
    await failed('configuration', /\[hidden\]/, { environment, configDir: join(patient.dataDir, SECRET) });
  });

  it('OP-4 a data directory that is a file fails; one that is not there yet passes', async () => {
    const file = join(patient.dataDir, 'file');
    writeFileSync(file, '');
    await failed('data directory', /is a file/, { dataDir: file });
    await passed('data directory', /can be made in/, { dataDir: join(patient.dataDir, 'a', 'b') });
  });

  it('OP-4 a disk that is nearly full fails', async () => {
    await assert.rejects(
      disk(patient.dataDir, () => Promise.resolve(1024 ** 2)),
      /0\.0 GiB free, fewer than 1/,
    );
    assert.equal(await disk(patient.dataDir, () => Promise.resolve(5 * 1024 ** 3)), '5.0 GiB free');
  });

  it('OP-4 a port in use fails while no system runs', async () => {
    await listening(createServer(), patient.port);
    await failed('page port', /in use by another program/);
  });

  it('KS-2 OP-4 a fresh kill is told and passes; a forgotten or unreadable one fails', async () => {
    writeLatch(places.latch, { scopes: ['bybit'], reason: 'maintenance', source: 'cli', at: Date.now(), flatten: false });
    await passed('kill latch', /TRIPPED \(bybit\) by cli .*: maintenance; .*--rearm/);
    const then = new Date(Date.now() - 2 * DAY_MS);
    utimesSync(places.latch, then, then);
    await failed('kill latch', /stale/);
    writeFileSync(places.latch, 'oops');
    await failed('kill latch', /not JSON.*kill of all/);
  });

  it('ST-5 OP-4 a journal that holds passes, and one that does not is named by record', async () => {
    await passed('journal', /none yet/);
    await written();
    await passed('journal', /3 records, the chain holds/);
    const store = levelStore(places.leveldb);
    await store.open();
    const value = (await store.get(keyOf(2))) ?? '';
    await store.write([{ key: keyOf(2), value: value.replace('run 2', 'run 9') }]);
    await store.close();
    await failed('journal', /record 2 is not what was written/);
  });

  it('ST-5 OP-4 a journal that is gone while its anchor stands fails', async () => {
    await written();
    rmSync(places.leveldb, { recursive: true });
    await failed('journal', /is gone, but its anchor names record 3/);
    assert.throws(() => readdirSync(places.leveldb), /ENOENT/);
  });

  it('OP-4 a journal that another program holds fails', async () => {
    await written();
    const journal = await openJournal({ dir: places.leveldb, anchorPath: places.anchor });
    await failed('journal', /held by another run/);
    await journal.close();
  });

  it('OP-4 a system that hangs is told from one that is not there', async () => {
    await passed('system', /not running/);
    await listening(
      createServer((socket) => socket.end()),
      adminSocketPath(places.adminSocket),
    );
    await failed('system', /does not answer/);
  });

  it('OP-4 a venue that answers gives its time; a skew beyond the limit fails', async () => {
    const at =
      (ms: number): RequestListener =>
      (_request, response) => {
        response.end(JSON.stringify({ retCode: 0, result: { timeNano: String(BigInt(Date.now() + ms) * 1_000_000n) } }));
      };
    const near = await venueOf(at(0));
    await passed('venue', /127\.0\.0\.1:\d+ \(testnet\) answers in/, near);
    await passed('clock', /the venue, give or take/, near);
    const far = await venueOf(at(60_000));
    await passed('venue', /answers/, far);
    await failed('clock', /ms behind the venue.*synchronise/, far);
  });

  it('OP-4 a venue that cannot be reached, or answers nonsense, fails with its host', async () => {
    const port = await freePort();
    await failed('venue', new RegExp(`127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`), { market: 'mainnet', venueRest: `http://127.0.0.1:${port}` });
    const nonsense = await venueOf((_request, response) => void response.writeHead(503).end('<html>'));
    await failed('venue', /status 503/, nonsense);
    await failed('clock', /unknown/, nonsense);
  });

  it('OP-4 the command answers JSON and exits 1 where a check failed', async () => {
    mkdirSync(places.leveldb);
    writeFileSync(join(places.leveldb, 'CURRENT'), 'MANIFEST-000042\n');
    const sick = await run('doctor', '--json', '--port', String(patient.port), '--data-dir', patient.dataDir, '--market', 'embedded');
    assert.equal(sick.code, 1, sick.stderr);
    const answer = json<{ ok: boolean; checks: readonly Check[] }>(sick);
    assert.equal(answer.ok, false);
    assert.deepEqual(
      answer.checks.filter(({ ok }) => !ok).map(({ name }) => name),
      ['journal'],
    );
  });
});
