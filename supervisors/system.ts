/** Composes a running system: journal, router, tree, conductor, admin socket, page feed. Starting and stopping in order is all it does. */
import { createServer } from 'node:net';
import type { Log } from '#protocol/ports.ts';
import type { AdminRequest } from '#protocol/admin.ts';
import type { Asset, Instant } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { Settings } from '#trading/model/settings.ts';
import { createDataDir, type DataPaths, type Market } from '#state/data-dir.ts';
import { openJournal, type OpenJournal } from '#state/journal.ts';
import { openSnapshots } from '#state/snapshots.ts';
import { openTradeFiles } from '#state/trades-file.ts';
import { tradesSha256 } from '#state/trades-hash.ts';
import { Activity } from './activity.ts';
import { adminSocketPath } from './admin-path.ts';
import { openAdminServer, type AdminServer } from './admin-server.ts';
import { adminTable, parseAndRun } from './admin-table.ts';
import { Cell } from './cell.ts';
import { startChaos } from './chaos.ts';
import { createSpawner } from './comedy.ts';
import { Conductor } from './conductor.ts';
import { KillPath } from './kill-path.ts';
import { MarketClock } from './market-clock.ts';
import type { PlayPlan } from './play-plan.ts';
import { Router } from './router.ts';
import { SystemError } from './system-error.ts';
import { createTree, type Supervisor } from './supervisor.ts';
import { Tally } from './tally.ts';
import { ACTOR, ADMIN, CONDUCTOR, traderName, treeOf } from './tree.ts';
import { freePort, VenueControl } from './venue-control.ts';
import { Window } from './window.ts';

export interface SystemOptions {
  readonly market: Market;
  readonly dataDir: string;
  readonly seed: number;
  /** Times real time; Infinity is as fast as the tree can follow. */
  readonly speed: number;
  readonly plan: PlayPlan;
  readonly assets: readonly { readonly asset: Asset; readonly symbols: readonly string[]; readonly strategy: string }[];
  readonly strategies: Readonly<Record<string, Record<string, unknown>>>;
  readonly settings: Settings;
  readonly settingsSource: string;
  readonly configHash: string;
  readonly version: string;
  readonly page: { readonly port: number; readonly uiDir: string } | null;
  readonly untilEnd: boolean;
  readonly chaosMs: number | null;
  readonly log: Log;
}

export interface SystemReport {
  readonly ok: boolean;
  readonly market: string;
  readonly seed: number;
  readonly uptimeMs: number;
  readonly quotes: number;
  readonly intents: number;
  readonly approvals: number;
  readonly refusals: number;
  readonly orders: number;
  readonly fills: number;
  /** Of the whole journal, as are the hash and `byAsset`; the other counts are this run's. */
  readonly closedTrades: number;
  readonly tradesSha256: string;
  readonly marketMs: number;
  readonly wallMs: number;
  readonly journalSeq: number;
  readonly chainHead: string;
  readonly restarts: number;
  readonly byAsset: Readonly<
    Record<
      string,
      {
        readonly paper: { readonly closedTrades: number; readonly pnl: string };
        readonly live: { readonly closedTrades: number; readonly pnl: string };
      }
    >
  >;
}

export interface RunningSystem {
  /** Why it is over by itself: the market ended (where asked to stop then), or the root gave up. */
  readonly over: Promise<string>;
  readonly crashed: boolean;
  readonly loginUrl: string | null;
  stop(reason: string): Promise<SystemReport>;
}

const FEED_MS = 100;
const LATCH_LOOK_MS = 200;
const ANCHOR_MS = 1000;
const READY_LOOK_MS = 20;
const ASK_MS_MAX = 10_000;
const ROOT_GAVE_UP = 'the root gave up';

/** @throws SystemError, JournalError */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  if (options.page !== null) await refusePortInUse(options.page.port);
  const places = await createDataDir(options.dataDir, options.market).catch((error: unknown) => {
    throw new SystemError(`--data-dir ${options.dataDir}: cannot be made: ${(error as Error).message}; name a directory that you may write`);
  });
  const journal = await openJournal({ dir: places.leveldb, anchorPath: places.anchor });
  const system = new System(options, places, journal, await freePort());
  try {
    await system.start();
    return system;
  } catch (error) {
    await system.stop('did not start');
    throw error;
  }
}

function refusePortInUse(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new SystemError(
          `--port ${port}: ${error.code === 'EADDRINUSE' ? 'is in use by another program' : error.message}; stop it or choose another port`,
        ),
      );
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

class System implements RunningSystem {
  readonly over: Promise<string>;
  crashed = false;
  loginUrl: string | null = null;
  readonly #options: SystemOptions;
  readonly #places: DataPaths;
  readonly #journal: OpenJournal;
  readonly #clock: MarketClock;
  readonly #router: Router;
  readonly #activity = new Activity();
  readonly #tally = new Tally();
  readonly #kill: KillPath;
  readonly #conductor: Conductor;
  readonly #window: Window;
  readonly #venue: VenueControl;
  readonly #root: Supervisor<Cell>;
  readonly #spawner: ReturnType<typeof createSpawner>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #allowances = new Map<string, Allowance>();
  readonly #startedWall = performance.now();
  readonly #resumeAt: Instant | null;
  readonly #marketStart: Instant;
  #end: (reason: string) => void = () => undefined;
  #admin: AdminServer | null = null;
  #playing: Promise<unknown> = Promise.resolve();
  #feedUp = false;
  #ended = false;
  #stopping: Promise<SystemReport> | null = null;
  #closeTradeFiles: () => Promise<void> = () => Promise.resolve();
  #stopChaos: () => void = () => undefined;
  /** The page's process that was last fed whole. */
  #fedEpoch = 0;

  constructor(options: SystemOptions, places: DataPaths, journal: OpenJournal, venuePort: number) {
    const { log } = options;
    this.#options = options;
    this.#places = places;
    this.#journal = journal;
    this.over = new Promise((resolve) => (this.#end = resolve));
    this.#resumeAt = journal.lastAt();
    this.#marketStart = Math.max(this.#resumeAt ?? 0, options.plan.start);
    this.#clock = new MarketClock(this.#marketStart);
    this.#router = new Router({ journal, clock: this.#clock, log, run: `r${journal.head().seq}` });
    this.#spawner = createSpawner({
      onUnattributed: (error) => this.#crash(`an error that no actor is to blame for: ${String((error as Error).stack ?? error)}`),
    });
    this.#venue = new VenueControl(venuePort, (query, args) =>
      this.#router.ask(ACTOR.venue, { type: 'actor.asked', body: { query, args } }, ASK_MS_MAX),
    );
    this.#root = this.#createRoot();
    for (const cell of this.#root.cells()) this.#router.register(cell);
    const gates = [ACTOR.governor, ACTOR.paper, ...options.assets.map(({ asset }) => traderName(asset))];
    this.#kill = new KillPath({ latchPath: places.latch, router: this.#router, gates, log, now: () => this.#clock.now() });
    this.#conductor = this.#createConductor();
    this.#window = this.#createWindow();
    this.#route();
  }

  async start(): Promise<void> {
    const options = this.#options;
    const { log } = options;
    let runs = 0;
    for await (const fact of this.#journal.read(0, new Set(['system.started', 'trade.closed']))) {
      if (fact.type === 'system.started') runs++;
      this.#tally.before(fact);
    }
    this.#journal.onAppended((facts) => {
      for (const fact of facts) this.#tally.add(fact);
    });
    this.#closeTradeFiles = await openTradeFilesIn(this.#places, this.#journal);
    await this.#journal.append(
      'system',
      null,
      [
        {
          type: 'system.started',
          body: {
            version: options.version,
            market: options.market,
            seed: String(options.seed),
            epoch: runs + 1,
            configHash: options.configHash,
            play: options.plan.label,
          },
        },
        { type: 'settings.loaded', body: { settings: options.settings, source: options.settingsSource } },
      ],
      this.#clock.now(),
    );
    log.info(
      { actor: 'system', market: options.market, seed: options.seed, play: options.plan.label, journal: this.#journal.head().seq },
      'starting',
    );
    await this.#root.start();
    await this.#kill.resume();
    this.#admin = await openAdminServer(adminSocketPath(this.#places.adminSocket), (request) => this.#handleAdmin(request));
    this.#every(LATCH_LOOK_MS, () => this.#kill.look());
    this.#every(
      ANCHOR_MS,
      () =>
        void this.#journal.anchor().catch((error: unknown) => log.error({ actor: 'journal', error: String(error) }, 'the anchor was not written')),
    );
    if (options.page !== null) await this.#openPage();
    if (options.chaosMs !== null) this.#stopChaos = startChaos(this.#root, options.chaosMs, String(options.seed), log);
    this.#playing = this.#conductor.run().then(
      (how) => this.#onPlayed(how),
      (error: unknown) => this.#crash(`the conductor failed: ${String((error as Error).stack ?? error)}`),
    );
    log.info({ actor: 'system', ms: Math.round(performance.now() - this.#startedWall), actors: this.#root.cells().length }, 'running');
  }

  stop(reason: string): Promise<SystemReport> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #stop(reason: string): Promise<SystemReport> {
    const { log } = this.#options;
    log.info({ actor: 'system', reason }, 'stopping');
    this.#stopChaos();
    for (const timer of this.#timers) clearInterval(timer);
    this.#conductor.stop();
    await this.#playing;
    await this.#admin?.close();
    await this.#root.stop(true).catch((error: unknown) => log.error({ actor: 'system', error: String(error) }, 'the tree did not stop in order'));
    await this.#journal.append('system', null, [{ type: 'system.stopped', body: { reason } }], this.#clock.now()).catch((error: unknown) => {
      log.error({ actor: 'journal', error: String(error) }, 'the end of the run was not written');
    });
    const report = this.#report();
    this.#router.close();
    await this.#closeTradeFiles();
    await this.#journal.close();
    await this.#spawner.close();
    return report;
  }

  #report(): SystemReport {
    const head = this.#journal.head();
    const { intents, approvals, refusals, orders, fills, trades } = this.#tally;
    const wallMs = Math.round(performance.now() - this.#startedWall);
    return {
      ok: !this.crashed,
      market: this.#options.market,
      seed: this.#options.seed,
      uptimeMs: wallMs,
      quotes: this.#conductor.quotes,
      intents,
      approvals,
      refusals,
      orders,
      fills,
      closedTrades: trades.length,
      tradesSha256: tradesSha256(trades),
      marketMs: this.#clock.now() - this.#marketStart,
      wallMs,
      journalSeq: head.seq,
      chainHead: head.hash,
      restarts: this.#root
        .view(null)
        .filter(({ kind }) => kind === 'actor')
        .reduce((sum, { restarts }) => sum + restarts, 0),
      byAsset: this.#tally.byAsset(this.#options.assets.map(({ asset }) => asset)),
    };
  }

  #createRoot(): Supervisor<Cell> {
    const options = this.#options;
    const symbolsOf = (asset: Asset): readonly string[] => options.assets.find((chosen) => chosen.asset === asset)?.symbols ?? [];
    const spec = treeOf({
      seed: String(options.seed),
      latchPath: this.#places.latch,
      traders: options.assets.map(({ asset, symbols, strategy }) => ({
        asset,
        params: {
          name: traderName(asset),
          asset,
          mode: 'paper',
          strategyId: strategy,
          strategyParams: options.strategies[strategy] ?? {},
          symbols,
          quoteAgeMsMax: options.settings.risk.quoteAgeMsMax,
          intervalMinutes: 1,
          gateway: ACTOR.bybit,
        },
      })),
      venue:
        options.market === 'embedded'
          ? () => ({
              seed: String(options.seed),
              host: this.#venue.host,
              port: this.#venue.port,
              play: options.plan.play,
              resumeAt: this.#resumeAtNow(),
            })
          : null,
      gateway: () => ({
        environment: options.market,
        ...(options.market === 'embedded' ? this.#venue.urls() : {}),
        assets: { crypto_spot: symbolsOf('crypto_spot'), crypto_futures: symbolsOf('crypto_futures') },
        rateLimit: options.settings.rateLimit,
      }),
      dashboard:
        options.page === null
          ? null
          : { port: options.page.port, uiDir: options.page.uiDir, secretPath: this.#places.pageSecret, market: options.market },
      forked: 'forked',
    });
    const context = {
      journal: this.#journal,
      snapshots: openSnapshots({
        dir: this.#places.snapshots,
        hashAt: (seq) => this.#journal.hashAt(seq),
        onDiscarded: (file, why) => options.log.warn({ actor: 'snapshots', file, why }, 'a snapshot was not used'),
      }),
      clock: this.#clock,
      log: options.log,
      router: this.#router,
      activity: this.#activity,
      spawner: this.#spawner,
    };
    const root = createTree(spec, { log: options.log, seed: String(options.seed), createCell: (cell) => new Cell(cell, context) });
    root.onFailure = ({ reason }) => this.#crash(`${ROOT_GAVE_UP}: ${reason}`);
    return root;
  }

  /** A first start plays from the beginning of the plan; a continued run, or a venue that died, from where market time stands. */
  #resumeAtNow(): Instant | null {
    return this.#resumeAt === null && this.#clock.now() === this.#marketStart ? null : this.#clock.now();
  }

  #createConductor(): Conductor {
    const { speed, log, assets } = this.#options;
    const traderOf = new Map(assets.map(({ asset }) => [asset, [traderName(asset)]]));
    return new Conductor(
      this.#clock,
      {
        step: () => this.#venue.step(),
        idle: (ms) => this.#venue.idle(ms),
        settled: () => this.#activity.settled(),
        ready: () => this.#ready(),
        deliver: (to, message) => this.#router.deliver(to, message, ACTOR.bybit),
        wall: () => performance.now(),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        log,
      },
      { speed, first: [ACTOR.governor, ACTOR.paper], traders: (quote) => traderOf.get(quote.asset) ?? [] },
    );
  }

  async #ready(): Promise<boolean> {
    while (this.#stopping === null && !this.crashed) {
      if (this.#feedUp && this.#root.running) return true;
      await new Promise((resolve) => setTimeout(resolve, READY_LOOK_MS));
    }
    return false;
  }

  #createWindow(): Window {
    return new Window({
      run: () => ({
        market: this.#options.market,
        play: this.#options.plan.label,
        seed: String(this.#options.seed),
        speed: Number.isFinite(this.#options.speed) ? String(this.#options.speed) : 'max',
        marketNow: this.#clock.now(),
        startedAt: this.#marketStart,
        quotes: this.#conductor.quotes,
        ended: this.#ended,
      }),
      journal: () => ({ seq: this.#journal.head().seq, head: this.#journal.head().hash }),
      actors: () => this.#root.view(null),
      allowances: () => [...this.#allowances.values()],
      realisedToday: ({ asset, mode }) => this.#tally.realisedOn(asset, mode, this.#clock.now()),
      latch: () => this.#kill.isLatched(),
      killLatencyMs: () => this.#kill.latencyMs,
    });
  }

  #route(): void {
    const router = this.#router;
    router.intercept('quote.received', (envelope) => {
      if (envelope.type !== 'quote.received') return;
      this.#window.onQuote(envelope.body.quote);
      this.#conductor.onQuote(envelope.body.quote);
    });
    router.intercept('frame.dropped', (envelope) => {
      if (envelope.type === 'frame.dropped') this.#conductor.onDropped(envelope.body.exchangeAt);
    });
    router.intercept('feed.changed', (envelope) => {
      if (envelope.type !== 'feed.changed') return;
      this.#feedUp = envelope.body.up;
      router.forward(envelope, '*');
    });
    router.intercept('allowance.changed', (envelope) => {
      if (envelope.type !== 'allowance.changed') return;
      this.#allowances.set(`${envelope.body.asset}.${envelope.body.mode}`, envelope.body);
      router.forward(envelope, envelope.to);
    });
    router.intercept('kill.trip', (envelope) => {
      if (envelope.type === 'kill.trip') void this.#kill.trip(envelope.body);
    });
    router.handle(CONDUCTOR, () => undefined);
    router.handle(ADMIN, (envelope) => {
      if (envelope.type === 'admin.requested') void this.#answerPage(envelope.body);
    });
  }

  #handleAdmin(request: AdminRequest): Promise<unknown> {
    return adminTable(request, {
      router: this.#router,
      root: this.#root,
      kill: this.#kill,
      journal: this.#journal,
      embedded: this.#options.market === 'embedded',
      dashboard: this.#options.page === null ? null : ACTOR.dashboard,
      status: () => ({
        ...this.#report(),
        marketNow: new Date(this.#clock.now()).toISOString(),
        feedUp: this.#feedUp,
        activity: this.#activity.busy,
      }),
    });
  }

  async #answerPage({ id, request }: { readonly id: string; readonly request: unknown }): Promise<void> {
    const answered = await parseAndRun(request, (parsed) => this.#handleAdmin(parsed));
    this.#router.deliver(ACTOR.dashboard, { type: 'admin.answered', body: { id, ...answered } });
  }

  async #openPage(): Promise<void> {
    const answer = (await this.#router.ask(ACTOR.dashboard, { type: 'actor.asked', body: { query: 'login', args: [] } }, ASK_MS_MAX)) as {
      url: string;
    };
    this.loginUrl = answer.url;
    this.#every(FEED_MS, () => this.#feed());
  }

  #feed(): void {
    const page = this.#root.view(null).find(({ name }) => name === ACTOR.dashboard);
    if (page?.state !== 'running') return;
    const feed = page.epoch === this.#fedEpoch ? this.#window.takeChanges() : this.#window.takeAll();
    this.#fedEpoch = page.epoch;
    this.#router.deliver(ACTOR.dashboard, { type: 'window.fed', body: { feed } });
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms));
  }

  #onPlayed(how: 'ended' | 'stopped'): void {
    if (how !== 'ended') return;
    this.#ended = true;
    this.#options.log.info({ actor: 'conductor', quotes: this.#conductor.quotes }, 'the market ended');
    if (this.#options.untilEnd) this.#end('the market ended');
  }

  #crash(reason: string): void {
    if (this.#stopping !== null) return;
    this.crashed = true;
    this.#options.log.error({ actor: 'system' }, reason);
    this.#conductor.stop();
    this.#end(reason);
  }
}

async function openTradeFilesIn(places: DataPaths, journal: OpenJournal): Promise<() => Promise<void>> {
  const files = await openTradeFiles(places.stateDir, journal);
  return () => files.close();
}
