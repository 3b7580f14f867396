/** Contracts that may be traded are asked for before an order of them comes (mode 38): options are chosen while the market runs. */
import type { Line } from '../line.ts';
import type { OrderClient } from './order-client.ts';
import type { OrderContracts } from './order-contracts.ts';

/** Lines of market data that an account has, and a few that are none any more. */
const SYMBOLS_MAX = 200;

export class Foreseen {
  readonly #contracts: OrderContracts;
  readonly #symbols = new Set<string>();

  constructor(contracts: OrderContracts) {
    this.#contracts = contracts;
  }

  /** Not asked for yet. */
  get size(): number {
    return this.#symbols.size;
  }

  /** `line` is null where nothing may be asked now: then with the next one. */
  add(symbol: string, line: Line<OrderClient> | null): void {
    this.#symbols.add(symbol);
    if (this.#symbols.size > SYMBOLS_MAX) for (const oldest of [...this.#symbols].slice(0, 1)) this.#symbols.delete(oldest);
    if (line !== null) void this.#ask(line, symbol);
  }

  /** One after the other, at the pace of reads. */
  async learn(line: Line<OrderClient>): Promise<void> {
    for (const symbol of [...this.#symbols]) await this.#ask(line, symbol);
  }

  /** What TWS does not answer is asked again by the order. */
  async #ask(line: Line<OrderClient>, symbol: string): Promise<void> {
    await this.#contracts.contractOf(line, symbol).then(
      () => this.#symbols.delete(symbol),
      () => undefined,
    );
  }
}
