/** What may be asked of a running system from its socket and its page: this table, nothing else. */
import type { Allowance, MessageType } from '#trading/model/messages.ts';
import type { OrderGates, WhyAnswer } from '#trading/model/why.ts';
import type { WhyNot } from '#trading/trader/why.ts';
import { adminRequest, sentenceOf, type AdminRequest } from '#protocol/admin.ts';
import { parseMessage } from '#protocol/messages.ts';
import { asset } from '#protocol/values.ts';
import type { OpenJournal } from '#state/journal.ts';
import { verifyOpenJournal } from '#state/verify/running.ts';
import type { Cell } from './cell.ts';
import type { KillPath } from './kill-path.ts';
import type { ModePath } from './mode-path.ts';
import type { Router } from './router.ts';
import type { SettingsWatch } from './settings-watch.ts';
import type { Supervisor } from './supervisor.ts';
import { ACTOR } from './tree.ts';
import { whyAnswer } from './why.ts';

export interface AdminPowers {
  readonly router: Router;
  readonly root: Supervisor<Cell>;
  readonly kill: KillPath;
  readonly modes: Pick<ModePath, 'set' | 'confirm'>;
  readonly settings: Pick<SettingsWatch, 'reload'>;
  readonly journal: OpenJournal;
  readonly embedded: boolean;
  readonly dashboard: string | null;
  status(): unknown;
}

const ASK_MS_MAX = 5000;
/**
 * What a person may tell an actor. Facts and money move only by decisions, and what a venue, a feed or the governor says is theirs to say: an
 * execution told by hand would be an invented fill, a placement an order that nobody approved.
 */
const TOLD: ReadonlySet<MessageType> = new Set<MessageType>([
  'kill.trip',
  'kill.rearm',
  'clock.advanced',
  'history.requested',
  'account.requested',
  'actor.asked',
]);

export async function adminTable(request: AdminRequest, powers: AdminPowers): Promise<unknown> {
  const { router, root, kill } = powers;
  const ask = (actor: string, query: string, args: readonly string[] = []): Promise<unknown> =>
    router.ask(actor, { type: 'actor.asked', body: { query, args } }, ASK_MS_MAX);
  switch (request.command) {
    case 'tree':
      return root.view(null);
    case 'status':
      return powers.status();
    case 'ask':
      return ask(request.actor, request.query, request.args);
    case 'tell':
      return tell(request, powers);
    case 'why':
      return why(request.asset, ask, root);
    case 'kill':
      return kill.trip({ scope: request.scope, reason: request.reason, source: request.source, flatten: request.flatten });
    case 'rearm':
      return kill.rearm({ confirm: request.confirm, reason: request.reason, source: request.source });
    case 'mode.set':
      return powers.modes.set(request);
    case 'mode.confirm':
      return powers.modes.confirm(request);
    case 'crash':
      if (!powers.embedded) throw new Error('crash is for the embedded market only');
      if (!root.crash(request.actor)) throw new Error(`no running actor is named ${request.actor}`);
      return { crashed: request.actor };
    case 'reload':
      return powers.settings.reload();
    case 'verify':
      return verifyOpenJournal(powers.journal, { from: request.from ?? 1 });
    case 'login':
      if (powers.dashboard === null) throw new Error('the system runs without a page (--no-page)');
      return ask(powers.dashboard, 'login');
  }
}

/** A page's request is text from a browser: checked like the socket's. */
export async function parseAndRun(
  raw: unknown,
  run: (request: AdminRequest) => Promise<unknown>,
): Promise<{ readonly ok: boolean; readonly result: unknown }> {
  try {
    return { ok: true, result: (await run(adminRequest.parse(raw))) ?? null };
  } catch (error) {
    return { ok: false, result: sentenceOf(error) };
  }
}

function tell(request: Extract<AdminRequest, { command: 'tell' }>, { router, root, kill }: AdminPowers): Promise<unknown> {
  if (!TOLD.has(request.type as MessageType)) throw new Error(`${request.type} is not told by hand; there are ${[...TOLD].join(', ')}`);
  const message = parseMessage(request.type, request.body);
  // Gate and latch go with the switch, in this order or the other.
  if (message.type === 'kill.trip') return kill.trip(message.body);
  if (message.type === 'kill.rearm') return kill.rearm(message.body);
  if (!root.cells().some(({ name }) => name === request.actor)) throw new Error(`no actor is named ${request.actor}`);
  router.deliver(request.actor, message, 'admin');
  return Promise.resolve({ told: request.actor });
}

type Ask = (actor: string, query: string, args?: readonly string[]) => Promise<unknown>;

async function why(name: string, ask: Ask, root: AdminPowers['root']): Promise<WhyAnswer> {
  const parsed = asset.safeParse(name);
  if (!parsed.success) throw new Error(`no asset is named ${name}; there are ${asset.options.join(', ')}`);
  const names = root.cells().flatMap((cell) => (cell.name.startsWith(`trader.${parsed.data}.`) ? [cell.name] : []));
  const [governor, ...traders] = await Promise.all([ask(ACTOR.governor, 'why', [name]), ...names.map((trader) => ask(trader, 'why', [name]))]);
  // As trading/trader/why.ts and trading/risk/governor.ts of this version reply.
  const accounts = governor as readonly { readonly allowance: Pick<Allowance, 'mode' | 'closeOnly'>; readonly orders: readonly OrderGates[] }[];
  return whyAnswer(parsed.data, {
    traders: traders as readonly Readonly<Record<string, WhyNot>>[],
    orders: accounts.flatMap(({ orders }) => orders),
    modes: accounts.map(({ allowance: { mode, closeOnly } }) => ({ mode, closeOnly })),
  });
}
