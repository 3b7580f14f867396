/** A process of its own whose hand is on the switch: at each message it presses once, the way the command, the prompt or a page does, and says when. */
import { writeLatch } from '#actors/latch.ts';
import { askSystem } from '#cli/admin-client.ts';
import { connectPage, sendCommand } from '#test/support/page-socket.ts';
import type { Socket } from 'socket.io-client';
import { stampNs } from './kill-stamps.ts';

export type HandSource = 'cli' | 'repl' | 'page';

/** Where the switches are. */
export interface HandPlaces {
  readonly latchPath: string;
  readonly adminSocket: string;
  readonly page: { readonly port: number; readonly cookie: string };
}

export interface HandOrder {
  readonly source: HandSource;
  readonly places: HandPlaces;
}

export interface HandPressed {
  readonly pressedAt: number;
  /** Where the hand itself closed the gate. */
  readonly closedAt: number | null;
}

const ANSWER_MS_MAX = 30_000;
const KILL = { scope: 'all', reason: 'bench', flatten: false } as const;

/** A page may send twenty commands at once and five a second after that: before that, it is opened anew. */
const PRESSES_A_PAGE_MAX = 15;

let page: Socket | null = null;
let presses = 0;

process.on('message', (order: HandOrder) => void press(order));
process.on('disconnect', () => process.exit(0));

async function press({ source, places }: HandOrder): Promise<void> {
  const socket = source === 'page' ? await openPage(places) : null;
  const pressedAt = stampNs();
  let closedAt: number | null = null;
  if (socket !== null) {
    const answer = await sendCommand(socket, { command: 'kill', ...KILL });
    if (!answer.ok) throw new Error(answer.error);
  } else if (source === 'cli') {
    writeLatch(places.latchPath, { scopes: [KILL.scope], reason: KILL.reason, source, at: Date.now(), flatten: false });
    closedAt = stampNs();
  }
  // The command talks second.
  if (source !== 'page') await askSystem(places.adminSocket, { command: 'kill', ...KILL, source }, ANSWER_MS_MAX);
  process.send?.({ pressedAt, closedAt } satisfies HandPressed);
}

/** Open before the press, as a browser is. */
async function openPage({ page: { port, cookie } }: HandPlaces): Promise<Socket> {
  if (page !== null && presses++ < PRESSES_A_PAGE_MAX) return page;
  page?.close();
  presses = 1;
  page = await connectPage(port, cookie);
  return page;
}
