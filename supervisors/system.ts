/** Composes a running system: journal, router, tree, conductor, admin socket, page feed. Starting and stopping in order is all it does. */
import type { Clock } from '#protocol/ports.ts';
import type { AdminRequest } from '#protocol/admin.ts';
import type { EventType } from '#trading/model/events.ts';
import { brokerOf, type Broker, type Instant } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import { sendGate } from '#actors/send-gate.ts';
import { createDataDir, type DataPaths } from '#state/data-dir.ts';
import type { OpenJournal } from '#state/journal.ts';
import { openSnapshots } from '#state/snapshots.ts';
import { openTradeFiles } from '#state/trades-file.ts';
import { Activity } from './activity.ts';
import { adminSocketPath } from './admin-path.ts';
import { openAdminServer, type AdminServer } from './admin-server.ts';
import { adminTable, parseAndRun } from './admin-table.ts';
import { Cell } from './cell.ts';
import { startChaos } from './chaos.ts';
import { createSpawner } from './comedy.ts';
import { Feeds } from './feeds.ts';
import { logFact } from './fact-log.ts';
import { inOrder } from './in-order.ts';
import { openOrQuarantine } from './open-journal.ts';
import { Outbox } from './outbox.ts';
import { PageFeed } from './page-feed.ts';
import { interceptTells } from './intercepts.ts';
import { KillPath } from './kill-path.ts';
import { createLiveDesk, LIVE_DESK_FACTS, type LiveDesk } from './live-desk.ts';
import { MarketClock } from './market-clock.ts';
import { createModePath, type ModePath } from './mode-path.ts';
import { createPlayer, type Player } from './player.ts';
import { wallClock } from './real-market.ts';
import { reportOf, tellEnd } from './report.ts';
import { Router } from './router.ts';
import { runBegins } from './run-begins.ts';
import { SettingsWatch } from './settings-watch.ts';
import { SystemError } from './system-error.ts';
import type { SystemOptions, SystemReport } from './system-options.ts';
import { createTree, type Supervisor } from './supervisor.ts';
import { Tally } from './tally.ts';
import { treeParams } from './tree-params.ts';
import { ACTOR, treeOf } from './tree.ts';
import { freePort, VenueControl } from './venue-control.ts';
import { runView, Window } from './window.ts';

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
const ASK_MS_MAX = 10_000;

/** @throws SystemError, JournalError */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const places = await createDataDir(options.dataDir, options.market).catch((error: unknown) => {
    throw new SystemError(`--data-dir ${options.dataDir}: cannot be made: ${(error as Error).message}; name a directory that you may write`);
  });
  const activity = new Activity();
  let system: System | null = null;
  const journal = await openOrQuarantine(places, options.log, {
    calm: () => activity.quiet(),
    onFailed: (error) => system?.onJournalFailed(error),
  });
  system = new System(options, places, journal, activity, { bybit: await freePort(), ibkr: await freePort() });
  try {
    await system.start();
    return system;
  } catch (error) {
    await system.stop('did not start');
    throw error;
  }
}

class System implements RunningSystem {
  readonly over: Promise<string>;
  crashed = false;
  loginUrl: string | null = null;
  readonly #options: SystemOptions;
  readonly #places: DataPaths;
  readonly #journal: OpenJournal;
  readonly #clock: Clock;
  readonly #router: Router;
  readonly #activity: Activity;
  readonly #outbox: Outbox;
  readonly #tally = new Tally();
  readonly #kill: KillPath;
  readonly #modes: ModePath;
  readonly #settings: SettingsWatch;
  readonly #conductor: Player;
  readonly #window: Window;
  readonly #venue: VenueControl;
  readonly #root: Supervisor<Cell>;
  readonly #desk: LiveDesk;
  readonly #feeds: Feeds;
  readonly #spawner: ReturnType<typeof createSpawner>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #allowances = new Map<string, Allowance>();
  readonly #startedWall = performance.now();
  readonly #resumeAt: Instant | null;
  readonly #marketStart: Instant;
  #end: (reason: string) => void = () => undefined;
  #admin: AdminServer | null = null;
  #playing: Promise<unknown> = Promise.resolve();
  #ended = false;
  #stopping: Promise<SystemReport> | null = null;
  #closeTradeFiles: () => Promise<void> = () => Promise.resolve();
  #stopChaos: () => void = () => undefined;

  constructor(options: SystemOptions, places: DataPaths, journal: OpenJournal, activity: Activity, ports: Readonly<Record<Broker, number>>) {
    const { log } = options;
    this.#options = options;
    this.#places = places;
    this.#journal = journal;
    this.#activity = activity;
    this.over = new Promise((resolve) => (this.#end = resolve));
    this.#resumeAt = journal.lastAt();
    const played = options.market === 'embedded' ? new MarketClock(Math.max(this.#resumeAt ?? 0, options.plan.start)) : null;
    this.#clock = played ?? wallClock;
    this.#marketStart = this.#clock.now();
    this.#router = new Router({ journal, clock: this.#clock, log, run: `r${journal.head().seq}` });
    this.#outbox = new Outbox(journal, activity);
    this.#spawner = createSpawner({
      onUnattributed: (error) => this.#crash(`an error that no actor is to blame for: ${String((error as Error).stack ?? error)}`),
    });
    const brokers = new Set(options.assets.map(({ asset }) => brokerOf(asset)));
    this.#feeds = new Feeds(brokers, this.#router, log);
    const asked = (query: string, args: readonly string[]): Promise<unknown> =>
      this.#router.ask(ACTOR.venue, { type: 'actor.asked', body: { query, args } }, ASK_MS_MAX);
    this.#venue = new VenueControl(ports.bybit, asked, ports.ibkr, (isAway) => this.#feeds.onTwsAway(isAway));
    this.#root = this.#createRoot();
    for (const cell of this.#root.cells()) this.#router.register(cell);
    this.#modes = createModePath(
      options,
      places.latch,
      this.#router,
      this.#root,
      (name) => this.#allowances.get(name),
      (asset) => this.#desk.open(brokerOf(asset)),
    );
    this.#desk = createLiveDesk(
      options,
      this.#router,
      this.#root,
      () => activity.settled(),
      () => this.#feeds.isTwsAway,
    );
    const gates = (): readonly string[] => [
      ACTOR.governor,
      ACTOR.paper,
      ...this.#desk.actors,
      ...options.assets.flatMap(({ asset }) => this.#modes.tradersOf(asset)),
    ];
    this.#kill = new KillPath({ latchPath: places.latch, router: this.#router, gates, log, now: () => this.#clock.now() });
    this.#settings = new SettingsWatch(options, { journal, clock: this.#clock, activity: this.#activity });
    this.#conductor = this.#createPlayer(played);
    this.#window = this.#createWindow();
    this.#intercept();
  }

  async start(): Promise<void> {
    const options = this.#options;
    const { log } = options;
    let runs = 0;
    for await (const fact of this.#journal.read(0, new Set<EventType>(['system.started', 'trade.closed', 'mode.changed', ...LIVE_DESK_FACTS]))) {
      if (fact.type === 'system.started') runs++;
      this.#tally.before(fact);
      this.#modes.before(fact);
      this.#desk.before(fact);
    }
    this.#journal.onAppended((facts) => {
      for (const fact of facts) {
        this.#tally.add(fact);
        this.#modes.onFact(fact);
        logFact(log, fact);
      }
    });
    this.#closeTradeFiles = await openTradeFilesIn(this.#places, this.#journal);
    await this.#journal.append('system', null, runBegins(options, runs + 1), this.#clock.now());
    log.info(
      { actor: 'system', market: options.market, seed: options.seed, play: options.plan.label, journal: this.#journal.head().seq },
      'starting',
    );
    await this.#root.start();
    this.#desk.resume();
    await this.#kill.resume();
    await this.#modes.rehearse(options.rehearse ?? []);
    this.#admin = await openAdminServer(adminSocketPath(this.#places.adminSocket), (request) => this.#handleAdmin(request));
    this.#settings.start();
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
    this.#settings.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#conductor.stop();
    const step = inOrder(log);
    await step('the market', this.#playing);
    await step('the admin socket', this.#admin?.close() ?? Promise.resolve());
    await step('the tree', this.#root.stop(true));
    await step('the run', this.#journal.append('system', null, [{ type: 'system.stopped', body: { reason } }], this.#clock.now()));
    const report = this.#report();
    this.#router.close();
    this.#outbox.close();
    await step('the trade files', this.#closeTradeFiles());
    await step('the journal', this.#journal.close());
    await step('the processes', this.#spawner.close());
    return report;
  }

  #report(): SystemReport {
    return reportOf(this.#options, this.#tally, {
      ok: !this.crashed,
      wallMs: Math.round(performance.now() - this.#startedWall),
      marketMs: this.#clock.now() - this.#marketStart,
      quotes: this.#conductor.quotes,
      head: this.#journal.head(),
      restarts: this.#root
        .view(null)
        .filter(({ kind }) => kind === 'actor')
        .reduce((sum, { restarts }) => sum + restarts, 0),
    });
  }

  #createRoot(): Supervisor<Cell> {
    const { log, seed } = this.#options;
    const spec = treeOf(treeParams(this.#options, this.#places, this.#venue, () => this.#resumeAtNow()));
    const context = {
      journal: this.#journal,
      snapshots: openSnapshots({
        dir: this.#places.snapshots,
        hashAt: (seq) => this.#journal.hashAt(seq),
        onDiscarded: (file, why) => log.warn({ actor: 'snapshots', file, why }, 'a snapshot was not used'),
      }),
      clock: this.#clock,
      log,
      router: this.#router,
      activity: this.#activity,
      outbox: this.#outbox,
      spawner: this.#spawner,
    };
    const root = createTree(spec, {
      log,
      seed: String(seed),
      createCell: (cell) => new Cell(cell, context),
      onState: () => this.#feeds.onState(this.#root),
    });
    root.onFailure = ({ reason }) => this.#crash(`the root gave up: ${reason}`);
    return root;
  }

  /** A first start plays from the beginning of the plan; a continued run, or a venue that died, from where market time stands. */
  #resumeAtNow(): Instant | null {
    return this.#resumeAt === null && this.#clock.now() === this.#marketStart ? null : this.#clock.now();
  }

  #createPlayer(played: MarketClock | null): Player {
    return createPlayer({
      played,
      speed: this.#options.speed,
      audience: {
        first: [ACTOR.governor, ACTOR.paper],
        clocks: () => this.#desk.actors,
        traders: (quote) => this.#modes.tradersOf(quote.asset),
        trails: ({ broker }) => this.#desk.ordersOf(broker),
      },
      router: this.#router,
      activity: this.#activity,
      journal: this.#journal,
      venue: this.#venue,
      settled: () => (played === null ? this.#activity.settled() : this.#desk.settled()),
      ready: () => this.#feeds.ready(this.#root, this.#venue, () => this.#stopping !== null || this.crashed),
      feeds: () => this.#feeds.settled(),
      log: this.#options.log,
    });
  }

  #createWindow(): Window {
    return new Window({
      run: () => runView(this.#options, this.#marketStart, this.#clock.now(), this.#conductor.quotes, this.#ended),
      journal: () => ({ seq: this.#journal.head().seq, head: this.#journal.head().hash }),
      actors: () => this.#root.view(null),
      allowances: () => [...this.#allowances.values()],
      settings: () => this.#settings.current,
      realisedToday: ({ asset, mode }) => this.#tally.realisedOn(asset, mode, this.#clock.now()),
      latch: () => this.#kill.isLatched(),
      killLatencyMs: () => this.#kill.latencyMs,
      modes: () => this.#modes.view(),
    });
  }

  #intercept(): void {
    interceptTells(this.#router, {
      onQuote: (quote) => {
        this.#window.onQuote(quote);
        this.#conductor.onQuote(quote);
      },
      onDropped: (at, broker) => this.#conductor.onDropped(at, broker),
      onFeed: (feed) => this.#feeds.onFeed(feed),
      onAllowance: (to, allowance) => {
        // The governor speaks of every budget; only wired assets have a trader to hear of it, a live one only while it is there.
        if (!this.#options.assets.some(({ asset }) => asset === allowance.asset)) return false;
        this.#allowances.set(to, allowance);
        return this.#root.cells().some(({ name }) => name === to);
      },
      onHistory: (symbol, bars) => this.#window.onHistory(symbol, bars),
      onKill: (order) => void this.#kill.trip(order),
      onAdmin: (request) => void this.#answerPage(request),
    });
  }

  #handleAdmin(request: AdminRequest): Promise<unknown> {
    return adminTable(request, {
      router: this.#router,
      root: this.#root,
      kill: this.#kill,
      modes: this.#modes,
      settings: this.#settings,
      journal: this.#journal,
      embedded: this.#options.market === 'embedded',
      dashboard: this.#options.page === null ? null : ACTOR.dashboard,
      status: () => ({
        ...this.#report(),
        marketNow: new Date(this.#clock.now()).toISOString(),
        feedUp: this.#feeds.up,
        modes: this.#modes.view(),
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
    const feed = new PageFeed(this.#window, this.#root, this.#router);
    this.#every(FEED_MS, () => feed.send());
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms));
  }

  /** Decisions on facts that never reached the disk must not go on: the gate closes, and the house goes down to start from what is on disk. */
  onJournalFailed(error: Error): void {
    sendGate(this.#places.latch).trip(['all']);
    this.#outbox.abandon();
    this.#crash(error.message);
  }

  #onPlayed(how: 'ended' | 'stopped'): void {
    if (how !== 'ended') return;
    this.#ended = true;
    tellEnd(this.#options.log, this.#conductor.quotes, this.#marketStart);
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
