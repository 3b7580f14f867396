/** Lives of the order protocol, each in a process of its own that can be killed at a named point; its journal outlives them. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventBody, EventType, Fact } from '#trading/model/events.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import { qty } from '#trading/money/decimal.ts';
import { at, SPOT, type BybitRig } from './bybit-rig.ts';
import { freshDirectory } from './command.ts';
import type { Answer, Command, Point } from './live-process.ts';

const CHILD = fileURLToPath(new URL('./live-process.ts', import.meta.url));

export class Rehearsal {
  readonly rig: BybitRig;
  readonly #file = join(freshDirectory(), 'journal.jsonl');
  #child: ChildProcess | null = null;

  constructor(rig: BybitRig) {
    this.rig = rig;
  }

  get facts(): readonly Fact[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Fact);
  }

  of<T extends EventType>(type: T): readonly EventBody<T>[] {
    return this.facts.flatMap((fact) => (fact.type === type ? [fact.body as EventBody<T>] : []));
  }

  /** A life that ends at `point`. */
  async live(point: Point = 'none'): Promise<Answer | null> {
    const { venue } = this.rig;
    const { rest, ws, now } = venue.info();
    const { apiKey, secret } = venue.keys;
    const options = { execArgv: ['--conditions=source', '--import=tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] as const };
    const child = fork(CHILD, [this.#file, rest, ws, apiKey, secret, point], { ...options, stdio: [...options.stdio] });
    this.#child = child;
    await new Promise((resolve, reject) => child.once('message', resolve).once('error', reject));
    return this.tell({ do: 'start', now });
  }

  /** Null where the process died over it. */
  tell(command: Command): Promise<Answer | null> {
    const child = this.#child;
    assert.ok(child !== null);
    return new Promise((resolve) => {
      const ended = (): void => resolve(null);
      child.once('exit', ended);
      child.once('message', (answer) => {
        child.off('exit', ended);
        resolve(answer as Answer); // as live-process.ts answers
      });
      child.send(command);
    });
  }

  /** Plays until it is dead, or so many steps. */
  async play(steps: number): Promise<Answer | null> {
    let answer: Answer | null = null;
    for (let step = 0; step < steps; step++) {
      const { now } = await this.rig.venue.step();
      answer = await this.tell({ do: 'tick', now });
      if (answer === null) return null;
    }
    return answer;
  }

  async intent(symbol: string, more: Partial<OrderIntent> = {}): Promise<Partial<OrderIntent>> {
    const { bid, ask, mid } = await this.rig.book(symbol);
    const { now } = this.rig.venue.info();
    const asset = symbol === SPOT ? 'crypto_spot' : 'crypto_futures';
    const sizes = { bidQty: null, askQty: null, last: null, volume: null };
    const snapshot = {
      id: `q${now}`,
      broker: 'bybit',
      asset,
      symbol,
      bid: at(bid),
      ask: at(ask),
      ...sizes,
      exchangeAt: now,
      receivedAt: now,
    } as const;
    return { asset, qty: qty('0.01'), snapshot, bracket: { takeProfit: at(mid * 1.2), stopLoss: at(mid * 0.8) }, ...more };
  }

  async enter(symbol: string, more: Partial<OrderIntent> = {}): Promise<Answer | null> {
    return this.tell({ do: 'approve', symbol, more: await this.intent(symbol, more) });
  }

  async exit(symbol: string, amount: string): Promise<Answer | null> {
    return this.tell({ do: 'exit', symbol, more: await this.intent(symbol, { qty: qty(amount) }) });
  }

  kill(): Promise<void> {
    const child = this.#child;
    assert.ok(child !== null);
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  async close(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.kill();
    await this.rig.close();
  }
}
