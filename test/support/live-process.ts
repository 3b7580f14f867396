/**
 * A process to kill at a named point: the live gateway and the reconciler over Bybit's port, with a journal on disk. Arguments: the journal's
 * file, the venue's addresses and keys, and where to die. It is told what to do over IPC, and answers each command when all of it is done.
 */
import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { DomainEvent, EventType, Fact } from '#trading/model/events.ts';
import type { Placement } from '#trading/model/live.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { portTo, type Port } from './bybit-rig.ts';
import { LiveWorld } from './live-world.ts';

/** As RELIABILITY names the crash points. `none`: lives. */
export type Point = 'none' | 'C1' | 'C2' | 'C3' | 'C6' | 'C7' | 'C9' | 'C11' | 'C13' | 'C14' | 'C14 before' | 'C17';

export type Command =
  | { readonly do: 'start'; readonly now: number }
  | { readonly do: 'tick'; readonly now: number }
  | { readonly do: 'approve'; readonly symbol: string; readonly more: Partial<OrderIntent> }
  | { readonly do: 'exit'; readonly symbol: string; readonly more: Partial<OrderIntent> }
  | { readonly do: 'quote'; readonly quote: QuoteSnapshot }
  | { readonly do: 'kill' };

export interface Answer {
  readonly orders: Readonly<Record<string, string>>;
  readonly held: Readonly<Record<string, string>>;
}

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before anything else runs.
  for (;;);
};

/** Before the facts are on disk, and after. */
const BEFORE: Readonly<Partial<Record<Point, EventType>>> = {
  C1: 'order.approved',
  C6: 'order.acknowledged',
  C9: 'fill.recorded',
  C17: 'order.unknown',
};
const AFTER: Readonly<Partial<Record<Point, EventType>>> = { C7: 'order.acknowledged' };

class Life {
  readonly #world: LiveWorld<Port>;
  readonly #port: Port;

  constructor(file: string, [session, port]: ReturnType<typeof portTo>, point: Point) {
    this.#port = port;
    const world = (this.#world = new LiveWorld<Port>(port));
    const append = world.append.bind(world);
    if (existsSync(file)) {
      for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
        const { at, actor, type, body } = JSON.parse(line) as Fact;
        world.now = at;
        append(actor, [{ type, body } as DomainEvent]);
      }
    } else appendFileSync(file, '');
    const descriptor = openSync(file, 'a');
    world.append = (actor, events) => {
      const has = (type: EventType | undefined): boolean => events.some((event) => event.type === type);
      if (has(BEFORE[point])) die();
      const facts = append(actor, events);
      writeSync(descriptor, facts.map((fact) => `${JSON.stringify(fact)}\n`).join(''));
      fsyncSync(descriptor);
      if (has(AFTER[point])) die();
      return facts;
    };
    if (point === 'C2') port.place = die;
    if (point === 'C3') dieInside(port);
    if (point === 'C14 before') port.amend = die;
    if (point === 'C14') {
      const amend = port.amend.bind(port);
      port.amend = (...of) => {
        // The venue has taken it, and the answer reaches nobody.
        void amend(...of).then(die);
        return new Promise(() => undefined);
      };
    }
    if (point === 'C13') {
      const cancel = port.cancel.bind(port);
      port.cancel = (order) => {
        void cancel(order);
        setTimeout(die, 2);
        return new Promise(() => undefined);
      };
    }
    if (point === 'C11') {
      // The legs are cancelled, and the close is the next request.
      const place = session.place.bind(session);
      session.place = (body, deadlineAt) => (body['side'] === 'Sell' ? die() : place(body, deadlineAt));
    }
  }

  async handle(command: Command): Promise<Answer> {
    const world = this.#world;
    if (command.do === 'start') {
      world.now = Math.max(world.now, command.now);
      await world.start();
      await world.tick(command.now);
    } else if (command.do === 'tick') await world.tick(command.now);
    else if (command.do === 'quote') world.tell({ type: 'quote.received', body: { quote: command.quote } });
    else if (command.do === 'kill') {
      world.gate.trip(['all']);
      world.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'cli', flatten: false } });
    } else {
      const exit = { side: 'sell', kind: 'exit', bracket: null } as const;
      world.approve(world.intent(command.symbol, command.do === 'exit' ? { ...command.more, ...exit } : command.more));
    }
    await world.settle();
    const { orders, holdings } = world.state;
    return {
      orders: Object.fromEntries(Object.values(orders).map(({ clientOrderId, order }) => [clientOrderId, order.at])),
      held: Object.fromEntries(Object.values(holdings).map(({ symbol, qty }) => [symbol, qty])),
    };
  }

  listInstruments(instruments: ReturnType<ReturnType<typeof portTo>[0]['instruments']>): void {
    for (const instrument of instruments) this.#world.tellFact('catalog', { type: 'instrument.changed', body: { instrument } });
  }

  close(): Promise<void> {
    return this.#port.close();
  }
}

/** Its bytes are with the system, and nobody waits for the answer. */
function dieInside(port: Port): void {
  const place = port.place.bind(port);
  port.place = (order: Placement) => {
    void place(order);
    setTimeout(die, 2);
    return new Promise(() => undefined);
  };
}

function main([file = '', rest = '', ws = '', apiKey = '', secret = '', point = 'none']: readonly string[]): void {
  const made = portTo({ rest, ws }, { apiKey, secret });
  const life = new Life(file, made, point as Point);
  let line: Promise<unknown> = Promise.resolve();
  process.on('message', (command: Command) => {
    line = line.then(async () => {
      const answer = await life.handle(command);
      if (command.do === 'start') life.listInstruments(made[0].instruments());
      process.send?.(answer);
    });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

main(process.argv.slice(2));
