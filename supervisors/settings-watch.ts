/** CF-3: budgets reload while running. The file is read strictly; what fits and is new becomes the fact `settings.loaded`, nothing else does. */
import { createHash } from 'node:crypto';
import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock, Journal } from '#protocol/ports.ts';
import type { Settings } from '#trading/model/settings.ts';
import type { Activity } from './activity.ts';
import type { SystemOptions } from './system-options.ts';

export interface SettingsPorts {
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly activity: Pick<Activity, 'busy' | 'settled'>;
}

export interface Reloaded {
  readonly changed: boolean;
  /** sha256 of the settings in force. */
  readonly settings: string;
  /** What is another than before, such as `alloc.crypto_spot 1000 → 800`. */
  readonly changes: readonly string[];
}

/** Editors write a file in pieces: it is read when nothing was heard of it for this long. */
const QUIET_MS = 100;
/** Where the file system tells nothing (network mounts, some containers) the file is looked at this often. */
const LOOK_MS = 1000;
const CHANGES_SHOWN_MAX = 20;
/** Times that the tree may be busy again when its rest was waited for. */
const RESTS_AWAITED_MAX = 1000;

type WatchOptions = Pick<SystemOptions, 'settings' | 'settingsFile' | 'settingsSource' | 'log'>;

export class SettingsWatch {
  readonly #options: WatchOptions;
  readonly #ports: SettingsPorts;
  /** In force. */
  #settings: Settings;
  #watcher: FSWatcher | null = null;
  #poll: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #seen = '';
  #complaint = '';
  #reading: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: WatchOptions, ports: SettingsPorts) {
    this.#options = options;
    this.#settings = options.settings;
    this.#ports = ports;
  }

  get current(): Settings {
    return this.#settings;
  }

  /** The first look reads the file too: it may have changed since the settings in force were loaded. */
  start(): void {
    const { path } = this.#options.settingsFile;
    try {
      // The directory, because an editor may put another file in the place of the old one.
      this.#watcher = watch(dirname(path), (_event, name) => {
        if (name === null || name === basename(path)) this.#soon();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch (error) {
      this.#options.log.warn({ actor: 'settings', error: (error as Error).message }, 'the file system tells of no changes; looking once a second');
    }
    this.#poll = setInterval(() => void this.#look(), LOOK_MS);
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
  }

  /** On demand: one reading at a time, in order. @throws ConfigError; the settings in force stay. */
  reload(): Promise<Reloaded> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #read(): Promise<Reloaded> {
    const settings = await this.#options.settingsFile.load();
    this.#complaint = '';
    const all = differences(this.#settings, settings);
    const changes = all.slice(0, CHANGES_SHOWN_MAX);
    if (all.length > 0) {
      await this.#record(settings);
      this.#settings = settings;
      this.#options.log.info({ actor: 'settings', settings: hashOf(settings) }, `settings reloaded: ${changes.join(', ')}`);
    }
    return { changed: all.length > 0, settings: hashOf(this.#settings), changes };
  }

  /**
   * Only while nobody has a turn under way: a trade booked by the old settings would else stand behind the new ones in the journal, and
   * verify, which takes the settings in force there, would call its budget invented.
   */
  async #record(settings: Settings): Promise<void> {
    const { journal, clock, activity } = this.#ports;
    for (let rests = 0; activity.busy > 0; rests++) {
      if (rests === RESTS_AWAITED_MAX) throw new Error('the actors are too busy to take new settings; try again');
      await activity.settled();
    }
    if (this.#closed) throw new Error('the system is stopping; it reads its settings at the next start');
    // Sealed in its place before this call returns: no turn comes between the rest and the fact.
    await journal.append('system', null, [{ type: 'settings.loaded', body: { settings, source: this.#options.settingsSource } }], clock.now());
  }

  #soon(): void {
    clearTimeout(this.#quiet);
    if (!this.#closed) this.#quiet = setTimeout(() => void this.#follow(), QUIET_MS);
  }

  async #look(): Promise<void> {
    const seen = await stat(this.#options.settingsFile.path).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => 'gone',
    );
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#soon();
  }

  /** A wrong file is told once, however often it is looked at. */
  async #follow(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      const { message } = error as Error;
      if (this.#closed || message === this.#complaint) return;
      this.#complaint = message;
      this.#options.log.error({ actor: 'settings' }, `${message}; the settings in force stay`);
    }
  }
}

const hashOf = (settings: Settings): string => createHash('sha256').update(JSON.stringify(settings)).digest('hex');

/** Every leaf that is another, by its path. */
function differences(before: unknown, after: unknown, path = ''): readonly string[] {
  if (!isRecord(before) || !isRecord(after)) return Object.is(before, after) ? [] : [`${path} ${shown(before)} → ${shown(after)}`];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
}

/** Arrays too: their keys are indices. */
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));
