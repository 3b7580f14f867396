/** UI-3: a page's command is pending until the main process answered, and never longer than its deadline. */
import type { AdminRequest } from '#protocol/admin.ts';
import type { PageAnswer, PageCommand } from '#protocol/page-command.ts';
import type { MessageBody, Tell } from '#trading/model/messages.ts';
import type { PageWorld } from './world.ts';

/** Commands under way, of all pages together. */
export const PENDING_MAX = 32;
export const ANSWER_MS_MAX = 5000;
/** A proof reads the whole journal: about 2.5 s for each million records. */
export const VERIFY_MS_MAX = 120_000;

const ADMIN = 'admin';
const SOURCE = 'page';

interface Pending {
  readonly answer: (answer: PageAnswer) => void;
  readonly stopClock: () => void;
}

export type AdminCommand = Exclude<PageCommand, { readonly command: 'snapshot' }>;

export class Commands {
  readonly #run: string;
  readonly #tell: (tell: Tell) => void;
  readonly #world: Pick<PageWorld, 'after'>;
  readonly #pending = new Map<string, Pending>();
  #count = 0;

  /** `run` tells this incarnation's requests from those of the one before, whose answers may still come. */
  constructor(run: string, tell: (tell: Tell) => void, world: Pick<PageWorld, 'after'>) {
    this.#run = run;
    this.#tell = tell;
    this.#world = world;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** False where too many are under way; then `answer` has been called already. */
  send(command: AdminCommand, answer: (answer: PageAnswer) => void): boolean {
    if (this.#pending.size >= PENDING_MAX) {
      answer({ ok: false, error: `${PENDING_MAX} commands are under way already` });
      return false;
    }
    const id = `page.${this.#run}.${++this.#count}`;
    const deadlineMs = command.command === 'verify' ? VERIFY_MS_MAX : ANSWER_MS_MAX;
    const stopClock = this.#world.after(deadlineMs, () => {
      this.#pending.delete(id);
      const seconds = deadlineMs / 1000;
      answer({
        ok: false,
        error: `no answer within ${seconds} s; it may still take effect: watch the state, and "npm run kill" works without the page`,
      });
    });
    this.#pending.set(id, { answer, stopClock });
    this.#tell({ to: ADMIN, type: 'admin.requested', body: { id, request: requestOf(id, command) } });
    return true;
  }

  onAnswer({ id, ok, result }: MessageBody<'admin.answered'>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.stopClock();
    pending.answer(ok ? { ok, result } : { ok, error: typeof result === 'string' ? result : JSON.stringify(result) });
  }

  close(): void {
    for (const { stopClock } of this.#pending.values()) stopClock();
    this.#pending.clear();
  }
}

function requestOf(id: string, command: AdminCommand): AdminRequest {
  switch (command.command) {
    case 'kill':
      return { id, command: 'kill', scope: command.scope, reason: command.reason, flatten: command.flatten, source: SOURCE };
    case 'rearm':
      return { id, command: 'rearm', confirm: command.confirm, reason: command.reason, source: SOURCE };
    case 'verify':
      return { id, command: 'verify' };
    case 'why.asked':
      return { id, command: 'why', asset: command.asset };
    case 'mode.set':
      return { id, command: 'mode.set', asset: command.asset, mode: command.mode, on: command.on, source: SOURCE };
    case 'mode.confirm':
      return { id, command: 'mode.confirm', asset: command.asset, nonce: command.nonce, typed: command.typed, source: SOURCE };
  }
}
