import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { loadSettings, type BudgetsFile, type EnvironmentRules } from '#config/budgets.ts';
import type { Log } from '#protocol/ports.ts';
import { Activity } from '#supervisors/activity.ts';
import { SettingsWatch } from '#supervisors/settings-watch.ts';
import { ratio } from '#trading/money/decimal.ts';
import { FakeJournal } from '#test/support/fake-journal.ts';
import { until } from '#test/support/until.ts';

const rules: EnvironmentRules = {
  paper: { harsh: true, slippageBps: 8, partialProbability: 0.2, latencyMsMin: 40, latencyMsMax: 250 },
  strictBrackets: true,
  rateLimit: ratio('0.9'),
};
const shipped = JSON.parse(readFileSync('config/budgets.json', 'utf8')) as BudgetsFile;
const lowered = (spot: number): BudgetsFile => ({ ...shipped, alloc: { ...shipped.alloc, crypto_spot: spot } });

describe('settings while the system runs', () => {
  let path = '';
  let errors: string[] = [];
  let journal: FakeJournal;
  let activity: Activity;
  let watch: SettingsWatch;
  const write = (value: unknown): void => writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  const budgets = (): readonly string[] =>
    journal.facts.map((fact) => (fact.type === 'settings.loaded' ? fact.body.settings.alloc.crypto_spot : fact.type));

  beforeEach(async () => {
    path = join(mkdtempSync(join(tmpdir(), 'ledgerwood-settings-')), 'budgets.json');
    write(shipped);
    errors = [];
    journal = new FakeJournal();
    activity = new Activity();
    const load = () => loadSettings(path, rules);
    const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_fields, text) => void errors.push(text) };
    watch = new SettingsWatch(
      { settings: await load(), settingsFile: { path, load }, settingsSource: 'test', log },
      { journal, activity, clock: { now: () => 1000 } },
    );
  });
  afterEach(() => watch.close());

  it('CF-3 a changed budget becomes one fact of the system; the same words again become none', async () => {
    write(lowered(800));
    const first = await watch.reload();
    assert.deepEqual(first.changes, ['alloc.crypto_spot 1000 → 800']);
    assert.equal(first.changed, true);
    write(JSON.stringify(lowered(800), null, 4));
    assert.deepEqual(await watch.reload(), { changed: false, settings: first.settings, changes: [] });
    assert.deepEqual(budgets(), ['800']);
    assert.equal(journal.facts[0]?.actor, 'system');
  });

  it('CF-3 a file written in place and one put in its place are both noticed', async () => {
    watch.start();
    write(lowered(700));
    await until('the write', () => budgets().includes('700'));
    writeFileSync(`${path}.new`, JSON.stringify(lowered(600)));
    renameSync(`${path}.new`, path);
    await until('the rename', () => budgets().includes('600'));
    assert.deepEqual(errors, []);
  });

  it('CF-3 what changed between loading and starting is noticed', async () => {
    write(lowered(500));
    watch.start();
    await until('the first look', () => budgets().includes('500'));
  });

  it('CF-3 a wrong file is told once, by file, key and value, and changes nothing', async () => {
    watch.start();
    write({ ...shipped, max_concurrent: 'five' });
    await until('the complaint', () => errors.length > 0);
    assert.match(errors[0] ?? '', /budgets\.json: max_concurrent is "five": .*; the settings in force stay/);
    await assert.rejects(watch.reload(), /max_concurrent/);
    write({ ...shipped, max_concurrent: 'five', cooldown_seconds: 1 });
    write(lowered(400));
    await until('the right file', () => budgets().includes('400'));
    assert.deepEqual(budgets(), ['400']);
    assert.equal(errors.length, 1);
  });

  it('CF-3 half a file, a missing file and a contradiction are refusals too', async () => {
    for (const wrong of ['{"alloc_mode": "abs', { ...shipped, leverage_caps: { ...shipped.leverage_caps, crypto_spot: 2 } }, '']) {
      write(wrong);
      await assert.rejects(watch.reload(), /budgets\.json/);
    }
    assert.deepEqual(journal.facts, []);
  });

  it('CF-3 VF-1 new settings wait for the turns under way', async () => {
    activity.change(2);
    write(lowered(300));
    const reloading = watch.reload();
    activity.change(-1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(budgets(), [], 'written while an actor had a turn under way');
    activity.change(-1);
    await reloading;
    assert.deepEqual(budgets(), ['300']);
  });

  it('CF-3 two readings at once write one fact', async () => {
    write(lowered(200));
    const answers = await Promise.all([watch.reload(), watch.reload()]);
    assert.deepEqual(
      answers.map(({ changed }) => changed),
      [true, false],
    );
    assert.deepEqual(budgets(), ['200']);
  });

  it('nothing is written after the close', async () => {
    write(lowered(100));
    watch.close();
    await assert.rejects(watch.reload(), /stopping/);
    assert.deepEqual(journal.facts, []);
  });
});
